/** A sign-in that did not work: one refusal outside, and its exact reason where an admin of the organization finds it (law 10). */
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import type { Deps } from '../deps.ts';
import type { Connection } from '../entities/connection.ts';
import type { AuditType, Cause } from '../entities/journal.ts';
import { record } from '../journal/audit.ts';

/** The refusal of every sign-in, whatever the reason, which is never shown. */
export const signInRefusal = (reason: string, cause?: unknown): GatehouseError =>
  new GatehouseError('sign_in_refused', 'This sign-in could not be completed.', {
    context: { reason },
    ...(cause === undefined ? {} : { cause }),
  });

/** Keeps the exact reason of a refused sign-in where an admin can find it. `leftOut`: how many of the kind were not written before it. */
export async function recordRefusedSignIn(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: {
    readonly connection: Connection;
    readonly error: unknown;
    readonly cause: Cause;
    readonly leftOut?: number | undefined;
  },
): Promise<void> {
  const { connection, error, cause, leftOut = 0 } = input;
  const type: AuditType = connection.settings.protocol === 'saml' ? 'saml.rejected' : 'oidc.rejected';
  const found = isGatehouseError(error) ? { code: error.code, ...error.context } : { code: 'internal' };
  const details = leftOut === 0 ? found : { ...found, leftOut };
  const { organizationId } = connection;
  await deps.storage.transact((tx) =>
    record(
      tx,
      { organizationId, cause, now: deps.clock() },
      {
        type,
        target: { kind: 'connection', id: connection.id },
        details,
      },
    ),
  );
}
