/** Contract: org roles have a key and a rank of their own, and every place that names one is found. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { OrgRoleUse, StoredOrgRole } from '../../src/core/entities/org-role.ts';
import type { Repositories } from '../../src/core/ports/storage.ts';
import {
  aGrant,
  aGroupMapping,
  aMembership,
  anInvitation,
  anOrganization,
  aUser,
  BUILT_AT,
  nextId,
} from '../support/builders.ts';
import { aShareableLink } from '../support/link-builders.ts';
import { aMappingTest } from '../support/mapping-test-builders.ts';
import { nextOrgRole } from '../support/org-roles.ts';
import { anApiKey } from '../support/policy-builders.ts';

import { type OpenStorage, outcomeOf, type StorageUnderTest } from './storage-under-test.ts';

const organization = anOrganization();
const { id } = organization;
const user = aUser();
const ASK = { now: BUILT_AT, limit: 10 };
const membership = aMembership(id, user.id);

type Plant = (tx: Repositories, role: StoredOrgRole) => Promise<void>;

/** Each place that can name a role, and how it is told. */
const PLACES: readonly [kind: OrgRoleUse['kind'], plant: Plant][] = [
  ['members', (tx, { key }) => tx.memberships.update(id, { ...membership, orgRole: key }, 1)],
  [
    'members',
    (tx, { key }) => tx.grants.insert(id, aGrant(id, membership.id, { scope: { kind: 'org', role: key } })),
  ],
  ['invitations', (tx, { key }) => tx.invitations.insert(id, anInvitation(id, { role: key }))],
  ['invitation links', (tx, { key }) => tx.shareableLinks.insert(id, aShareableLink(id, { role: key }))],
  [
    'group mappings',
    (tx, { key }) =>
      tx.groupMappings.insert(
        id,
        aGroupMapping(id, {
          grants: [
            { scope: 'team', teamId: nextId('team'), role: 'admin' },
            { scope: 'org', role: key === 'owner' ? 'admin' : key },
          ],
        }),
      ),
  ],
  [
    'mapping tests',
    (tx, { key }) => tx.mappingTests.insert(id, aMappingTest(id, { expect: { orgRole: key } })),
  ],
  ['default role', (tx, { key }) => tx.organizations.update(id, { ...organization, defaultRole: key }, 1)],
  ['API keys', (tx, { key }) => tx.apiKeys.insert(id, anApiKey(membership, { orgRole: key }))],
];

/** Registers the suite. */
export function orgRoles(name: string, open: OpenStorage): void {
  describe(`${name}: org roles`, () => {
    let under: StorageUnderTest;
    beforeAll(async () => {
      under = await open();
      await under.storage.transact(async (tx) => {
        await tx.organizations.insert(id, organization);
        await tx.users.insert(user);
        await tx.memberships.insert(id, membership);
      });
    });
    afterAll(() => under.close());
    const insert = (role: StoredOrgRole) =>
      outcomeOf(under.storage.transact((tx) => tx.orgRoles.insert(role)));

    test('key and rank are unique, and the refusal says which is taken', async () => {
      const [first, second] = [nextOrgRole(), nextOrgRole()];
      await insert(first);
      expect(await insert({ ...second, key: first.key })).toMatchObject({
        refused: 'already_exists',
        field: 'key',
      });
      expect(await insert({ ...second, rank: first.rank })).toMatchObject({
        refused: 'already_exists',
        field: 'rank',
      });
      const ranks = (await under.storage.orgRoles.list()).map(({ rank }) => rank);
      expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
    });

    test.each(PLACES)(
      'a role that is named by %s is in use there, and nowhere once that is undone',
      async (kind, plant) => {
        const role = nextOrgRole();
        await insert(role);
        expect(await under.storage.orgRoles.listUses(role.key, ASK)).toEqual([]);
        const undone = new Error('undone');
        const seen = under.storage.transact(async (tx) => {
          await plant(tx, role);
          expect(await tx.orgRoles.listUses(role.key, ASK)).toEqual([{ organizationId: id, kind, count: 1 }]);
          expect(await tx.orgRoles.listUses(nextOrgRole().key, ASK)).toEqual([]);
          throw undone;
        });
        await expect(seen).rejects.toBe(undone);
        expect(await under.storage.orgRoles.listUses(role.key, ASK)).toEqual([]);
      },
    );

    test('settled and expired invitations and links use nothing; a member who holds it twice counts once; the list is bounded', async () => {
      const role = nextOrgRole();
      await insert(role);
      const uses = await under.storage.transact(async (tx) => {
        const grant = () => aGrant(id, membership.id, { scope: { kind: 'org', role: role.key } });
        await tx.grants.insert(id, grant());
        await tx.grants.insert(id, grant());
        await tx.invitations.insert(id, anInvitation(id, { role: role.key, status: 'revoked' }));
        const over = { role: role.key, expiresAt: BUILT_AT };
        await tx.invitations.insert(id, anInvitation(id, over));
        await tx.shareableLinks.insert(id, aShareableLink(id, over));
        await tx.shareableLinks.insert(id, aShareableLink(id, { role: role.key, revokedAt: BUILT_AT }));
        await tx.apiKeys.insert(id, anApiKey(membership, { orgRole: role.key }));
        return [
          await tx.orgRoles.listUses(role.key, ASK),
          await tx.orgRoles.listUses(role.key, { ...ASK, limit: 1 }),
        ];
      });
      const [keys, members] = [
        { organizationId: id, kind: 'API keys', count: 1 },
        { organizationId: id, kind: 'members', count: 1 },
      ];
      expect(uses).toEqual([[keys, members], [keys]]);
    });
  });
}
