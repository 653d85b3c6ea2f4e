/**
 * Links that are secrets leave the address bar (S168): the first visit of a browser puts the secret into a cookie and leads on
 * to an address that says nothing, where the page is. Programs, which keep no cookies, get the page at the link itself.
 */
import type { Request, RequestHandler, Response } from 'express';
import { hours } from '../../kernel/clock.ts';
import { constantTimeEqual } from '../../kernel/tokens.ts';
import { clearCookie, LINK_COOKIE_PREFIX, linkCookie, readCookie, setCookie } from '../cookies.ts';
import type { HttpDeps } from '../deps.ts';
import { html } from './html.ts';
import { seeOther, sendPage } from './layout.ts';

/** Long enough to sign in on the way, to look into the mailbox, and to come back. */
const OPEN_MS = hours(1);
/** More tabs than anybody opens; without a bound another site could fill the browser with cookies of ours. */
const MOST_OPEN = 8;
/** An answer takes back no more than that at once, however many somebody sends. */
const MOST_CLEARED = 16;
/** Names come from the header unjudged: only those that we give are ever written again. */
const OPEN_COOKIE = new RegExp(`^${LINK_COOKIE_PREFIX}[\\w-]{22}$`);

/** The last part of an address that stands for an opened link; no token of ours begins like this. */
const OPENED = /^opened-([\w-]{22})$/;
/** What a secret may look like, so that it is a cookie's value as it is; whatever does not is a dead link anyway. */
const SECRET = /^[\w.-]{1,200}(?:\/[\w.-]{1,200})?$/;
const LINK = /^\/(invitations|links|connect|email-change|undo|password-reset|setup)\/(.+)$/;

/**
 * In front of the pages that a secret link leads to. The cookie holds the secret as it is: sealed it would open the same page
 * in the same hands. Its name and the address carry a keyed digest of place and secret, so that several links are open at
 * once and none opens in another's place. What a link is worth plays no part: live and dead ones move alike (S165).
 */
export function openedLinks(deps: Pick<HttpDeps, 'hashToken'>): RequestHandler {
  const referenceOf = (kind: string, secret: string): string =>
    deps.hashToken(`opened:${kind}/${secret}`).slice(0, 22);
  return (req, res, next) => {
    const [, kind, rest] = LINK.exec(req.path) ?? [];
    if (kind === undefined || rest === undefined) return next();
    const reference = OPENED.exec(rest)?.[1];
    if (reference === undefined) {
      if (!isNavigation(req) || !SECRET.test(rest)) return next();
      return moveAway(req, res, { kind, secret: rest, reference: referenceOf(kind, rest) });
    }
    // A slash would be encoded in a cookie's value.
    const secret = readCookie(req, linkCookie(reference))?.replace('~', '/');
    if (secret === undefined || !constantTimeEqual(referenceOf(kind, secret), reference))
      return sendNotOpen(res);
    req.url = `/${kind}/${secret}${queryOf(req)}`;
    next();
  };
}

/** The page's own path as the browser shows it: for its forms and for the way back to it. Never written from the token. */
export const shownPath = (req: Request): string => req.originalUrl.split('?', 1)[0] ?? '/';

const queryOf = ({ url }: Request): string => (url.includes('?') ? url.slice(url.indexOf('?')) : '');

/** Every browser says so of an address that a person opens, and keeps cookies; programs and mail scanners that fetch do not. */
const isNavigation = ({ method, headers }: Request): boolean =>
  method === 'GET' && headers['sec-fetch-mode'] === 'navigate';

function moveAway(
  req: Request,
  res: Response,
  link: { readonly kind: string; readonly secret: string; readonly reference: string },
): void {
  const name = linkCookie(link.reference);
  const others = openCookies(req).filter((other) => other !== name);
  // Browsers send the oldest first (RFC 6265 §5.4).
  const cleared = Math.min(Math.max(0, others.length - MOST_OPEN + 1), MOST_CLEARED);
  for (const oldest of others.slice(0, cleared)) clearCookie(res, oldest);
  setCookie(res, name, { value: link.secret.replace('/', '~'), maxAgeMs: OPEN_MS, sameSite: 'lax' });
  seeOther(res, `/${link.kind}/opened-${link.reference}${queryOf(req)}`);
}

const openCookies = ({ headers: { cookie = '' } }: Request): readonly string[] =>
  cookie
    .split(';')
    .map((pair) => pair.trim().split('=', 1)[0] ?? '')
    .filter((name) => OPEN_COOKIE.test(name));

function sendNotOpen(res: Response): void {
  sendPage(res, {
    title: 'Open the link again',
    status: 404,
    body: html`<p>This address works only in the browser in which the link was opened, for one hour, and with cookies allowed. Open the link itself again, as it was sent to you.</p>
<p><a href="/sign-in">To the sign-in page</a></p>`,
  });
}
