/** Contract: each unique key has one winner, decided by the store and never by a look before the write (R9, S134). */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Repositories } from '../../src/core/ports/storage.ts';
import {
  aConnection,
  aDirectory,
  aDirectoryToken,
  aDirectoryUser,
  aDomain,
  aMembership,
  anIdentity,
  anInvitation,
  anOrganization,
  aPendingSignIn,
  aSession,
  aTeam,
  aUser,
  nextText,
} from '../support/builders.ts';
import { aWorld, plantWorld, type World } from '../support/world.ts';
import {
  expectOneWinner,
  type OpenStorage,
  outcomeOf,
  race,
  type StorageUnderTest,
} from './storage-under-test.ts';

const WRITERS = 50;

type Write = (tx: Repositories, index: number) => Promise<void>;

/** `prepare` stores what the racers need and answers what each of them does. */
interface Rule {
  readonly title: string;
  readonly field: string;
  readonly prepare: (tx: Repositories, world: World) => Promise<Write>;
}

async function aNewMember(tx: Repositories, { organization }: World) {
  const user = aUser();
  const member = aMembership(organization.id, user.id);
  await tx.users.insert(user);
  await tx.memberships.insert(organization.id, member);
  return member;
}

/** Stores one row for each writer, to be moved onto the same key later. */
async function prepareEach<Row>(insert: (index: number) => Promise<Row>): Promise<(index: number) => Row> {
  const rows: Row[] = [];
  for (let index = 0; index < WRITERS; index += 1) rows.push(await insert(index));
  return (index) => {
    const row = rows[index];
    if (row === undefined) throw new Error(`no row for writer ${index}`);
    return row;
  };
}

const INSERT_RULES: readonly Rule[] = [
  {
    title: 'the id of an organization',
    field: 'id',
    prepare: async () => {
      const { id } = anOrganization();
      return (tx) => tx.organizations.insert(id, anOrganization({ id }));
    },
  },
  {
    title: 'the slug of an organization',
    field: 'slug',
    prepare: async () => {
      const slug = nextText('slug');
      return (tx) => {
        const value = anOrganization({ slug });
        return tx.organizations.insert(value.id, value);
      };
    },
  },
  {
    title: 'the sign-in e-mail of a user',
    field: 'email',
    prepare: async () => {
      const emailKey = nextText('email');
      return (tx) => tx.users.insert(aUser({ emailKey }));
    },
  },
  {
    title: 'the user of a membership in one organization',
    field: 'userId',
    prepare: async (tx, { organization: { id } }) => {
      const user = aUser();
      await tx.users.insert(user);
      return (later) => later.memberships.insert(id, aMembership(id, user.id));
    },
  },
  {
    title: 'the id of a team',
    field: 'id',
    prepare: async (_tx, { organization }) => {
      const { id } = aTeam(organization.id);
      return (tx) => tx.teams.insert(organization.id, aTeam(organization.id, { id }));
    },
  },
  {
    title: 'the userName of a directory user in one directory',
    field: 'userName',
    prepare: async (_tx, world) => {
      const userNameKey = nextText('user-name');
      return async (tx) => {
        const user = aDirectoryUser(world.directory.id, await aNewMember(tx, world), { userNameKey });
        await tx.directoryUsers.insert(world.organization.id, user);
      };
    },
  },
  {
    title: 'the hash of a directory token',
    field: 'tokenHash',
    prepare: async (_tx, world) => {
      const tokenHash = nextText('hash');
      return (tx) =>
        tx.directoryTokens.insert(world.organization.id, aDirectoryToken(world.directory, { tokenHash }));
    },
  },
  {
    title: 'the subject of an identity at one issuer of one connection',
    field: 'subject',
    prepare: async (_tx, world) => {
      const subject = nextText('subject');
      return async (tx) => {
        const member = await aNewMember(tx, world);
        await tx.identities.insert(
          world.organization.id,
          anIdentity(world.connection.id, member, { subject }),
        );
      };
    },
  },
  {
    title: 'the membership of an identity at one connection',
    field: 'membershipId',
    prepare: async (tx, world) => {
      const member = await aNewMember(tx, world);
      return (later) =>
        later.identities.insert(world.organization.id, anIdentity(world.connection.id, member));
    },
  },
  {
    title: 'a domain inside one organization',
    field: 'domain',
    prepare: async (_tx, { organization: { id } }) => {
      const domain = nextText('domain');
      return (tx) => tx.domains.insert(id, aDomain(id, { domain }));
    },
  },
  {
    title: 'the verified owner of a domain over all organizations',
    field: 'domain',
    prepare: async () => {
      const domain = nextText('domain');
      return async (tx) => {
        const value = anOrganization();
        await tx.organizations.insert(value.id, value);
        await tx.domains.insert(value.id, aDomain(value.id, { domain, status: 'verified', verifiedAt: 1 }));
      };
    },
  },
  {
    title: 'the pending invitation of an address in one organization',
    field: 'email',
    prepare: async (_tx, { organization: { id } }) => {
      const emailKey = nextText('invitee');
      return (tx) => tx.invitations.insert(id, anInvitation(id, { emailKey }));
    },
  },
  {
    title: 'the hash of an invitation token',
    field: 'tokenHash',
    prepare: async (_tx, { organization: { id } }) => {
      const tokenHash = nextText('hash');
      return (tx) => tx.invitations.insert(id, anInvitation(id, { tokenHash }));
    },
  },
  {
    title: 'the hash of a session',
    field: 'tokenHash',
    prepare: async (_tx, { organization, membership }) => {
      const tokenHash = nextText('hash');
      return (tx) => tx.sessions.insert(organization.id, aSession(membership, { tokenHash }));
    },
  },
  {
    title: 'the handle of a pending sign-in at one connection',
    field: 'handleHash',
    prepare: async (_tx, { organization, connection }) => {
      const handleHash = nextText('hash');
      return (tx) => tx.pendingSignIns.insert(organization.id, aPendingSignIn(connection, { handleHash }));
    },
  },
];

const UPDATE_RULES: readonly Rule[] = [
  {
    title: 'the slug of an organization',
    field: 'slug',
    prepare: async (tx) => {
      const slug = nextText('slug');
      const rowOf = await prepareEach(async () => {
        const value = anOrganization();
        await tx.organizations.insert(value.id, value);
        return value;
      });
      return (later, index) => later.organizations.update(rowOf(index).id, { ...rowOf(index), slug }, 1);
    },
  },
  {
    title: 'the sign-in e-mail of a user',
    field: 'email',
    prepare: async (tx) => {
      const emailKey = nextText('email');
      const rowOf = await prepareEach(async () => {
        const value = aUser();
        await tx.users.insert(value);
        return value;
      });
      return (later, index) => later.users.update({ ...rowOf(index), emailKey }, 1);
    },
  },
  {
    title: 'the userName of a directory user in one directory',
    field: 'userName',
    prepare: async (tx, world) => {
      const userNameKey = nextText('user-name');
      const rowOf = await prepareEach(async () => {
        const value = aDirectoryUser(world.directory.id, await aNewMember(tx, world));
        await tx.directoryUsers.insert(world.organization.id, value);
        return value;
      });
      return (later, index) =>
        later.directoryUsers.update(world.organization.id, { ...rowOf(index), userNameKey }, 1);
    },
  },
  {
    title: 'the verified owner of a domain over all organizations',
    field: 'domain',
    prepare: async (tx) => {
      const domain = nextText('domain');
      const rowOf = await prepareEach(async () => {
        const organization = anOrganization();
        const value = aDomain(organization.id, { domain });
        await tx.organizations.insert(organization.id, organization);
        await tx.domains.insert(organization.id, value);
        return value;
      });
      return (later, index) => {
        const verified = { ...rowOf(index), status: 'verified', verifiedAt: 2 } as const;
        return later.domains.update(verified.organizationId, verified, 1);
      };
    },
  },
  {
    title: 'the pending invitation of an address in one organization',
    field: 'email',
    prepare: async (tx, { organization: { id } }) => {
      const emailKey = nextText('invitee');
      const rowOf = await prepareEach(async () => {
        const value = anInvitation(id);
        await tx.invitations.insert(id, value);
        return value;
      });
      return (later, index) => later.invitations.update(id, { ...rowOf(index), emailKey }, 1);
    },
  },
];

/** Registers the suite. */
export function uniqueness(name: string, open: OpenStorage): void {
  describe(`${name}: uniqueness`, () => {
    let under: StorageUnderTest;
    const world = aWorld();
    beforeAll(async () => {
      under = await open();
      await under.storage.transact((tx) => plantWorld(tx, world));
    });
    afterAll(() => under.close());

    test.each(INSERT_RULES)('R9 of 50 parallel inserts exactly one takes $title', async (rule) => {
      const write = await under.storage.transact((tx) => rule.prepare(tx, world));
      expectOneWinner(await race(under.storage, WRITERS, write), 'already_exists', rule.field);
    });

    test.each(UPDATE_RULES)('R9 of 50 parallel updates exactly one takes $title', async (rule) => {
      const write = await under.storage.transact((tx) => rule.prepare(tx, world));
      expectOneWinner(await race(under.storage, WRITERS, write), 'already_exists', rule.field);
    });

    test('S115 two organizations hold the same keys without learning of each other', async () => {
      const other = aWorld();
      await expect(under.storage.transact((tx) => plantWorld(tx, other))).resolves.toBeUndefined();
    });

    test('two directories of one organization hold the same userName', async () => {
      const id = world.organization.id;
      const second = aDirectory(id);
      const writing = under.storage.transact(async (tx) => {
        await tx.directories.insert(id, second);
        const member = await aNewMember(tx, world);
        const { userName } = world.directoryUser;
        await tx.directoryUsers.insert(id, aDirectoryUser(second.id, member, { userName }));
      });
      await expect(writing).resolves.toBeUndefined();
    });

    test('one subject may be known at two connections and at two issuers of one connection', async () => {
      const id = world.organization.id;
      const second = aConnection(id);
      const subject = nextText('subject');
      const writing = under.storage.transact(async (tx) => {
        await tx.connections.insert(id, second);
        const member = await aNewMember(tx, world);
        const other = await aNewMember(tx, world);
        await tx.identities.insert(id, anIdentity(world.connection.id, member, { subject }));
        await tx.identities.insert(id, anIdentity(second.id, member, { subject }));
        await tx.identities.insert(
          id,
          anIdentity(second.id, other, { subject, issuer: 'https://other.example' }),
        );
      });
      await expect(writing).resolves.toBeUndefined();
    });

    test('a revoked or accepted invitation leaves its address free', async () => {
      const id = world.organization.id;
      const emailKey = nextText('invitee');
      const insert = (status: 'pending' | 'revoked' | 'accepted') =>
        outcomeOf(
          under.storage.transact((tx) => tx.invitations.insert(id, anInvitation(id, { emailKey, status }))),
        );
      const free = { answered: undefined };
      expect(await insert('revoked')).toEqual(free);
      expect(await insert('accepted')).toEqual(free);
      expect(await insert('revoked')).toEqual(free);
      expect(await insert('pending')).toEqual(free);
      expect(await insert('pending')).toEqual({ refused: 'already_exists', field: 'email' });
    });

    test('a removed row leaves its key free', async () => {
      const organization = anOrganization();
      const again = anOrganization({ slug: organization.slug });
      await under.storage.transact((tx) => tx.organizations.insert(organization.id, organization));
      await under.storage.transact((tx) => tx.organizations.remove(organization.id));
      await under.storage.transact((tx) => tx.organizations.insert(again.id, again));
      expect(await under.storage.organizations.findBySlug(organization.slug)).toStrictEqual(again);
    });

    test('S134 keys are compared as given: case, accents and width are the business of the caller', async () => {
      const id = world.organization.id;
      const keys = ['ada', 'Ada', 'ADA', 'a\u0308da', 'äda', 'ada ', 'ａｄａ', 'ada\u200b', 'ad\u0430'];
      await under.storage.transact(async (tx) => {
        for (const key of keys) {
          const member = await aNewMember(tx, world);
          const user = aDirectoryUser(world.directory.id, member, { userName: 'ada', userNameKey: key });
          await tx.directoryUsers.insert(id, user);
        }
      });
      for (const key of keys) {
        const found = await under.storage.directoryUsers.listByUserName(id, key);
        expect(found.map((user) => user.userNameKey)).toEqual([key]);
      }
    });
  });
}
