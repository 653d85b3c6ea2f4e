/** TXT look-ups through the system's resolvers. */
import { Resolver } from 'node:dns/promises';
import type { TxtResolver } from '../core/ports/txt-resolver.ts';

/** Any failure is an empty answer: a domain is proved by a record that is there, never by an error. */
export function createDnsTxtResolver(): TxtResolver {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  return {
    async resolveTxt(name) {
      const records = await resolver.resolveTxt(name).catch((): string[][] => []);
      return records.map((chunks) => chunks.join(''));
    },
  };
}
