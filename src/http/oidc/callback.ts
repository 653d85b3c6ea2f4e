/** The redirect URI of one connection: an authorization response becomes a session, or one refusal like every other. */
import type { Request, RequestHandler, Response } from 'express';
import type { PendingSignIn } from '../../core/entities/sign-in.ts';
import { signInRefusal } from '../../core/sign-in/refused-sign-ins.ts';
import type { SignInId } from '../../kernel/ids.ts';
import type { OidcFacts } from '../../protocols/oidc/id-token-facts.ts';
import type { HttpDeps } from '../deps.ts';
import type { ConnectionOf } from '../sign-in-answer.ts';
import { connectionAt, finishSignIn, judged, receiveAnswer } from '../sign-in-answer.ts';
import { factsFrom, noteAttempt, openConnectionAttempt } from '../sign-in-recording.ts';
import { refuseSignIn } from '../sign-in-refusal.ts';
import { oidcTrustWithKey } from './connection-trust.ts';
import { oidcIdentity } from './identity.ts';
import type { OidcPending } from './strategy.ts';
import { wantedClaims } from './wanted-claims.ts';

/** `GET /oidc-callback/{connectionId}` (OIDC Core §3.1.2.5). Throws `sign_in_refused`. */
export const getCallback = (deps: HttpDeps): RequestHandler => {
  const underWay = new Set<SignInId>();
  return async (req, res) => {
    const connection = await connectionAt(deps, req, 'oidc');
    if (connection === undefined) throw signInRefusal('sign_in.unknown_connection');
    openConnectionAttempt(deps, res, { connection, step: 'callback' });
    try {
      await acceptCallback(deps, { req, res }, { connection, underWay });
    } catch (error) {
      await refuseSignIn(deps, res, { connection, error });
    }
  };
};

async function acceptCallback(
  deps: HttpDeps,
  exchange: { readonly req: Request; readonly res: Response },
  { connection, underWay }: { readonly connection: ConnectionOf<'oidc'>; readonly underWay: Set<SignInId> },
): Promise<void> {
  // Only the query counts; host and path of the request are what the caller says they are (S86).
  const query = new URL(exchange.req.originalUrl, deps.baseUrl).searchParams;
  const states = query.getAll('state');
  const handle = states.length === 1 ? states[0] : undefined;
  const received = await receiveAnswer(deps, exchange, { connection, handle });
  const work = async (): Promise<void> => {
    const facts = await deps.oidc.verifyOidcCallback({
      connection: await oidcTrustWithKey(deps, connection),
      query,
      pending: secretsOf(received.pending, handle),
      now: deps.clock(),
      wants: wantedClaims(connection, await deps.storage.groupMappings.list(connection.organizationId)),
    });
    noteAttempt(exchange.res, {
      step: 'decision',
      facts: shownFacts(facts),
      notes: facts.hasGroupOverage ? ['oidc.groups_overage'] : [],
    });
    await finishSignIn(deps, exchange, { ...received, identity: oidcIdentity(connection, facts) });
  };
  await firstOf(underWay, received.pending?.id, () => judged(deps, exchange.res, { received, work }));
}

/**
 * A provider that is shown a code twice takes back what it gave for it: of two answers of one sign-in at once the second is refused
 * before it gets that far, and undoes nothing (S72). That only one is let in ever is the conditional write's, when the row is consumed.
 */
async function firstOf(
  underWay: Set<SignInId>,
  id: SignInId | undefined,
  work: () => Promise<void>,
): Promise<void> {
  if (id === undefined) return work();
  if (underWay.has(id)) throw signInRefusal('sign_in.not_pending');
  underWay.add(id);
  try {
    await work();
  } finally {
    underWay.delete(id);
  }
}

/** Claims of the flow itself, which say nothing about the person. */
const FLOW_CLAIMS = [
  'iat',
  'exp',
  'nbf',
  'nonce',
  'at_hash',
  'c_hash',
  's_hash',
  'jti',
  'sid',
  'rh',
  'uti',
  'aio',
];

const shownFacts = ({ claims }: OidcFacts) =>
  factsFrom(
    [...claims].filter(([name]) => !FLOW_CLAIMS.includes(name)),
    true,
  );

function secretsOf(pending: PendingSignIn | undefined, handle: string | undefined): OidcPending | undefined {
  if (pending === undefined || handle === undefined) return undefined;
  const { nonce, codeVerifier, maxAgeSeconds } = pending;
  if (nonce === null || codeVerifier === null) return undefined;
  return { state: handle, nonce, codeVerifier, maxAge: maxAgeSeconds ?? undefined };
}
