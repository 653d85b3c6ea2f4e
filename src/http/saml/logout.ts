/** The single logout address of one connection: the provider's requests end sessions and are answered, its answers end a sign-out (SAML profiles §4.4). */
import type { Request, RequestHandler, Response } from 'express';
import { connectionUrls } from '../../core/connections/connections.ts';
import { spKeys } from '../../core/connections/sp-keys.ts';
import { findSignedIn } from '../../core/sign-in/sessions.ts';
import { endUpstreamSessions } from '../../core/sign-in/upstream-logouts.ts';
import type { LogoutRequestFacts } from '../../protocols/saml/logout-message.ts';
import { buildRedirect } from '../../protocols/saml/redirect-binding.ts';
import { writeLogoutResponse } from '../../protocols/saml/write-logout.ts';
import { clearCookie, readCookie, SESSION_COOKIE, SIGNED_IN_COOKIE } from '../cookies.ts';
import type { HttpDeps } from '../deps.ts';
import { formField } from '../form-body.ts';
import { sendForwarding } from '../pages/forwarding.ts';
import { seeOther } from '../pages/layout.ts';
import { causeOf } from '../request-facts.ts';
import { type ConnectionOf, connectionAt } from '../sign-in-answer.ts';
import { refuseSignOut, signOutRefusal } from '../sign-out-refusal.ts';
import { afterSignature } from '../signed-refusal.ts';
import { finishUpstreamSignOut, signedOutPath } from '../upstream-sign-out.ts';
import {
  type LogoutTrust,
  type VerifiedLogout,
  verifyPostedLogout,
  verifyRedirectedLogout,
} from './logout-verification.ts';
import { newMessageId } from './message-id.ts';
import { postedFields } from './posted-message.ts';
import { samlTrust } from './trust.ts';

interface Exchange {
  readonly req: Request;
  readonly res: Response;
}

type Verify = (req: Request, trust: LogoutTrust, now: number) => VerifiedLogout | Promise<VerifiedLogout>;

/** `GET /saml/{connectionId}/logout`: a message by redirect, its signature over the raw query (S65). Throws `sign_out_refused`. */
export const getLogout = (deps: HttpDeps): RequestHandler =>
  receive(deps, ({ originalUrl }, trust, now) => {
    const start = originalUrl.indexOf('?');
    return verifyRedirectedLogout({ rawQuery: start < 0 ? '' : originalUrl.slice(start + 1), trust, now });
  });

/** `POST /saml/{connectionId}/logout`: a message by form, its signature enveloped. Throws `sign_out_refused`. */
export const postLogout = (deps: HttpDeps): RequestHandler =>
  receive(deps, (req, trust, now) => {
    const fields = {
      SAMLRequest: formField(req, 'SAMLRequest'),
      SAMLResponse: formField(req, 'SAMLResponse'),
      RelayState: formField(req, 'RelayState'),
    };
    return verifyPostedLogout({ fields, trust, now });
  });

const receive =
  (deps: HttpDeps, verify: Verify): RequestHandler =>
  async (req, res) => {
    const connection = await connectionAt(deps, req, 'saml');
    if (connection === undefined) throw signOutRefusal({ reason: 'sign_in.unknown_connection' });
    try {
      if (connection.status !== 'active') throw signOutRefusal({ reason: 'sign_in.connection_inactive' });
      const message = await verify(req, logoutTrust(deps, connection), deps.clock());
      await afterSignature(() =>
        message.kind === 'LogoutRequest'
          ? answerRequest(deps, { req, res }, { connection, ...message })
          : acceptResponse(deps, { req, res }, { connection, ...message }),
      );
    } catch (error) {
      await refuseSignOut(deps, res, { connection, error });
    }
  };

function logoutTrust(deps: HttpDeps, connection: ConnectionOf<'saml'>): LogoutTrust {
  const { idpEntityId, certificates } = connection.settings;
  const { logoutUrl } = connectionUrls(deps.baseUrl, connection.id);
  return { idpEntityId, certificates, logoutUrl };
}

interface Requested {
  readonly connection: ConnectionOf<'saml'>;
  readonly facts: LogoutRequestFacts;
  readonly relayState: string | undefined;
}

/** Ends what the request means, then carries the signed answer back; a provider without an address gets none. */
async function answerRequest(
  deps: HttpDeps,
  exchange: Exchange,
  { connection, facts, relayState }: Requested,
): Promise<void> {
  const { id, nameId, nameIdFormat, sessionIndexes, expiresAt } = facts;
  await endUpstreamSessions(deps, {
    connection,
    who: { protocol: 'saml', nameId, nameIdFormat, sessionIndexes },
    message: { id, expiresAt },
    cause: causeOf(exchange.res, { kind: 'connection', connectionId: connection.id }),
  });
  await forgetEndedSession(deps, exchange);
  const { sloUrl, sloBinding, sloResponseUrl } = connection.settings;
  const destination = sloResponseUrl ?? sloUrl;
  if (destination === null) return seeOther(exchange.res, signedOutPath(connection));
  const { signing } = await spKeys(deps, connection);
  const { spEntityId } = samlTrust(deps, connection);
  const head = { id: newMessageId(), spEntityId, destination, now: deps.clock() };
  const xml = writeLogoutResponse({ ...head, inResponseTo: id });
  const message = { parameter: 'SAMLResponse', xml, relayState } as const;
  if (sloBinding === 'post') {
    const fields = postedFields({ ...message, key: signing });
    return sendForwarding(exchange.res, { title: 'You are signed out here', url: destination, fields });
  }
  const { privateKey } = signing;
  seeOther(exchange.res, buildRedirect({ url: destination, ...message, privateKey }));
}

/** Takes the cookie of a session that has just ended out of this browser. */
async function forgetEndedSession(deps: HttpDeps, { req, res }: Exchange): Promise<void> {
  const token = readCookie(req, SESSION_COOKIE);
  if (token === undefined || (await findSignedIn(deps, token)) !== undefined) return;
  clearCookie(res, SESSION_COOKIE);
  clearCookie(res, SIGNED_IN_COOKIE);
}

async function acceptResponse(
  deps: HttpDeps,
  exchange: Exchange,
  {
    connection,
    facts,
    relayState,
  }: Extract<VerifiedLogout, { readonly kind: 'LogoutResponse' }> & Pick<Requested, 'connection'>,
): Promise<void> {
  const { inResponseTo, isSuccess } = facts;
  await finishUpstreamSignOut(deps, exchange, {
    connection,
    handle: relayState,
    answers: (requestId) => requestId === inResponseTo,
    isComplete: isSuccess,
  });
}
