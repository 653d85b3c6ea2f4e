/** A small user agent: cookies, redirects by hand, forms posted as a browser posts them. No script. */
import { request as send } from 'undici';
import { type CookieJar, createCookieJar } from './cookie-jar.ts';
import { type HtmlForm, readForms } from './html-forms.ts';

export interface Page {
  readonly status: number;
  /** The address that answered. */
  readonly url: string;
  readonly text: string;
  readonly headers: Headers;
  /** Every address asked on the way here, first to last. */
  readonly trail: readonly string[];
}

export interface FormChoice {
  /** The form's name or id; the first form of the page if absent. */
  readonly form?: string;
  /** Values that replace or extend the preset ones. */
  readonly values?: Readonly<Record<string, string>>;
  /** False stops at the first answer; true if absent. */
  readonly follow?: boolean;
}

export interface Visit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Browser {
  readonly cookies: CookieJar;
  /** One request, no redirect followed. */
  request(url: string, visit?: Visit): Promise<Page>;
  /** A visit that follows up to 15 redirects. */
  follow(url: string, visit?: Visit): Promise<Page>;
  /** Submits a form of a page. Throws if the page has no such form. */
  submitForm(page: Page, choice?: FormChoice): Promise<Page>;
  /** Follows, then submits forms that post themselves (SAML's) until a page for people appears. */
  signIn(url: string): Promise<Page>;
}

const MOST_HOPS = 15;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** A browser with an empty cookie jar. */
export function createBrowser(
  options: { readonly headers?: Readonly<Record<string, string>> } = {},
): Browser {
  const cookies = createCookieJar();
  const request = async (url: string, visit: Visit = {}): Promise<Page> => {
    const target = new URL(url);
    const cookie = cookies.headerFor(target);
    // Not fetch: it writes its own Sec-Fetch-Mode over the one a navigation sends.
    const answer = await send(target, {
      method: visit.method ?? 'GET',
      headers: {
        accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
        'sec-fetch-site': 'none',
        ...options.headers,
        ...visit.headers,
        ...(cookie === undefined ? {} : { cookie }),
      },
      body: visit.body ?? null,
    });
    const headers = readHeaders(answer.headers);
    cookies.store(target, headers.getSetCookie());
    const text = await answer.body.text();
    return { status: answer.statusCode, url: target.href, text, headers, trail: [target.href] };
  };
  const follow = async (url: string, visit: Visit = {}): Promise<Page> =>
    followFrom(await request(url, visit), request, visit);
  const submitForm = async (page: Page, choice: FormChoice = {}): Promise<Page> => {
    const { url, visit } = submission(page, choice);
    return choice.follow === false ? request(url, visit) : follow(url, visit);
  };
  const signIn = async (url: string): Promise<Page> => {
    let page = await follow(url);
    for (let hop = 0; hop < MOST_HOPS && postsItself(page); hop += 1) page = await submitForm(page);
    return page;
  };
  return { cookies, request, follow, submitForm, signIn };
}

function readHeaders(source: Readonly<Record<string, string | string[] | undefined>>): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(source)) {
    for (const item of [value ?? []].flat()) headers.append(name, item);
  }
  return headers;
}

async function followFrom(first: Page, request: Browser['request'], visit: Visit): Promise<Page> {
  let page = first;
  const trail = [...first.trail];
  while (REDIRECTS.has(page.status)) {
    const location = page.headers.get('location');
    if (location === null) break;
    if (trail.length > MOST_HOPS) throw new Error(`more than ${MOST_HOPS} redirects: ${trail.join(' -> ')}`);
    const target = new URL(location, page.url);
    const keepsMethod = page.status === 307 || page.status === 308;
    page = await request(target.href, keepsMethod ? visit : { headers: siteHeader(page.url, target) });
    trail.push(page.url);
  }
  return { ...page, trail };
}

function submission(page: Page, choice: FormChoice): { readonly url: string; readonly visit: Visit } {
  const form = pick(page, choice.form);
  const target = new URL(form.action === '' ? page.url : form.action, page.url);
  const values = new URLSearchParams(form.fields.map(([name, value]): [string, string] => [name, value]));
  for (const [name, value] of Object.entries(choice.values ?? {})) values.set(name, value);
  if (form.method === 'GET') {
    target.search = values.toString();
    return { url: target.href, visit: { headers: siteHeader(page.url, target) } };
  }
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    origin: new URL(page.url).origin,
    ...siteHeader(page.url, target),
  };
  return { url: target.href, visit: { method: 'POST', headers, body: values.toString() } };
}

function pick(page: Page, name: string | undefined): HtmlForm {
  const forms = readForms(page.text);
  const form = name === undefined ? forms[0] : forms.find((candidate) => candidate.name === name);
  if (form === undefined)
    throw new Error(`no form ${name ?? ''} on ${page.url} (${page.status}): ${page.text}`);
  return form;
}

function postsItself(page: Page): boolean {
  return page.status === 200 && /forms\[0\]\.submit\(\)/.test(page.text);
}

/** `same-site` is not told apart from `same-origin`'s opposite here except by host name: ports make origins, not sites. */
function siteHeader(from: string, to: URL): Readonly<Record<string, string>> {
  const source = new URL(from);
  if (source.origin === to.origin) return { 'sec-fetch-site': 'same-origin' };
  return { 'sec-fetch-site': source.hostname === to.hostname ? 'same-site' : 'cross-site' };
}
