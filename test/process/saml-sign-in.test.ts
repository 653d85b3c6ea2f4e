/** SAML sign-ins at the gateway as it is started, where responses are judged in another thread. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newStore, startGatehouse } from '../../scripts/bench/peers/gatehouse.ts';
import { personBody } from '../../scripts/bench/people.ts';
import {
  addSamlCompany,
  groupNames,
  postResponse,
  type SamlCompany,
} from '../../scripts/bench/saml-company.ts';
import { closeSubject, createSubject, type Subject } from '../../scripts/bench/subject.ts';
import { SESSION_COOKIE } from '../../src/http/cookies.ts';

let folder: string;
let subject: Subject;
let company: SamlCompany;
let origin: string;
let operatorKey: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-saml-'));
  const { peer, store } = await startGatehouse(newStore(folder));
  subject = createSubject('gatehouse', peer);
  ({ origin } = new URL(peer.base));
  ({ operatorKey } = store);
  company = await addSamlCompany({ origin, operatorKey }, 'measured');
});

afterAll(async () => {
  await closeSubject(subject);
  rmSync(folder, { recursive: true, force: true });
});

async function pushed(number: number): Promise<string> {
  const body = personBody(number);
  const { status } = await subject.loader.call('POST', '/Users', body);
  expect(status).toBe(201);
  return String(body.userName);
}

const post = (samlResponse: string) => postResponse(origin, company, samlResponse);

const sessionIn = (answer: { readonly headers: Headers }) =>
  answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';', 1)[0] ?? '')
    .find((cookie) => cookie.startsWith(`${SESSION_COOKIE}=ghs_`));

test('a response becomes a session, and what is wrong with another is told to the organization alone', async () => {
  const userName = await pushed(1);
  const answer = await post(company.responder()(userName));
  expect(answer.status).toBe(303);
  const session = await fetch(`${origin}/api/v1/session`, { headers: { cookie: sessionIn(answer) ?? '' } });
  expect(await session.json()).toMatchObject({ organization: { slug: 'measured' } });

  const forged = Buffer.from(company.responder()(userName), 'base64').toString().replaceAll('Staff', 'Chief');
  const refused = await post(Buffer.from(forged).toString('base64'));
  expect([refused.status, sessionIn(refused)]).toEqual([403, undefined]);
  expect(await refused.text()).not.toMatch(/signature|saml/i);
  const events = await fetch(`${origin}/api/v1/organizations/measured/audit-events?type=saml.rejected`, {
    headers: { authorization: `Bearer ${operatorKey}` },
  });
  expect(await events.text()).toContain('saml.signature');
});

test('S46: one response posted 30 times at once opens exactly one session', async () => {
  const samlResponse = company.responder()(await pushed(2));
  const answers = await Promise.all(Array.from({ length: 30 }, () => post(samlResponse)));
  expect(answers.map(({ status }) => status).toSorted()).toEqual([303, ...Array(29).fill(403)]);
});

test('of a crowd at one connection one gets in, and the rest is refused or told to come back: nothing of it is a fault', async () => {
  const samlResponse = company.responder(groupNames(900))(await pushed(3));
  const answers = await Promise.all(Array.from({ length: 300 }, () => post(samlResponse)));
  // How many are judged before the next come is the machine's affair; that those beyond the places are sent away is validator-pool's.
  const others = answers.filter(({ status }) => status !== 403 && status !== 429);
  expect(others.map(({ status }) => status)).toEqual([303]);
  for (const { status, headers } of answers)
    expect(headers.get('retry-after')).toBe(status === 429 ? '2' : null);
});
