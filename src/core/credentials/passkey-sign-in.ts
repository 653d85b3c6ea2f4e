/** Signing in with a passkey: the browser is asked for any, the key says whose it is. */
import { GatehouseError } from '../../kernel/errors.ts';
import { constantTimeEqual, newToken } from '../../kernel/tokens.ts';
import { isOwnProof } from '../connections/sso-policy.ts';
import type { Deps } from '../deps.ts';
import type { OneTimeRecord, Passkey } from '../entities/credentials.ts';
import type { Cause } from '../entities/journal.ts';
import type { SignInAnswerOfPasskey } from '../ports/passkey-ceremonies.ts';
import type { Repositories } from '../ports/storage.ts';
import { newSessionToken, type SignedIn } from '../sign-in/sessions.ts';
import { renewSession } from '../sign-in/step-up.ts';
import { type Entered, enter } from './local-entry.ts';
import { newChallenge } from './passkeys.ts';
import { deviceOf } from './second-step.ts';

type SignInDeps = Pick<Deps, 'storage' | 'clock' | 'hashToken' | 'passkeyCeremonies'>;

/** Answers the options for the browser, and the value of the cookie that binds the challenge to it. */
export async function beginPasskeySignIn(
  deps: SignInDeps,
): Promise<{ readonly options: Readonly<Record<string, unknown>>; readonly binding: string }> {
  const binding = newToken('ghb');
  const about = { purpose: 'passkey_sign_in', userId: null, bindingHash: deps.hashToken(binding) } as const;
  const { challenge, record } = newChallenge(deps, about);
  await deps.storage.transact((tx) => tx.oneTimeRecords.insert(record));
  return { options: await deps.passkeyCeremonies.signInOptions(challenge), binding };
}

/** One text for every reason (S177). */
const refused = () => new GatehouseError('unauthenticated', 'This passkey does not open anything here.');

/** A browser's answer, and the cookie that came with it. */
interface ShownPasskey {
  readonly answer: SignInAnswerOfPasskey;
  readonly binding: string | undefined;
  readonly cause: Cause;
}

/** A genuine use of a passkey that has not been counted yet. */
interface GenuineUse {
  readonly passkey: Passkey;
  readonly counter: number;
}

/** Uses the challenge up, whatever comes of it (law 5), and answers whose passkey it is. Throws `unauthenticated`. */
async function verifyShown(deps: SignInDeps, { answer, binding }: ShownPasskey): Promise<GenuineUse> {
  const challenge = deps.passkeyCeremonies.challengeOf(answer);
  if (challenge === undefined) throw refused();
  const asked = await deps.storage.transact((tx) =>
    tx.oneTimeRecords.consume('passkey_sign_in', deps.hashToken(challenge)),
  );
  if (asked === undefined || !fitsBrowser(deps, asked, binding)) throw refused();
  const passkey = await deps.storage.passkeys.findByCredential(answer.id);
  if (passkey === undefined || !namesOwner(answer, passkey)) throw refused();
  const counter = await deps.passkeyCeremonies.verifySignIn(answer, { challenge, passkey });
  if (counter === undefined) throw refused();
  return { passkey, counter };
}

/** Counts the use; answers what it proves (RFC 8176). Throws `unauthenticated` for a copied key, or one taken away since it was read. */
async function claimUse(
  tx: Repositories,
  { clock }: Pick<Deps, 'clock'>,
  { passkey, counter }: GenuineUse,
): Promise<readonly string[]> {
  if (!(await tx.passkeys.claim(passkey.credentialId, { counter, usedAt: clock() }))) throw refused();
  return [passkey.isSynced ? 'swk' : 'hwk'];
}

/**
 * Opens a session. The challenge is used up whatever comes of it (law 5). Throws `unauthenticated` for an answer that is not
 * genuine, expired, of another browser, by an unknown or copied key, or whose person may come in nowhere.
 */
export async function signInWithPasskey(
  deps: SignInDeps,
  input: ShownPasskey & {
    /** The device cookie's value, if there is one. */
    readonly device?: string | undefined;
    /** Id or slug of the organization whose sign-in it is; of no account to somebody who is not in it. */
    readonly organization?: string | undefined;
  },
): Promise<Pick<Entered, 'sessionToken' | 'entry'> & { readonly deviceToken: string | undefined }> {
  const { cause, device, organization } = input;
  const use = await verifyShown(deps, input);
  return deps.storage.transact(async (tx) => {
    const amr = await claimUse(tx, deps, use);
    const user = await tx.users.find(use.passkey.userId);
    if (user === undefined) throw refused();
    const { sessionToken, entry } = await enter(tx, deps, { user, amr, cause, organization });
    return { sessionToken, entry, deviceToken: deviceOf(deps, user, device) };
  });
}

/**
 * Proves with a passkey of their own that somebody signed in is still there: a new session takes the place of this one, in
 * the same organization (S192). Throws `unauthenticated` for anything wrong, somebody else's passkey and a session that an
 * identity provider opened included.
 */
export async function stepUpWithPasskey(
  deps: SignInDeps,
  input: ShownPasskey & { readonly signedIn: SignedIn },
): Promise<{ readonly sessionToken: string }> {
  const { signedIn, cause } = input;
  const use = await verifyShown(deps, input);
  if (use.passkey.userId !== signedIn.user.id || !isOwnProof(signedIn.session)) throw refused();
  const sessionToken = newSessionToken();
  await deps.storage.transact(async (tx) => {
    const amr = await claimUse(tx, deps, use);
    await renewSession(tx, deps, { signedIn, amr, cause, sessionToken });
  });
  return { sessionToken };
}

const fitsBrowser = (deps: SignInDeps, asked: OneTimeRecord, binding: string | undefined): boolean =>
  binding !== undefined &&
  asked.bindingHash !== null &&
  asked.expiresAt > deps.clock() &&
  constantTimeEqual(asked.bindingHash, deps.hashToken(binding));

/** The authenticator says whose key it is; it must be whose we took it for (WebAuthn §7.2 step 6). */
const namesOwner = ({ response }: SignInAnswerOfPasskey, { userId }: Passkey): boolean =>
  typeof response.userHandle === 'string' &&
  Buffer.from(response.userHandle, 'base64url').toString('utf8') === userId;
