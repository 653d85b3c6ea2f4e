/** Contract: sessions are found by every fact that may end them, and a cookie value is replaced by exactly one caller. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Session } from '../../src/core/entities/session.ts';
import type { Repositories } from '../../src/core/ports/storage.ts';
import {
  aConnection,
  aMembership,
  aSession,
  aUser,
  BUILT_AT,
  nextText,
  upstreamSession,
} from '../support/builders.ts';
import { aWorld, plantWorld, type World } from '../support/world.ts';
import type { OpenStorage, StorageUnderTest } from './storage-under-test.ts';

/** Registers the suite. */
export function sessions(name: string, open: OpenStorage): void {
  describe(`${name}: sessions`, () => {
    let under: StorageUnderTest;
    let world: World;
    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under.close());
    beforeEach(async () => {
      world = aWorld();
      await write((tx) => plantWorld(tx, world));
    });

    const write = <Result>(work: (tx: Repositories) => Promise<Result>) => under.storage.transact(work);
    const insert = (...rows: readonly Session[]) =>
      write(async (tx) => {
        for (const row of rows) await tx.sessions.insert(world.organization.id, row);
      });
    const idsOf = (rows: readonly Session[]) => rows.map(({ id }) => id);

    test('everything a session knows comes back as it was', async () => {
      const whole = aSession(world.membership, {
        ...{ previousTokenHash: nextText('hash'), rotatedAt: BUILT_AT + 1, confirmedAt: BUILT_AT + 2 },
        connectionId: world.connection.id,
        orgRole: 'owner',
        amr: ['pwd', 'otp', 'é'],
        upstream: { nameId: 'n', nameIdFormat: 'f', sessionIndex: 'i', sid: 's', idToken: 't' },
        ...{ emergency: true, ip: '2001:db8::1', userAgent: 'Mozilla/5.0 "é"' },
        ...{ authTime: BUILT_AT - 5, isAuthTimeAssumed: true, authenticatedAt: BUILT_AT - 4 },
      });
      const nothingSaid = aSession(world.membership, { upstream: upstreamSession() });
      await insert(whole, nothingSaid);
      for (const session of [whole, nothingSaid]) {
        expect(await under.storage.sessions.find(session.organizationId, session.id)).toStrictEqual(session);
        expect(await under.storage.sessions.findByHash(session.tokenHash)).toStrictEqual(session);
      }
    });

    test('the sessions of a membership, of a connection and of the organization, oldest first', async () => {
      const { organization, connection, membership } = world;
      const user = aUser();
      const other = aMembership(organization.id, user.id);
      const elsewhere = aConnection(organization.id);
      await write(async (tx) => {
        await tx.users.insert(user);
        await tx.memberships.insert(organization.id, other);
        await tx.connections.insert(organization.id, elsewhere);
      });
      const mine = aSession(membership);
      const through = aSession(other, { connectionId: connection.id });
      const throughAnother = aSession(other, { connectionId: elsewhere.id });
      await insert(throughAnother, through, mine);
      const { storage } = under;
      const first = world.session;
      expect(idsOf(await storage.sessions.listByMembership(organization.id, membership.id))).toEqual(
        idsOf([first, mine]),
      );
      expect(idsOf(await storage.sessions.listByConnection(organization.id, connection.id))).toEqual(
        idsOf([first, through]),
      );
      const all = idsOf([first, mine, through, throughAnother]);
      expect(idsOf(await storage.sessions.list(organization.id, { limit: 9 }))).toEqual(all);
      expect(idsOf(await storage.sessions.list(organization.id, { after: all[0], limit: 2 }))).toEqual(
        all.slice(1, 3),
      );
    });

    test('S66 S88 the sessions an identity provider names: by its subject or its session, of one connection', async () => {
      const { organization, connection, membership } = world;
      const elsewhere = aConnection(organization.id);
      await write((tx) => tx.connections.insert(organization.id, elsewhere));
      const known = { upstream: upstreamSession({ nameId: 'ada', sid: 'one' }) };
      const here = aSession(membership, { connectionId: connection.id, ...known });
      const there = aSession(membership, { connectionId: elsewhere.id, ...known });
      await insert(here, there);
      const named = async (kind: 'nameId' | 'sid', value: string) =>
        idsOf(await under.storage.sessions.listByUpstream(organization.id, connection.id, { kind, value }));
      expect(await named('nameId', 'ada')).toEqual([here.id]);
      expect(await named('sid', 'one')).toEqual([here.id]);
      expect(await named('nameId', 'one')).toEqual([]);
      expect(await named('sid', 'ada')).toEqual([]);
      expect(await named('nameId', 'Ada')).toEqual([]);
    });

    test('S142 a session begun for a membership that is gone is refused', async () => {
      const { organization, directory, directoryUser, membership } = world;
      await write(async (tx) => {
        await tx.directoryUsers.remove(organization.id, directory.id, directoryUser.id);
        await tx.memberships.remove(organization.id, membership.id);
      });
      await expect(insert(aSession(membership))).rejects.toMatchObject({ code: 'not_found' });
    });

    test('a use of a session is noted', async () => {
      const { session, organization } = world;
      await write((tx) => tx.sessions.updateLastSeen(organization.id, session.id, BUILT_AT + 9));
      const seen = { ...session, lastSeenAt: BUILT_AT + 9 };
      expect(await under.storage.sessions.findByHash(session.tokenHash)).toStrictEqual(seen);
    });

    test('a member’s activity is noted where the last one is old enough, and the version stays', async () => {
      const { membership, organization } = world;
      const seen = async (at: number, ifUpTo: number) => {
        await write((tx) => tx.memberships.updateLastActive(organization.id, membership.id, { at, ifUpTo }));
        return under.storage.memberships.find(organization.id, membership.id);
      };
      expect(await seen(100, 0)).toStrictEqual({ ...membership, lastActiveAt: 100 });
      expect(await seen(101, 99)).toStrictEqual({ ...membership, lastActiveAt: 100 });
      expect(await seen(102, 100)).toStrictEqual({ ...membership, lastActiveAt: 102 });
      const resting = { ...membership, status: 'suspended' as const, lastActiveAt: 102 };
      await write((tx) => tx.memberships.update(organization.id, resting, membership.version));
      expect((await seen(200, 200))?.lastActiveAt).toBe(102);
    });

    test('S190 a replaced cookie value is found as the one before, and the one before that no more', async () => {
      const { session, organization } = world;
      const rotate = (tokenHash: string, previous: string, next: string) =>
        write((tx) =>
          tx.sessions.rotate(organization.id, session.id, {
            ...{ tokenHash, previous, next, orgRole: 'admin', at: BUILT_AT + 5 },
          }),
        );
      const [one, two, three] = [session.tokenHash, nextText('hash'), nextText('hash')];
      expect(await rotate(one, one, two)).toBe(true);
      const rotated = {
        ...session,
        ...{ tokenHash: two, previousTokenHash: one, orgRole: 'admin', rotatedAt: BUILT_AT + 5 },
      };
      expect(await under.storage.sessions.findByHash(one)).toStrictEqual(rotated);
      expect(await under.storage.sessions.findByHash(two)).toStrictEqual(rotated);
      const confirm = (tokenHash: string, at: number) =>
        write((tx) => tx.sessions.confirm(organization.id, session.id, tokenHash, at));
      await confirm(one, BUILT_AT + 6);
      expect(await under.storage.sessions.findByHash(two)).toMatchObject({ confirmedAt: null });
      await confirm(two, BUILT_AT + 7);
      await confirm(two, BUILT_AT + 8);
      expect(await under.storage.sessions.findByHash(two)).toMatchObject({ confirmedAt: BUILT_AT + 7 });
      expect(await rotate(two, two, three)).toBe(true);
      expect(await under.storage.sessions.findByHash(one)).toBeUndefined();
      expect(await under.storage.sessions.findByHash(two)).toMatchObject({ confirmedAt: null });
    });
  });
}
