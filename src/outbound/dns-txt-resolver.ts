/** TXT look-ups through the system's resolvers. */
import { NODATA, NOTFOUND } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import type { TxtResolver } from '../core/ports/txt-resolver.ts';

/** Answers that say that there is nothing (RFC 8020, RFC 2308); every other error says nothing. */
const NOTHING_THERE: readonly unknown[] = [NODATA, NOTFOUND];

/** A failure is no record: a domain is proved by a record that is there, never by an error. */
export function createDnsTxtResolver(): TxtResolver {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
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
  error instanceof Error && 'code' in error && NOTHING_THERE.includes(error.code);
