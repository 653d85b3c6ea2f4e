/** Secrets of clients: compared with their hashes, wrong ones counted (S98). */
import type { Client } from 'oidc-provider';
import Provider, { errors } from 'oidc-provider';
import { isClientSecret } from '../../core/applications/client-secrets.ts';
import { isGatehouseError } from '../../kernel/errors.ts';
import type { HttpDeps } from '../deps.ts';
import { currentRequest } from './request-facts.ts';

/** Puts our comparison in place of the library's, which would need the secret itself; and `sid` into every ID token. */
export function compareHashedSecrets(provider: Provider, deps: HttpDeps): void {
  Object.assign(provider.Client.prototype, {
    async compareClientSecret(this: Client, secret: string): Promise<boolean> {
      const { ip } = currentRequest().cause;
      try {
        return await isClientSecret(deps, { clientId: this.clientId, secret, ip });
      } catch (error) {
        if (isGatehouseError(error, 'too_many_requests')) throw tooMany(error.context.retryAfterSeconds);
        throw error;
      }
    },
    includeSid: () => true,
  });
}

/** RFC 6749 has no word for it; RFC 6585 §4 has the status. */
function tooMany(retryAfterSeconds: unknown): errors.OIDCProviderError {
  const error = new errors.OIDCProviderError(429, 'too_many_requests');
  Provider.ctx?.set('Retry-After', String(retryAfterSeconds));
  const description = `Too many wrong secrets. Wait ${Number(retryAfterSeconds)} s.`;
  return Object.assign(error, { error_description: description });
}
