/** When an authorization request needs the person: nobody is signed in, not freshly enough, or in another organization. */
import type { KoaContextWithOIDC } from 'oidc-provider';
import { interactionPolicy } from 'oidc-provider';
import { findOrganization } from '../../core/organization/organization-lookup.ts';
import type { HttpDeps } from '../deps.ts';
import { noteStart } from './interaction-start.ts';
import { currentRequest } from './request-facts.ts';

const { Check, Prompt, base } = interactionPolicy;

/** A parameter as text; undefined when absent. */
export function parameter(ctx: KoaContextWithOIDC, name: string): string | undefined {
  // Without a context of its own the library has refused the request before it read it.
  const value = ctx.oidc?.params?.[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * `login`, asked for or needed, and `select_account`, asked for. `consent` may be asked for, as OIDC Core §11 wants it beside
 * `offline_access`, and is given already: the operator has registered the application (`settleScopes` takes it out).
 */
export function promptsWith(deps: HttpDeps): readonly interactionPolicy.Prompt[] {
  const hint = base().get('login')?.checks.get('id_token_hint');
  const checks = [
    new Check('not_judged', 'the person has not come by', 'login_required', isNotJudged),
    new Check('no_session', 'nobody is signed in', 'login_required', needsSession),
    new Check('max_age', 'the sign-in is too long ago', 'login_required', (ctx) => isTooOld(deps, ctx)),
    new Check('organization', 'signed in to another organization', 'login_required', (ctx) =>
      isElsewhere(deps, ctx),
    ),
    ...(hint === undefined ? [] : [hint]),
  ];
  const details = noteStart(deps);
  return [
    new Prompt({ name: 'login', requestable: true }, details, ...checks),
    new Prompt({ name: 'select_account', requestable: true }, details),
    new Prompt({ name: 'consent', requestable: true }, details),
  ];
}

/** The library goes on with a request as it is stored for whoever opens its address, and reads no `id_token_hint` then (S100). */
const isNotJudged = ({ oidc }: KoaContextWithOIDC): boolean =>
  oidc.route === 'resume' && oidc.result?.login === undefined;

async function needsSession({ oidc }: KoaContextWithOIDC): Promise<boolean> {
  return oidc.session?.accountId === undefined || oidc.account === undefined;
}

/** By the gateway's clock; `max_age=0` reaches this as `prompt=login`. Whoever proved it for this request is never too old for it. */
async function isTooOld({ clock }: HttpDeps, ctx: KoaContextWithOIDC): Promise<boolean> {
  const maxAge = parameter(ctx, 'max_age');
  const signedIn = await currentRequest().signedIn();
  if (maxAge === undefined || signedIn === undefined || ctx.oidc.result?.isProved === true) return false;
  return clock() - signedIn.session.authTime > Number(maxAge) * 1000;
}

/** Naming an organization never chooses it: the session has to be one of its own (S95). */
async function isElsewhere({ storage }: HttpDeps, ctx: KoaContextWithOIDC): Promise<boolean> {
  const named = parameter(ctx, 'organization');
  const signedIn = await currentRequest().signedIn();
  if (named === undefined || signedIn === undefined) return false;
  const organization = await findOrganization(storage, named);
  return organization?.id !== signedIn.organization.id;
}
