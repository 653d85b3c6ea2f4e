/** The addresses at which people sign in, with what should come along. */
import type { Freshness } from '../../core/sign-in/sign-in-freshness.ts';

/** What should come along to a sign-in. */
export interface Wishes {
  /** From `ownPath`. */
  readonly returnTo: string | null;
  readonly loginHint?: string | undefined;
  readonly connection?: string | undefined;
  readonly freshness?: Freshness | undefined;
}

/** The address of an organization's sign-in with what should come along. */
export function signInPath(slug: string, wishes: Wishes): string {
  const { returnTo, loginHint, connection, freshness = {} } = wishes;
  const query = new URLSearchParams();
  if (connection !== undefined) query.set('connection', connection);
  if (returnTo !== null) query.set('return_to', returnTo);
  if (loginHint !== undefined) query.set('login_hint', loginHint);
  if (freshness.mustReauthenticate === true) query.set('prompt', 'login');
  if (freshness.maxAgeSeconds != null) query.set('max_age', String(freshness.maxAgeSeconds));
  return `/sign-in/${encodeURIComponent(slug)}${query.size === 0 ? '' : `?${query}`}`;
}

/** The same page, saying that somebody has signed out. */
export const SIGNED_OUT = '/sign-in?done=sign-out';

/** The page of all ways in. */
export const signInPage = (returnTo: string | null): string =>
  returnTo === null ? '/sign-in' : `/sign-in?${new URLSearchParams({ return_to: returnTo })}`;

/** The same without the question for an organization, which has been answered: with the one given, if one was. */
export function passwordPath(returnTo: string | null, organization?: string): string {
  const query = new URLSearchParams(returnTo === null ? {} : { return_to: returnTo });
  query.set('way', 'password');
  if (organization !== undefined) query.set('organization', organization);
  return `/sign-in?${query}`;
}

/** What could name an organization, by its form alone: nothing is looked up (S155). Undefined for anything else. */
export const organizationWish = (text: string | undefined): string | undefined =>
  text !== undefined && /^[\w-]{1,80}$/.test(text) ? text : undefined;
