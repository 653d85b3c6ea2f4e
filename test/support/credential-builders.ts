/** Builders of what people sign in with besides a password. */
import type { OneTimeRecord, Passkey, SecondFactor } from '../../src/core/entities/credentials.ts';
import type { UserId } from '../../src/kernel/ids.ts';
import { BUILT_AT, nextId, nextText } from './builders.ts';

/** A mailed link of half an hour. */
export function aOneTimeRecord(userId: UserId | null, overrides: Partial<OneTimeRecord> = {}): OneTimeRecord {
  return {
    tokenHash: nextText('one-time-hash'),
    purpose: 'password_reset',
    userId,
    bindingHash: null,
    data: {},
    triesLeft: 5,
    createdAt: BUILT_AT,
    expiresAt: BUILT_AT + 1_800_000,
    ...overrides,
  };
}

/** A confirmed generator that has not been used since. */
export function aSecondFactor(userId: UserId, overrides: Partial<SecondFactor> = {}): SecondFactor {
  return {
    userId,
    version: 1,
    secret: 'JBSWY3DPEHPK3PXP',
    confirmedAt: BUILT_AT,
    lastStep: 0,
    createdAt: BUILT_AT,
    ...overrides,
  };
}

/** A passkey that counts its uses. */
export function aPasskey(userId: UserId, overrides: Partial<Passkey> = {}): Passkey {
  return {
    id: nextId('pky'),
    version: 1,
    userId,
    credentialId: nextText('credential'),
    publicKey: 'cHVibGlj',
    counter: 1,
    transports: ['internal', 'hybrid'],
    isSynced: true,
    name: 'Laptop',
    createdAt: BUILT_AT,
    lastUsedAt: null,
    ...overrides,
  };
}
