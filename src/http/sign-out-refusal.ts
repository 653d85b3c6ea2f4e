/** Every way a provider's sign-out message can fail, as the one refusal the outside sees; the exact reason goes to the audit (law 10). */
import type { Response } from 'express';
import type { Connection } from '../core/entities/connection.ts';
import { GatehouseError, isGatehouseError } from '../kernel/errors.ts';
import type { HttpDeps } from './deps.ts';
import { recordRefusal } from './refusal-record.ts';
import { noteRefusal, openConnectionAttempt } from './sign-in-recording.ts';

/** A refusal with its exact reason, which is never shown. */
export const signOutRefusal = (context: Readonly<Record<string, unknown>>, cause?: unknown): GatehouseError =>
  new GatehouseError('sign_out_refused', 'This sign-out message was refused.', {
    context,
    ...(cause === undefined ? {} : { cause }),
  });

/**
 * Records the failure where an admin of the organization finds it, in the recorder as a step `sign_out`, then throws it as `sign_out_refused`. Outages and bugs
 * pass as what they are.
 */
export async function refuseSignOut(
  deps: HttpDeps,
  res: Response,
  failed: { readonly connection: Connection; readonly error: unknown },
): Promise<never> {
  const { connection, error } = failed;
  if (!isGatehouseError(error) || error.code === 'internal' || error.code === 'storage_unavailable')
    throw error;
  openConnectionAttempt(deps, res, { connection, step: 'sign_out' });
  const context = error.code === 'sign_in_refused' ? error.context : { reason: error.code };
  const refusal = error.code === 'sign_out_refused' ? error : signOutRefusal(context, error);
  noteRefusal(res, refusal);
  await recordRefusal(deps, res, { connection, error: refusal });
  throw refusal;
}
