/** Signing in with a passkey: the browser is asked for any, the key says whose it is. */
import { GatehouseError } from '../kernel/errors.ts';
import { constantTimeEqual, newToken } from '../kernel/tokens.ts';
import type { Deps } from './deps.ts';
import type { OneTimeRecord, Passkey } from './entities/credentials.ts';
import type { Cause } from './entities/journal.ts';
import { enter } from './local-entry.ts';
import { newChallenge } from './passkeys.ts';
import type { SignInAnswerOfPasskey } from './ports/passkey-ceremonies.ts';
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

/**
 * Opens a session. The challenge is used up whatever comes of it (law 5). Throws `unauthenticated` for an answer that is not
 * genuine, expired, of another browser, by an unknown or copied key, or whose person may come in nowhere.
 */
export async function signInWithPasskey(
  deps: SignInDeps,
  input: {
    readonly answer: SignInAnswerOfPasskey;
    readonly binding: string | undefined;
    readonly cause: Cause;
    /** The device cookie's value, if there is one. */
    readonly device?: string | undefined;
  },
): Promise<{ readonly sessionToken: string; readonly deviceToken: string | undefined }> {
  const { answer, binding, cause, device } = input;
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
  return deps.storage.transact(async (tx) => {
    // False also when the passkey was taken away since it was read.
    if (!(await tx.passkeys.claim(passkey.credentialId, { counter, usedAt: deps.clock() }))) throw refused();
    const user = await tx.users.find(passkey.userId);
    if (user === undefined) throw refused();
    const amr = [passkey.isSynced ? 'swk' : 'hwk'];
    return {
      sessionToken: await enter(tx, deps, { user, amr, cause }),
      deviceToken: deviceOf(deps, user, device),
    };
  });
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
