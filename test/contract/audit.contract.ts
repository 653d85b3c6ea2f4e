/** Contract: audit rows form a chain, one row behind the other, and are found by who, what and when. */
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { AuditLink } from '../../src/core/entities/journal.ts';
import { INSTALLATION } from '../../src/core/journal/audit.ts';
import type { AuditFilter } from '../../src/core/ports/journal.ts';
import { newId } from '../../src/kernel/ids.ts';
import { anAuditEvent, BUILT_AT } from '../support/builders.ts';
import { aWorld, plantWorld, type World } from '../support/world.ts';
import type { OpenStorage, StorageUnderTest } from './storage-under-test.ts';

const linkAt = (seq: number): AuditLink => ({
  seq,
  salt: `salt-${seq}`,
  personalDigest: `digest-${seq}`,
  hash: `hash-${seq}`,
});

/** Registers the suite. */
export function audit(name: string, open: OpenStorage): void {
  describe(`${name}: the audit trail`, () => {
    let under: StorageUnderTest;
    let world: World;
    beforeEach(async () => {
      await under?.close();
      under = await open();
      world = aWorld();
      await under.storage.transact((tx) => plantWorld(tx, world));
    });
    afterAll(() => under.close());

    const append = (seq: number) =>
      under.storage.transact(async (tx) => {
        const event = anAuditEvent(world.organization.id);
        await tx.auditEvents.append(world.organization.id, event, linkAt(seq));
        return event;
      });

    test('S214: rows stand one behind the other; the head is the last one', async () => {
      const { auditEvents } = under.storage;
      const { id } = world.organization;
      const events = [await append(2), await append(3)];
      expect(await auditEvents.findHead(id)).toStrictEqual({
        seq: 3,
        hash: 'hash-3',
        baseSeq: 0,
        baseHash: '',
      });
      expect(await auditEvents.listChain(id, 1, 10)).toStrictEqual([
        { event: events[0], link: linkAt(2) },
        { event: events[1], link: linkAt(3) },
      ]);
      expect(await auditEvents.listChain(id, 1, 1)).toHaveLength(1);
      expect(await auditEvents.listChain(id, 3, 10)).toEqual([]);
    });

    test.each([1, 3, 0])('S214: a row at place %s behind the first one is refused', async (seq) => {
      await expect(append(seq)).rejects.toMatchObject({
        code: expect.stringMatching(/^(version_conflict|already_exists)$/),
      });
      expect((await under.storage.auditEvents.findHead(world.organization.id))?.seq).toBe(1);
    });

    /** Appends behind whatever head the transaction is told of; answers its place. */
    const extend = (isRefused = false) =>
      under.storage.transact(async (tx) => {
        const { id } = world.organization;
        const seq = ((await tx.auditEvents.findHead(id))?.seq ?? 0) + 1;
        await tx.auditEvents.append(id, anAuditEvent(id), linkAt(seq));
        expect((await tx.auditEvents.findHead(id))?.seq).toBe(seq);
        if (isRefused) throw new Error('refused');
        return seq;
      });

    test('S214: a transaction that is taken back leaves the head where it was, for those beside it and behind it', async () => {
      const ends = await Promise.allSettled([extend(), extend(true), extend(), extend(true), extend()]);
      expect(ends.map((end) => (end.status === 'fulfilled' ? end.value : end.reason.message))).toEqual([
        ...[2, 'refused', 3],
        ...['refused', 4],
      ]);
      await expect(extend(true)).rejects.toThrow('refused');
      expect(await extend()).toBe(5);
    });

    test('S214: in a transaction the head is what pruning and the end of the organization have left', async () => {
      const { id } = world.organization;
      await append(2);
      const heads = await under.storage.transact(async ({ auditEvents, organizations }) => {
        const before = await auditEvents.findHead(id);
        await auditEvents.append(id, anAuditEvent(id), linkAt(3));
        await auditEvents.prune(id, BUILT_AT + 1_000_000, 10);
        const pruned = await auditEvents.findHead(id);
        await auditEvents.append(INSTALLATION, anAuditEvent(INSTALLATION), linkAt(1));
        await organizations.remove(id);
        return [before?.baseSeq, pruned, await auditEvents.findHead(id)];
      });
      expect(heads).toEqual([0, { seq: 3, hash: 'hash-3', baseSeq: 2, baseHash: 'hash-2' }, undefined]);
      expect(await under.storage.auditEvents.findHead(INSTALLATION)).toMatchObject({
        seq: 1,
        hash: 'hash-1',
      });
    });

    const cases: readonly (readonly [AuditFilter, readonly number[]])[] = [
      [{ actor: 'directory' }, [1]],
      [{ actor: 'dtk_1' }, [1]],
      [{ actor: 'system' }, [2]],
      [{ actor: 'Okta' }, []],
      [{ since: BUILT_AT + 2000 }, [2, 1]],
      [{ until: BUILT_AT + 2000 }, [0]],
      [{ since: BUILT_AT + 1000, until: BUILT_AT + 3000, type: 'member.added' }, [1, 0]],
    ];
    test.each(cases)('audit events by %j', async (filter, indexes) => {
      const { id } = world.organization;
      const actors = [
        { kind: 'operator' },
        { kind: 'directory', directoryId: 'dir_1', tokenId: 'dtk_1', tokenName: 'Okta' },
        { kind: 'system' },
      ] as const;
      const events = actors.map((actor, index) => {
        const at = BUILT_AT + (index + 1) * 1000;
        const target = { kind: 'team', id: 'own' };
        return anAuditEvent(id, { id: newId('aud', at), at, actor, target });
      });
      await under.storage.transact(async (tx) => {
        for (const event of events) await tx.auditEvents.append(id, event);
      });
      const found = await under.storage.auditEvents.list(id, { ...filter, targetId: 'own' }, { limit: 10 });
      expect(found).toStrictEqual(indexes.map((index) => events[index]));
    });
  });
}
