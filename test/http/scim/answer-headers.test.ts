/** What every SCIM answer carries beside its body, whatever its status. */
import { createServer } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import supertest from 'supertest';
import { createEdge } from '../../../src/http/server.ts';
import { aScimUser, type ScimCaller } from '../../support/scim.ts';
import { scimSuite } from '../../support/scim-suite.ts';

const suite = scimSuite();

interface Asking {
  readonly scim: ScimCaller;
  /** A user in version 1. */
  readonly item: string;
  readonly scimPath: string;
}

const ANSWERS: readonly (readonly [number, (asking: Asking) => Promise<Answer>])[] = [
  [201, ({ scim }) => scim.post('/Users', aScimUser({ userName: 'grace@acme.example' }))],
  [204, ({ scim, item }) => scim.delete(item)],
  [304, ({ scim, item }) => scim.get(item, { 'If-None-Match': '*' })],
  [400, ({ scim }) => scim.post('/Users', {})],
  [401, ({ scimPath }) => suite.gateway.request().get(`${scimPath}/Users`)],
  [404, ({ scim }) => scim.get('/Users/nobody')],
  [405, ({ scim }) => scim.delete('/Users')],
  [409, ({ scim }) => scim.post('/Users', aScimUser())],
  [412, ({ scim, item }) => scim.put(item, aScimUser(), { 'If-Match': 'W/"9"' })],
];

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** What belongs to one answer, to its connection, to its body or to what it says. */
const OWN = [
  ...[
    'x-request-id',
    'date',
    'connection',
    'keep-alive',
    'content-type',
    'content-length',
    'transfer-encoding',
  ],
  ...['etag', 'location', 'allow', 'www-authenticate'],
];

function shared({ headers }: Answer): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OWN.includes(name)));
}

describe('S219: the headers of every answer are those of a 200', () => {
  test.each(ANSWERS)('%i', async (status, ask) => {
    const { scim, scimPath, addUser } = await suite.world();
    const item = `/Users/${await addUser()}`;
    const whole = await scim.get(item);
    const answer = await ask({ scim, item, scimPath });
    expect([whole.status, answer.status]).toEqual([200, status]);
    expect(Object.keys(shared(whole)).length).toBeGreaterThan(8);
    expect(shared(whole)).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    expect(shared(answer)).toEqual(shared(whole));
    expect(answer.headers['x-request-id']).not.toBe(whole.headers['x-request-id']);
  });

  test('429', async () => {
    const { scimPath, token } = await suite.world();
    const bounds = { perSecond: 1, burst: 1, inFlight: 1, inFlightOfAll: 1, maxDelayMs: 0 };
    const { messages, answer } = createEdge({ ...suite.gateway.deps, rateLimits: bounds });
    const agent = supertest(createServer(messages, answer));
    const ask = () => agent.get(`${scimPath}/Users`).set('Authorization', `Bearer ${token}`);
    const [whole, refused] = [await ask(), await ask()];
    expect([whole.status, refused.status]).toEqual([200, 429]);
    expect(refused.headers).toMatchObject({
      'retry-after': '1',
      'content-type': whole.headers['content-type'],
    });
    expect(Object.keys(refused.headers)).toEqual(expect.arrayContaining(Object.keys(whole.headers)));
    expect(refused.headers).toMatchObject({ 'cache-control': 'no-store', 'x-frame-options': 'DENY' });
  });
});
