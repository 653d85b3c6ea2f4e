/** Law 6: whatever way in a person holds, the suspension that their directory sends ends it, each kind held alone. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DirectoryUser } from '../../../src/core/entities/directory.ts';
import type { Membership } from '../../../src/core/entities/people.ts';
import type { Queries, Repositories } from '../../../src/core/ports/storage.ts';
import { anApplication, anApplicationGrant } from '../../support/application-builders.ts';
import { aSession } from '../../support/builders.ts';
import {
  membershipOf,
  newDirectory,
  newMember,
  newOrganization,
  pushUser,
  repushUser,
} from '../../support/core-people.ts';
import type { CoreWorld } from '../../support/core-world.ts';
import { openCoreWorld } from '../../support/core-world.ts';
import { aOneTimeRecord } from '../../support/credential-builders.ts';
import { aShareableLink } from '../../support/link-builders.ts';
import { anApiKey } from '../../support/policy-builders.ts';

interface WayIn {
  readonly what: string;
  /** Stores one; answers whether it still lets its holder in. */
  readonly give: (tx: Repositories, member: Membership) => Promise<(store: Queries) => Promise<boolean>>;
}

const WAYS_IN: readonly WayIn[] = [
  {
    what: 'S141 a session',
    give: async (tx, member) => {
      const session = aSession(member);
      await tx.sessions.insert(member.organizationId, session);
      return async (store) => (await store.sessions.findByHash(session.tokenHash)) !== undefined;
    },
  },
  {
    what: 'the grant of an application, its session gone',
    give: async (tx, member) => {
      const application = anApplication();
      await tx.applications.insert(application);
      const grant = anApplicationGrant(member, application.id);
      await tx.applicationGrants.insert(member.organizationId, grant);
      return async (store) =>
        (await store.applicationGrants.find(member.organizationId, grant.id)) !== undefined;
    },
  },
  {
    what: 'S144 an API key',
    give: async (tx, member) => {
      const key = anApiKey(member);
      await tx.apiKeys.insert(member.organizationId, key);
      return async (store) => (await store.apiKeys.find(member.organizationId, key.id)) !== undefined;
    },
  },
  {
    what: 'S144 a link they made',
    give: async (tx, member) => {
      const { id: membershipId, userId, organizationId } = member;
      const createdBy = { kind: 'member', membershipId, userId, email: null } as const;
      const link = aShareableLink(organizationId, { createdBy });
      await tx.shareableLinks.insert(organizationId, link);
      return async (store) => (await store.shareableLinks.find(organizationId, link.id))?.revokedAt === null;
    },
  },
  {
    what: 'S180 a mailed link',
    give: async (tx, member) => {
      const value = aOneTimeRecord(member.userId);
      await tx.oneTimeRecords.insert(value);
      return async (store) => (await store.oneTimeRecords.find(value.purpose, value.tokenHash)) !== undefined;
    },
  },
];

describe('a person whom the directory suspends', () => {
  let world: CoreWorld;
  beforeAll(async () => {
    world = await openCoreWorld();
  });
  afterAll(() => world.close());

  async function pushed() {
    const { id } = await newOrganization(world);
    const directory = await newDirectory(world, id);
    const user = await pushUser(world, directory);
    const suspend = () => repushUser(world, directory, { id: user.id, isActive: false });
    return { user, member: await memberOf(user), suspend };
  }
  const memberOf = async ({ organizationId, membershipId }: DirectoryUser) => {
    const member = await membershipOf(world, organizationId, membershipId);
    if (member === undefined) throw new Error('no member');
    return member;
  };

  test.each(WAYS_IN)('loses $what with it', async ({ give }) => {
    const { storage } = world.deps;
    const { user, member, suspend } = await pushed();
    const isOpen = await storage.transact((tx) => give(tx, member));
    expect(await isOpen(storage)).toBe(true);
    expect(await storage.memberships.holdsWaysIn(member.organizationId, member)).toBe(true);
    await suspend();
    expect((await memberOf(user)).status).toBe('suspended');
    expect(await isOpen(storage)).toBe(false);
  });

  test.each(WAYS_IN)('and nobody else loses $what', async ({ give }) => {
    const { storage } = world.deps;
    const { member, suspend } = await pushed();
    const other = await newMember(world, member.organizationId);
    const isOpen = await storage.transact((tx) => give(tx, other));
    expect(await storage.memberships.holdsWaysIn(member.organizationId, member)).toBe(false);
    await suspend();
    expect(await isOpen(storage)).toBe(true);
  });
});
