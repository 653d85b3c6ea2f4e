/** The cookies of one pretended browser: per host, by path, with the prefix rules and expiry (RFC 6265bis). */

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly host: string;
  readonly path: string;
  readonly isSecure: boolean;
  readonly expiresAt: number;
}

export interface CookieJar {
  /** Stores what an answer sets; refuses what a browser would refuse. */
  store(url: URL, setCookies: readonly string[]): void;
  /** The Cookie header for a request, or undefined. */
  headerFor(url: URL): string | undefined;
  /** The value of a cookie that would be sent to this URL. */
  valueOf(url: string, name: string): string | undefined;
  clear(): void;
}

/** An empty jar. `localhost` and `127.0.0.1` count as secure over http, as browsers treat them. */
export function createCookieJar(clock: () => number = Date.now): CookieJar {
  const cookies = new Map<string, Cookie>();
  const matching = (url: URL) =>
    [...cookies.values()]
      .filter((cookie) => cookie.expiresAt > clock() && matches(cookie, url))
      .sort((a, b) => b.path.length - a.path.length);
  return {
    store(url, setCookies) {
      for (const text of setCookies) {
        const cookie = parseSetCookie(text, url, clock());
        if (cookie === undefined) continue;
        const key = JSON.stringify([cookie.host, cookie.path, cookie.name]);
        if (cookie.expiresAt <= clock()) cookies.delete(key);
        else cookies.set(key, cookie);
      }
    },
    headerFor(url) {
      const sent = matching(url).map(({ name, value }) => `${name}=${value}`);
      return sent.length === 0 ? undefined : sent.join('; ');
    },
    valueOf: (url, name) => matching(new URL(url)).find((cookie) => cookie.name === name)?.value,
    clear: () => cookies.clear(),
  };
}

function parseSetCookie(text: string, url: URL, now: number): Cookie | undefined {
  const [pair = '', ...rest] = text.split(';');
  const equals = pair.indexOf('=');
  if (equals < 1) return undefined;
  const name = pair.slice(0, equals).trim();
  const flags = new Map(
    rest.map((part) => {
      const [key = '', ...value] = part.split('=');
      return [key.trim().toLowerCase(), value.join('=').trim()] as const;
    }),
  );
  const isSecure = flags.has('secure');
  const givenPath = flags.get('path') ?? '';
  const path = givenPath.startsWith('/') ? givenPath : defaultPath(url);
  if (isSecure && !isTrustworthy(url)) return undefined;
  const isHostBound = name.toLowerCase().startsWith('__host-');
  if (isHostBound && (!isSecure || flags.has('domain') || givenPath !== '/')) return undefined;
  if (name.toLowerCase().startsWith('__secure-') && !isSecure) return undefined;
  const value = pair.slice(equals + 1).trim();
  return { name, value, host: url.hostname, path, isSecure, expiresAt: expiryOf(flags, now) };
}

function expiryOf(flags: ReadonlyMap<string, string>, now: number): number {
  const maxAge = flags.get('max-age');
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return now + Number(maxAge) * 1000;
  const expires = Date.parse(flags.get('expires') ?? '');
  return Number.isNaN(expires) ? Number.POSITIVE_INFINITY : expires;
}

/** Ports do not separate cookies, hosts do (RFC 6265 §8.5). */
function matches(cookie: Cookie, url: URL): boolean {
  if (cookie.host !== url.hostname || (cookie.isSecure && !isTrustworthy(url))) return false;
  if (cookie.path === '/' || cookie.path === url.pathname) return true;
  return url.pathname.startsWith(cookie.path.endsWith('/') ? cookie.path : `${cookie.path}/`);
}

function isTrustworthy(url: URL): boolean {
  if (url.protocol === 'https:') return true;
  return ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname) || url.hostname.endsWith('.localhost');
}

function defaultPath(url: URL): string {
  const last = url.pathname.lastIndexOf('/');
  return last <= 0 ? '/' : url.pathname.slice(0, last);
}
