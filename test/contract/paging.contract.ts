/** Contract: a walk by key meets every row that was there from the start exactly once, whatever comes in between (R18). */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PageRequest } from '../../src/core/ports/paging.ts';
import type { Queries, Repositories } from '../../src/core/ports/storage.ts';
import { aSignInAttempt } from '../support/attempt-builders.ts';
import {
  aDirectoryGroup,
  aDirectoryUser,
  aMembership,
  anAuditEvent,
  anInvitation,
  anOrganization,
  aRecorderEntry,
  aUser,
  BUILT_AT,
  nextId,
} from '../support/builders.ts';
import { aShareableLink } from '../support/link-builders.ts';
import { aMappingDraft } from '../support/mapping-test-builders.ts';
import { aWebhook } from '../support/webhook-builders.ts';
import { aWorld, plantWorld, type World } from '../support/world.ts';
import type { OpenStorage, StorageUnderTest } from './storage-under-test.ts';

interface Ids {
  readonly add: (tx: Repositories) => Promise<void>;
  /** The key by which the list is walked. */
  readonly key: string;
}

interface Walk {
  readonly title: string;
  readonly order: 'oldest first' | 'newest first';
  /** Fixes the key now, so that rows stored later can sort before rows stored earlier. */
  readonly reserve: (world: World) => Ids;
  readonly page: (store: Queries, world: World, page: PageRequest) => Promise<readonly string[]>;
}

const ids = (rows: readonly { readonly id: string }[]): readonly string[] => rows.map((row) => row.id);

function reserveMember({ organization: { id } }: World) {
  const user = aUser();
  const member = aMembership(id, user.id);
  const add = async (tx: Repositories) => {
    await tx.users.insert(user);
    await tx.memberships.insert(id, member);
  };
  return { member, add };
}

const PEOPLE_WALKS: readonly Walk[] = [
  {
    title: 'organizations.list',
    order: 'oldest first',
    reserve: () => {
      const value = anOrganization();
      return { key: value.id, add: (tx) => tx.organizations.insert(value.id, value) };
    },
    page: async (store, _world, page) => ids(await store.organizations.list(page)),
  },
  {
    title: 'memberships.list',
    order: 'oldest first',
    reserve: (world) => {
      const { member, add } = reserveMember(world);
      return { key: member.id, add };
    },
    page: async (store, { organization }, page) =>
      ids(await store.memberships.list(organization.id, {}, page)),
  },
  {
    title: 'memberships.list of one team',
    order: 'oldest first',
    reserve: (world) => {
      const { member, add } = reserveMember(world);
      const { organization, team } = world;
      return {
        key: member.id,
        add: async (tx) => {
          await add(tx);
          await tx.teamMembers.replace(organization.id, member.id, [{ teamId: team.id, role: 'member' }]);
        },
      };
    },
    page: async (store, { organization, team }, page) =>
      ids(await store.memberships.list(organization.id, { teamId: team.id, status: 'active' }, page)),
  },
  {
    title: 'teamMembers.listByTeam',
    order: 'oldest first',
    reserve: (world) => {
      const { member, add } = reserveMember(world);
      const { organization, team } = world;
      return {
        key: member.id,
        add: async (tx) => {
          await add(tx);
          await tx.teamMembers.replace(organization.id, member.id, [{ teamId: team.id, role: 'admin' }]);
        },
      };
    },
    page: async (store, { organization, team }, page) =>
      (await store.teamMembers.listByTeam(organization.id, team.id, page)).map((row) => row.membershipId),
  },
  {
    title: 'invitations.list',
    order: 'newest first',
    reserve: ({ organization: { id } }) => {
      const value = anInvitation(id);
      return { key: value.id, add: (tx) => tx.invitations.insert(id, value) };
    },
    page: async (store, { organization }, page) =>
      ids(await store.invitations.list(organization.id, { status: 'pending' }, page)),
  },
  {
    title: 'mappingDrafts.list',
    order: 'newest first',
    reserve: ({ organization: { id } }) => {
      const value = aMappingDraft(id);
      return { key: value.id, add: (tx) => tx.mappingDrafts.insert(id, value) };
    },
    page: async (store, { organization }, page) => ids(await store.mappingDrafts.list(organization.id, page)),
  },
  {
    title: 'webhooks.list',
    order: 'oldest first',
    reserve: ({ organization: { id } }) => {
      const value = aWebhook(id);
      return { key: value.id, add: (tx) => tx.webhooks.insert(id, value) };
    },
    page: async (store, { organization }, page) => ids(await store.webhooks.list(organization.id, page)),
  },
  {
    title: 'shareableLinks.list',
    order: 'newest first',
    reserve: ({ organization: { id } }) => {
      const value = aShareableLink(id);
      return { key: value.id, add: (tx) => tx.shareableLinks.insert(id, value) };
    },
    page: async (store, { organization }, page) =>
      ids(await store.shareableLinks.list(organization.id, page)),
  },
  {
    title: 'shareableLinks.listUses',
    order: 'oldest first',
    reserve: ({ organization: { id }, shareableLink }) => {
      const use = { membershipId: nextId('mem'), email: 'a@example.com', usedAt: BUILT_AT };
      return {
        key: use.membershipId,
        add: async (tx) => void (await tx.shareableLinks.claim(id, shareableLink.id, use)),
      };
    },
    page: async (store, { organization, shareableLink }, page) =>
      (await store.shareableLinks.listUses(organization.id, shareableLink.id, page)).map(
        ({ membershipId }) => membershipId,
      ),
  },
  {
    title: 'auditEvents.list',
    order: 'newest first',
    reserve: ({ organization: { id } }) => {
      const value = anAuditEvent(id);
      return { key: value.id, add: (tx) => tx.auditEvents.append(id, value) };
    },
    page: async (store, { organization }, page) =>
      ids(await store.auditEvents.list(organization.id, {}, page)),
  },
];

const DIRECTORY_WALKS: readonly Walk[] = [
  {
    title: 'recorderEntries.list',
    order: 'newest first',
    reserve: ({ organization, directory }) => {
      const value = aRecorderEntry(directory);
      return { key: value.id, add: (tx) => tx.recorderEntries.append(organization.id, [value]) };
    },
    page: async (store, { organization, directory }, page) =>
      ids(await store.recorderEntries.list(organization.id, { directoryId: directory.id }, page)),
  },
  {
    title: 'signInAttempts.list',
    order: 'newest first',
    reserve: ({ organization: { id } }) => {
      const value = aSignInAttempt(id);
      return { key: value.id, add: (tx) => tx.signInAttempts.append(id, [value]) };
    },
    page: async (store, { organization }, page) =>
      ids(await store.signInAttempts.list(organization.id, { isFailed: false }, page)),
  },
  {
    title: 'directoryUsers.scan',
    order: 'oldest first',
    reserve: (world) => {
      const { member, add } = reserveMember(world);
      const value = aDirectoryUser(world.directory.id, member);
      return {
        key: value.id,
        add: async (tx) => {
          await add(tx);
          await tx.directoryUsers.insert(world.organization.id, value);
        },
      };
    },
    page: async (store, { organization, directory }, page) =>
      ids(await store.directoryUsers.scan(organization.id, directory.id, { kind: 'all' }, page)),
  },
  {
    title: 'directoryGroups.scan',
    order: 'oldest first',
    reserve: ({ organization, directory }) => {
      const value = aDirectoryGroup(directory);
      return { key: value.id, add: (tx) => tx.directoryGroups.insert(organization.id, value) };
    },
    page: async (store, { organization, directory }, page) =>
      ids(await store.directoryGroups.scan(organization.id, directory.id, { kind: 'all' }, page)),
  },
  {
    title: 'groupMembers.list',
    order: 'oldest first',
    reserve: ({ organization, group }) => {
      const memberId = nextId('du');
      return {
        key: memberId,
        add: async (tx) => {
          await tx.groupMembers.insert(organization.id, group.id, [{ memberId, memberKind: 'user' }]);
        },
      };
    },
    page: async (store, { organization, group }, page) =>
      (await store.groupMembers.list(organization.id, group.id, page)).map((row) => row.memberId),
  },
];

const WALKS = [...PEOPLE_WALKS, ...DIRECTORY_WALKS];

/** Registers the suite. */
export function paging(name: string, open: OpenStorage): void {
  describe(`${name}: paging by key`, () => {
    let under: StorageUnderTest;
    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under.close());

    const plant = async (walk: Walk, count: number) => {
      const world = aWorld();
      const slots = Array.from({ length: count }, () => walk.reserve(world));
      const present = slots.filter((_, index) => index % 2 === 0);
      await under.storage.transact(async (tx) => {
        await plantWorld(tx, world);
        for (const slot of present) await slot.add(tx);
      });
      const keys = present.map((slot) => slot.key);
      return { world, keys, newcomers: slots.filter((_, index) => index % 2 === 1) };
    };

    test.each(WALKS)(
      'R18 $title: a walk under inserts meets every earlier row exactly once',
      async (walk) => {
        const { world, keys, newcomers } = await plant(walk, 60);
        const seen: string[] = [];
        let after: string | undefined;
        for (;;) {
          const page = await walk.page(under.storage, world, { after, limit: 7 });
          if (page.length === 0) break;
          expect(page.length).toBeLessThanOrEqual(7);
          seen.push(...page);
          after = page.at(-1);
          const arriving = newcomers.splice(0, 4);
          await under.storage.transact(async (tx) => {
            for (const slot of arriving) await slot.add(tx);
          });
        }
        for (const key of keys) expect(seen.filter((found) => found === key)).toEqual([key]);
        expect(new Set(seen).size).toBe(seen.length);
        const sorted = [...seen].sort();
        expect(seen).toEqual(walk.order === 'oldest first' ? sorted : sorted.reverse());
      },
    );

    test.each(WALKS)('$title: one page of a large limit is $order and whole', async (walk) => {
      const { world, keys } = await plant(walk, 20);
      const page = await walk.page(under.storage, world, { limit: 10_000 });
      const mine = page.filter((key) => keys.includes(key));
      expect(mine).toEqual(walk.order === 'oldest first' ? keys : [...keys].reverse());
    });

    test.each(WALKS)('$title: a page after a key that no row has starts at the next one', async (walk) => {
      const { world, keys, newcomers } = await plant(walk, 6);
      const [low = '', middle = '', high = ''] = keys;
      const absent = newcomers[walk.order === 'oldest first' ? 0 : 1]?.key;
      const page = await walk.page(under.storage, world, { after: absent, limit: 1 });
      expect([low, middle, high]).toContain(middle);
      expect(page).toEqual([middle]);
    });
  });
}
