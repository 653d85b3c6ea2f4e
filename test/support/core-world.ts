/** A gateway's core without its edges: real storage, fake time, mail, DNS and hashing, for tests of the use cases. */
import type { Deps } from '../../src/core/deps.ts';
import type { Actor, Cause } from '../../src/core/entities/journal.ts';
import type { Mail } from '../../src/core/ports/mailer.ts';
import { createSealer } from '../../src/kernel/sealing.ts';
import { createTokenHasher } from '../../src/kernel/tokens.ts';
import { createOneTimeCodes } from '../../src/outbound/otpauth-codes.ts';
import { createPasskeyCeremonies } from '../../src/outbound/webauthn-ceremonies.ts';
import { sealSecrets } from '../../src/storage/seal-secrets.ts';
import { BUILT_AT } from './builders.ts';
import { runningTwice } from './running-twice.ts';
import { fixedRsaKeys } from './saml-keys.ts';
import { openTestStorage } from './storage.ts';

export const OPERATOR: Cause = { actor: { kind: 'operator' }, requestId: 'req-operator' };

export const causeOf = (actor: Actor): Cause => ({ actor, requestId: 'req-1' });

export interface CoreWorld {
  readonly deps: Deps;
  readonly time: { now: number };
  /** Mails that a server has taken, in order. */
  readonly sent: Mail[];
  /** `isDown`: sending rejects. `hold`: awaited before a mail is taken, for a slow server. */
  readonly mailServer: { isDown: boolean; hold: Promise<void> | undefined };
  /** Every (hash, password) pair that was verified. */
  readonly verified: (readonly [string | null, string])[];
  /** TXT records by name; undefined: nobody answers. */
  readonly txt: Map<string, readonly string[] | undefined>;
  /** The store's file. */
  readonly path: string;
  close(): Promise<void>;
}

const PLANS: Deps['plans'] = {
  free: { seats: 1, invitations: false, teams: 'none', sso: false, scim: false },
  team: { seats: 10, invitations: true, teams: 'one', sso: false, scim: false },
  business: { seats: null, invitations: true, teams: 'many', sso: false, scim: false },
  enterprise: { seats: null, invitations: true, teams: 'many', sso: true, scim: true },
};

/** `runsTwice` (default true): see `runningTwice`; off where a race, or a thousand runs, is the subject. */
export async function openCoreWorld(options: { readonly runsTwice?: boolean } = {}): Promise<CoreWorld> {
  const { storage, path, close } = await openTestStorage();
  const sealed = sealSecrets(storage, createSealer(Buffer.alloc(32, 7)));
  const time = { now: BUILT_AT };
  const sent: Mail[] = [];
  const mailServer: CoreWorld['mailServer'] = { isDown: false, hold: undefined };
  const verified: (readonly [string | null, string])[] = [];
  const txt: CoreWorld['txt'] = new Map();
  const hashToken = createTokenHasher(Buffer.alloc(32, 9));
  const deps: Deps = {
    storage: options.runsTwice === false ? sealed : runningTwice(sealed),
    clock: () => time.now,
    hashToken,
    hashPending: hashToken,
    passwords: fakePasswords(verified),
    newRsaKey: fixedRsaKeys(),
    readMetadata: async () => {
      throw new Error('no metadata here');
    },
    afterwards: (work) => work(),
    oneTimeCodes: createOneTimeCodes(),
    passkeyCeremonies: createPasskeyCeremonies('https://gate.example.com'),
    mailer: recordingMailer(mailServer, sent),
    fetcher: noFetcher,
    webhookFetcher: noFetcher,
    txtResolver: { resolveTxt: async (name) => (txt.has(name) ? txt.get(name) : []) },
    baseUrl: 'https://gate.example.com',
    plans: PLANS,
  };
  return { deps, time, sent, mailServer, verified, txt, path, close };
}

const fakePasswords = (verified: (readonly [string | null, string])[]): Deps['passwords'] => ({
  hash: async (password) => `hash of ${password}`,
  verify: async (hash, password) => {
    verified.push([hash, password]);
    return hash === `hash of ${password}`;
  },
  isOutdated: () => false,
});

const recordingMailer = (server: CoreWorld['mailServer'], sent: Mail[]): Deps['mailer'] => ({
  send: async (mail) => {
    await server.hold;
    if (server.isDown) throw new Error('connection refused');
    sent.push(mail);
    return { channel: 'smtp', messageId: `<${sent.length}@gate.example.com>` };
  },
});

const noFetcher: Deps['fetcher'] = {
  fetch: async () => Promise.reject(new Error('core tests call nobody')),
  checkUrl: () => undefined,
  permitsHttp: () => false,
  permitsHttpAsWritten: () => false,
};
