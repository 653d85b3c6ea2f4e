/** The one provider object of this process, made anew when the keys it works with are other ones (S99). */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { KoaContextWithOIDC } from 'oidc-provider';
import Provider from 'oidc-provider';
import { currentKey, settleSigningKeys } from '../../core/applications/signing-keys.ts';
import type { SigningKey } from '../../core/entities/application.ts';
import type { HttpDeps } from '../deps.ts';
import { accountOf, findLiveGrant } from './accounts.ts';
import { claimsWithin } from './claims.ts';
import { compareHashedSecrets } from './client-authentication.ts';
import { configurationFor, ROUTES } from './configuration.ts';
import { withAnswerPolicy } from './form-post.ts';
import { RESPONSE_MODES } from './registrations.ts';
import { deriveSessions } from './session-seam.ts';

export interface RunningProvider {
  readonly provider: Provider;
  readonly handle: (req: IncomingMessage, res: ServerResponse) => Promise<void>;
}

/** Answers the provider for the keys of this moment; whatever a node did to them, the next request here sees it. */
export function createProviderSource(deps: HttpDeps): () => Promise<RunningProvider> {
  let running: (RunningProvider & { readonly keys: string }) | undefined;
  return async () => {
    const settled = await settleSigningKeys(deps);
    const keys = settled.map(({ id }) => `${id} ${isCurrent(deps, settled, id)}`).join();
    if (running?.keys !== keys) running = { ...create(deps, settled), keys };
    return running;
  };
}

const isCurrent = ({ clock }: HttpDeps, keys: readonly SigningKey[], id: SigningKey['id']): boolean =>
  keys.some((key) => key.id === id && currentKey(keys, key, clock())?.id === id);

function create(deps: HttpDeps, keys: readonly SigningKey[]): RunningProvider {
  const provider = new Provider(`${deps.baseUrl}/oidc`, configurationFor(deps, keys));
  // The edge says whose address counts and under which name we are known (router.ts).
  provider.proxy = true;
  deriveSessions(provider);
  compareHashedSecrets(provider, deps);
  provider.use(async (ctx, next) => {
    ctx.cookies.secure = true;
    await next();
  });
  provider.use(async (ctx: KoaContextWithOIDC, next) => {
    await withAnswerPolicy(ctx, next);
    if (ctx.path === ROUTES.introspection) await addClaims(deps, ctx);
    if (ctx.path.startsWith('/.well-known/')) tellResponseModes(ctx);
  });
  provider.on('server_error', (_ctx, error) => deps.logger.error('openid provider failed', { error }));
  return { provider, handle: provider.callback() };
}

/** An API that asks about a token is told who it is about, as in the ID token. */
async function addClaims(deps: HttpDeps, ctx: KoaContextWithOIDC): Promise<void> {
  const answer: unknown = ctx.body;
  if (typeof answer !== 'object' || answer === null || !('active' in answer) || answer.active !== true)
    return;
  const { AccessToken, RefreshToken } = ctx.oidc.entities;
  const token = AccessToken ?? RefreshToken;
  const grant = await findLiveGrant(deps, token?.grantId);
  const account = grant && (await accountOf(deps, grant));
  if (token === undefined || account === undefined) return;
  const claims = await account.claims('introspection', '', {}, []);
  ctx.body = { ...answer, ...claimsWithin(claims, [...token.scopes]) };
}

/** S97: a code in a fragment is not offered. */
function tellResponseModes(ctx: KoaContextWithOIDC): void {
  if (typeof ctx.body === 'object' && ctx.body !== null)
    ctx.body = { ...ctx.body, response_modes_supported: [...RESPONSE_MODES] };
}
