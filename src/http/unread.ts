/**
 * What the doors for identity providers refuse before anybody judges it (no form, too large a one, another method): the one page of every
 * refusal outside, the exact reason where an admin of the connection finds it (law 10). A connection that nobody has looks the
 * same; its reason is in the log alone. An answer like this does not end an outage: nobody came back with it.
 */
import type { ErrorRequestHandler, Request, Response } from 'express';
import type { SignInStep } from '../core/entities/sign-in-attempt.ts';
import { signInRefusal } from '../core/sign-in/refused-sign-ins.ts';
import type { ErrorCode, GatehouseError } from '../kernel/errors.ts';
import type { HttpDeps } from './deps.ts';
import { toGatehouseError } from './errors/error-table.ts';
import { recordRefusal } from './refusal-record.ts';
import { connectionAt } from './sign-in-answer.ts';
import { noteRefusal, openConnectionAttempt } from './sign-in-recording.ts';
import { signOutRefusal } from './sign-out-refusal.ts';

/** What HTTP has a status for; the reason where the error does not tell a closer one. */
const REASONS: ReadonlyMap<ErrorCode, string> = new Map([
  ['method_not_allowed', 'unread.method'],
  ['payload_too_large', 'unread.too_large'],
  ['unsupported_media_type', 'unread.media_type'],
  ['invalid_syntax', 'unread.form'],
]);

interface Door {
  readonly protocol: 'saml' | 'oidc';
  readonly step: SignInStep;
  readonly refusal: (reason: string, cause: GatehouseError) => GatehouseError;
}

export const ACS_DOOR: Door = {
  protocol: 'saml',
  step: 'callback',
  refusal: signInRefusal,
};
export const CALLBACK_DOOR: Door = { ...ACS_DOOR, protocol: 'oidc' };
export const LOGOUT_DOOR: Door = {
  protocol: 'saml',
  step: 'sign_out',
  refusal: (reason, cause) => signOutRefusal({ reason }, cause),
};

/** Throws `sign_in_refused` or `sign_out_refused`, recorded, in place of what HTTP refuses; anything else as it is. */
export async function refuseUnread(
  deps: HttpDeps,
  { req, res }: { readonly req: Request; readonly res: Response },
  { door, thrown }: { readonly door: Door; readonly thrown: unknown },
): Promise<never> {
  const cause = toGatehouseError(thrown);
  const usual = REASONS.get(cause.code);
  if (usual === undefined) throw thrown;
  const { reason = usual } = cause.context;
  const error = door.refusal(String(reason), cause);
  const connection = await connectionAt(deps, req, door.protocol);
  if (connection === undefined) throw error;
  openConnectionAttempt(deps, res, { connection, step: door.step });
  noteRefusal(res, error);
  await recordRefusal(deps, res, { connection, error });
  throw error;
}

/** The same as the error handler of a path. */
export const unreadAt =
  (deps: HttpDeps, door: Door): ErrorRequestHandler =>
  (thrown, req, res, _next) =>
    refuseUnread(deps, { req, res }, { door, thrown });
