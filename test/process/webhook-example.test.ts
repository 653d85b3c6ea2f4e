/** The receiver of `examples/webhooks`, run as it stands: takes what is genuine and fresh, and nothing else. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newWebhookSecret, signatureHeaders } from '../../src/core/journal/webhook-signatures.ts';
import { findFreePort } from '../support/free-port.ts';
import { endChild } from '../support/gateway-process.ts';

const secret = newWebhookSecret();
let receiver: ChildProcess;
let url = '';
let printed = '';

beforeAll(async () => {
  const port = String(await findFreePort());
  url = `http://localhost:${port}/`;
  receiver = spawn(process.execPath, ['examples/webhooks/server.mjs'], {
    env: { ...process.env, PORT: port, WEBHOOK_SECRET: secret },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  receiver.stdout?.on('data', (chunk) => {
    printed += chunk;
  });
  while (!printed.includes('listening')) await once(receiver.stdout ?? receiver, 'data');
});
afterAll(() => endChild(receiver, 'SIGTERM'));

const body = '{"id":"evt_1","type":"member.added","organizationId":"org_1","data":{}}';
const signedAt = (ms: number, change: Partial<Parameters<typeof signatureHeaders>[0]> = {}) =>
  signatureHeaders({ secret, previousSecret: null, ...change }, { id: 'evt_1', body }, ms);
const post = async (headers: Readonly<Record<string, string>>, sent = body) =>
  (await fetch(url, { method: 'POST', headers, body: sent })).status;
/** A receiver has a clock of its own: the real one. */
const now = () => Date.now();

test('S198: takes a genuine event, and tells one that comes twice only once', async () => {
  expect([await post(signedAt(now())), await post(signedAt(now()))]).toEqual([204, 204]);
  // It has printed before it answered: what came with the answer is read in the same turn.
  await new Promise(setImmediate);
  expect(printed.match(/member\.added org_1/g)?.length).toBe(1);
  const other = { secret: newWebhookSecret(), previousSecret: { value: secret, endsAt: now() + 60_000 } };
  expect(await post(signedAt(now(), other))).toBe(204);
});

test('S198: refuses what is older or newer than five minutes, altered, unsigned or signed by others', async () => {
  const good = signedAt(now());
  const refused = [
    post(signedAt(now() - 301_000)),
    post(signedAt(now() + 600_000)),
    post({ ...good, 'webhook-timestamp': String(Math.floor(now() / 1000) + 1) }),
    post({ ...good, 'webhook-timestamp': 'NaN' }),
    post({ ...good, 'webhook-id': 'evt_2' }),
    post(good, `${body} `),
    post({ ...good, 'webhook-signature': good['webhook-signature']?.replace('v1,', 'v2,') ?? '' }),
    post(signedAt(now(), { secret: newWebhookSecret() })),
    post({}),
  ];
  expect(await Promise.all(refused)).toEqual(refused.map(() => 401));
});
