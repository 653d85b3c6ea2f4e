/** What the library stores, and that a code or refresh token is used once however many have looked at it before (S91, S92, S98). */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { errors } from 'oidc-provider';
import { createRecords } from '../../../src/http/provider/records.ts';
import { anApplication, anApplicationGrant } from '../../support/application-builders.ts';
import { nextText } from '../../support/builders.ts';
import { newMember, newOrganization } from '../../support/core-people.ts';
import type { CoreWorld } from '../../support/core-world.ts';
import { openCoreWorld } from '../../support/core-world.ts';

let world: CoreWorld;
beforeAll(async () => {
  world = await openCoreWorld();
});
afterAll(() => world.close());

test.each([
  ['S91: of two that have seen a fresh code', 'AuthorizationCode'],
  ['S92: of two that have seen a fresh refresh token', 'RefreshToken'],
])('%s the second is refused, and the grant is withdrawn', async (_title, kind) => {
  const { storage } = world.deps;
  const { id: organizationId } = await newOrganization(world);
  const member = await newMember(world, organizationId);
  const application = anApplication();
  const grant = anApplicationGrant(member, application.id);
  await storage.transact(async (tx) => {
    await tx.applications.insert(application);
    await tx.applicationGrants.insert(organizationId, grant);
  });
  const records = createRecords(world.deps, kind);
  const value = nextText('value');
  await records.upsert(value, { kind, clientId: application.id, grantId: grant.id }, 60);
  const seen = await Promise.all([records.find(value), records.find(value)]);
  expect(seen.map((one) => Object(one).consumed)).toEqual([undefined, undefined]);
  await records.consume(value);
  await expect(records.consume(value)).rejects.toThrow(errors.InvalidGrant);
  expect(await storage.applicationGrants.findById(grant.id)).toBeUndefined();
});

test('S98: of two that show one client assertion at the same moment the second is refused', async () => {
  const marks = createRecords(world.deps, 'ReplayDetection');
  const value = nextText('assertion');
  const mark = { kind: 'ReplayDetection', iss: 'app_1' };
  await marks.upsert(value, mark, 60);
  await expect(marks.upsert(value, mark, 60)).rejects.toThrow(errors.InvalidClient);
});
