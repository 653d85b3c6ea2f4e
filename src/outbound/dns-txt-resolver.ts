/** TXT look-ups through the name servers of the settings, or the system's. */
import { NODATA, NOTFOUND } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import type { TxtResolver } from '../core/ports/txt-resolver.ts';

/** Answers that say that there is nothing (RFC 8020, RFC 2308); every other error says nothing. */
const NOTHING_THERE: readonly unknown[] = [NODATA, NOTFOUND];

/**
 * A failure is no record: a domain is proved by a record that is there, never by an error. `servers`: addresses as
 * `dns.setServers` takes them; none: the system's.
 */
export function createDnsTxtResolver(servers: readonly string[]): TxtResolver {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  if (servers.length > 0) resolver.setServers([...servers]);
  return {
    async resolveTxt(name) {
      try {
        return (await resolver.resolveTxt(name)).map((chunks) => chunks.join(''));
      } catch (error) {
        return isNothing(error) ? [] : undefined;
      }
    },
  };
}

const isNothing = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && NOTHING_THERE.includes(error.code);
