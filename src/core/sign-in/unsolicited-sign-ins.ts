/** Sign-ins that begin at the identity provider: let in at once, or held until the person in the browser says yes (S42, S48). */
import { newId } from '../../kernel/ids.ts';
import { newToken } from '../../kernel/tokens.ts';
import type { Deps } from '../deps.ts';
import type { Connection } from '../entities/connection.ts';
import type { Cause } from '../entities/journal.ts';
import type { PendingSignIn } from '../entities/sign-in.ts';
import type { Repositories } from '../ports/storage.ts';
import { offeringToConnect } from './connecting-by-mail.ts';
import { connectionAsJudged, type VerdictBasis, verdictBasis } from './judged-connection.ts';
import type { SignInAnswer } from './pending-sign-ins.ts';
import { consumePending, findPendingSignIn } from './pending-sign-ins.ts';
import { signInRefusal } from './refused-sign-ins.ts';
import type { BegunSignIn, SeenAssertion } from './sign-ins.ts';
import { claimAssertion, type LetIn, letIn, SIGN_IN_TTL_MS } from './sign-ins.ts';
import type { UpstreamIdentity } from './upstream-identity.ts';

type SignInDeps = Pick<
  Deps,
  'storage' | 'clock' | 'hashToken' | 'hashPending' | 'baseUrl' | 'mailLimits' | 'afterwards'
>;

/** A verified answer to nobody's question. */
export interface UnsolicitedAnswer {
  readonly connection: Connection;
  readonly identity: UpstreamIdentity;
  readonly assertion: SeenAssertion;
}

/** Lets the person in, in one transaction. Throws `sign_in_refused`. */
export function completeUnsolicited(
  deps: SignInDeps,
  { connection, identity, assertion, cause }: UnsolicitedAnswer & { readonly cause: Cause },
): Promise<LetIn> {
  const basis = verdictBasis(connection);
  const complete = async (tx: Repositories): Promise<LetIn> => {
    const current = await openConnection(tx, connection, basis);
    await claimAssertion(tx, connection, assertion);
    return letIn(tx, deps, { current, identity, cause });
  };
  const refused = { connection, basis, identity, cause };
  return offeringToConnect(deps, refused, () => deps.storage.transact(complete));
}

/**
 * Uses up the assertion and keeps what it said for this browser, ten minutes at most. Answers the secrets by which the
 * browser comes back for it. Throws `sign_in_refused`.
 */
export async function holdUnsolicited(
  deps: SignInDeps,
  { connection, identity, assertion }: UnsolicitedAnswer,
): Promise<BegunSignIn> {
  const now = deps.clock();
  const basis = verdictBasis(connection);
  const [handle, binding] = [newToken('ghr'), newToken('ghb')];
  const { organizationId, id: connectionId } = connection;
  const pending: PendingSignIn = {
    id: newId('sin', now),
    ...{ organizationId, connectionId },
    handleHash: deps.hashPending(handle),
    bindingHash: deps.hashPending(binding),
    ...{ requestId: null, nonce: null, codeVerifier: null, returnTo: null },
    held: JSON.stringify({ ...identity, claims: [...identity.claims], basis } satisfies HeldIdentity),
    purpose: { kind: 'confirmation' },
    ...{ mustReauthenticate: false, maxAgeSeconds: null },
    createdAt: now,
    expiresAt: now + SIGN_IN_TTL_MS,
  };
  await deps.storage.transact(async (tx) => {
    await openConnection(tx, connection, basis);
    await claimAssertion(tx, connection, assertion);
    await tx.pendingSignIns.insert(organizationId, pending);
  });
  return { pending, handle, binding };
}

/** Who waits for a yes in this browser; undefined when nothing is held for it. Consumes nothing. */
export async function findHeld(
  deps: SignInDeps,
  answer: SignInAnswer,
): Promise<UpstreamIdentity | undefined> {
  return (await findHeldFor(deps, answer))?.identity;
}

async function findHeldFor(deps: SignInDeps, answer: SignInAnswer): Promise<Held | undefined> {
  const bindingOf = () => answer.binding;
  const pending = await findPendingSignIn(deps, { ...answer, bindingOf }, 'confirmation');
  return pending && heldIn(pending);
}

/** Whether the provider speaks of this very person: asking whether to become who one is would be silly. */
export async function isSamePerson(
  deps: Pick<Deps, 'storage'>,
  { connection, identity, userId }: Pick<UnsolicitedAnswer, 'connection' | 'identity'> & { userId: string },
): Promise<boolean> {
  const { organizationId, id } = connection;
  const { issuer, subject } = identity;
  const bound = await deps.storage.identities.find(organizationId, id, issuer, subject);
  return bound?.userId === userId;
}

/** Lets the held person in, once, in one transaction. Throws `sign_in_refused`. */
export async function completeHeld(
  deps: SignInDeps,
  { cause, ...answer }: SignInAnswer & { readonly cause: Cause },
): Promise<LetIn> {
  const { connection } = answer;
  const complete = async (tx: Repositories): Promise<LetIn> => {
    const pending = await consumePending(tx, deps, { ...answer, awaits: 'confirmation' });
    const { identity, basis } = heldIn(pending);
    const current = await openConnection(tx, connection, basis);
    return letIn(tx, deps, { current, identity, cause });
  };
  const held = await findHeldFor(deps, answer);
  if (held === undefined) throw signInRefusal('sign_in.not_pending');
  return offeringToConnect(deps, { connection, ...held, cause }, () => deps.storage.transact(complete));
}

/** The connection, if it is active, still lets its identity provider begin, and would still be judged by this. */
async function openConnection(
  tx: Repositories,
  connection: Connection,
  basis: VerdictBasis | undefined,
): Promise<Connection> {
  const current = await connectionAsJudged(tx, connection, basis);
  if (!current.idpInitiated) throw signInRefusal('saml.unsolicited');
  return current;
}

interface HeldIdentity extends Omit<UpstreamIdentity, 'claims'> {
  readonly claims: readonly (readonly [string, readonly string[]])[];
  /** Absent in what a release before this one held. */
  readonly basis?: VerdictBasis;
}

interface Held {
  readonly identity: UpstreamIdentity;
  readonly basis: VerdictBasis | undefined;
}

/** Reads what `holdUnsolicited` wrote; it was sealed, so nobody else has written it. */
function heldIn({ held }: PendingSignIn): Held {
  if (held === null) throw signInRefusal('sign_in.not_pending');
  const { basis, ...identity }: HeldIdentity = JSON.parse(held);
  return { identity: { ...identity, claims: new Map(identity.claims) }, basis };
}
