/** A person's passkeys: made with the password in hand, listed, named, taken away. */
import { randomBytes } from 'node:crypto';
import { minutes } from '../../kernel/clock.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { PasskeyId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import type { Deps } from '../deps.ts';
import type { OneTimeRecord, Passkey } from '../entities/credentials.ts';
import type { Cause } from '../entities/journal.ts';
import type { User } from '../entities/people.ts';
import { recordForPerson } from '../members/person-records.ts';
import type { RegistrationAnswer } from '../ports/passkey-ceremonies.ts';
import { assertOwnProof } from '../sign-in/own-sessions.ts';
import type { SignedIn } from '../sign-in/sessions.ts';
import { notifyPerson } from './credential-notices.ts';
import { mayObtainEntry } from './local-entry.ts';
import { proveByPassword } from './passwords.ts';
import { assertNotNeeded, hasAnyFactor } from './second-factor-policy.ts';

/** How long a browser may take with a challenge. */
export const CHALLENGE_TTL_MS = minutes(5);
/** A person has a few devices; more are a mistake or a flood. */
const MOST_PASSKEYS = 20;
/** What the browser said of the ways it reaches the key; anything else is not kept. */
const TRANSPORTS: ReadonlySet<string> = new Set([
  'ble',
  'cable',
  'hybrid',
  'internal',
  'nfc',
  'smart-card',
  'usb',
]);

type PasskeyDeps = Pick<Deps, 'storage' | 'clock' | 'hashToken' | 'baseUrl' | 'passkeyCeremonies'>;

interface Asking {
  readonly user: User;
  readonly cause: Cause;
}

interface Changing {
  readonly signedIn: SignedIn;
  readonly cause: Cause;
  readonly id: PasskeyId;
}

/** A challenge and the row that remembers it by its hash; the row is not stored yet. */
export function newChallenge(
  deps: Pick<Deps, 'clock' | 'hashToken'>,
  about: Pick<OneTimeRecord, 'purpose' | 'userId' | 'bindingHash'>,
): { readonly challenge: string; readonly record: OneTimeRecord } {
  const challenge = randomBytes(32).toString('base64url');
  const now = deps.clock();
  const record: OneTimeRecord = {
    ...about,
    tokenHash: deps.hashToken(challenge),
    data: {},
    triesLeft: 1,
    createdAt: now,
    expiresAt: now + CHALLENGE_TTL_MS,
  };
  return { challenge, record };
}

/**
 * Begins making a passkey; answers the options for the browser. Throws `unauthenticated` (field `currentPassword`),
 * `too_many_requests`, `forbidden` for somebody whose organizations let people in by their own sign-in only (S182).
 */
export async function beginPasskey(
  deps: PasskeyDeps & Parameters<typeof proveByPassword>[0],
  proving: Asking & { readonly password: string },
): Promise<Readonly<Record<string, unknown>>> {
  const { user } = proving;
  await proveByPassword(deps, proving);
  if (!(await mayObtainEntry(deps.storage, user)))
    throw new GatehouseError('forbidden', 'Your organization lets people in by its own sign-in only.', {
      whatToDo: 'Sign in through your organization; a passkey would open nothing here.',
    });
  const known = await deps.storage.passkeys.listByUser(user.id);
  if (known.length >= MOST_PASSKEYS)
    throw new GatehouseError('forbidden', `There are ${MOST_PASSKEYS} passkeys already. Remove one first.`, {
      whatToDo: 'Remove a passkey that you do not use, then add this one.',
    });
  const about = { purpose: 'passkey_registration', userId: user.id, bindingHash: null } as const;
  const { challenge, record } = newChallenge(deps, about);
  await deps.storage.transact((tx) => tx.oneTimeRecords.insert(record));
  return deps.passkeyCeremonies.registrationOptions({ challenge, user, known });
}

const notGenuine = () =>
  new GatehouseError('invalid', 'The passkey was not made for this page, or it took too long. Try again.', {
    field: 'response',
  });

/**
 * Keeps a new passkey. Its challenge is used up whatever comes of it (law 5). Throws `invalid` (field `response`) for an answer
 * that is not genuine, expired or somebody else's; `already_exists` for a credential that is somebody's.
 */
export async function addPasskey(
  deps: PasskeyDeps,
  input: Asking & { readonly name: string; readonly answer: RegistrationAnswer },
): Promise<Passkey> {
  const { user, cause, name, answer } = input;
  const challenge = deps.passkeyCeremonies.challengeOf(answer);
  if (challenge === undefined) throw notGenuine();
  const asked = await deps.storage.transact((tx) =>
    tx.oneTimeRecords.consume('passkey_registration', deps.hashToken(challenge)),
  );
  const isOurs = asked?.userId === user.id && asked.expiresAt > deps.clock();
  const made = isOurs ? await deps.passkeyCeremonies.verifyRegistration(answer, challenge) : undefined;
  if (made === undefined) throw notGenuine();
  const now = deps.clock();
  const transports = (answer.response.transports ?? []).filter((transport) => TRANSPORTS.has(transport));
  const passkey: Passkey = {
    ...{ id: newId('pky', now), version: 1, userId: user.id, name, transports },
    ...made,
    createdAt: now,
    lastUsedAt: null,
  };
  await deps.storage.transact(async (tx) => {
    await tx.passkeys.insert(passkey);
    const details = { passkeyId: passkey.id };
    await recordForPerson(tx, { cause, now }, { userId: user.id, type: 'passkey.added', details });
    await notifyPerson(tx, deps, { user, cause, what: 'passkey_added' });
  });
  return passkey;
}

/** Gives a passkey of the person another name. Throws `forbidden` (no session of their own), `not_found`, `version_conflict`. */
export async function renamePasskey(
  deps: Pick<Deps, 'storage'>,
  { signedIn, id, name }: Pick<Changing, 'signedIn' | 'id'> & { readonly name: string },
): Promise<Passkey> {
  assertOwnProof(signedIn);
  const { user } = signedIn;
  const found = (await deps.storage.passkeys.listByUser(user.id)).find((passkey) => passkey.id === id);
  if (found === undefined) throw new GatehouseError('not_found', 'No such passkey.');
  const next = { ...found, name };
  await deps.storage.transact((tx) => tx.passkeys.update(next, found.version));
  return { ...next, version: found.version + 1 };
}

/**
 * Takes a passkey away; it opens nothing from now on, sessions it has opened go on. Throws `forbidden` (no session of their
 * own), `not_found`, `invalid` for the last second factor of somebody whose organization asks for one.
 */
export async function removePasskey(deps: PasskeyDeps, { signedIn, cause, id }: Changing): Promise<void> {
  assertOwnProof(signedIn);
  const { user } = signedIn;
  await deps.storage.transact(async (tx) => {
    if (!(await tx.passkeys.remove(user.id, id))) throw new GatehouseError('not_found', 'No such passkey.');
    if (!(await hasAnyFactor(tx, user))) await assertNotNeeded(tx, user);
    const context = { cause, now: deps.clock() };
    const details = { passkeyId: id };
    await recordForPerson(tx, context, { userId: user.id, type: 'passkey.removed', details });
    await notifyPerson(tx, deps, { user, cause, what: 'passkey_removed' });
  });
}
