/** TXT look-ups through the name servers of the settings, or the system's. */
import { NODATA, NOTFOUND } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import type { TxtResolver } from '../core/ports/txt-resolver.ts';
import { saysThereIsNothing } from './dns-header.ts';

/**
 * A failure is no record: a domain is proved by a record that is there, never by an error. `servers`: addresses as `dns.setServers`
 * takes them; none: the system's. Each is asked where those before it did not answer, or answered with an error. `waitMs`: for one
 * answer, before a question is asked again.
 */
export function createDnsTxtResolver(servers: readonly string[], waitMs = 2_000): TxtResolver {
  return {
    async resolveTxt(name) {
      for (const server of servers.length > 0 ? servers : new Resolver().getServers()) {
        const found = await ask(server, { name, waitMs });
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

/** One server for each resolver: of several, c-ares as Node sets it up asks the next for silence alone, not for SERVFAIL or REFUSED. */
async function ask(
  server: string,
  { name, waitMs }: { readonly name: string; readonly waitMs: number },
): Promise<readonly string[] | undefined> {
  const resolver = new Resolver({ timeout: waitMs, tries: 2 });
  resolver.setServers([server]);
  try {
    const found = await resolver.resolveTxt(name);
    if (found.length > 0) return found.map((chunks) => chunks.join(''));
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    if (code === NOTFOUND) return [];
    if (code !== NODATA) return undefined;
  }
  // c-ares calls it nothing, too, when the code is an error it does not know, and when the server sends one elsewhere.
  return (await saysThereIsNothing(server, { name, waitMs })) ? [] : undefined;
}
