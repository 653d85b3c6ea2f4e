/** Contract: everything single-use goes to one of fifty simultaneous callers, by one conditional write (law 5, R14). */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Repositories } from '../../src/core/ports/storage.ts';
import {
  aConnection,
  anInvitation,
  anOutboxEvent,
  aPendingSignIn,
  aSession,
  BUILT_AT,
  nextId,
  nextText,
} from '../support/builders.ts';
import { aShareableLink } from '../support/link-builders.ts';
import { anEmergencyCode, aTestSignIn } from '../support/policy-builders.ts';
import { aWorld, plantWorld, type World } from '../support/world.ts';
import { type OpenStorage, race, type StorageUnderTest } from './storage-under-test.ts';

const CALLERS = 50;
const LEASE = 30_000;
const SENT = { deliveredAt: BUILT_AT + 5, dueAt: null, lastError: null } as const;
const LATER = { deliveredAt: null, dueAt: BUILT_AT + 9, lastError: '451' } as const;

type Take = (tx: Repositories) => Promise<unknown>;

/** Stores the single-use thing; answers how one caller takes it, true or an object when it got it. */
type Prepare = (tx: Repositories, world: World) => Promise<Take>;

const THINGS: readonly { readonly title: string; readonly prepare: Prepare }[] = [
  {
    title: 'pendingSignIns.consume',
    prepare: async (tx, { organization: { id }, connection }) => {
      const pending = aPendingSignIn(connection);
      await tx.pendingSignIns.insert(id, pending);
      return (later) => later.pendingSignIns.consume(id, connection.id, pending.handleHash);
    },
  },
  {
    title: 'consumedAssertions.claim',
    prepare: async (_tx, { organization: { id }, connection }) => {
      const assertionId = nextText('_assertion');
      return (later) => later.consumedAssertions.claim(id, connection.id, assertionId, BUILT_AT + 1000);
    },
  },
  {
    title: 'invitations.claim',
    prepare: async (tx, { organization: { id }, membership }) => {
      const invitation = anInvitation(id);
      await tx.invitations.insert(id, invitation);
      return (later) =>
        later.invitations.claim(id, invitation.id, { membershipId: membership.id, now: BUILT_AT + 1 });
    },
  },
  {
    title: 'shareableLinks.claim with one use left',
    prepare: async (tx, { organization: { id } }) => {
      const link = aShareableLink(id, { maxUses: 3, uses: 2 });
      await tx.shareableLinks.insert(id, link);
      return (later) =>
        later.shareableLinks.claim(id, link.id, {
          ...{ membershipId: nextId('mem'), email: 'a@example.com', usedAt: BUILT_AT + 1 },
        });
    },
  },
  {
    title: 'testSignIns.claim',
    prepare: async (tx, { organization: { id }, connection }) => {
      const test = aTestSignIn(connection);
      await tx.testSignIns.insert(id, test);
      const report = { reason: null, facts: null, decision: null };
      const outcome = { status: 'passed', report, now: BUILT_AT + 1, expiresAt: BUILT_AT + 2 } as const;
      return (later) => later.testSignIns.claim(id, test.id, outcome);
    },
  },
  {
    title: 'emergencyCodes.claim',
    prepare: async (tx, { organization: { id }, membership }) => {
      const code = anEmergencyCode(membership);
      await tx.emergencyCodes.insert(id, code);
      return (later) => later.emergencyCodes.claim(id, code.id, BUILT_AT + 1);
    },
  },
  {
    title: 'outbox.claim',
    prepare: async (tx, { organization: { id } }) => {
      const event = anOutboxEvent(id);
      await tx.outbox.append(id, event);
      return (later) => later.outbox.claim(id, event.id, BUILT_AT, LEASE);
    },
  },
  {
    title: 'installation.insert',
    prepare: async () => {
      const key = nextText('key');
      return (later) => later.installation.insert(key, 'value');
    },
  },
  {
    title: 'installation.consume with a next value',
    prepare: async (tx) => {
      const key = nextText('key');
      await tx.installation.insert(key, 'first');
      return (later) => later.installation.consume(key, 'first', 'second');
    },
  },
  {
    title: 'installation.consume without one',
    prepare: async (tx) => {
      const key = nextText('key');
      await tx.installation.insert(key, 'once');
      return (later) => later.installation.consume(key, 'once', undefined);
    },
  },
  {
    title: 'sessions.remove',
    prepare: async (tx, { organization: { id }, membership }) => {
      const session = aSession(membership);
      await tx.sessions.insert(id, session);
      return (later) => later.sessions.remove(id, session.id);
    },
  },
  {
    title: 'S190 sessions.rotate',
    prepare: async (tx, { organization: { id }, membership }) => {
      const session = aSession(membership);
      await tx.sessions.insert(id, session);
      const { tokenHash } = session;
      return (later) => {
        const next = nextText('hash');
        return later.sessions.rotate(id, session.id, {
          ...{ tokenHash, previous: tokenHash, next, orgRole: 'owner', at: 9 },
        });
      };
    },
  },
];

/** Registers the suite. */
export function singleUse(name: string, open: OpenStorage): void {
  describe(`${name}: single use`, () => {
    let under: StorageUnderTest;
    const world = aWorld();
    const id = world.organization.id;
    beforeAll(async () => {
      under = await open();
      await under.storage.transact((tx) => plantWorld(tx, world));
    });
    afterAll(() => under.close());

    test.each(THINGS)('R14 $title answers one of 50 parallel callers', async ({ prepare }) => {
      const take = await under.storage.transact((tx) => prepare(tx, world));
      const outcomes = await race(under.storage, CALLERS, take);
      const answers = outcomes.map((outcome) => ('answered' in outcome ? outcome.answered : outcome));
      expect(answers.filter((answer) => answer !== undefined && answer !== false)).toHaveLength(1);
    });

    test.each(THINGS)('$title is free again when the transaction that took it fails', async ({ prepare }) => {
      const take = await under.storage.transact((tx) => prepare(tx, world));
      const failing = under.storage.transact(async (tx) => {
        expect(await take(tx)).toBeTruthy();
        throw new Error('interrupted');
      });
      await expect(failing).rejects.toThrow('interrupted');
      expect(await under.storage.transact(take)).toBeTruthy();
    });

    test('a consumed sign-in answers the whole row, even past its end, and cannot be found again', async () => {
      const pending = aPendingSignIn(world.connection, { expiresAt: 0 });
      const { handleHash } = pending;
      await under.storage.transact((tx) => tx.pendingSignIns.insert(id, pending));
      const taken = await under.storage.transact((tx) =>
        tx.pendingSignIns.consume(id, world.connection.id, handleHash),
      );
      expect(taken).toStrictEqual(pending);
      expect(await under.storage.pendingSignIns.find(id, world.connection.id, handleHash)).toBeUndefined();
    });

    test('a sign-in begun at one connection is not consumed at another of the same organization', async () => {
      const other = aConnection(id);
      const pending = aPendingSignIn(world.connection);
      const { handleHash } = pending;
      await under.storage.transact(async (tx) => {
        await tx.connections.insert(id, other);
        await tx.pendingSignIns.insert(id, pending);
        expect(await tx.pendingSignIns.consume(id, other.id, handleHash)).toBeUndefined();
      });
      expect(await under.storage.pendingSignIns.find(id, other.id, handleHash)).toBeUndefined();
      expect(await under.storage.pendingSignIns.find(id, world.connection.id, handleHash)).toStrictEqual(
        pending,
      );
    });

    test('an assertion id is remembered for its connection only, past its end until it is cleaned up', async () => {
      const other = aConnection(id);
      const assertionId = nextText('_assertion');
      const claim = (connectionId: typeof other.id) =>
        under.storage.transact((tx) => tx.consumedAssertions.claim(id, connectionId, assertionId, BUILT_AT));
      await under.storage.transact((tx) => tx.connections.insert(id, other));
      expect(await claim(world.connection.id)).toBe(true);
      expect(await claim(other.id)).toBe(true);
      expect(await claim(world.connection.id)).toBe(false);
      await under.storage.transact((tx) => tx.consumedAssertions.removeExpired(BUILT_AT - 1));
      expect(await claim(world.connection.id)).toBe(false);
      await under.storage.transact((tx) => tx.consumedAssertions.removeExpired(BUILT_AT));
      expect(await claim(world.connection.id)).toBe(true);
    });

    test.each([
      { title: 'one millisecond before its end', changes: {}, left: 1, claimed: true },
      { title: 'at its end', changes: {}, left: 0, claimed: false },
      { title: 'after its end', changes: {}, left: -1, claimed: false },
      { title: 'once revoked', changes: { status: 'revoked' as const }, left: 1, claimed: false },
      { title: 'once accepted', changes: { status: 'accepted' as const }, left: 1, claimed: false },
    ])('an invitation claimed $title: $claimed', async ({ changes, left, claimed }) => {
      const invitation = anInvitation(id, changes);
      const now = invitation.expiresAt - left;
      const membershipId = world.membership.id;
      await under.storage.transact((tx) => tx.invitations.insert(id, invitation));
      const answer = await under.storage.transact((tx) =>
        tx.invitations.claim(id, invitation.id, { membershipId, now }),
      );
      expect(answer).toBe(claimed);
      const accepted = { status: 'accepted', acceptedBy: membershipId, settledAt: now, version: 2 };
      expect(await under.storage.invitations.find(id, invitation.id)).toStrictEqual({
        ...invitation,
        ...(claimed ? accepted : {}),
      });
    });

    test('a leased event comes back when the lease ends, counted once for each try', async () => {
      const event = anOutboxEvent(id);
      const claim = (now: number) =>
        under.storage.transact((tx) => tx.outbox.claim(id, event.id, now, LEASE));
      await under.storage.transact((tx) => tx.outbox.append(id, event));
      expect(await claim(BUILT_AT - 1)).toBeUndefined();
      expect(await claim(BUILT_AT)).toStrictEqual({ ...event, attempts: 1, dueAt: BUILT_AT + LEASE });
      expect(await claim(BUILT_AT + LEASE - 1)).toBeUndefined();
      expect(await claim(BUILT_AT + LEASE)).toMatchObject({ attempts: 2, dueAt: BUILT_AT + 2 * LEASE });
    });

    test.each([
      {
        title: 'delivered',
        outcome: { deliveredAt: BUILT_AT + 5, dueAt: null, lastError: null },
        again: false,
      },
      { title: 'given up', outcome: { deliveredAt: null, dueAt: null, lastError: 'refused' }, again: false },
      {
        title: 'to be tried again',
        outcome: { deliveredAt: null, dueAt: BUILT_AT + 9, lastError: '503' },
        again: true,
      },
    ])('an event settled as $title is claimable afterwards: $again', async ({ outcome, again }) => {
      const event = anOutboxEvent(id);
      await under.storage.transact(async (tx) => {
        await tx.outbox.append(id, event);
        await tx.outbox.claim(id, event.id, BUILT_AT, LEASE);
        expect(await tx.outbox.settle(id, { ...event, attempts: 1 }, outcome)).toBe(true);
      });
      expect(await under.storage.outbox.find(id, event.id)).toStrictEqual({
        ...event,
        attempts: 1,
        ...outcome,
      });
      const mail = anOutboxEvent(id, { kind: 'mail', payload: '{"to":"ada@x.example"}' });
      await under.storage.transact(async (tx) => {
        await tx.outbox.append(id, mail);
        await tx.outbox.settle(id, mail, outcome);
      });
      // A mail that will not be sent any more is kept by nobody.
      expect((await under.storage.outbox.find(id, mail.id))?.payload).toBe(again ? mail.payload : '');
      const waiting = await under.storage.outbox.listWaiting(id, { limit: 100 });
      expect(waiting.some((one) => one.id === mail.id)).toBe(again);
      expect(await under.storage.outbox.listWaiting(id, { after: mail.id, limit: 100 })).toEqual([]);
      const late = await under.storage.transact((tx) => tx.outbox.claim(id, event.id, BUILT_AT + 10, LEASE));
      expect(late !== undefined).toBe(again);
    });

    const heldTwice = async (kind: 'mail' | 'logout' = 'mail') => {
      const mail = anOutboxEvent(id, { kind, payload: '{"to":"ada@x.example"}' });
      const second = await under.storage.transact(async (tx) => {
        await tx.outbox.append(id, mail);
        await tx.outbox.claim(id, mail.id, BUILT_AT, LEASE);
        return tx.outbox.claim(id, mail.id, BUILT_AT + LEASE, LEASE);
      });
      const settle = (attempts: number, outcome: typeof SENT | typeof LATER) =>
        under.storage.transact((tx) => tx.outbox.settle(id, { id: mail.id, attempts }, outcome));
      const row = () => under.storage.outbox.find(id, mail.id);
      return { mail, second, settle, row };
    };

    test('S217: a failure counts only from whoever holds the event; a delivery counts from anybody, once', async () => {
      const { second, settle, row } = await heldTwice();
      expect(await settle(1, LATER)).toBe(false);
      expect(await row()).toStrictEqual(second);
      expect(await settle(1, SENT)).toBe(true);
      expect([await settle(2, LATER), await settle(2, SENT), await settle(1, SENT)]).toEqual([
        false,
        false,
        false,
      ]);
      expect(await row()).toStrictEqual({ ...second, ...SENT, payload: '' });
    });

    test('S217: a mail that is cancelled while it is under way stays so, and without its text it is nobody’s any more', async () => {
      const { mail, second, settle, row } = await heldTwice();
      const cancel = (id_: typeof mail.id) =>
        under.storage.transact((tx) => tx.outbox.cancel(id, id_, 'cancelled'));
      expect(await cancel(mail.id)).toBe(true);
      const ended = { ...second, dueAt: null, lastError: 'cancelled', payload: '' };
      expect([await settle(2, LATER), await settle(2, SENT), await cancel(mail.id)]).toEqual([
        false,
        false,
        false,
      ]);
      expect(await row()).toStrictEqual(ended);
      const notice = await heldTwice('logout');
      expect([await cancel(notice.mail.id), await notice.row()]).toEqual([false, notice.second]);
      const broken = anOutboxEvent(id, { kind: 'mail', payload: '' });
      await under.storage.transact((tx) => tx.outbox.append(id, broken));
      const claimed = under.storage.transact((tx) => tx.outbox.claim(id, broken.id, BUILT_AT, LEASE));
      expect(await claimed).toBeUndefined();
      const due = await under.storage.outbox.listDue('mail', Number.MAX_SAFE_INTEGER, 10_000);
      const waiting = await under.storage.outbox.listWaiting(id, { limit: 10_000 });
      expect([...due, ...waiting].some((one) => one.id === broken.id)).toBe(false);
    });

    test('an installation fact is swapped only from the value it has, and may be set anew once removed', async () => {
      const key = nextText('key');
      await under.storage.transact(async (tx) => {
        expect(await tx.installation.consume(key, '', 'x')).toBe(false);
        expect(await tx.installation.insert(key, 'a')).toBe(true);
        expect(await tx.installation.insert(key, 'b')).toBe(false);
        expect(await tx.installation.consume(key, 'b', 'c')).toBe(false);
        expect(await tx.installation.consume(key, 'a', 'c')).toBe(true);
        expect(await tx.installation.find(key)).toBe('c');
        expect(await tx.installation.consume(key, 'c', undefined)).toBe(true);
        expect(await tx.installation.insert(key, 'd')).toBe(true);
      });
      expect(await under.storage.installation.find(key)).toBe('d');
    });
  });
}
