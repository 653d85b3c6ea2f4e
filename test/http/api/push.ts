/** What a directory pushes, straight through core: people and a group, for tests of what the management API makes of them. */

import { createDirectoryGroup } from '../../../src/core/directory/directory-groups.ts';
import { provisionUser } from '../../../src/core/directory/directory-users.ts';
import type { AdoptionConflict } from '../../../src/core/entities/adoption.ts';
import type { Directory } from '../../../src/core/entities/directory.ts';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { insertMembership } from '../../../src/core/members/memberships.ts';
import { newSessionToken, startSession } from '../../../src/core/sign-in/sessions.ts';
import { aUser, nextText } from '../../support/builders.ts';
import { type TestGateway, testCause } from '../../support/gateway.ts';
import { cookieSender } from './api-world.ts';

/** An Okta directory with one group of `count` people. */
export async function pushGroup(
  gateway: TestGateway,
  organization: Organization,
  { name = 'Engineering', count = 2 } = {},
) {
  const { directory } = await gateway.createDirectory(organization, 'okta');
  const place = { organizationId: organization.id, directoryId: directory.id, cause: testCause };
  const users = [];
  for (let index = 0; index < count; index += 1) {
    const user = aPerson(`${nextText('ada')}@example.com`);
    // Ids sort by age only when their times differ.
    gateway.clock.advance(1);
    users.push(await provisionUser(gateway.deps, { ...place, directory, user }));
  }
  const group = await createDirectoryGroup(gateway.deps, {
    ...place,
    group: { displayName: name, externalId: null, attributes: {} },
    memberIds: users.map(({ id }) => id),
  });
  return { directory, group, users };
}

/** One person whom an Okta directory names, signed in through an identity provider; `sender` is their browser. */
export async function newDirectedPerson(gateway: TestGateway, organization: Organization) {
  const { users } = await pushGroup(gateway, organization, { count: 1 });
  const { storage, deps, clock, baseUrl } = gateway;
  const id = users[0]?.membershipId;
  const membership = id == null ? undefined : await storage.memberships.find(organization.id, id);
  if (membership === undefined) throw new Error('nobody was pushed');
  const token = newSessionToken();
  const context = { organizationId: organization.id, cause: testCause, now: clock.now() };
  const authentication = { connectionId: null, amr: ['fed'] };
  await storage.transact((tx) =>
    startSession(tx, context, { membership, tokenHash: deps.hashToken(token), authentication }),
  );
  return { membership, sender: cookieSender(token, baseUrl) };
}

const aPerson = (email: string) => ({
  userName: nextText('ada'),
  externalId: null,
  isActive: true,
  displayName: null,
  emails: [email],
  primaryEmail: email,
  personName: 'Ada Pushed',
  attributes: {},
});

/** Pushes somebody with the address of a member by hand into a directory that queues; answers the conflict. */
export async function pushDoubtful(gateway: TestGateway, directory: Directory): Promise<AdoptionConflict> {
  const { organizationId, id: directoryId } = directory;
  const { storage } = gateway.deps;
  const email = `${nextText('bob')}@example.com`;
  const user = aUser();
  await storage.transact(async (tx) => {
    const context = { organizationId, cause: testCause, now: gateway.clock.now() };
    const manual = { status: 'active', source: 'manual', defaultRole: 'member' } as const;
    await tx.users.insert(user);
    await insertMembership(tx, context, { user, email, emailKey: email, name: 'Bob', ...manual });
  });
  const place = { organizationId, directoryId, cause: testCause, directory };
  const pushed = await provisionUser(gateway.deps, { ...place, user: aPerson(email) });
  const conflict = await storage.adoptionConflicts.findByUser(organizationId, pushed.id);
  if (conflict === undefined) throw new Error('no conflict');
  return conflict;
}
