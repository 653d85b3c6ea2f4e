/** How the first operator gets in: a one-time link, printed at start-up, that becomes a short session in one browser. */
import { days, hours } from '../../kernel/clock.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { constantTimeEqual, newToken } from '../../kernel/tokens.ts';
import type { Deps } from '../deps.ts';
import type { Cause } from '../entities/journal.ts';
import { INSTALLATION, record } from '../journal/audit.ts';
import type { Repositories } from '../ports/storage.ts';

/** How long the printed link works. */
const OPERATOR_LINK_TTL_MS = days(1);
/** How long the operator stays signed in. */
export const OPERATOR_SESSION_MS = hours(8);

const LINK_KEY = 'operator.link';
const SESSION_KEY = 'operator.session';
/** Present once a link has been used: there is one first operator, and a second bootstrap is refused (S232). */
const CLAIMED_KEY = 'operator.claimed';

type LinkDeps = Pick<Deps, 'storage' | 'clock' | 'hashToken'>;

/**
 * The address of a fresh one-time link, good for 24 hours; the one issued before stops working. Undefined once an
 * operator has claimed this gateway: from then on the operator key opens the console.
 */
export async function issueOperatorLink(deps: LinkDeps & Pick<Deps, 'baseUrl'>): Promise<string | undefined> {
  const token = newToken('ghl');
  const expiresAt = deps.clock() + OPERATOR_LINK_TTL_MS;
  const isIssued = await deps.storage.transact(async (tx) => {
    if ((await tx.installation.find(CLAIMED_KEY)) !== undefined) return false;
    await put(tx, LINK_KEY, JSON.stringify({ idHash: deps.hashToken(token), expiresAt }));
    return true;
  });
  return isIssued ? `${deps.baseUrl}/setup/${token}` : undefined;
}

/** Whether this link would work now. Asking consumes nothing (S164). */
export async function isOperatorLink(deps: LinkDeps, token: string): Promise<boolean> {
  return fits(deps, await deps.storage.installation.find(LINK_KEY), token);
}

/**
 * Consumes the link and opens the operator's session, and the audit tells it; answers the cookie value. Exactly one of any
 * number of parallel calls succeeds (law 5). Throws `not_found` for an unknown, used, replaced or expired link.
 */
export async function claimOperatorLink(
  deps: LinkDeps,
  { token, cause }: { readonly token: string; readonly cause: Cause },
): Promise<string> {
  return deps.storage.transact(async (tx) => {
    const stored = await tx.installation.find(LINK_KEY);
    const isFirst =
      stored !== undefined &&
      fits(deps, stored, token) &&
      (await tx.installation.consume(LINK_KEY, stored, undefined));
    if (!isFirst) throw new GatehouseError('not_found', 'This link does not work any more.');
    const now = deps.clock();
    await tx.installation.insert(CLAIMED_KEY, String(now));
    const context = { organizationId: INSTALLATION, cause, now };
    await record(tx, context, {
      type: 'operator.claimed',
      target: { kind: 'installation', id: INSTALLATION },
    });
    return openSession(deps, tx);
  });
}

/** Opens the operator's session for somebody who has shown the operator key; the session before ends. */
export async function startOperatorSession(deps: LinkDeps): Promise<string> {
  return deps.storage.transact((tx) => openSession(deps, tx));
}

/** Whether this cookie value is the operator's session. One at a time: the newest ends the one before. */
export async function isOperatorSession(deps: LinkDeps, token: string): Promise<boolean> {
  return fits(deps, await deps.storage.installation.find(SESSION_KEY), token);
}

async function openSession(deps: LinkDeps, tx: Repositories): Promise<string> {
  const token = newToken('ghc');
  const expiresAt = deps.clock() + OPERATOR_SESSION_MS;
  await put(tx, SESSION_KEY, JSON.stringify({ idHash: deps.hashToken(token), expiresAt }));
  return token;
}

/** Sets a value whatever was there. Inside one serializable transaction the two steps are one. */
async function put(tx: Repositories, key: string, value: string): Promise<void> {
  const before = await tx.installation.find(key);
  const isStored =
    before === undefined
      ? await tx.installation.insert(key, value)
      : await tx.installation.consume(key, before, value);
  if (!isStored) throw new GatehouseError('version_conflict', 'The installation changed in the meantime.');
}

function fits(deps: Pick<Deps, 'clock' | 'hashToken'>, stored: string | undefined, token: string): boolean {
  if (stored === undefined) return false;
  const { idHash, expiresAt }: { idHash?: unknown; expiresAt?: unknown } = JSON.parse(stored);
  if (typeof idHash !== 'string' || typeof expiresAt !== 'number' || expiresAt <= deps.clock()) return false;
  return constantTimeEqual(idHash, deps.hashToken(token));
}
