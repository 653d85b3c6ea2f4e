/** How recent a proof an application waits for, as its stored request says it: an address on the way there may have lost it. */
import type { Interaction } from 'oidc-provider';
import { z } from 'zod';
import type { Freshness } from '../../core/sign-in/sign-in-freshness.ts';
import type { HttpDeps } from '../deps.ts';
import { interactionAt } from './interaction-paths.ts';

/** `prompt` in its words, and `max_age` in seconds, of an authorization request as the library has checked it. */
export interface AskedProof {
  readonly prompts: readonly string[];
  readonly maxAge: number | undefined;
}

const text = z.string().optional().catch(undefined);
const stored = z.object({ params: z.object({ prompt: text, max_age: text }) });

/** Pure. */
export function askedProofOf({ params }: Pick<Interaction, 'params'>): AskedProof {
  const { prompt = '', max_age: maxAge } = stored.parse({ params }).params;
  return { prompts: prompt.split(' '), maxAge: maxAge === undefined ? undefined : Number(maxAge) };
}

/** What the application wants to which this path leads on; nothing for any other path, and for a request that is over. */
export async function freshnessAskedAt(
  { storage, hashToken, clock }: Pick<HttpDeps, 'storage' | 'hashToken' | 'clock'>,
  returnTo: string | null,
): Promise<Freshness> {
  const uid = returnTo === null ? undefined : interactionAt(returnTo);
  const record = uid && (await storage.providerRecords.find('Interaction', hashToken(uid)));
  if (!record || record.expiresAt <= clock()) return {};
  const { prompts, maxAge } = askedProofOf(stored.parse(JSON.parse(record.payload)));
  return { mustReauthenticate: prompts.includes('login'), maxAgeSeconds: maxAge ?? null };
}
