/** The operator in a browser: a one-time link printed at start-up becomes a short session of its own. */
import { hours } from '../kernel/clock.ts';
import { constantTimeEqual } from '../kernel/tokens.ts';
import type { HttpDeps } from './deps.ts';

export const OPERATOR_SESSION_MS = hours(8);
const KEY = 'operator.session';

/** One operator session at a time: the newest claim ends the one before. */
export async function isOperatorSession(
  deps: Pick<HttpDeps, 'storage' | 'clock' | 'hashToken'>,
  token: string,
): Promise<boolean> {
  const stored = await deps.storage.installation.find(KEY);
  if (stored === undefined) return false;
  const { idHash, expiresAt }: { idHash?: unknown; expiresAt?: unknown } = JSON.parse(stored);
  if (typeof idHash !== 'string' || typeof expiresAt !== 'number' || expiresAt <= deps.clock()) return false;
  return constantTimeEqual(idHash, deps.hashToken(token));
}
