/** The keys of the OpenID Provider: the next one is published before it signs, the last one stays until what it signed is over. */
import { days } from '../../kernel/clock.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { SigningKeyId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import { jwkOf, newEcJwk } from '../../kernel/signing-secrets.ts';
import { newToken } from '../../kernel/tokens.ts';
import type { Deps } from '../deps.ts';
import type { SigningKey } from '../entities/application.ts';
import type { Cause } from '../entities/journal.ts';
import { INSTALLATION, record } from '../journal/audit.ts';
import type { Repositories } from '../ports/storage.ts';

/** How long a key signs. */
const SIGNS_MS = days(90);
/** How long it is published before: longer than any application keeps the key set. */
const PUBLISHED_BEFORE_MS = days(1);
/** And after: log-outs may show an ID token that is long over as their hint. */
const PUBLISHED_AFTER_MS = days(14);

/** Keys of one track replace each other. */
export type KeyTrack = Pick<SigningKey, 'purpose' | 'algorithm'>;

const TRACKS: readonly KeyTrack[] = [
  { purpose: 'sign', algorithm: 'ES256' },
  { purpose: 'sign', algorithm: 'RS256' },
  { purpose: 'cookie', algorithm: 'HS256' },
];

type KeyDeps = Pick<Deps, 'storage' | 'clock' | 'newRsaKey'>;

/** What the passing of time asks for. */
export interface KeyPlan {
  readonly create: readonly (KeyTrack & { readonly signsFrom: number })[];
  readonly retire: readonly SigningKey[];
  readonly remove: readonly SigningKey[];
}

const isOf = (track: KeyTrack) => (key: SigningKey) =>
  key.purpose === track.purpose && key.algorithm === track.algorithm;

/** The key of a track that signs now; undefined before the first one. */
export function currentKey(
  keys: readonly SigningKey[],
  track: KeyTrack,
  now: number,
): SigningKey | undefined {
  return keys
    .filter(isOf(track))
    .filter(({ signsFrom, expiresAt }) => signsFrom <= now && expiresAt === null)
    .toSorted((a, b) => b.signsFrom - a.signsFrom || (a.id < b.id ? 1 : -1))[0];
}

/** Those that may be shown to others or believed: next, current and retired, the current ones first. */
function usableKeys(keys: readonly SigningKey[], now: number): readonly SigningKey[] {
  const alive = keys.filter(({ expiresAt }) => expiresAt === null || expiresAt > now);
  const current = new Set(TRACKS.map((track) => currentKey(keys, track, now)?.id));
  return [...alive.filter(({ id }) => current.has(id)), ...alive.filter(({ id }) => !current.has(id))];
}

/** Pure: which keys are to be made, taken out of use, and forgotten at this moment (S99). */
function planKeys(keys: readonly SigningKey[], now: number): KeyPlan {
  const plans = TRACKS.map((track) => {
    const current = currentKey(keys, track, now);
    const own = keys.filter(isOf(track)).filter(({ expiresAt }) => expiresAt === null);
    const hasNext = own.some(({ signsFrom }) => signsFrom > now);
    const isDue = current !== undefined && current.signsFrom + SIGNS_MS - PUBLISHED_BEFORE_MS <= now;
    const signsFrom = current === undefined ? now : now + PUBLISHED_BEFORE_MS;
    return {
      create: current === undefined || (isDue && !hasNext) ? [{ ...track, signsFrom }] : [],
      retire: own.filter((key) => key.signsFrom <= now && key.id !== current?.id),
    };
  });
  return {
    create: plans.flatMap(({ create }) => create),
    retire: plans.flatMap(({ retire }) => retire),
    remove: keys.filter(({ expiresAt }) => expiresAt !== null && expiresAt <= now),
  };
}

const isNothing = ({ create, retire, remove }: KeyPlan): boolean =>
  create.length + retire.length + remove.length === 0;

const SYSTEM: Cause = { actor: { kind: 'system' }, requestId: 'signing-keys' };

/** Does what time asks for, and answers the keys that are usable now. Any number of nodes may call it at once. */
export async function settleSigningKeys(deps: KeyDeps): Promise<readonly SigningKey[]> {
  const now = deps.clock();
  const keys = await deps.storage.signingKeys.list();
  const plan = planKeys(keys, now);
  if (isNothing(plan)) return usableKeys(keys, now);
  const made = await makeKeys(deps, plan.create, now);
  return deps.storage.transact(async (tx) => {
    const current = await tx.signingKeys.list();
    const wanted = planKeys(current, now);
    const stillWanted = made.filter((key) => wanted.create.some((track) => isOf(track)(key)));
    await carryOut(tx, { ...wanted, made: stillWanted }, { now, cause: SYSTEM });
    return usableKeys(await tx.signingKeys.list(), now);
  });
}

/**
 * Replaces the keys that sign with one algorithm. Planned: the new one is published now and signs a day later. `at once`
 * is for a key that somebody else may hold: the new one signs from now on, and nothing the old ones signed is believed.
 */
export async function rotateSigningKeys(
  deps: KeyDeps,
  input: {
    readonly algorithm: 'ES256' | 'RS256';
    readonly mode: 'planned' | 'at_once';
    readonly cause: Cause;
  },
): Promise<readonly SigningKey[]> {
  const { algorithm, mode, cause } = input;
  const now = deps.clock();
  const track: KeyTrack = { purpose: 'sign', algorithm };
  const signsFrom = mode === 'at_once' ? now : now + PUBLISHED_BEFORE_MS;
  const made = await makeKeys(deps, [{ ...track, signsFrom }], now);
  return deps.storage.transact(async (tx) => {
    const own = (await tx.signingKeys.list()).filter(isOf(track));
    const remove = mode === 'at_once' ? own : own.filter((key) => key.signsFrom > now);
    await carryOut(tx, { made, retire: [], remove }, { now, cause });
    return usableKeys(await tx.signingKeys.list(), now);
  });
}

/** Takes a key out of use at once, wherever it stands. Throws `not_found`, and `invalid` for the one that signs. */
export async function removeSigningKey(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: { readonly id: SigningKeyId; readonly cause: Cause },
): Promise<void> {
  await deps.storage.transact(async (tx) => {
    const now = deps.clock();
    const keys = await tx.signingKeys.list();
    const key = keys.find(({ id, purpose }) => id === input.id && purpose === 'sign');
    if (key === undefined) throw new GatehouseError('not_found', 'No such signing key.');
    if (currentKey(keys, key, now)?.id === key.id)
      throw new GatehouseError('invalid', 'This key signs at the moment. Rotate it at once instead.');
    await carryOut(tx, { made: [], retire: [], remove: [key] }, { now, cause: input.cause });
  });
}

async function makeKeys(
  deps: KeyDeps,
  wanted: KeyPlan['create'],
  now: number,
): Promise<readonly SigningKey[]> {
  const made: SigningKey[] = [];
  for (const { purpose, algorithm, signsFrom } of wanted) {
    const secret = await makeSecret(deps, algorithm);
    const times = { createdAt: now, signsFrom, expiresAt: null };
    made.push({ id: newId('key', now), version: 1, purpose, algorithm, secret, ...times });
  }
  return made;
}

async function makeSecret(deps: KeyDeps, algorithm: SigningKey['algorithm']): Promise<string> {
  switch (algorithm) {
    case 'ES256':
      return newEcJwk();
    case 'RS256':
      return jwkOf(await deps.newRsaKey());
    case 'HS256':
      return newToken('ghy');
  }
}

interface KeyChanges extends Pick<KeyPlan, 'retire' | 'remove'> {
  readonly made: readonly SigningKey[];
}

async function carryOut(
  tx: Repositories,
  { made, retire, remove }: KeyChanges,
  context: { readonly now: number; readonly cause: Cause },
): Promise<void> {
  const tell = (
    type: 'signing_key.created' | 'signing_key.retired' | 'signing_key.removed',
    key: SigningKey,
  ) =>
    record(
      tx,
      { ...context, organizationId: INSTALLATION },
      {
        type,
        target: { kind: 'signing_key', id: key.id },
        details: { purpose: key.purpose, algorithm: key.algorithm, signsFrom: key.signsFrom },
      },
    );
  for (const key of made) {
    await tx.signingKeys.insert(key);
    await tell('signing_key.created', key);
  }
  for (const key of retire) {
    const expiresAt = context.now + PUBLISHED_AFTER_MS;
    await tx.signingKeys.update({ ...key, expiresAt }, key.version);
    await tell('signing_key.retired', key);
  }
  for (const key of remove) {
    await tx.signingKeys.remove(key.id);
    await tell('signing_key.removed', key);
  }
}
