/** Two windows of one browser, a session in each, take turns at one authorization request: in any order, who gets the code is who was asked. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { seconds } from '../../../src/kernel/clock.ts';
import {
  answerTo,
  type Departure,
  enter,
  startApplication,
  type TestApplication,
} from '../../support/application.ts';
import { type Browser, createBrowser, type Page } from '../../support/browser.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { holdDate } from '../../support/held-date.ts';
import { aMember, PASSWORD, postForm } from '../../support/page-visits.ts';

const SESSION = '__Host-gatehouse-session';
/** The organization of each has her name. */
const PEOPLE = ['ada', 'eve'] as const;
type Who = (typeof PEOPLE)[number];
type Step = `${Who} ${'signs in' | 'comes by' | 'resumes' | 'signs out'}` | 'a minute passes';

interface Wish {
  /** Who sends the browser to the gateway. */
  readonly by: Who;
  readonly parameters: () => Readonly<Record<string, string>>;
  /** Of whoever gets a code: what must be so. */
  readonly holds: (about: { readonly who: Who; readonly isNew: boolean; readonly age: number }) => boolean;
}

let gateway: TestGateway;
let product: TestApplication;
let hint: string;
const emails = { ada: '', eve: '' };

beforeAll(async () => {
  gateway = await startGateway({ now: holdDate() });
  product = await startApplication(gateway);
  for (const who of PEOPLE) {
    const organization = await gateway.createOrganization({ name: who, slug: who });
    const { email, browser } = await aMember(gateway, organization, who);
    emails[who] = email;
    if (who === 'ada') hint = (await enter(product, browser)).id_token ?? '';
  }
});
afterAll(async () => {
  for (const each of [product, gateway]) await each.close();
});

const WISHES: Readonly<Record<string, Wish>> = {
  'prompt=login': { by: 'ada', parameters: () => ({ prompt: 'login' }), holds: ({ isNew }) => isNew },
  'max_age=0': { by: 'ada', parameters: () => ({ max_age: '0' }), holds: ({ isNew }) => isNew },
  'max_age=60': {
    by: 'ada',
    parameters: () => ({ max_age: '60' }),
    holds: ({ isNew, age }) => isNew || age <= seconds(60),
  },
  'prompt=select_account': {
    by: 'ada',
    parameters: () => ({ prompt: 'select_account' }),
    holds: ({ isNew }) => isNew,
  },
  'id_token_hint of ada': {
    by: 'eve',
    parameters: () => ({ id_token_hint: hint }),
    holds: ({ who }) => who === 'ada',
  },
  'organization=eve': {
    by: 'ada',
    parameters: () => ({ organization: 'eve' }),
    holds: ({ who }) => who === 'eve',
  },
};

/** The cookies of the request are in both windows; each has a session of its own. */
class Windows {
  readonly browser: Browser = createBrowser();
  readonly signedInAt = { ada: 0, eve: 0 };
  /** In whose session the request waits to be answered. */
  judged: Who | undefined;
  #departure: Departure | undefined;
  #startedAt = 0;
  #uid = '';
  readonly #sessions: Record<Who, string | undefined> = { ada: undefined, eve: undefined };
  readonly #wish: Wish;

  constructor(wish: Wish) {
    this.#wish = wish;
  }

  async begin(): Promise<void> {
    for (const step of ['ada signs in', 'a minute passes', 'eve signs in'] as const) await this.take(step);
    gateway.clock.advance(seconds(1));
    this.#departure = await product.begin(this.#wish.parameters());
    this.#startedAt = gateway.clock.now();
    const page = await this.#as(this.#wish.by, () => this.browser.request(this.#departure?.url ?? ''));
    this.#waitAt(page);
  }

  /** True once the application has its answer. */
  async take(step: Step): Promise<boolean> {
    gateway.clock.advance(step === 'a minute passes' ? seconds(60) : seconds(1));
    const [who, ...words] = step.split(' ');
    if (who !== 'ada' && who !== 'eve') return false;
    const deed = words.join(' ');
    const page = await this.#as(who, () => this.#do(who, deed));
    if (deed === 'signs in') this.signedInAt[who] = gateway.clock.now();
    if (deed.startsWith('signs') && this.judged === who) this.judged = undefined;
    if (deed === 'comes by' && goesTo(page, '/oidc/authorize/')) this.judged = who;
    return deed === 'resumes' && (await this.#isAnswered(who, page));
  }

  #do(who: Who, deed: string): Promise<Page> {
    const fields = { email: emails[who], password: PASSWORD };
    if (deed === 'signs in') return postForm(gateway, this.browser, { path: '/sign-in/password', fields });
    if (deed === 'signs out') return postForm(gateway, this.browser, { path: '/sign-out' });
    const place = deed === 'resumes' ? 'authorize' : 'interaction';
    return this.browser.request(`${gateway.baseUrl}/oidc/${place}/${this.#uid}`);
  }

  async #as(who: Who, visit: () => Promise<Page>): Promise<Page> {
    const url = new URL(gateway.baseUrl);
    const cookie = this.#sessions[who];
    const set = cookie === undefined ? `${SESSION}=; Max-Age=0` : `${SESSION}=${cookie}`;
    this.browser.cookies.store(url, [`${set}; Path=/; Secure`]);
    const page = await visit();
    this.#sessions[who] = this.browser.cookies.valueOf(url.href, SESSION);
    return page;
  }

  async #isAnswered(who: Who, page: Page): Promise<boolean> {
    if (goesTo(page, '/oidc/interaction/')) this.#waitAt(page);
    const location = page.headers.get('location') ?? '';
    if (!location.startsWith(product.redirectUri)) return false;
    const callback = { ...page, url: location };
    if (answerTo(callback).has('error') || this.#departure === undefined) return true;
    const claims = (await product.redeem(this.#departure, location)).claims();
    const isNew = this.signedInAt[who] > this.#startedAt;
    const age = gateway.clock.now() - this.signedInAt[who];
    expect(claims).toMatchObject({ email: emails[who], auth_time: Math.floor(this.signedInAt[who] / 1000) });
    expect({ who: this.judged, holds: this.#wish.holds({ who, isNew, age }) }).toEqual({ who, holds: true });
    return true;
  }

  /** Asked anew, it is judged anew. */
  #waitAt(page: Page): void {
    const uid = /\/oidc\/interaction\/([\w-]+)/.exec(page.headers.get('location') ?? '')?.[1];
    if (uid === undefined) throw new Error(`nobody is asked for: ${page.status} ${page.text}`);
    this.#uid = uid;
    this.judged = undefined;
  }
}

const goesTo = ({ headers }: Page, path: string): boolean => {
  const location = headers.get('location');
  return location !== null && new URL(location, gateway.baseUrl).pathname.startsWith(path);
};

async function takeAll(wish: Wish, steps: readonly Step[]): Promise<boolean> {
  const windows = new Windows(wish);
  await windows.begin();
  for (const step of steps) if (await windows.take(step)) return true;
  return false;
}

const STEPS: readonly Step[] = [
  ...PEOPLE.flatMap((who): Step[] => [
    `${who} signs in`,
    `${who} comes by`,
    `${who} resumes`,
    `${who} signs out`,
  ]),
  'a minute passes',
];

/** Each got a code once that nobody had earned, or would if one of the checks were gone. */
const ORDERS: readonly (readonly Step[])[] = [
  ['eve signs in', 'eve comes by', 'ada comes by', 'ada resumes'],
  ['eve signs in', 'eve comes by', 'ada resumes'],
  ['ada signs in', 'ada comes by', 'eve comes by', 'eve resumes'],
  ['ada signs in', 'ada comes by', 'eve resumes', 'ada resumes'],
  ['ada signs in', 'ada comes by', 'ada signs out', 'ada resumes'],
  ['ada signs in', 'ada comes by', 'ada signs in', 'ada resumes'],
  ['eve resumes'],
  ['eve comes by', 'a minute passes', 'eve resumes'],
];

describe.each(Object.entries(WISHES))('%s', (_name, wish) => {
  test('S54, S84, S100: in whichever order two sessions come by, the code is of one that did what was asked', async () => {
    const orders = fc.array(fc.constantFrom(...STEPS), { minLength: 2, maxLength: 9 });
    await fc.assert(
      fc.asyncProperty(orders, async (steps) => {
        await takeAll(wish, steps);
      }),
      { numRuns: 20, examples: ORDERS.map((order) => [[...order]]) },
    );
  });

  test('whoever does it is answered, also where another came by before, and however often they come by', async () => {
    const who = wish.holds({ who: 'ada', isNew: true, age: 0 }) ? 'ada' : 'eve';
    const other = who === 'ada' ? 'eve' : 'ada';
    const own: readonly Step[] = [`${who} signs in`, `${who} comes by`];
    for (const before of [[], [`${other} comes by`], [`${other} signs in`, `${other} comes by`]] as Step[][])
      expect(await takeAll(wish, [...before, ...own, `${who} comes by`, `${who} resumes`])).toBe(true);
  });
});
