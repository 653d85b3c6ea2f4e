/** Guessing passwords over HTTP: every door that takes one counts the same tries, and shuts for the guesser alone. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../src/core/entities/organization.ts';
import { days, minutes } from '../../src/kernel/clock.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { aMember, invite, PASSWORD } from '../support/page-visits.ts';

const GUESS = 'not the right sentence';

interface Stage {
  readonly gateway: TestGateway;
  /** Where the person is a member already. */
  readonly home: Organization;
  readonly email: string;
  /** Two networks from which nobody has tried yet. */
  readonly here: string;
  readonly elsewhere: string;
}

let limited: TestGateway;
let unlimited: TestGateway;
beforeAll(async () => {
  limited = await startGateway({ rateLimits: true, trustProxy: ['127.0.0.1'] });
  unlimited = await startGateway({ rateLimits: false, trustProxy: ['127.0.0.1'] });
});
afterAll(async () => {
  await limited.close();
  await unlimited.close();
});

let networks = 0;
function newNetwork(): string {
  networks += 1;
  return `198.51.100.${networks}`;
}

/** A person and networks of their own: nothing that was counted before concerns them. */
async function stage(gateway = limited): Promise<Stage> {
  const home = await gateway.createOrganization({ name: 'Home' });
  const { email } = await aMember(gateway, home);
  return { gateway, home, email, here: newNetwork(), elsewhere: newNetwork() };
}

interface Try {
  readonly email: string;
  readonly password?: string;
  readonly ip?: string;
}
type Door = (tried: Try) => Promise<{ status: number; headers: Record<string, string>; text: string }>;

const DOORS: [
  title: string,
  open: (stage: Stage) => Promise<Door>,
  refused: number,
  entered: number,
  type: RegExp,
][] = [
  ['the sign-in as JSON', async (it) => signInJson(it), 401, 204, /problem\+json/],
  ['the sign-in form', async (it) => signInForm(it), 401, 303, /html/],
  ['accepting over the API', acceptJson, 409, 200, /problem\+json/],
  ['accepting by the form', acceptForm, 401, 303, /html/],
];

const signInJson =
  ({ gateway, here }: Pick<Stage, 'gateway' | 'here'>): Door =>
  ({ email, password = GUESS, ip = here }) =>
    gateway.request().post('/sign-in/password').set('X-Forwarded-For', ip).send({ email, password });

const signInForm =
  ({ gateway, here }: Pick<Stage, 'gateway' | 'here'>): Door =>
  ({ email, password = GUESS, ip = here }) =>
    gateway
      .request()
      .post('/sign-in/password')
      .set({ 'X-Forwarded-For': ip, Origin: gateway.baseUrl })
      .type('form')
      .send({ email, password });

/** A link to another organization, for an account that exists. */
async function aLink({ gateway, email }: Stage) {
  const other = await gateway.createOrganization({ name: 'Other' });
  return invite(gateway, other, { email });
}

async function acceptJson(it: Stage): Promise<Door> {
  const { token } = await aLink(it);
  const { here } = it;
  return ({ password = GUESS, ip = here }) =>
    it.gateway
      .request()
      .post(`/api/v1/invitations/${token}/accept`)
      .set('X-Forwarded-For', ip)
      .send({ name: 'Mallory', password });
}

async function acceptForm(it: Stage): Promise<Door> {
  const { path } = await aLink(it);
  const { here } = it;
  return ({ password = GUESS, ip = here }) =>
    it.gateway
      .request()
      .post(path)
      .set({ 'X-Forwarded-For': ip, Origin: it.gateway.baseUrl })
      .type('form')
      .send({ password });
}

async function guess(door: Door, tried: Try, times: number): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (let round = 0; round < times; round += 1) statuses.push((await door(tried)).status);
  return statuses;
}

const rejections = async ({ gateway, home }: Stage) =>
  gateway.storage.auditEvents.list(home.id, { type: 'password.rejected' }, { limit: 1000 });

describe.each(DOORS)('%s', (_title, openDoor, refused, entered, type) => {
  test('S178 after ten wrong passwords the next, right or wrong, is 429 with Retry-After until the time is over', async () => {
    const it = await stage();
    const { email } = it;
    const door = await openDoor(it);
    expect(await guess(door, { email }, 10)).toEqual(Array(10).fill(refused));
    it.gateway.clock.advance(minutes(5));
    for (const password of [GUESS, PASSWORD]) {
      const { status, headers } = await door({ email, password });
      expect([status, headers['retry-after'], headers['set-cookie']]).toEqual([429, '600', undefined]);
      expect(headers['content-type']).toMatch(type);
    }
    it.gateway.clock.advance(minutes(10));
    expect((await door({ email, password: PASSWORD })).status).toBe(entered);
  });

  test('S178 the person still gets in from another network', async () => {
    const it = await stage();
    const door = await openDoor(it);
    await guess(door, { email: it.email }, 11);
    expect((await door({ email: it.email, password: PASSWORD, ip: it.elsewhere })).status).toBe(entered);
  });

  test('S178 each wrong password is told to the organizations of the person, a refused try is not', async () => {
    const it = await stage();
    const door = await openDoor(it);
    await guess(door, { email: it.email }, 12);
    const rows = await rejections(it);
    expect(rows).toHaveLength(10);
    for (const { actor, ip } of rows) expect([actor, ip]).toEqual([{ kind: 'anonymous' }, it.here]);
  });

  test('switched off: no try is refused for being one of many', async () => {
    const it = await stage(unlimited);
    const door = await openDoor(it);
    expect(await guess(door, { email: it.email }, 12)).toEqual(Array(12).fill(refused));
    expect((await door({ email: it.email, password: PASSWORD })).status).toBe(entered);
  });
});

describe('the doors together', () => {
  test('S178 tries at one door count at the other, however the address is spelled', async () => {
    const it = await stage();
    const accept = await acceptJson(it);
    await guess(accept, { email: it.email }, 5);
    await guess(signInJson(it), { email: ` ${it.email.toUpperCase()}` }, 5);
    expect(await guess(accept, { email: it.email }, 1)).toEqual([429]);
    expect(await guess(signInForm(it), { email: it.email }, 1)).toEqual([429]);
  });

  test('S177 S178 an unknown address is answered as a known one, all the way into the refusal', async () => {
    const it = await stage();
    const door = signInJson(it);
    const answersTo = async (email: string) => {
      const answers = [];
      for (let round = 0; round < 12; round += 1) {
        const { status, headers, text } = await door({ email });
        answers.push([status, headers['retry-after'], text.replace(/urn:uuid:[\w-]+/, '')]);
      }
      return answers;
    };
    expect(await answersTo(it.email)).toEqual(await answersTo(`not-${it.email}`));
  });

  test('S178 a right password gives ten more tries; another address from there was never in the way', async () => {
    const it = await stage();
    const door = signInJson(it);
    const { email: other } = await aMember(it.gateway, it.home);
    await guess(door, { email: it.email }, 9);
    expect((await door({ email: it.email, password: PASSWORD })).status).toBe(204);
    expect(await guess(door, { email: it.email }, 11)).toEqual([...Array(10).fill(401), 429]);
    expect((await door({ email: other, password: PASSWORD })).status).toBe(204);
  });

  test('S178 fifty guesses at once: ten are looked at', async () => {
    const it = await stage();
    const door = signInJson(it);
    const answers = await Promise.all(Array.from({ length: 50 }, () => door({ email: it.email })));
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(10);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(40);
  });

  test('S178 one network that tries many addresses is shut out after a hundred', async () => {
    const it = await stage();
    const door = signInJson(it);
    for (let index = 0; index < 100; index += 1) await door({ email: `p${index}@x.example` });
    expect((await door({ email: it.email, password: PASSWORD })).status).toBe(429);
    expect((await door({ email: it.email, password: PASSWORD, ip: it.elsewhere })).status).toBe(204);
  });

  test('S178 an X-Forwarded-For that nobody vouches for makes no new network', async () => {
    const gateway = await startGateway({ rateLimits: true });
    const statuses: number[] = [];
    for (let index = 0; index < 11; index += 1) {
      const door = signInJson({ gateway, here: `203.0.113.${index}` });
      statuses.push((await door({ email: 'ada@x.example' })).status);
    }
    await gateway.close();
    expect(statuses).toEqual([...Array(10).fill(401), 429]);
  });
});

describe('a device the person has signed in from', () => {
  const DEVICE = '__Host-gatehouse-device';
  const deviceOf = (answer: { headers: Record<string, unknown> }): string =>
    [answer.headers['set-cookie'] ?? []]
      .flat()
      .map(String)
      .find((cookie) => cookie.startsWith(`${DEVICE}=`))
      ?.split(';')[0] ?? 'none';

  /** A person, and the cookie of a device of theirs. */
  async function aKnownDevice() {
    const it = await stage();
    const entered = await it.gateway
      .request()
      .post('/sign-in/password')
      .set('X-Forwarded-For', newNetwork())
      .send({ email: it.email, password: PASSWORD });
    return { ...it, device: deviceOf(entered) };
  }

  const tryFrom = (
    { gateway, email, here }: Stage,
    device: string,
    { password = PASSWORD, address = email }: { password?: string; address?: string } = {},
  ) =>
    gateway
      .request()
      .post('/sign-in/password')
      .set({ 'X-Forwarded-For': here, Cookie: device, Origin: gateway.baseUrl })
      .send({ email: address, password });

  test('S178 lets the right password in while everybody else is shut out, on the very same network', async () => {
    const it = await aKnownDevice();
    expect(await guess(signInJson(it), { email: it.email }, 11)).toEqual([...Array(10).fill(401), 429]);
    expect((await tryFrom(it, it.device)).status).toBe(204);
    expect((await tryFrom(it, 'other=1')).status).toBe(429);
  });

  test('S178 has ten tries of its own', async () => {
    const it = await aKnownDevice();
    const statuses: number[] = [];
    for (let round = 0; round < 11; round += 1)
      statuses.push((await tryFrom(it, it.device, { password: GUESS })).status);
    expect(statuses).toEqual([...Array(10).fill(401), 429]);
  });

  test.each<[string, (it: Stage & { device: string }) => string | Promise<string>]>([
    ['of another person', async () => (await aKnownDevice()).device],
    ['with a changed name', ({ device }) => device.replace('=', '=x')],
    ['with a later date', ({ device }) => device.replace(/\.[0-9a-z]+\./, '.zzzzzzzz.')],
    ['without a signature', ({ device }) => device.replace(/\.[^.]+$/, '')],
    [
      'from half a year ago',
      (it) => {
        it.gateway.clock.advance(days(180));
        return it.device;
      },
    ],
  ])('S178 a device cookie %s counts for nothing', async (_title, forge) => {
    const it = await aKnownDevice();
    const device = await forge(it);
    await guess(signInJson(it), { email: it.email }, 11);
    expect((await tryFrom(it, device)).status).toBe(429);
  });

  test('S177 the cookie names nobody, and tells nobody whether somebody else has an account', async () => {
    const it = await aKnownDevice();
    expect(it.device).not.toContain(it.email);
    const answers = await Promise.all(
      [`not-${it.email}`, it.email].map((address) => tryFrom(it, it.device, { address, password: GUESS })),
    );
    const told = answers.map(({ status, text }) => [status, text.replace(/urn:uuid:[\w-]+/, '')]);
    expect(told[0]).toEqual(told[1]);
  });
});

describe.each([
  ['an emergency code', '/sign-in/emergency', 'code'],
  ['the operator key on the console’s page', '/console/sign-in', 'operator_key'],
] as const)('S178: guessing %s', (_title, path, field) => {
  const guess = (ip: string, value = 'ghx_wrong', gateway = limited) =>
    gateway
      .request()
      .post(path)
      .type('form')
      .set('x-forwarded-for', ip)
      .send({ [field]: value });

  test('ends for its network after ten tries, right or wrong, for a quarter of an hour; nobody elsewhere notices', async () => {
    const [here, elsewhere] = [newNetwork(), newNetwork()];
    const right = path === '/console/sign-in' ? limited.operatorKey : undefined;
    const statuses: number[] = [];
    for (let round = 0; round < 11; round += 1) statuses.push((await guess(here)).status);
    expect(statuses).toEqual([...Array(10).fill(401), 429]);
    const late = await guess(here, right);
    expect([late.status, Number(late.headers['retry-after']) > 0]).toEqual([429, true]);
    expect((await guess(elsewhere, right)).status).toBe(right === undefined ? 401 : 303);
    limited.clock.advance(minutes(15));
    expect((await guess(here, right)).status).toBe(right === undefined ? 401 : 303);
  });

  test('without limits never does', async () => {
    const here = newNetwork();
    for (let round = 0; round < 12; round += 1)
      expect((await guess(here, 'ghx_wrong', unlimited)).status).toBe(401);
  });
});
