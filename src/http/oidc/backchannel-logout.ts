/** The back-channel logout address of one connection: a provider's logout token ends the sessions it means (OIDC Back-Channel Logout 1.0 §2.5-2.8). */
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { endUpstreamSessions } from '../../core/sign-in/upstream-logouts.ts';
import { isGatehouseError } from '../../kernel/errors.ts';
import type { HttpDeps } from '../deps.ts';
import { entryOf, toGatehouseError } from '../errors/error-table.ts';
import { reportError } from '../errors/report.ts';
import { formField } from '../form-body.ts';
import { causeOf } from '../request-facts.ts';
import { type ConnectionOf, connectionAt } from '../sign-in-answer.ts';
import { refuseSignOut, signOutRefusal } from '../sign-out-refusal.ts';
import { afterSignature } from '../signed-refusal.ts';
import { oidcTrust } from './connection-trust.ts';

/** `POST /oidc-backchannel-logout/{connectionId}`: 200 when it is done, 400 with one JSON error for whatever is wrong (S88). */
export const postBackchannelLogout =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    res.set('Cache-Control', 'no-store');
    try {
      const connection = await connectionAt(deps, req, 'oidc');
      if (connection === undefined) throw signOutRefusal({ reason: 'sign_in.unknown_connection' });
      const token = formField(req, 'logout_token');
      await endNamedSessions(deps, { connection, token, res }).catch((error: unknown) =>
        refuseSignOut(deps, res, { connection, error }),
      );
      res.status(200).end();
    } catch (error) {
      if (!isGatehouseError(error, 'sign_out_refused')) throw error;
      res
        .status(400)
        .json({ error: 'invalid_request', error_description: 'The logout token was not accepted.' });
    }
  };

/** A provider reads JSON here and no pages, also when the body was too large or no form (OIDC Back-Channel Logout 1.0 §2.8). */
export function renderLogoutError(thrown: unknown, _req: Request, res: Response, next: NextFunction): void {
  const error = toGatehouseError(thrown);
  const { status, title } = entryOf(error.code);
  if (res.headersSent || status === 405) {
    next(thrown);
    return;
  }
  reportError(res, error);
  res
    .status(status)
    .set('Cache-Control', 'no-store')
    .json({ error: status >= 500 ? 'server_error' : 'invalid_request', error_description: title });
}

async function endNamedSessions(
  deps: HttpDeps,
  {
    connection,
    token,
    res,
  }: {
    readonly connection: ConnectionOf<'oidc'>;
    readonly token: unknown;
    readonly res: Parameters<RequestHandler>[1];
  },
): Promise<void> {
  if (connection.status !== 'active') throw signOutRefusal({ reason: 'sign_in.connection_inactive' });
  const facts = await deps.oidc.verifyLogoutToken({
    ...{ connection: oidcTrust(deps, connection), token, now: deps.clock() },
  });
  const { issuer, subject, idpSessionId: sid, id, expiresAt } = facts;
  const cause = causeOf(res, { kind: 'connection', connectionId: connection.id });
  const who = { protocol: 'oidc', issuer, subject, sid } as const;
  await afterSignature(() =>
    endUpstreamSessions(deps, { connection, who, message: { id, expiresAt }, cause }),
  );
}
