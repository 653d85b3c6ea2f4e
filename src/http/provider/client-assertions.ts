/** What an application shows in place of a secret (RFC 7523 §3): signed for us alone, and for minutes. */
import { errors } from 'oidc-provider';
import { minutes } from '../../kernel/clock.ts';
import type { HttpDeps } from '../deps.ts';

/** Libraries sign for one to five minutes; a stolen assertion that was never shown is worth no more than this. */
const LONGEST_SECONDS = minutes(10) / 1000;

/**
 * Throws `invalid_client` for an assertion that names anybody but us (S98: whoever else takes it could show it here), or
 * that holds for longer than ten minutes from now. Signature, issuer, subject and use are the library's to judge.
 */
export function assertForUsAlone(
  deps: Pick<HttpDeps, 'baseUrl' | 'clock'>,
  endpoints: readonly string[],
  { aud, exp }: Readonly<Record<string, unknown>>,
): void {
  const issuer = `${deps.baseUrl}/oidc`;
  const ours = [issuer, ...endpoints.map((path) => issuer + path)];
  const isOurs = [aud].flat().every((audience) => typeof audience === 'string' && ours.includes(audience));
  if (!isOurs) throw new errors.InvalidClientAuth('the assertion is not for this provider alone');
  if (typeof exp !== 'number' || exp > deps.clock() / 1000 + LONGEST_SECONDS)
    throw new errors.InvalidClientAuth('the assertion holds for longer than ten minutes');
}
