/** The one way a refusal at a connection gets into the audit: always where something ties it to a person, of the others so many and no more (S217). */
import type { Response } from 'express';
import type { Connection } from '../core/entities/connection.ts';
import { isUnread } from '../core/entities/sign-in-attempt.ts';
import { recordRefusedSignIn } from '../core/sign-in/refused-sign-ins.ts';
import type { GatehouseError } from '../kernel/errors.ts';
import type { HttpDeps } from './deps.ts';
import { causeOf } from './request-facts.ts';
import { isStrangersAttempt } from './sign-in-recording.ts';

/** Writes the exact reason where an admin of the connection finds it. To be called after `noteRefusal`. */
export async function recordRefusal(
  deps: HttpDeps,
  res: Response,
  { connection, error }: { readonly connection: Connection; readonly error: GatehouseError },
): Promise<void> {
  const { strangerGate } = deps;
  const kind = isUnread(error.context.reason) ? 'unread' : 'read';
  const isBounded = strangerGate !== undefined && isStrangersAttempt(res);
  const written = isBounded ? strangerGate(connection.id, kind) : { leftOut: 0 };
  if (written === undefined) return;
  const cause = causeOf(res, { kind: 'connection', connectionId: connection.id });
  await recordRefusedSignIn(deps, { connection, error, cause, ...written });
}
