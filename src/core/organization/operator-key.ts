/** The operator key: given by configuration, or made at the first start; either way only a keyed hash is kept. */

import type { HashToken } from '../../kernel/tokens.ts';
import { newToken } from '../../kernel/tokens.ts';
import type { Storage } from '../ports/storage.ts';

const ENTRY = 'operator.key-hash';

/**
 * Answers the hash to compare with. `configured` wins and is not stored. Without it the stored hash counts, and at the
 * first start a key is made: `created` is the only time its value exists.
 */
export async function settleOperatorKey(
  deps: { readonly storage: Storage; readonly hashToken: HashToken },
  configured: string | undefined,
): Promise<{ readonly hash: string; readonly created: string | undefined }> {
  if (configured !== undefined) return { hash: deps.hashToken(configured), created: undefined };
  const stored = await deps.storage.installation.find(ENTRY);
  if (stored !== undefined) return { hash: stored, created: undefined };
  const created = newToken('gho');
  const hash = deps.hashToken(created);
  const isFirst = await deps.storage.transact((tx) => tx.installation.insert(ENTRY, hash));
  if (isFirst) return { hash, created };
  return { hash: (await deps.storage.installation.find(ENTRY)) ?? hash, created: undefined };
}
