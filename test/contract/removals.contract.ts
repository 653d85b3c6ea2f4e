/** Contract: a removal takes along what hangs on the row, and nothing else: no leftover can act for what is gone (R13). */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Repositories } from '../../src/core/ports/storage.ts';
import { GatehouseError } from '../../src/kernel/errors.ts';
import { aConnection, anOrganization, nextId, nextText } from '../support/builders.ts';
import { anEnding } from '../support/history-builders.ts';
import { aWorld, plantWorld, readWorld, SHARED, type World } from '../support/world.ts';
import type { OpenStorage, StorageUnderTest } from './storage-under-test.ts';

type Part = keyof Awaited<ReturnType<typeof readWorld>>;

interface Removal {
  readonly what: string;
  readonly remove: (tx: Repositories, world: World) => Promise<unknown>;
  /** The parts of the world that are empty afterwards; all others are untouched. */
  readonly gone: readonly Part[];
}

const EVERY_PART: readonly Part[] = [
  'organizations',
  'memberships',
  'grants',
  'pastValues',
  'teams',
  'teamMembers',
  'invitations',
  'shareableLinks',
  'directories',
  'directoryTokens',
  'directoryClients',
  'directoryUsers',
  'uniqueValues',
  'adoptionConflicts',
  'removedUsers',
  'cutovers',
  'cutoverMembers',
  'directoryGroups',
  'groupMembers',
  'groupMappings',
  'mappingTests',
  'mappingDrafts',
  'connections',
  'identities',
  'domains',
  'pendingSignIns',
  'testSignIns',
  'emergencyCodes',
  'apiKeys',
  'accessReviews',
  'reviewItems',
  'sessions',
  'jobs',
  'webhooks',
  'auditEvents',
  'outbox',
  'recorderEntries',
  'signInAttempts',
  'applicationGrants',
  'providerRecords',
];

const REMOVALS: readonly Removal[] = [
  {
    what: 'an organization',
    remove: (tx, { organization }) => tx.organizations.remove(organization.id),
    gone: EVERY_PART,
  },
  {
    what: 'a membership whose directory user is gone',
    remove: async (tx, { organization: { id }, directory, directoryUser, membership }) => {
      await tx.directoryUsers.remove(id, directory.id, directoryUser.id);
      return tx.memberships.remove(id, membership.id);
    },
    gone: [
      'memberships',
      'grants',
      'teamMembers',
      'emergencyCodes',
      'apiKeys',
      'identities',
      'sessions',
      'directoryUsers',
      'uniqueValues',
      'adoptionConflicts',
      'groupMembers',
      'applicationGrants',
      'providerRecords',
    ],
  },
  {
    what: 'the grants of a membership',
    remove: async (tx, { organization: { id }, membership }) => {
      await tx.grants.endByMembership(id, membership.id, anEnding());
      return true;
    },
    gone: ['grants'],
  },
  {
    what: 'one grant',
    remove: (tx, { organization, grant }) => tx.grants.end(organization.id, grant, anEnding()),
    gone: ['grants'],
  },
  {
    what: 'a team',
    remove: (tx, { organization, team }) => tx.teams.remove(organization.id, team.id),
    gone: ['teams', 'teamMembers'],
  },
  {
    what: 'a directory',
    remove: (tx, { organization, directory }) => tx.directories.remove(organization.id, directory.id),
    gone: [
      'directories',
      'directoryTokens',
      'directoryClients',
      'directoryUsers',
      'uniqueValues',
      'adoptionConflicts',
      'removedUsers',
      'cutovers',
      'cutoverMembers',
      'directoryGroups',
      'groupMembers',
    ],
  },
  {
    what: 'an application',
    remove: (tx, { application }) => tx.applications.remove(application.id),
    gone: ['applicationGrants', 'providerRecords'],
  },
  {
    what: 'what somebody let an application know',
    remove: (tx, { organization, applicationGrant }) =>
      tx.applicationGrants.remove(organization.id, applicationGrant.id),
    gone: ['applicationGrants', 'providerRecords'],
  },
  {
    what: 'a directory client',
    remove: (tx, { organization: { id }, directory, directoryClient }) =>
      tx.directoryClients.remove(id, directory.id, directoryClient.id),
    gone: ['directoryClients'],
  },
  {
    what: 'a directory token',
    remove: (tx, { organization: { id }, directory, token }) =>
      tx.directoryTokens.remove(id, directory.id, token.id),
    gone: ['directoryTokens'],
  },
  {
    what: 'a directory user',
    remove: (tx, { organization: { id }, directory, directoryUser }) =>
      tx.directoryUsers.remove(id, directory.id, directoryUser.id),
    gone: ['directoryUsers', 'uniqueValues', 'adoptionConflicts', 'groupMembers'],
  },
  {
    what: 'the values of a unique attribute',
    remove: (tx, { organization: { id }, directory, uniqueValue }) =>
      tx.uniqueValues.remove(id, directory.id, uniqueValue.path),
    gone: ['uniqueValues'],
  },
  {
    what: 'somebody removed who is consumed',
    remove: (tx, { organization: { id }, directory, removedUser }) =>
      tx.removedUsers.consume(id, directory.id, removedUser.id),
    gone: ['removedUsers'],
  },
  {
    what: 'a cut-over',
    remove: (tx, { organization: { id }, directory }) => tx.cutovers.remove(id, directory.id),
    gone: ['cutovers', 'cutoverMembers'],
  },
  {
    what: 'an adoption conflict',
    remove: (tx, { organization: { id }, conflict }) => tx.adoptionConflicts.remove(id, conflict.id),
    gone: ['adoptionConflicts'],
  },
  {
    what: 'a directory group',
    remove: (tx, { organization: { id }, directory, group }) =>
      tx.directoryGroups.remove(id, directory.id, group.id),
    gone: ['directoryGroups', 'groupMembers'],
  },
  {
    what: 'a group mapping',
    remove: (tx, { organization, mapping }) => tx.groupMappings.remove(organization.id, mapping.id),
    gone: ['groupMappings'],
  },
  {
    what: 'a mapping test',
    remove: (tx, { organization, mappingTest }) => tx.mappingTests.remove(organization.id, mappingTest.id),
    gone: ['mappingTests'],
  },
  {
    what: 'a mapping draft',
    remove: (tx, { organization, mappingDraft }) => tx.mappingDrafts.remove(organization.id, mappingDraft.id),
    gone: ['mappingDrafts'],
  },
  {
    what: 'a webhook',
    remove: (tx, { organization, webhook }) => tx.webhooks.remove(organization.id, webhook.id),
    gone: ['webhooks'],
  },
  {
    what: 'a connection',
    remove: (tx, { organization, connection }) => tx.connections.remove(organization.id, connection.id),
    gone: ['connections', 'identities', 'pendingSignIns', 'sessions', 'testSignIns'],
  },
  {
    what: 'the identities of a membership',
    remove: async (tx, { organization: { id }, membership }) => {
      await tx.identities.removeByMembership(id, membership.id);
      return true;
    },
    gone: ['identities'],
  },
  {
    what: 'a domain',
    remove: (tx, { organization, domain }) => tx.domains.remove(organization.id, domain.id),
    gone: ['domains'],
  },
  {
    what: 'a session',
    remove: (tx, { organization, session }) => tx.sessions.remove(organization.id, session.id),
    gone: ['sessions'],
  },
];

const isEmpty = (value: unknown): boolean =>
  value === undefined || ['[]', '{"rows":[],"total":0}'].includes(JSON.stringify(value));

/** Registers the suite. */
export function removals(name: string, open: OpenStorage): void {
  describe(`${name}: removals`, () => {
    let under: StorageUnderTest;
    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under.close());

    const plant = async () => {
      const world = aWorld();
      await under.storage.transact((tx) => plantWorld(tx, world));
      return world;
    };

    test.each(REMOVALS)('$what takes along what hangs on it, and only that', async ({ remove, gone }) => {
      const world = await plant();
      const neighbour = await plant();
      const before = await readWorld(under.storage, world);
      const beside = await readWorld(under.storage, neighbour);
      expect(await under.storage.transact((tx) => remove(tx, world))).toBe(true);
      const after = await readWorld(under.storage, world);
      const emptied = Object.entries(after).filter(([, value]) => isEmpty(value));
      expect(emptied.map(([part]) => part).sort()).toEqual([...gone].sort());
      expect({ ...after, ...Object.fromEntries(emptied) }).toEqual({
        ...before,
        ...Object.fromEntries(emptied),
      });
      expect(await readWorld(under.storage, neighbour)).toStrictEqual(beside);
    });

    test.each(REMOVALS)(
      '$what removed a second time answers false or changes nothing',
      async ({ remove }) => {
        const world = await plant();
        await under.storage.transact((tx) => remove(tx, world));
        const before = await readWorld(under.storage, world);
        const again = await under.storage.transact((tx) => remove(tx, world));
        // The two that answer nothing in the port are told apart by the table's own `true`.
        expect(typeof again).toBe('boolean');
        expect(await readWorld(under.storage, world)).toStrictEqual(before);
      },
    );

    test.each(REMOVALS.slice(0, 2))(
      'S142 $what removed: no global look-up finds a way in',
      async ({ remove }) => {
        const world = await plant();
        await under.storage.transact((tx) => remove(tx, world));
        expect(await under.storage.sessions.findByHash(world.session.tokenHash)).toBeUndefined();
        expect(await under.storage.memberships.listByUser(world.user.id)).toEqual([]);
      },
    );

    test('S173: an organization removed: its slug, tokens, links, connections and domains are found by nobody', async () => {
      const world = await plant();
      const id = world.organization.id;
      const proved = {
        ...world.domain,
        id: nextId('dom'),
        domain: nextText('proved'),
        status: 'verified',
      } as const;
      await under.storage.transact((tx) => tx.domains.insert(id, proved));
      await under.storage.transact((tx) => tx.organizations.remove(id));
      const { storage } = under;
      expect(await storage.organizations.findBySlug(world.organization.slug)).toBeUndefined();
      expect(await storage.directoryTokens.findByHash(world.token.tokenHash)).toBeUndefined();
      expect(await storage.invitations.findByTokenHash(world.invitation.tokenHash)).toBeUndefined();
      expect(await storage.shareableLinks.findByTokenHash(world.shareableLink.tokenHash)).toBeUndefined();
      expect(await storage.connections.findById(world.connection.id)).toBeUndefined();
      expect(await storage.domains.findVerified(proved.domain)).toBeUndefined();
      expect(
        (await storage.outbox.listDue('mail', Number.MAX_SAFE_INTEGER, 10_000)).map((event) => event.id),
      ).not.toContain(world.outboxEvent.id);
      expect(await storage.users.find(world.user.id)).toStrictEqual(world.user);
    });

    test('a connection removed forgets its seen assertions, and only its own', async () => {
      const world = await plant();
      const id = world.organization.id;
      const other = aConnection(id);
      const claim = (connectionId: typeof other.id) =>
        under.storage.transact((tx) =>
          tx.consumedAssertions.claim(id, connectionId, SHARED.assertionId, Number.MAX_SAFE_INTEGER),
        );
      await under.storage.transact((tx) => tx.connections.insert(id, other));
      expect(await claim(other.id)).toBe(true);
      await under.storage.transact((tx) => tx.connections.remove(id, world.connection.id));
      await under.storage.transact((tx) => tx.connections.insert(id, world.connection));
      expect(await claim(other.id)).toBe(false);
      expect(await claim(world.connection.id)).toBe(true);
    });

    test('a group removed leaves no row in which it is a member of another group', async () => {
      const world = await plant();
      const id = world.organization.id;
      const parent = { ...world.group, id: nextId('dg') };
      const { group, directory } = world;
      await under.storage.transact(async (tx) => {
        await tx.directoryGroups.insert(id, parent);
        await tx.groupMembers.insert(id, parent.id, [{ memberId: group.id, memberKind: 'group' }]);
      });
      await under.storage.transact((tx) => tx.directoryGroups.remove(id, directory.id, group.id));
      expect(await under.storage.groupMembers.list(id, parent.id, { limit: 10 })).toEqual([]);
    });

    test('a user is not removed while a membership remains, and is afterwards', async () => {
      const { user, membership, organization, directory, directoryUser } = await plant();
      const { storage } = under;
      await expect(storage.transact((tx) => tx.users.remove(user.id))).rejects.toThrow(GatehouseError);
      expect(await storage.users.find(user.id)).toStrictEqual(user);
      expect(await storage.memberships.listByUser(user.id)).toStrictEqual([membership]);
      const removed = await storage.transact(async (tx) => {
        await tx.directoryUsers.remove(organization.id, directory.id, directoryUser.id);
        await tx.memberships.remove(organization.id, membership.id);
        return tx.users.remove(user.id);
      });
      expect(removed).toBe(true);
      expect(await storage.users.find(user.id)).toBeUndefined();
    });

    test('removing what was never there answers false', async () => {
      const world = await plant();
      const id = world.organization.id;
      const answers = await under.storage.transact(async (tx) => [
        await tx.organizations.remove(anOrganization().id),
        await tx.users.remove(nextId('usr')),
        await tx.memberships.remove(id, nextId('mem')),
        await tx.grants.end(id, { id: nextId('grt'), membershipId: world.membership.id }, anEnding()),
        await tx.teams.remove(id, nextId('team')),
        await tx.directories.remove(id, nextId('dir')),
        await tx.directoryTokens.remove(id, world.directory.id, nextId('dtk')),
        await tx.directoryUsers.remove(id, world.directory.id, nextId('du')),
        await tx.directoryGroups.remove(id, world.directory.id, nextId('dg')),
        await tx.groupMappings.remove(id, nextId('map')),
        await tx.mappingTests.remove(id, nextId('mpt')),
        await tx.mappingDrafts.remove(id, nextId('mdr')),
        await tx.connections.remove(id, nextId('con')),
        await tx.domains.remove(id, nextId('dom')),
        await tx.webhooks.remove(id, nextId('whk')),
        await tx.sessions.remove(id, nextId('ses')),
      ]);
      expect(answers).toEqual(answers.map(() => false));
    });
  });
}
