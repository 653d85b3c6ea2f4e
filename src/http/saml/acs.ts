/** The assertion consumer service: a posted response becomes a session, or one refusal that looks like every other. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Request, RequestHandler, Response } from 'express';
import { noteReturn } from '../../core/connections/connection-outages.ts';
import { signInRefusal } from '../../core/sign-in/refused-sign-ins.ts';
import { completeUnsolicited, type UnsolicitedAnswer } from '../../core/sign-in/unsolicited-sign-ins.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { readCookie, SESSION_COOKIE, SIGNED_IN_COOKIE } from '../cookies.ts';
import type { HttpDeps } from '../deps.ts';
import { formField, requireFormOfBytes } from '../form-body.ts';
import { seeOther } from '../pages/layout.ts';
import { causeOf } from '../request-facts.ts';
import type { ConnectionOf, ReceivedAnswer } from '../sign-in-answer.ts';
import { connectionAt, enterAs, finishSignIn, judged, receiveAnswer } from '../sign-in-answer.ts';
import { openConnectionAttempt } from '../sign-in-recording.ts';
import { refuseSignIn } from '../sign-in-refusal.ts';
import { askFirst } from './confirm.ts';
import { samlIdentity } from './identity.ts';
import { noteFacts, noteHints } from './recorded-facts.ts';
import { samlTrust } from './trust.ts';

/** A response of 256 KB in base64, percent-encoded, with room for line breaks and RelayState (S25). */
export const ACS_LIMIT_BYTES = 450 * 1024;

/** What comes before `postAcs`, wherever it stands. */
export const readPosted = requireFormOfBytes(ACS_LIMIT_BYTES);

/** `POST /saml/{connectionId}/acs` (SAML profiles §4.1.4.3). Throws `invalid_syntax` without a response, `method_not_allowed` for a request, `sign_in_refused` for all else; `../unread.ts` makes one of them all. */
export const postAcs =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    // A SAMLRequest would be for an identity provider's door, which this is not (S52).
    if (formField(req, 'SAMLRequest') !== undefined)
      throw new GatehouseError('method_not_allowed', 'This address takes responses only.', {
        context: { reason: 'unread.request' },
      });
    const samlResponse = formField(req, 'SAMLResponse');
    // Never a start of a sign-in (S53).
    if (samlResponse === undefined || samlResponse === '')
      throw new GatehouseError('invalid_syntax', 'There is no SAMLResponse in the form.', {
        context: { reason: 'unread.no_response' },
      });
    const connection = await connectionAt(deps, req, 'saml');
    if (connection === undefined) throw signInRefusal('sign_in.unknown_connection');
    openConnectionAttempt(deps, res, { connection, step: 'callback' });
    try {
      await noteReturn(deps, {
        connection,
        cause: causeOf(res, { kind: 'connection', connectionId: connection.id }),
      });
      await acceptResponse(deps, { req, res }, { connection, samlResponse });
    } catch (error) {
      await noteHints(deps, res, samlResponse);
      await refuseSignIn(deps, res, { connection, error });
    }
  };

interface PostedResponse {
  readonly connection: ConnectionOf<'saml'>;
  readonly samlResponse: unknown;
}

async function acceptResponse(
  deps: HttpDeps,
  exchange: { readonly req: Request; readonly res: Response },
  { connection, samlResponse }: PostedResponse,
): Promise<void> {
  const handle = formField(exchange.req, 'RelayState');
  const received = await receiveAnswer(deps, exchange, { connection, handle });
  const work = () => acceptReceived(deps, exchange, { connection, samlResponse, received });
  await judged(deps, exchange.res, { received, work });
}

async function acceptReceived(
  deps: HttpDeps,
  exchange: { readonly req: Request; readonly res: Response },
  { connection, samlResponse, received }: PostedResponse & { readonly received: ReceivedAnswer },
): Promise<void> {
  const requestId = received.pending?.requestId ?? undefined;
  // Reading the form and handing it to another thread are two stretches of work: look-ups are answered in between.
  await nextTurn();
  const facts = await deps.samlValidator.facts({
    samlResponse,
    connection: samlTrust(deps, connection),
    pending: { requestId },
    now: deps.clock(),
    allowUnsolicited: requestId === undefined && connection.idpInitiated,
    authenticatedSince: connection.settings.forceAuthn ? received.pending?.createdAt : undefined,
  });
  // Whoever asked for something small meanwhile is answered before the transaction, not behind it.
  await nextTurn();
  noteFacts(exchange.res, facts);
  const identity = samlIdentity(connection, facts);
  const assertion = { id: facts.assertionId, expiresAt: facts.expiresAt };
  if (requestId === undefined) return acceptUnsolicited(deps, exchange, { connection, identity, assertion });
  await finishSignIn(deps, exchange, { ...received, identity, assertion });
}

/**
 * A response nobody asked for, where the connection allows it. RelayState is not looked at: it is the other side's (S50).
 * In a browser that may have a session the person is asked first, on a page of ours (S48).
 */
async function acceptUnsolicited(
  deps: HttpDeps,
  exchange: { readonly req: Request; readonly res: Response },
  answer: UnsolicitedAnswer,
): Promise<void> {
  const { req, res } = exchange;
  const maySomebodyBeSignedIn = [SESSION_COOKIE, SIGNED_IN_COOKIE].some(
    (name) => readCookie(req, name) !== undefined,
  );
  if (maySomebodyBeSignedIn) return askFirst(deps, res, answer);
  const cause = causeOf(res, { kind: 'connection', connectionId: answer.connection.id });
  await enterAs(deps, exchange, await completeUnsolicited(deps, { ...answer, cause }));
  seeOther(res, '/');
}
