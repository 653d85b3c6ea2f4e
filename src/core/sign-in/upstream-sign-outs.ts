/** A sign-out under way at an identity provider: one row for one browser, so that it finds back to where it wanted to go. */
import { newId } from '../../kernel/ids.ts';
import { newToken } from '../../kernel/tokens.ts';
import type { Deps } from '../deps.ts';
import type { Connection } from '../entities/connection.ts';
import type { PendingSignIn } from '../entities/sign-in.ts';
import type { BrowserStep } from './pending-sign-ins.ts';
import { findPendingSignIn } from './pending-sign-ins.ts';
import type { BegunSignIn } from './sign-ins.ts';
import { SIGN_IN_TTL_MS } from './sign-ins.ts';

type StepDeps = Pick<Deps, 'storage' | 'clock' | 'hashPending'>;

/** Where the browser goes to sign out upstream. */
export interface SignOutStart {
  readonly url: string;
  /** What the browser posts there; absent: it just goes there. */
  readonly fields?: Readonly<Record<string, string>> | undefined;
  /** SAML: the ID of our LogoutRequest, which the answer names. */
  readonly requestId: string | null;
}

/** Stores the way; `handle` is the RelayState or `state` inside its address. The session has ended before. */
export async function beginUpstreamSignOut(
  deps: StepDeps,
  input: {
    readonly connection: Connection;
    readonly handle: string;
    readonly start: SignOutStart;
    /** A same-origin path, or null for the page that says so. */
    readonly returnTo: string | null;
  },
): Promise<BegunSignIn> {
  const { connection, handle, start, returnTo } = input;
  const now = deps.clock();
  const binding = newToken('ghb');
  const { organizationId, id: connectionId } = connection;
  const pending: PendingSignIn = {
    id: newId('sin', now),
    ...{ organizationId, connectionId },
    handleHash: deps.hashPending(handle),
    bindingHash: deps.hashPending(binding),
    ...{ requestId: start.requestId, nonce: null, codeVerifier: null, returnTo },
    held: new URLSearchParams({ url: start.url, ...start.fields }).toString(),
    purpose: { kind: 'sign_out' },
    ...{ mustReauthenticate: false, maxAgeSeconds: null },
    createdAt: now,
    expiresAt: now + SIGN_IN_TTL_MS,
  };
  await deps.storage.transact((tx) => tx.pendingSignIns.insert(organizationId, pending));
  return { pending, handle, binding };
}

/** Where the sign-out that this browser has under way leads; undefined when nothing fits. Consumes nothing. */
export async function findUpstreamSignOut(
  deps: StepDeps,
  step: BrowserStep,
): Promise<Omit<SignOutStart, 'requestId'> | undefined> {
  const pending = await findPendingSignIn(deps, step, 'sign_out');
  const { url, ...fields } = Object.fromEntries(new URLSearchParams(pending?.held ?? ''));
  if (url === undefined) return undefined;
  return { url, fields: Object.keys(fields).length === 0 ? undefined : fields };
}

/** The sign-out under way itself, once. */
export async function takeUpstreamSignOut(
  deps: StepDeps,
  step: BrowserStep,
): Promise<PendingSignIn | undefined> {
  const pending = await findPendingSignIn(deps, step, 'sign_out');
  if (pending === undefined) return undefined;
  const { organizationId, connectionId, handleHash } = pending;
  return deps.storage.transact((tx) => tx.pendingSignIns.consume(organizationId, connectionId, handleHash));
}
