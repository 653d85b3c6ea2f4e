/** Contract: what was answered is kept, through close, reopen and kill -9, and nothing is kept by half (R1, R2). */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Storage } from '../../src/core/ports/storage.ts';
import type { OrganizationId } from '../../src/kernel/ids.ts';
import { anOrganization } from '../support/builders.ts';
import { aWorld, plantWorld, readWorld } from '../support/world.ts';
import { type OpenStorage, outcomeOf, type StorageUnderTest } from './storage-under-test.ts';

const UNAVAILABLE = { refused: 'storage_unavailable', field: undefined };

/** What the writer process prints when a transaction has been answered to it. */
const ACKNOWLEDGED = /^ack (?<organization>\S+) (?<membership>\S+) (?<event>\S+)$/;

interface Acknowledged {
  readonly organization: string;
  readonly membership: string;
  readonly event: string;
}

function parseLine(line: string): Acknowledged | undefined {
  const { organization, membership, event } = ACKNOWLEDGED.exec(line)?.groups ?? {};
  return organization && membership && event ? { organization, membership, event } : undefined;
}

/** Lets the writer work until it has been answered `enough` times, then kills it without warning. */
async function killWriter(command: readonly string[], enough: number): Promise<readonly Acknowledged[]> {
  const [program = '', ...args] = command;
  const child: ChildProcess = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const acknowledged: Acknowledged[] = [];
  if (child.stdout === null) throw new Error('the writer has no output');
  // Lines that were on their way when the process died count as well: the writer had its answer.
  for await (const line of createInterface({ input: child.stdout })) {
    const one = parseLine(line);
    if (one !== undefined) acknowledged.push(one);
    if (acknowledged.length === enough) child.kill('SIGKILL');
  }
  const [, signal] = await ended;
  expect(signal).toBe('SIGKILL');
  return acknowledged;
}

/** Everything the writers of one organization left behind, read in whole. */
async function readLeft(storage: Storage, organizationId: OrganizationId) {
  const page = { limit: 100_000 };
  const members = await storage.memberships.list(organizationId, {}, page);
  const audit = await storage.auditEvents.list(organizationId, {}, page);
  const events = await storage.outbox.listDue('event', Number.MAX_SAFE_INTEGER, 100_000);
  return {
    members: members.map((member) => member.id).sort(),
    audited: audit.map((event) => event.target.id).sort(),
    announced: events
      .filter((event) => event.organizationId === organizationId)
      .map((event) => event.payload)
      .sort(),
    eventIds: new Set<string>(events.map((event) => event.id)),
    organization: await storage.organizations.find(organizationId),
  };
}

async function expectAllOrNothing(storage: Storage, acknowledged: readonly Acknowledged[]): Promise<void> {
  const organizations = await storage.organizations.list({ limit: 1000 });
  const known = organizations.find((each) => each.id === acknowledged[0]?.organization);
  if (known === undefined) throw new Error('the organization of the writer is gone');
  const left = await readLeft(storage, known.id);
  for (const { membership, event } of acknowledged) {
    expect(left.members).toContain(membership);
    expect(left.eventIds).toContain(event);
  }
  expect(left.audited).toEqual(left.members);
  expect(left.announced).toEqual(left.members);
  expect(left.organization?.seatsUsed).toBe(left.members.length);
}

/** Registers the suite; what an adapter cannot do is skipped by name. */
export function durability(name: string, open: OpenStorage): void {
  describe(`${name}: durability`, () => {
    let under: StorageUnderTest;
    beforeEach(async () => {
      under = await open();
    });
    afterEach(() => under.close());

    test('a reopened store has everything as it was', async () => {
      if (under.reopen === undefined) return;
      const worlds = [aWorld(), aWorld()];
      await under.storage.transact(async (tx) => {
        for (const world of worlds) await plantWorld(tx, world);
      });
      const before = await Promise.all(worlds.map((world) => readWorld(under.storage, world)));
      const reopened = await under.reopen();
      expect(await Promise.all(worlds.map((world) => readWorld(reopened, world)))).toStrictEqual(before);
      await reopened.ping();
    });

    test('a reopened store still knows what is taken, used up and removed', async () => {
      if (under.reopen === undefined) return;
      const world = aWorld();
      const id = world.organization.id;
      const claim = (storage: Storage) =>
        storage.transact((tx) => tx.consumedAssertions.claim(id, world.connection.id, '_once', 9));
      await under.storage.transact((tx) => plantWorld(tx, world));
      await under.storage.transact((tx) => tx.sessions.remove(id, world.session.id));
      expect(await claim(under.storage)).toBe(true);
      const reopened = await under.reopen();
      expect(await claim(reopened)).toBe(false);
      expect(await reopened.sessions.findByHash(world.session.tokenHash)).toBeUndefined();
      const clash = anOrganization({ slug: world.organization.slug });
      const inserting = reopened.transact((tx) => tx.organizations.insert(clash.id, clash));
      expect(await outcomeOf(inserting)).toEqual({ refused: 'already_exists', field: 'slug' });
    });

    test('close lets the transactions that were begun finish', async () => {
      if (under.reopen === undefined) return;
      const values = Array.from({ length: 30 }, () => anOrganization());
      const running = values.map((value) =>
        under.storage.transact((tx) => tx.organizations.insert(value.id, value)),
      );
      await under.storage.close();
      await Promise.all(running);
      const reopened = await under.reopen();
      for (const value of values) expect(await reopened.organizations.find(value.id)).toStrictEqual(value);
    });

    test('a closed store answers storage_unavailable to everything', async () => {
      const { storage } = under;
      const value = anOrganization();
      await storage.close();
      expect(await outcomeOf(storage.ping())).toEqual(UNAVAILABLE);
      expect(await outcomeOf(storage.organizations.find(value.id))).toEqual(UNAVAILABLE);
      const writing = storage.transact((tx) => tx.organizations.insert(value.id, value));
      expect(await outcomeOf(writing)).toEqual(UNAVAILABLE);
    });

    test('a store is closed once: closing again is harmless', async () => {
      await under.storage.close();
      await expect(under.storage.close()).resolves.toBeUndefined();
    });

    test('R1 after kill -9 every acknowledged write is there and none by half, three times over', async () => {
      if (under.crash === undefined) return;
      for (const enough of [40, 150, 333]) {
        let acknowledged: readonly Acknowledged[] = [];
        const storage = await under.crash(async (command) => {
          acknowledged = await killWriter(command, enough);
        });
        expect(acknowledged.length).toBeGreaterThanOrEqual(enough);
        await expectAllOrNothing(storage, acknowledged);
      }
    });
  });
}
