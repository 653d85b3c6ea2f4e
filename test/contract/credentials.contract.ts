/** Contract: credentials of people and one-time values; who wins, what is counted, what goes with whom. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { User } from '../../src/core/entities/people.ts';
import type { Repositories } from '../../src/core/ports/storage.ts';
import { aUser, BUILT_AT, nextId, nextText } from '../support/builders.ts';
import { aOneTimeRecord, aPasskey, aSecondFactor } from '../support/credential-builders.ts';
import { type OpenStorage, outcomeOf, race, type StorageUnderTest } from './storage-under-test.ts';

/** Registers the suite. */
export function credentials(name: string, open: OpenStorage): void {
  describe(`${name}: credentials`, () => {
    let under: StorageUnderTest;
    let user: User;
    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under.close());
    beforeEach(async () => {
      user = aUser();
      await under.storage.transact((tx) => tx.users.insert(user));
    });

    const write = <Result>(fn: (tx: Repositories) => Promise<Result>) => under.storage.transact(fn);
    const winners = async (fn: (tx: Repositories) => Promise<unknown>) =>
      (await race(under.storage, 50, fn)).filter((outcome) => 'answered' in outcome && outcome.answered)
        .length;

    describe('one-time values', () => {
      test('come back as they went in, under their purpose only', async () => {
        const record = aOneTimeRecord(user.id, { data: { email: 'é', none: null }, bindingHash: 'b' });
        const nobodys = aOneTimeRecord(null, { purpose: 'passkey_sign_in' });
        await write(async (tx) => {
          await tx.oneTimeRecords.insert(record);
          await tx.oneTimeRecords.insert(nobodys);
        });
        const { oneTimeRecords } = under.storage;
        expect(await oneTimeRecords.find('password_reset', record.tokenHash)).toStrictEqual(record);
        expect(await oneTimeRecords.find('passkey_sign_in', nobodys.tokenHash)).toStrictEqual(nobodys);
        expect(await oneTimeRecords.find('undo', record.tokenHash)).toBeUndefined();
        expect(await write((tx) => tx.oneTimeRecords.consume('undo', record.tokenHash))).toBeUndefined();
      });

      test('S217: proofs of one address go, whoever asked; nothing else does', async () => {
        const data = { door: 'inv_x', emailKey: 'gone@x.example' };
        const proofs = [null, user.id].map((by) => aOneTimeRecord(by, { purpose: 'joining', data }));
        const others = [
          aOneTimeRecord(null, { purpose: 'joining', data: { ...data, emailKey: 'kept@x.example' } }),
          aOneTimeRecord(user.id, { purpose: 'email_change', data }),
        ];
        for (const row of [...proofs, ...others]) await write((tx) => tx.oneTimeRecords.insert(row));
        expect(await write((tx) => tx.oneTimeRecords.eraseProofs('gone@x.example'))).toBe(2);
        for (const { purpose, tokenHash } of others)
          expect(await under.storage.oneTimeRecords.find(purpose, tokenHash)).toBeDefined();
      });

      test('S180 R14 one of 50 callers consumes, even past the end', async () => {
        const record = aOneTimeRecord(user.id, { expiresAt: 0 });
        await write((tx) => tx.oneTimeRecords.insert(record));
        const take = (tx: Repositories) => tx.oneTimeRecords.consume('password_reset', record.tokenHash);
        await expect(
          write(async (tx) => {
            expect(await take(tx)).toStrictEqual(record);
            throw new Error('interrupted');
          }),
        ).rejects.toThrow('interrupted');
        expect(await winners(take)).toBe(1);
      });

      test('as many tries as were given, of 50 at once, and none after the end', async () => {
        const record = aOneTimeRecord(user.id, { triesLeft: 3 });
        await write((tx) => tx.oneTimeRecords.insert(record));
        const claim = (now: number) => (tx: Repositories) =>
          tx.oneTimeRecords.claim('password_reset', record.tokenHash, now);
        expect(await write(claim(record.expiresAt))).toBe(false);
        expect(await winners(claim(record.expiresAt - 1))).toBe(3);
        const left = await under.storage.oneTimeRecords.find('password_reset', record.tokenHash);
        expect(left?.triesLeft).toBe(0);
      });

      test('go by person, purpose and time', async () => {
        const other = aUser();
        const kept = aOneTimeRecord(other.id);
        await write(async (tx) => {
          await tx.users.insert(other);
          await tx.oneTimeRecords.insert(kept);
          await tx.oneTimeRecords.insert(aOneTimeRecord(user.id, { createdAt: 10 }));
          await tx.oneTimeRecords.insert(aOneTimeRecord(user.id, { createdAt: 20 }));
          await tx.oneTimeRecords.insert(aOneTimeRecord(user.id, { purpose: 'undo', createdAt: 20 }));
          await tx.oneTimeRecords.insert(aOneTimeRecord(user.id, { purpose: 'undo', createdAt: 30 }));
        });
        const remove = (which: Parameters<Repositories['oneTimeRecords']['removeByUser']>[1]) =>
          write((tx) => tx.oneTimeRecords.removeByUser(user.id, which));
        expect(await remove({ purposes: ['password_reset', 'second_step'], since: 20 })).toBe(1);
        expect(await remove({ since: 30 })).toBe(1);
        expect(await remove({ purposes: ['undo'] })).toBe(1);
        expect(await remove({})).toBe(1);
        expect(await under.storage.oneTimeRecords.find('password_reset', kept.tokenHash)).toStrictEqual(kept);
      });

      test('what expires at now is cleaned up at now', async () => {
        const ends = [999, 1_000, 1_001].map((expiresAt) => aOneTimeRecord(user.id, { expiresAt }));
        await write(async (tx) => {
          for (const record of ends) await tx.oneTimeRecords.insert(record);
        });
        expect(await write((tx) => tx.oneTimeRecords.removeExpired(1_000))).toBe(2);
      });
    });

    describe('second factors', () => {
      test('one for each person, changed by compare-and-swap', async () => {
        const factor = aSecondFactor(user.id, { confirmedAt: null });
        await write((tx) => tx.secondFactors.insert(factor));
        expect(await under.storage.secondFactors.find(user.id)).toStrictEqual(factor);
        const again = write((tx) => tx.secondFactors.insert(factor));
        expect(await outcomeOf(again)).toEqual({ refused: 'already_exists', field: 'userId' });
        const next = { ...factor, secret: 'OTHER', confirmedAt: BUILT_AT + 1, lastStep: 99 };
        await write((tx) => tx.secondFactors.update(next, 1));
        const stored = await under.storage.secondFactors.find(user.id);
        expect(stored).toStrictEqual({ ...next, lastStep: 0, version: 2 });
        const stale = write((tx) => tx.secondFactors.update(next, 1));
        await expect(stale).rejects.toMatchObject({ code: 'version_conflict' });
      });

      test('S178 a step is claimed once, and never an earlier one', async () => {
        await write((tx) => tx.secondFactors.insert(aSecondFactor(user.id)));
        expect(await winners((tx) => tx.secondFactors.claim(user.id, 7))).toBe(1);
        expect(await write((tx) => tx.secondFactors.claim(user.id, 6))).toBe(false);
        expect(await write((tx) => tx.secondFactors.claim(user.id, 8))).toBe(true);
        expect(await write((tx) => tx.secondFactors.claim(nextId('usr'), 8))).toBe(false);
        expect(await under.storage.secondFactors.find(user.id)).toMatchObject({ lastStep: 8, version: 1 });
      });

      test('recovery codes: replaced as a whole, each taken by one of 50, gone with the factor', async () => {
        await write(async (tx) => {
          await tx.secondFactors.insert(aSecondFactor(user.id));
          await tx.recoveryCodes.replace(user.id, ['a', 'b']);
          await tx.recoveryCodes.replace(user.id, ['b', 'c', 'd']);
        });
        expect(await winners((tx) => tx.recoveryCodes.consume(user.id, 'b'))).toBe(1);
        expect(await winners((tx) => tx.recoveryCodes.consume(user.id, 'a'))).toBe(0);
        expect(await under.storage.recoveryCodes.count(user.id)).toBe(2);
        expect(await write((tx) => tx.secondFactors.remove(user.id))).toBe(true);
        expect(await write((tx) => tx.secondFactors.remove(user.id))).toBe(false);
        expect(await under.storage.recoveryCodes.count(user.id)).toBe(0);
      });
    });

    describe('passkeys', () => {
      test('are listed for their person, and one credential is one person’s', async () => {
        const passkeys = [aPasskey(user.id), aPasskey(user.id, { isSynced: false, counter: 0 })];
        await write(async (tx) => {
          for (const passkey of passkeys) await tx.passkeys.insert(passkey);
        });
        const [first] = passkeys;
        if (first === undefined) throw new Error('no passkey');
        expect(await under.storage.passkeys.listByUser(user.id)).toStrictEqual(passkeys);
        expect(await under.storage.passkeys.findByCredential(first.credentialId)).toStrictEqual(first);
        const again = write((tx) =>
          tx.passkeys.insert(aPasskey(user.id, { credentialId: first.credentialId })),
        );
        expect(await outcomeOf(again)).toEqual({ refused: 'already_exists', field: 'credentialId' });
        await write((tx) => tx.passkeys.update({ ...first, name: 'Key ring', counter: 9 }, 1));
        const renamed = { ...first, name: 'Key ring', version: 2 };
        expect(await under.storage.passkeys.findByCredential(first.credentialId)).toStrictEqual(renamed);
        const stale = write((tx) => tx.passkeys.update(first, 1));
        await expect(stale).rejects.toMatchObject({ code: 'version_conflict' });
      });

      test.each([
        { stored: 5, shown: 6, isTaken: true },
        { stored: 5, shown: 5, isTaken: false },
        { stored: 5, shown: 4, isTaken: false },
        { stored: 5, shown: 0, isTaken: false },
        { stored: 0, shown: 0, isTaken: true },
        { stored: 0, shown: 1, isTaken: true },
      ])('a counter of $shown after $stored is taken: $isTaken', async ({ stored, shown, isTaken }) => {
        const passkey = aPasskey(user.id, { counter: stored });
        await write((tx) => tx.passkeys.insert(passkey));
        const use = { counter: shown, usedAt: BUILT_AT + 1 };
        expect(await write((tx) => tx.passkeys.claim(passkey.credentialId, use))).toBe(isTaken);
        const after = isTaken ? { counter: shown, lastUsedAt: BUILT_AT + 1 } : {};
        const found = await under.storage.passkeys.findByCredential(passkey.credentialId);
        expect(found).toStrictEqual({ ...passkey, ...after });
      });

      test('one of 50 uses of the same count is taken; only the owner removes', async () => {
        const passkey = aPasskey(user.id);
        await write((tx) => tx.passkeys.insert(passkey));
        const use = { counter: 2, usedAt: BUILT_AT };
        expect(await winners((tx) => tx.passkeys.claim(passkey.credentialId, use))).toBe(1);
        expect(await write((tx) => tx.passkeys.claim(nextText('none'), use))).toBe(false);
        expect(await write((tx) => tx.passkeys.remove(nextId('usr'), passkey.id))).toBe(false);
        expect(await write((tx) => tx.passkeys.remove(user.id, passkey.id))).toBe(true);
        expect(await under.storage.passkeys.listByUser(user.id)).toEqual([]);
      });
    });

    test('all of them go with their person, and none is kept for nobody', async () => {
      const record = aOneTimeRecord(user.id);
      const passkey = aPasskey(user.id);
      await write(async (tx) => {
        await tx.oneTimeRecords.insert(record);
        await tx.passkeys.insert(passkey);
        await tx.secondFactors.insert(aSecondFactor(user.id));
        await tx.recoveryCodes.replace(user.id, ['a']);
      });
      await write((tx) => tx.users.remove(user.id));
      const { oneTimeRecords, passkeys, secondFactors, recoveryCodes } = under.storage;
      expect([
        await oneTimeRecords.find('password_reset', record.tokenHash),
        await passkeys.findByCredential(passkey.credentialId),
        await secondFactors.find(user.id),
        await recoveryCodes.count(user.id),
      ]).toEqual([undefined, undefined, undefined, 0]);
      const orphans: readonly ((tx: Repositories) => Promise<unknown>)[] = [
        (tx) => tx.oneTimeRecords.insert(aOneTimeRecord(user.id)),
        (tx) => tx.passkeys.insert(aPasskey(user.id)),
        (tx) => tx.secondFactors.insert(aSecondFactor(user.id)),
        (tx) => tx.recoveryCodes.replace(user.id, ['a']),
      ];
      for (const orphan of orphans) await expect(write(orphan)).rejects.toMatchObject({ code: 'not_found' });
    });
  });
}
