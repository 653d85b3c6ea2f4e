/** What core asks of storage about people's credentials. GLOBAL by nature: a person is one across organizations. */

import type { PasskeyId, UserId } from '../../kernel/ids.ts';
import type { OneTimePurpose, OneTimeRecord, Passkey, SecondFactor } from '../entities/credentials.ts';

/** All rows of a person go with the person. A row of a person who does not exist is refused with `not_found`. */
export interface OneTimeRecordRepository {
  /** Unique: `tokenHash`. */
  insert(record: OneTimeRecord): Promise<void>;
  find(purpose: OneTimePurpose, tokenHash: string): Promise<OneTimeRecord | undefined>;
  /** Takes the row out, expired or not; answers it to exactly one caller (law 5). */
  consume(purpose: OneTimePurpose, tokenHash: string): Promise<OneTimeRecord | undefined>;
  /** Takes one of the tries that are left, in one conditional write; false when none is, or when it has expired at `now`. */
  claim(purpose: OneTimePurpose, tokenHash: string, now: number): Promise<boolean>;
  /** Those of these purposes, or all; `since` leaves those made before that time alone. Answers how many went. */
  removeByUser(
    userId: UserId,
    which: { readonly purposes?: readonly OneTimePurpose[]; readonly since?: number },
  ): Promise<number>;
  /** Removes proofs of this address on the way in, with nothing of them left in the file; answers how many. */
  eraseProofs(emailKey: string): Promise<number>;
  removeExpired(now: number): Promise<number>;
}

export interface SecondFactorRepository {
  /** Unique: `userId`. */
  insert(factor: SecondFactor): Promise<void>;
  find(userId: UserId): Promise<SecondFactor | undefined>;
  /** Stores everything but `lastStep`, which only `claim` moves. */
  update(next: SecondFactor, expectedVersion: number): Promise<void>;
  /** Moves `lastStep` up to `step` in one conditional write that leaves `version` alone; false when it is there already. */
  claim(userId: UserId, step: number): Promise<boolean>;
  /** Takes the recovery codes along. */
  remove(userId: UserId): Promise<boolean>;
}

/** Codes for whoever has lost the second factor; they hang on it. */
export interface RecoveryCodeRepository {
  /** Makes `codeHashes` the whole of the person's codes. */
  replace(userId: UserId, codeHashes: readonly string[]): Promise<void>;
  /** Takes one out; true for exactly one caller (law 5). */
  consume(userId: UserId, codeHash: string): Promise<boolean>;
  count(userId: UserId): Promise<number>;
}

export interface PasskeyRepository {
  /** Unique: `credentialId` over all people, field `credentialId`. */
  insert(passkey: Passkey): Promise<void>;
  findByCredential(credentialId: string): Promise<Passkey | undefined>;
  listByUser(userId: UserId): Promise<readonly Passkey[]>;
  /** Stores the name; the key itself never changes. */
  update(next: Passkey, expectedVersion: number): Promise<void>;
  /**
   * Notes a use and moves the counter up, in one conditional write that leaves `version` alone; false when `counter` is not
   * above the stored one, unless both are 0: a copied authenticator, or two uses at once (WebAuthn §6.1.1).
   */
  claim(credentialId: string, use: { readonly counter: number; readonly usedAt: number }): Promise<boolean>;
  /** False when the person has no such passkey. */
  remove(userId: UserId, id: PasskeyId): Promise<boolean>;
}
