/** Contract: every question the core asks answers exactly the rows it is about. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { GrantScope } from '../../src/core/access/roles.ts';
import type { Membership } from '../../src/core/entities/people.ts';
import type { MemberFilter } from '../../src/core/ports/people.ts';
import {
  aConnection,
  aDirectory,
  aDirectoryGroup,
  aDirectoryToken,
  aDirectoryUser,
  aDomain,
  aGrant,
  aMembership,
  anAuditEvent,
  anIdentity,
  anInvitation,
  anOutboxEvent,
  aPendingSignIn,
  aSession,
  aTeam,
  aUser,
  BUILT_AT,
  nextId,
  nextText,
} from '../support/builders.ts';
import { aWorld, plantWorld, SHARED, type World } from '../support/world.ts';
import type { OpenStorage, StorageUnderTest } from './storage-under-test.ts';

const WHOLE = { limit: 1000 } as const;

const namesOf = (members: readonly Membership[]) => members.map((member) => member.name);

/** Four people, told apart by one word each. */
const PEOPLE: readonly (Partial<Membership> & { readonly name: string })[] = [
  { name: 'Grace Hopper', email: 'grace@navy.example', emailKey: 'grace@navy.example', orgRole: 'owner' },
  { name: 'Alan', email: 'alan@park.example', emailKey: 'alan@park.example', orgRole: 'admin' },
  { name: 'Edsger 100%', email: null, emailKey: null, orgRole: 'member', status: 'suspended' },
  { name: 'Barbara_L', email: 'liskov@mit.example', emailKey: 'liskov@mit.example', orgRole: 'admin' },
];

const FILTERS: readonly { readonly filter: MemberFilter; readonly names: readonly string[] }[] = [
  { filter: {}, names: ['Grace Hopper', 'Alan', 'Edsger 100%', 'Barbara_L'] },
  { filter: { role: 'admin' }, names: ['Alan', 'Barbara_L'] },
  { filter: { role: 'viewer' }, names: [] },
  { filter: { status: 'suspended' }, names: ['Edsger 100%'] },
  { filter: { status: 'active' }, names: ['Grace Hopper', 'Alan', 'Barbara_L'] },
  { filter: { text: 'grace' }, names: ['Grace Hopper'] },
  { filter: { text: 'hopper' }, names: ['Grace Hopper'] },
  { filter: { text: 'alan@park' }, names: ['Alan'] },
  { filter: { text: '%' }, names: ['Edsger 100%'] },
  { filter: { text: '_' }, names: ['Barbara_L'] },
  { filter: { text: 'nobody' }, names: [] },
  { filter: { role: 'admin', text: 'liskov' }, names: ['Barbara_L'] },
  { filter: { role: 'owner', status: 'suspended' }, names: [] },
];

/** Registers the suite. */
export function lookUps(name: string, open: OpenStorage): void {
  describe(`${name}: look-ups`, () => {
    let under: StorageUnderTest;
    let world: World;
    let id: World['organization']['id'];
    beforeAll(async () => {
      under = await open();
    });
    beforeEach(async () => {
      world = aWorld();
      id = world.organization.id;
      await under.storage.transact((tx) => plantWorld(tx, world));
    });
    afterAll(() => under.close());

    const addMember = async (overrides: Partial<Membership> = {}) => {
      const user = aUser();
      const member = aMembership(id, user.id, overrides);
      await under.storage.transact(async (tx) => {
        await tx.users.insert(user);
        await tx.memberships.insert(id, member);
      });
      return member;
    };

    describe('people', () => {
      test.each(FILTERS)('members by $filter: $names', async ({ filter, names }) => {
        for (const person of PEOPLE) await addMember(person);
        const found = await under.storage.memberships.list(id, filter, WHOLE);
        expect(namesOf(found).filter((each) => each !== world.membership.name)).toEqual(names);
      });

      test('members of a team are filtered by the team role rows', async () => {
        const alan = await addMember({ name: 'Alan' });
        const team = aTeam(id);
        await under.storage.transact(async (tx) => {
          await tx.teams.insert(id, team);
          await tx.teamMembers.replace(id, alan.id, [{ teamId: team.id, role: 'admin' }]);
        });
        const { memberships } = under.storage;
        expect(await memberships.list(id, { teamId: team.id }, WHOLE)).toStrictEqual([alan]);
        expect(await memberships.list(id, { teamId: team.id, role: 'owner' }, WHOLE)).toEqual([]);
        expect(await memberships.list(id, { teamId: nextId('team') }, WHOLE)).toEqual([]);
      });

      test('several memberships may share an e-mail; it is found by its key', async () => {
        const twin = await addMember({ email: 'ADA@Shared.example', emailKey: SHARED.email });
        const found = await under.storage.memberships.listByEmail(id, SHARED.email);
        expect(found).toStrictEqual([world.membership, twin]);
        expect(await under.storage.memberships.listByEmail(id, 'ADA@Shared.example')).toEqual([]);
      });

      test('a person is found by id, by e-mail key, and with every organization', async () => {
        const other = aWorld();
        const second = aMembership(other.organization.id, world.user.id);
        await under.storage.transact(async (tx) => {
          await plantWorld(tx, other);
          await tx.memberships.insert(other.organization.id, second);
        });
        const { users, memberships } = under.storage;
        expect(await users.findByEmail(world.user.emailKey ?? '')).toStrictEqual(world.user);
        expect(await users.findByEmail('')).toBeUndefined();
        expect(await memberships.listByUser(world.user.id)).toStrictEqual([world.membership, second]);
        expect(await memberships.findByUser(id, world.user.id)).toStrictEqual(world.membership);
      });

      test('replace makes the given team roles the whole of them, and an empty list ends them all', async () => {
        const teams = [aTeam(id), aTeam(id), aTeam(id)];
        const [first, second, third] = teams.map((team) => team.id);
        const memberId = world.membership.id;
        const { teamMembers } = under.storage;
        const replace = (roles: readonly { teamId: typeof world.team.id; role: 'member' | 'owner' }[]) =>
          under.storage.transact((tx) => tx.teamMembers.replace(id, memberId, roles));
        if (first === undefined || second === undefined || third === undefined) throw new Error('no teams');
        await under.storage.transact(async (tx) => {
          for (const team of teams) await tx.teams.insert(id, team);
        });
        await replace([
          { teamId: first, role: 'member' },
          { teamId: second, role: 'member' },
        ]);
        await replace([
          { teamId: third, role: 'member' },
          { teamId: second, role: 'owner' },
        ]);
        expect(await teamMembers.listByMemberships(id, [memberId])).toStrictEqual([
          { teamId: second, membershipId: memberId, role: 'owner' },
          { teamId: third, membershipId: memberId, role: 'member' },
        ]);
        await replace([]);
        expect(await teamMembers.listByMemberships(id, [memberId])).toEqual([]);
        expect(await teamMembers.listByMemberships(id, [])).toEqual([]);
      });

      test('team roles of 1,500 members are answered in one call, by membership', async () => {
        const members = Array.from({ length: 1_500 }, () => aMembership(id, aUser().id));
        await under.storage.transact(async (tx) => {
          for (const member of members) {
            await tx.users.insert(aUser({ id: member.userId }));
            await tx.memberships.insert(id, member);
            await tx.teamMembers.replace(id, member.id, [{ teamId: world.team.id, role: 'member' }]);
          }
        });
        const wanted = members.map((member) => member.id);
        const found = await under.storage.teamMembers.listByMemberships(id, [...wanted].reverse());
        expect(found.map((row) => row.membershipId)).toEqual(wanted);
      });

      test('a grant keeps what it is for: organization, team, or resource', async () => {
        const scopes: readonly GrantScope[] = [
          { kind: 'org', role: 'viewer' },
          { kind: 'team', teamId: world.team.id, role: 'owner' },
          { kind: 'resource', resource: { type: 'chatbot', id: 'Ä:1' }, role: 'editor' },
        ];
        const membership = await addMember();
        const grants = scopes.map((scope) => aGrant(id, membership.id, { scope }));
        await under.storage.transact(async (tx) => {
          for (const grant of grants) await tx.grants.insert(id, grant);
        });
        expect(await under.storage.grants.listByMembership(id, membership.id)).toEqual(grants);
      });

      test('grants of one membership are listed by id', async () => {
        const other = await addMember();
        expect(await under.storage.grants.listByMembership(id, world.membership.id)).toEqual([world.grant]);
        expect(await under.storage.grants.listByMembership(id, other.id)).toEqual([]);
      });
    });

    describe('invitations', () => {
      test('pending ones are found by address and listed; the others are not', async () => {
        const emailKey = nextText('invitee');
        const revoked = anInvitation(id, { emailKey, status: 'revoked' });
        const pending = anInvitation(id, { emailKey });
        await under.storage.transact(async (tx) => {
          await tx.invitations.insert(id, revoked);
          await tx.invitations.insert(id, pending);
        });
        const { invitations } = under.storage;
        expect(await invitations.findPendingByEmail(id, emailKey)).toStrictEqual(pending);
        expect(await invitations.findPendingByEmail(id, nextText('nobody'))).toBeUndefined();
        expect(await invitations.listPending(id)).toStrictEqual([world.invitation, pending]);
        expect(await invitations.list(id, { status: 'revoked' }, WHOLE)).toStrictEqual([revoked]);
        expect(await invitations.list(id, {}, WHOLE)).toStrictEqual([pending, revoked, world.invitation]);
        const held = { text: emailKey.slice(1, -1) };
        expect(await invitations.list(id, held, WHOLE)).toStrictEqual([pending, revoked]);
        expect(await invitations.list(id, { ...held, downTo: pending.id }, WHOLE)).toStrictEqual([pending]);
        expect(await invitations.list(id, { ...held, status: 'revoked' }, WHOLE)).toStrictEqual([revoked]);
        expect(await invitations.findNth(id, {}, 2)).toBe(revoked.id);
        expect(await invitations.findNth(id, { after: revoked.id }, 1)).toBe(world.invitation.id);
        expect(await invitations.findNth(id, { status: 'revoked' }, 1)).toBe(revoked.id);
        expect(await invitations.findNth(id, { status: 'revoked' }, 2)).toBeUndefined();
        expect(await invitations.findByTokenHash(revoked.tokenHash)).toStrictEqual(revoked);
      });

      test('S217: one that is erased is as it was written, once for each version', async () => {
        const { storage } = under;
        const next = { ...world.invitation, email: 'erased', message: null };
        const erase = () =>
          storage.transact((tx) => tx.invitations.erase(id, next, world.invitation.version));
        await erase();
        const version = world.invitation.version + 1;
        expect(await storage.invitations.find(id, next.id)).toStrictEqual({ ...next, version });
        await expect(erase()).rejects.toMatchObject({ code: 'version_conflict' });
      });

      test('an invitation past its end is still pending in storage', async () => {
        const late = anInvitation(id, { expiresAt: 0 });
        await under.storage.transact((tx) => tx.invitations.insert(id, late));
        expect(await under.storage.invitations.findPendingByEmail(id, late.emailKey)).toStrictEqual(late);
      });

      test('countOpen counts what is pending and not over', async () => {
        const { invitations } = under.storage;
        const before = await invitations.countOpen(id, 7);
        await under.storage.transact(async (tx) => {
          for (const row of [
            { expiresAt: 8 },
            { expiresAt: 7 },
            { expiresAt: 8, status: 'revoked' as const },
          ])
            await tx.invitations.insert(id, anInvitation(id, row));
        });
        expect(await invitations.countOpen(id, 7)).toBe(before + 1);
        expect(await invitations.countOpen(id, 8)).toBe(before);
      });
    });

    describe('directories', () => {
      test.each(['draft', 'disabled'] as const)(
        'a user of a %s directory answers no sign-in question',
        async (status) => {
          const member = await addMember();
          const quiet = aDirectory(id, { status });
          const { userName, externalId } = SHARED;
          await under.storage.transact(async (tx) => {
            await tx.directories.insert(id, quiet);
            await tx.directoryUsers.insert(id, aDirectoryUser(quiet.id, member, { userName, externalId }));
          });
          const { directoryUsers } = under.storage;
          expect(await directoryUsers.listByUserName(id, userName)).toStrictEqual([world.directoryUser]);
          expect(await directoryUsers.listByExternalId(id, externalId)).toStrictEqual([world.directoryUser]);
        },
      );

      test('an inactive user, and a second active directory, are part of the answer', async () => {
        const member = await addMember();
        const second = aDirectory(id);
        const { userName, externalId } = SHARED;
        const twin = aDirectoryUser(second.id, member, { userName, externalId, isActive: false });
        await under.storage.transact(async (tx) => {
          await tx.directories.insert(id, second);
          await tx.directoryUsers.insert(id, twin);
        });
        const { directoryUsers } = under.storage;
        const both = [world.directoryUser, twin];
        expect(await directoryUsers.listByUserName(id, userName)).toStrictEqual(both);
        expect(await directoryUsers.listByExternalId(id, externalId)).toStrictEqual(both);
        expect(await directoryUsers.findByMembership(id, member.id)).toStrictEqual(twin);
        expect(await directoryUsers.find(id, world.directory.id, twin.id)).toBeUndefined();
      });

      test.each(['version', 'row'])(
        'an update of a user, by its %s, moves every key it is found by',
        async (by) => {
          const { directoryUser, directory } = world;
          const next = {
            ...directoryUser,
            userName: 'Countess',
            userNameKey: 'countess',
            externalId: null,
            displayNameKey: 'the countess',
            emailKeys: ['new@shared.example'],
            isActive: false,
          };
          await under.storage.transact(async (tx) => {
            const found = await tx.directoryUsers.find(id, directory.id, directoryUser.id);
            await tx.directoryUsers.update(id, next, by === 'version' ? 1 : (found ?? 1));
          });
          const { directoryUsers } = under.storage;
          const page = { offset: 0, limit: 5 };
          const byEmail = (value: string) =>
            directoryUsers.query(id, directory.id, { kind: 'equals', field: 'email', value }, page);
          expect(await directoryUsers.listByUserName(id, SHARED.userName)).toEqual([]);
          expect(await directoryUsers.listByExternalId(id, SHARED.externalId)).toEqual([]);
          expect(await byEmail(SHARED.email)).toEqual({ rows: [], total: 0 });
          const stored = { ...next, version: 2 };
          expect(await byEmail('new@shared.example')).toStrictEqual({ rows: [stored], total: 1 });
          expect(await directoryUsers.listByUserName(id, 'countess')).toStrictEqual([stored]);
        },
      );

      test('groups of one name are all found, in every directory of the organization', async () => {
        const second = aDirectory(id);
        const twin = aDirectoryGroup(world.directory, { displayName: SHARED.groupName });
        const elsewhere = aDirectoryGroup(second, { displayName: SHARED.groupName });
        await under.storage.transact(async (tx) => {
          await tx.directories.insert(id, second);
          await tx.directoryGroups.insert(id, twin);
          await tx.directoryGroups.insert(id, elsewhere);
        });
        const { directoryGroups } = under.storage;
        const all = [world.group, twin, elsewhere];
        expect(await directoryGroups.listByName(id, SHARED.groupName)).toStrictEqual(all);
        expect(await directoryGroups.findInOrganization(id, elsewhere.id)).toStrictEqual(elsewhere);
        expect(await directoryGroups.find(id, world.directory.id, elsewhere.id)).toBeUndefined();
      });

      test('a use of a token is noted, the last writer winning', async () => {
        const other = aDirectoryToken(world.directory, { expiresAt: BUILT_AT + 5 });
        await under.storage.transact(async (tx) => {
          await tx.directoryTokens.insert(id, other);
          await tx.directoryTokens.updateLastUsed(id, world.token.id, 7);
          await tx.directoryTokens.updateLastUsed(id, world.token.id, 5);
          await tx.directoryTokens.updateLastUsed(id, nextId('dtk'), 5);
        });
        const used = { ...world.token, lastUsedAt: 5 };
        const { directoryTokens } = under.storage;
        expect(await directoryTokens.list(id, world.directory.id)).toStrictEqual([used, other]);
        const { directory } = world;
        expect(await directoryTokens.findByHash(world.token.tokenHash)).toStrictEqual({
          token: used,
          directory,
        });
        expect(await directoryTokens.list(id, nextId('dir'))).toEqual([]);
      });

      test('lists of an organization are by id', async () => {
        const directories = [aDirectory(id), aDirectory(id)];
        const connections = [aConnection(id), aConnection(id)];
        await under.storage.transact(async (tx) => {
          for (const each of [...directories].reverse()) await tx.directories.insert(id, each);
          for (const each of [...connections].reverse()) await tx.connections.insert(id, each);
        });
        expect(await under.storage.directories.list(id)).toStrictEqual([world.directory, ...directories]);
        expect(await under.storage.connections.list(id)).toStrictEqual([world.connection, ...connections]);
      });
    });

    describe('sign-ins', () => {
      test('connections whose time has come are listed over all organizations, soonest first', async () => {
        const far = BUILT_AT - 900_000_000_000;
        const due = [far + 3, far + 1, far + 2, far + 4, null].map((dueAt) => aConnection(id, { dueAt }));
        await under.storage.transact(async (tx) => {
          for (const each of due) await tx.connections.insert(id, each);
        });
        const { connections } = under.storage;
        expect(await connections.listDue(far + 3, 10)).toStrictEqual([due[1], due[2], due[0]]);
        expect(await connections.listDue(far + 3, 1)).toStrictEqual([due[1]]);
        expect(await connections.listDue(far, 10)).toStrictEqual([]);
      });

      test('a domain routes only once it is verified, and no longer when it is not', async () => {
        const pending = aDomain(id);
        const { domain } = pending;
        const verified = { ...pending, status: 'verified', verifiedAt: BUILT_AT } as const;
        const { domains } = under.storage;
        await under.storage.transact((tx) => tx.domains.insert(id, pending));
        expect(await domains.findVerified(domain)).toBeUndefined();
        await under.storage.transact((tx) => tx.domains.update(id, verified, 1));
        expect(await domains.findVerified(domain)).toStrictEqual({ ...verified, version: 2 });
        await under.storage.transact((tx) => tx.domains.update(id, pending, 2));
        expect(await domains.findVerified(domain)).toBeUndefined();
      });

      test('proved domains to look at again: those of DNS looked at longest ago, whatever became of them', async () => {
        const at = (checkedAt: number | null, overrides = {}) =>
          aDomain(id, { status: 'verified', proof: 'dns', checkedAt, ...overrides });
        const rows = [
          at(BUILT_AT + 2, { status: 'lapsed' }),
          at(BUILT_AT + 1),
          at(BUILT_AT + 3),
          at(BUILT_AT, { proof: 'operator' }),
          at(BUILT_AT, { proof: null, status: 'pending' }),
        ];
        await under.storage.transact(async (tx) => {
          for (const row of rows) await tx.domains.insert(id, row);
        });
        const [lapsed, oldest] = rows;
        const { domains } = under.storage;
        expect(await domains.listToCheck(BUILT_AT + 2, 10)).toStrictEqual([oldest, lapsed]);
        expect(await domains.listToCheck(BUILT_AT + 2, 1)).toStrictEqual([oldest]);
      });

      test('an identity is found by connection, issuer and subject together, never by two of them', async () => {
        const other = aConnection(id);
        const member = await addMember();
        const { issuer, subject } = SHARED;
        const second = anIdentity(other.id, member, { issuer, subject });
        await under.storage.transact(async (tx) => {
          await tx.connections.insert(id, other);
          await tx.identities.insert(id, second);
        });
        const { identities } = under.storage;
        expect(await identities.find(id, other.id, issuer, subject)).toStrictEqual(second);
        expect(await identities.find(id, other.id, 'https://else.example', subject)).toBeUndefined();
        expect(await identities.find(id, other.id, issuer, 'subject-2')).toBeUndefined();
        expect(await identities.findByMembership(id, other.id, member.id)).toStrictEqual(second);
        expect(await identities.findByMembership(id, other.id, world.membership.id)).toBeUndefined();
        expect(await identities.listByMembership(id, member.id)).toStrictEqual([second]);
      });

      test('S142 a session begun for a membership that is gone is refused', async () => {
        const { directory, directoryUser, membership } = world;
        await under.storage.transact(async (tx) => {
          await tx.directoryUsers.remove(id, directory.id, directoryUser.id);
          await tx.memberships.remove(id, membership.id);
        });
        const late = under.storage.transact((tx) => tx.sessions.insert(id, aSession(membership)));
        await expect(late).rejects.toMatchObject({ code: 'not_found' });
      });

      test('what expires at now is cleaned up at now, what expires later stays, and the number is answered', async () => {
        const { connection, membership } = world;
        const now = 1_000;
        const rows = [now - 1, now, now + 1].map((expiresAt) => ({
          session: aSession(membership, { expiresAt }),
          pending: aPendingSignIn(connection, { expiresAt }),
        }));
        await under.storage.transact(async (tx) => {
          for (const { session, pending } of rows) {
            await tx.sessions.insert(id, session);
            await tx.pendingSignIns.insert(id, pending);
          }
        });
        expect(await under.storage.transact((tx) => tx.sessions.removeExpired(now))).toBe(2);
        expect(await under.storage.transact((tx) => tx.pendingSignIns.removeExpired(now))).toBe(2);
        const left = rows.at(-1);
        if (left === undefined) throw new Error('no rows');
        expect(await under.storage.sessions.findByHash(left.session.tokenHash)).toStrictEqual(left.session);
        const { handleHash } = left.pending;
        const found = await under.storage.pendingSignIns.find(id, connection.id, handleHash);
        expect(found).toStrictEqual(left.pending);
      });
    });

    describe('journal', () => {
      test.each([
        { filter: { type: 'team.created' }, indexes: [2, 0] },
        { filter: { targetId: 'target-1' }, indexes: [1, 0] },
        { filter: { type: 'team.created', targetId: 'target-1' }, indexes: [0] },
        { filter: { type: 'team' }, indexes: [] },
      ])('audit events by $filter, newest first', async ({ filter, indexes }) => {
        const events = [
          anAuditEvent(id, { type: 'team.created', target: { kind: 'team', id: 'target-1' } }),
          anAuditEvent(id, { type: 'team.removed', target: { kind: 'team', id: 'target-1' } }),
          anAuditEvent(id, { type: 'team.created', target: { kind: 'team', id: 'target-2' } }),
        ];
        await under.storage.transact(async (tx) => {
          for (const event of events) await tx.auditEvents.append(id, event);
        });
        const found = await under.storage.auditEvents.list(id, filter, WHOLE);
        expect(found).toStrictEqual(indexes.map((index) => events[index]));
      });

      test('the queue holds due events of one kind and all organizations, oldest first, up to the limit', async () => {
        const other = aWorld();
        await under.storage.transact((tx) => plantWorld(tx, other));
        const past = 1_000;
        const own = [0, 1, 2, 3].map((step) =>
          anOutboxEvent(id, { dueAt: past + step, createdAt: past + step }),
        );
        const settled = anOutboxEvent(id, { dueAt: null, deliveredAt: past });
        const notice = anOutboxEvent(id, { kind: 'logout', dueAt: past, createdAt: past });
        const foreign = anOutboxEvent(other.organization.id, { dueAt: past + 4, createdAt: past + 4 });
        await under.storage.transact(async (tx) => {
          for (const event of [...own, settled, notice]) await tx.outbox.append(id, event);
          await tx.outbox.append(other.organization.id, foreign);
        });
        const { outbox } = under.storage;
        expect(await outbox.listDue('event', past + 10, 100)).toStrictEqual([...own, foreign]);
        expect(await outbox.listDue('event', past + 1, 100)).toStrictEqual(own.slice(0, 2));
        expect(await outbox.listDue('event', past + 10, 1)).toStrictEqual(own.slice(0, 1));
        expect(await outbox.listDue('event', past - 1, 100)).toEqual([]);
        expect(await outbox.listDue('logout', past + 10, 100)).toStrictEqual([notice]);
      });
    });
  });
}
