/** The page that posts an answer to the application: the one page of the provider that runs a script and sends a form elsewhere. */
import type { KoaContextWithOIDC } from 'oidc-provider';
import { ROUTES } from './configuration.ts';
import { parameter } from './prompts.ts';

const POLICY = 'content-security-policy';
const isForm = (ctx: KoaContextWithOIDC): boolean =>
  ctx.path.startsWith(ROUTES.authorization) && parameter(ctx, 'response_mode') === 'form_post';

/**
 * Runs the library, which adds the hash of its script to a policy that has a place for scripts. Only an answer to an address
 * that was compared with the registered ones is a form; every other page keeps the policy of all pages (S104, S219).
 */
export async function withAnswerPolicy(ctx: KoaContextWithOIDC, next: () => Promise<unknown>): Promise<void> {
  const usual = String(ctx.response.get(POLICY));
  if (ctx.path.startsWith(ROUTES.authorization)) ctx.set(POLICY, `${usual};script-src`);
  await next();
  if (!ctx.path.startsWith(ROUTES.authorization)) return;
  const grown = String(ctx.response.get(POLICY));
  const script = /script-src ('sha256-[A-Za-z0-9+/=]+')/.exec(grown)?.[1];
  const target = parameter(ctx, 'redirect_uri');
  if (script === undefined || target === undefined || !isForm(ctx)) {
    ctx.set(POLICY, usual);
    return;
  }
  // Applications redirect on from their callback, and browsers hold the policy against that as well.
  const { origin, protocol } = new URL(target);
  const place = origin === 'null' ? protocol : `https: ${origin}`;
  ctx.set(
    POLICY,
    `default-src 'none';script-src ${script};form-action ${place};base-uri 'none';frame-ancestors 'none'`,
  );
  ctx.set('Cache-Control', 'no-store');
}
