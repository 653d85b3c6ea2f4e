/** Who may ask at the token endpoint: secrets of applications and of directory clients, compared and counted (S98). */
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import { parseId } from '../../kernel/ids.ts';
import { constantTimeEqual } from '../../kernel/tokens.ts';
import type { AttemptLimiter } from '../attempt-limit.ts';
import { limitAttempt } from '../attempt-limit.ts';
import type { Deps } from '../deps.ts';

type SecretDeps = Pick<Deps, 'storage' | 'clock' | 'hashToken'> & {
  readonly clientAttempts?: AttemptLimiter | undefined;
};

/** Whether this is a secret of that client. Throws `too_many_requests` after too many wrong ones from one network. */
export async function isClientSecret(
  deps: SecretDeps,
  shown: { readonly clientId: string; readonly secret: string; readonly ip: string | undefined },
): Promise<boolean> {
  const attempted = { emailKey: shown.clientId, ip: shown.ip, refusal: 'unauthenticated' } as const;
  try {
    await limitAttempt(deps.clientAttempts, attempted, () => assertFits(deps, shown));
    return true;
  } catch (error) {
    if (isGatehouseError(error, 'unauthenticated')) return false;
    throw error;
  }
}

async function assertFits(
  deps: SecretDeps,
  { clientId, secret }: { readonly clientId: string; readonly secret: string },
): Promise<void> {
  const hash = deps.hashToken(secret);
  const hashes = await hashesOf(deps, clientId);
  // Every one is compared: which of them fits must not show in the time.
  const fits = hashes.map((stored) => constantTimeEqual(stored, hash));
  if (!fits.includes(true)) throw new GatehouseError('unauthenticated', 'The secret does not fit.');
}

async function hashesOf(deps: SecretDeps, clientId: string): Promise<readonly string[]> {
  const applicationId = parseId('app', clientId);
  if (applicationId !== undefined) {
    const application = await deps.storage.applications.find(applicationId);
    const now = deps.clock();
    return (application?.secrets ?? [])
      .filter(({ expiresAt }) => expiresAt === null || expiresAt > now)
      .map(({ secretHash }) => secretHash);
  }
  const directoryClientId = parseId('dcl', clientId);
  const client = directoryClientId && (await deps.storage.directoryClients.findById(directoryClientId));
  return client === undefined ? [] : [client.secretHash];
}
