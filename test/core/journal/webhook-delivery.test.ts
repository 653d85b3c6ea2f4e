/** The rules of webhooks: how requests are signed, who wants what, when the next try is, when it is over. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  newWebhookSecret,
  signatureHeaders,
  signatureOf,
} from '../../../src/core/journal/webhook-signatures.ts';
import { afterRun, retryDelay, wants } from '../../../src/core/journal/webhook-tries.ts';
import { days, hours, minutes, seconds } from '../../../src/kernel/clock.ts';
import { anOrganization, nextId } from '../../support/builders.ts';
import { aWebhook } from '../../support/webhook-builders.ts';

const { id: organizationId } = anOrganization();
const NOW = Date.UTC(2026, 2, 1, 12);

describe('S198: signatures', () => {
  test('are those of Standard Webhooks: its own example', () => {
    const message = {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestamp: 1614265330,
      body: '{"test": 2432232314}',
    };
    expect(signatureOf('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', message)).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    );
  });

  const page = readFileSync('docs/webhooks.md', 'utf8');
  const vectors = [
    ...page.matchAll(
      /secret {4}(\S+)\n +id {8}(\S+)\n +timestamp (\d+)\n +body {6}(.*)\n +signature (\S+)\n/g,
    ),
  ];
  test.each(vectors.map(([, ...vector]) => vector))(
    'S198: the published vector of %s holds',
    (secret = '', id = '', timestamp = '', body = '', signature = '') => {
      expect(signatureOf(secret, { id, timestamp: Number(timestamp), body })).toBe(signature);
    },
  );
  test('there are published vectors, with other than ASCII among them', () => {
    expect(vectors.length).toBeGreaterThanOrEqual(3);
    expect(vectors.some(([, , , , body = '']) => /[^\x20-\x7e]/.test(body))).toBe(true);
  });

  test('the secret before signs along until its end, and not a moment longer', () => {
    const webhook = aWebhook(organizationId, {
      secret: newWebhookSecret(),
      previousSecret: { value: newWebhookSecret(), endsAt: NOW + 1 },
    });
    const message = { id: 'evt_1', body: '{}' };
    const count = (at: number) =>
      signatureHeaders(webhook, message, at)['webhook-signature']?.split(' ').length;
    expect([count(NOW), count(NOW + 1)]).toEqual([2, 1]);
    expect(signatureHeaders(webhook, message, NOW)['webhook-timestamp']).toBe(String(NOW / 1000));
  });

  test.each(['', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'])(
    'nothing is signed under %j, which is no secret',
    (none) => {
      expect(() => signatureOf(none, { id: 'evt_1', timestamp: 1, body: '{}' })).toThrow(
        'Nothing is signed without a secret.',
      );
    },
  );

  test('no two secrets are alike, and each has 256 bits', () => {
    const secrets = new Set(Array.from({ length: 100 }, newWebhookSecret));
    expect(secrets.size).toBe(100);
    for (const secret of secrets)
      expect([secret.slice(0, 6), Buffer.from(secret.slice(6), 'base64').length]).toEqual(['whsec_', 32]);
  });
});

test.each([
  [null, 'member.removed', true],
  [['member.removed'], 'member.removed', true],
  [['member.removed'], 'member.removed_again', false],
  [['member.*'], 'member.removed', true],
  [['member.*'], 'membership.removed', false],
  [['team.*', 'member.added'], 'member.removed', false],
] as const)('a webhook for %j and %s: %s', (types, type, answer) => {
  expect(wants(types, type)).toBe(answer);
});

describe('S200: tries', () => {
  const webhook = aWebhook(organizationId, { position: 7 });
  const failing = { position: 7, outcome: 'rejected', setAside: [] } as const;

  test('wait from 5 seconds to an hour, longer each time, not all at the same moment', () => {
    for (const [failures, most] of [
      [1, seconds(5)],
      [2, seconds(10)],
      [5, seconds(80)],
      [12, hours(1)],
      [500, hours(1)],
    ] as const) {
      const waits = Array.from({ length: 50 }, () => retryDelay({ id: nextId('whk') }, failures));
      expect(Math.max(...waits)).toBeLessThanOrEqual(most);
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(most * 0.75);
      expect(new Set(waits).size).toBeGreaterThan(10);
    }
  });

  test('go on for three days of nothing but failures, and no longer', () => {
    let [now, last] = [NOW, { ...webhook }];
    for (let tries = 0; last.status === 'active' && tries < 1000; tries += 1) {
      last = afterRun(last, failing, now);
      now = last.dueAt ?? now;
    }
    expect(last).toMatchObject({ status: 'disabled', disabledBecause: 'failing', dueAt: null, position: 7 });
    expect(now - NOW).toBeGreaterThanOrEqual(days(3));
    expect(now - NOW).toBeLessThanOrEqual(days(3) + hours(1));
    expect(last.failures).toBeLessThan(120);
  });

  test('begin anew with every event that is taken', () => {
    const late = { ...webhook, failures: 40, failingSince: NOW - days(4) };
    expect(afterRun(late, { position: 8, outcome: 'rejected', setAside: [] }, NOW)).toMatchObject({
      ...{ status: 'active', failures: 1, failingSince: NOW, position: 8 },
    });
    expect(afterRun(late, { position: 8, outcome: 'accepted', setAside: [] }, NOW)).toMatchObject({
      ...{ status: 'active', failures: 0, failingSince: null, dueAt: NOW },
    });
  });

  test('end with 410 at once; no other answer does that', () => {
    expect(afterRun(webhook, { position: 7, outcome: 'gone', setAside: [] }, NOW)).toMatchObject({
      ...{ status: 'disabled', disabledBecause: 'gone', dueAt: null, position: 7 },
    });
    for (const outcome of ['rejected', 'unreachable', 'not_allowed'] as const) {
      const next = afterRun(webhook, { position: 7, outcome, setAside: [] }, NOW);
      expect(next).toMatchObject({ status: 'active', failures: 1, lastResult: { outcome, at: NOW } });
      expect((next.dueAt ?? 0) - NOW).toBeLessThan(minutes(1));
    }
  });
});
