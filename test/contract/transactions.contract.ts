/** Contract: a transaction is all or nothing, seen by nobody before it is durable, and as if alone (law 9, R13, R19). */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Repositories } from '../../src/core/ports/storage.ts';
import {
  aDirectoryGroup,
  aMembership,
  anAuditEvent,
  anOrganization,
  anOutboxEvent,
  aTeam,
  aUser,
  nextText,
} from '../support/builders.ts';
import { aWorld, plantWorld, readWorld } from '../support/world.ts';
import { type OpenStorage, outcomeOf, race, type StorageUnderTest } from './storage-under-test.ts';

class Interruption extends Error {}

const isEmpty = (value: unknown): boolean =>
  value === undefined || ['[]', '{"rows":[],"total":0}'].includes(JSON.stringify(value));

async function insertOrganization(tx: Repositories) {
  const value = anOrganization();
  await tx.organizations.insert(value.id, value);
  return value;
}

/** Registers the suite. */
export function transactions(name: string, open: OpenStorage): void {
  describe(`${name}: transactions`, () => {
    let under: StorageUnderTest;
    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under.close());

    test('the answer of the function passes through', async () => {
      const answer = { some: 'object' };
      expect(await under.storage.transact(async () => answer)).toBe(answer);
      expect(await under.storage.transact(async () => undefined)).toBeUndefined();
    });

    test('a throwing function leaves nothing in any repository', async () => {
      const world = aWorld();
      const failing = under.storage.transact(async (tx) => {
        await plantWorld(tx, world);
        throw new Interruption('after everything was written');
      });
      await expect(failing).rejects.toThrow(Interruption);
      for (const found of Object.values(await readWorld(under.storage, world))) {
        expect(isEmpty(found)).toBe(true);
      }
    });

    test('a throwing function undoes updates, moves and removals in every repository', async () => {
      const world = aWorld();
      const id = world.organization.id;
      await under.storage.transact((tx) => plantWorld(tx, world));
      const before = await readWorld(under.storage, world);
      const failing = under.storage.transact(async (tx) => {
        await tx.organizations.moveCounts(id, { seats: 3, owners: 1 });
        await tx.teams.update(id, { ...world.team, name: 'changed' }, 1);
        await tx.pendingSignIns.consume(id, world.connection.id, world.pending.handleHash);
        await tx.outbox.claim(id, world.outboxEvent.id, world.outboxEvent.createdAt, 1000);
        await tx.directories.remove(id, world.directory.id);
        await tx.memberships.remove(id, world.membership.id);
        await tx.organizations.remove(id);
        throw new Interruption();
      });
      await expect(failing).rejects.toThrow(Interruption);
      expect(await readWorld(under.storage, world)).toStrictEqual(before);
    });

    test.each([
      { title: 'an error of another class', thrown: new Interruption('mine') },
      { title: 'a text', thrown: 'only a text' },
      { title: 'undefined', thrown: undefined },
    ])('the function may throw $title and the caller gets that very value', async ({ thrown }) => {
      const failing = under.storage.transact(async (tx) => {
        await insertOrganization(tx);
        throw thrown;
      });
      const caught = await failing.then(
        () => 'nothing was thrown',
        (error: unknown) => error,
      );
      expect(caught).toBe(thrown);
    });

    test('a refused write takes the earlier writes of its transaction along', async () => {
      const taken = await under.storage.transact(insertOrganization);
      const fresh = anOrganization();
      const failing = under.storage.transact(async (tx) => {
        await tx.organizations.insert(fresh.id, fresh);
        const late = anOrganization({ slug: taken.slug });
        await tx.organizations.insert(late.id, late);
      });
      expect(await outcomeOf(failing)).toEqual({ refused: 'already_exists', field: 'slug' });
      expect(await under.storage.organizations.find(fresh.id)).toBeUndefined();
    });

    test('a clash that the function catches still ends the transaction', async () => {
      const taken = await under.storage.transact(insertOrganization);
      const fresh = anOrganization();
      const swallowing = under.storage.transact(async (tx) => {
        await tx.organizations.insert(fresh.id, fresh);
        const late = anOrganization({ slug: taken.slug });
        await tx.organizations.insert(late.id, late).catch(() => undefined);
      });
      expect(await outcomeOf(swallowing)).toEqual({ refused: 'already_exists', field: 'slug' });
      expect(await under.storage.organizations.find(fresh.id)).toBeUndefined();
    });

    test('a clash may be told in other words: the error thrown in its place passes through', async () => {
      const taken = await under.storage.transact(insertOrganization);
      const told = new Interruption('in other words');
      const translating = under.storage.transact((tx) => {
        const late = anOrganization({ slug: taken.slug });
        return tx.organizations.insert(late.id, late).catch(() => {
          throw told;
        });
      });
      await expect(translating).rejects.toBe(told);
    });

    test('a failing transaction among many hurts only its own caller', async () => {
      const values = Array.from({ length: 60 }, () => anOrganization());
      const runs = values.map((value, index) =>
        under.storage.transact(async (tx) => {
          await tx.organizations.insert(value.id, value);
          if (index % 3 === 1) throw new Interruption();
          return index;
        }),
      );
      const settled = await Promise.allSettled(runs);
      for (const [index, value] of values.entries()) {
        const fails = index % 3 === 1;
        expect(settled[index]?.status).toBe(fails ? 'rejected' : 'fulfilled');
        expect(await under.storage.organizations.find(value.id)).toEqual(fails ? undefined : value);
      }
    });

    test('law 9: a change, its audit row and its outbox event are there together or not at all', async () => {
      const organization = await under.storage.transact(insertOrganization);
      const id = organization.id;
      const triples = Array.from({ length: 20 }, () => ({
        team: aTeam(id),
        audit: anAuditEvent(id),
        event: anOutboxEvent(id),
      }));
      await race(under.storage, triples.length, async (tx, index) => {
        const triple = triples[index];
        if (triple === undefined) return;
        await tx.teams.insert(id, triple.team);
        await tx.auditEvents.append(id, triple.audit);
        if (index % 2 === 1) await tx.teams.insert(id, triple.team);
        await tx.outbox.append(id, triple.event);
      });
      const audit = await under.storage.auditEvents.list(id, {}, { limit: 100 });
      for (const [index, { team, audit: wanted, event }] of triples.entries()) {
        const isThere = index % 2 === 0;
        expect((await under.storage.teams.find(id, team.id)) !== undefined).toBe(isThere);
        expect(audit.some((found) => found.id === wanted.id)).toBe(isThere);
        expect((await under.storage.outbox.find(id, event.id)) !== undefined).toBe(isThere);
      }
    });

    test('a transaction sees its own writes; a reader outside sees none before the commit', async () => {
      const world = aWorld();
      await under.storage.transact(async (tx) => {
        await plantWorld(tx, world);
        const inside = await readWorld(tx, world);
        for (const found of Object.values(inside)) expect(isEmpty(found)).toBe(false);
        const outside = await readWorld(under.storage, world);
        for (const found of Object.values(outside)) expect(isEmpty(found)).toBe(true);
      });
      for (const found of Object.values(await readWorld(under.storage, world))) {
        expect(isEmpty(found)).toBe(false);
      }
    });

    test('a reader outside sees the old value and the removed row until the commit', async () => {
      const organization = await under.storage.transact(insertOrganization);
      const doomed = await under.storage.transact(insertOrganization);
      const { organizations } = under.storage;
      await under.storage.transact(async (tx) => {
        await tx.organizations.update(organization.id, { ...organization, name: 'New' }, 1);
        await tx.organizations.remove(doomed.id);
        expect(await tx.organizations.find(doomed.id)).toBeUndefined();
        expect(await organizations.find(organization.id)).toStrictEqual(organization);
        expect(await organizations.find(doomed.id)).toStrictEqual(doomed);
      });
      expect(await organizations.find(organization.id)).toMatchObject({ name: 'New', version: 2 });
      expect(await organizations.find(doomed.id)).toBeUndefined();
    });

    test('the repositories of a transaction are dead once it has ended', async () => {
      const organization = anOrganization();
      const leaked = await under.storage.transact(async (tx) => ({ tx }));
      const late = (async () => leaked.tx.organizations.insert(organization.id, organization))();
      await expect(late).rejects.toThrow();
      await under.storage.transact(insertOrganization);
      expect(await under.storage.organizations.find(organization.id)).toBeUndefined();
    });

    test('R19 of two who each step back only if the other stays, one stays: no write skew', async () => {
      const { id } = await under.storage.transact(insertOrganization);
      for (let round = 0; round < 25; round += 1) {
        const members = await under.storage.transact(async (tx) => {
          const pair = [aUser(), aUser()].map((user) => ({ user, member: aMembership(id, user.id) }));
          for (const { user, member } of pair) {
            await tx.users.insert(user);
            await tx.memberships.insert(id, member);
          }
          return pair.map(({ member }) => member);
        });
        const isActive = async (store: Pick<Repositories, 'memberships'>) => {
          const found = await Promise.all(members.map((member) => store.memberships.find(id, member.id)));
          return found.filter((member) => member?.status === 'active').length;
        };
        await race(under.storage, 2, async (tx, index) => {
          const mine = members[index];
          if (mine === undefined || (await isActive(tx)) < 2) return;
          await tx.memberships.update(id, { ...mine, status: 'suspended' }, 1);
        });
        const left = await Promise.all(
          members.map((member) => under.storage.memberships.find(id, member.id)),
        );
        expect(left.filter((member) => member?.status === 'active')).toHaveLength(1);
      }
    });

    test('R13 a group add racing the removal of the user leaves no dangling member', async () => {
      for (let round = 0; round < 20; round += 1) {
        const world = aWorld();
        const id = world.organization.id;
        const group = aDirectoryGroup(world.directory);
        await under.storage.transact(async (tx) => {
          await plantWorld(tx, world);
          await tx.directoryGroups.insert(id, group);
        });
        const { directory, directoryUser } = world;
        const add = async (tx: Repositories) => {
          if (!(await tx.directoryUsers.find(id, directory.id, directoryUser.id))) return;
          await tx.groupMembers.insert(id, group.id, [{ memberId: directoryUser.id, memberKind: 'user' }]);
        };
        const remove = async (tx: Repositories) => {
          await tx.groupMembers.removeEverywhere(id, directoryUser.id);
          await tx.directoryUsers.remove(id, directory.id, directoryUser.id);
        };
        const order = round % 2 === 0 ? [add, remove] : [remove, add];
        await race(under.storage, 2, async (tx, index) => order[index]?.(tx));
        expect(await under.storage.groupMembers.list(id, group.id, { limit: 10 })).toEqual([]);
      }
    });

    test('R19 50 parallel read-modify-write runs on one value lose no update', async () => {
      const key = nextText('counter');
      await under.storage.transact((tx) => tx.installation.insert(key, '0'));
      await race(under.storage, 50, async (tx) => {
        const before = (await tx.installation.find(key)) ?? 'gone';
        const swapped = await tx.installation.consume(key, before, String(Number(before) + 1));
        expect(swapped).toBe(true);
      });
      expect(await under.storage.installation.find(key)).toBe('50');
    });

    test('ping answers', async () => {
      await expect(under.storage.ping()).resolves.toBeUndefined();
    });
  });
}
