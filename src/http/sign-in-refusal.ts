/** Every way a sign-in can fail, as the one refusal the outside sees; the exact reason goes to the audit (law 10). */
import type { Response } from 'express';
import type { Connection } from '../core/entities/connection.ts';
import { signInRefusal } from '../core/sign-in/refused-sign-ins.ts';
import { type ErrorCode, type GatehouseError, isGatehouseError } from '../kernel/errors.ts';
import type { HttpDeps } from './deps.ts';
import { recordRefusal } from './refusal-record.ts';
import { noteRefusal } from './sign-in-recording.ts';

const NO_REFUSAL: readonly ErrorCode[] = ['internal', 'storage_unavailable', 'too_many_requests'];

/** Whether somebody was refused, and not only met an outage, a bug or too many others. */
export const isRefusal = (error: unknown): error is GatehouseError =>
  isGatehouseError(error) && !NO_REFUSAL.includes(error.code);

/**
 * Records the failure where an admin of the organization finds it, then throws it as `sign_in_refused`. Outages, bugs
 * and too many at once pass as what they are: nobody must take them for a refusal.
 */
export async function refuseSignIn(
  deps: HttpDeps,
  res: Response,
  failed: { readonly connection: Connection; readonly error: unknown },
): Promise<never> {
  const { connection, error } = failed;
  noteRefusal(res, error);
  if (!isRefusal(error)) throw error;
  const refusal = error.code === 'sign_in_refused' ? error : signInRefusal(error.code, error);
  await recordRefusal(deps, res, { connection, error: refusal });
  throw refusal;
}
