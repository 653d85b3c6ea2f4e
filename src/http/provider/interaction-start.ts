/** How things stood when an authorization request was told to wait for the person. Kept in its record; nothing that happens later changes it. */
import type { Interaction, KoaContextWithOIDC } from 'oidc-provider';
import { z } from 'zod';
import type { HttpDeps } from '../deps.ts';
import { currentRequest } from './request-facts.ts';

const stored = z.object({ startedAt: z.number(), sessionId: z.string().optional() });

/** By the gateway's clock, epoch ms; the session the browser showed then, absent if it showed none. */
export type InteractionStart = z.infer<typeof stored>;

/** The library keeps what this answers beside the request, under `prompt.details`. */
export const noteStart =
  ({ clock }: Pick<HttpDeps, 'clock'>) =>
  async (_ctx: KoaContextWithOIDC): Promise<InteractionStart> => {
    const sessionId = (await currentRequest().signedIn())?.session.id;
    return { startedAt: clock(), ...(sessionId === undefined ? {} : { sessionId }) };
  };

/** Of one that a release before this wrote: not before it began. */
export function startOf({ prompt, iat }: Pick<Interaction, 'prompt' | 'iat'>): InteractionStart {
  const { data } = stored.safeParse(prompt.details);
  return data ?? { startedAt: (iat + 1) * 1000 };
}
