/** Rate limits over HTTP: what every answer tells, how requests wait, and how they are refused. */
import { describe, expect, test } from '@jest/globals';
import type { ErrorRequestHandler } from 'express';
import express from 'express';
import supertest from 'supertest';
import type { RateLimits } from '../../../src/core/rate-limit.ts';
import { renderScimError } from '../../../src/http/errors/scim.ts';
import { attachFacts } from '../../../src/http/request-facts.ts';
import { sendText } from '../../../src/http/scim/answers.ts';
import { limitDirectories } from '../../../src/http/scim/rate-limiting.ts';
import { createLogger } from '../../../src/kernel/log.ts';
import { startGateway } from '../../support/gateway.ts';
import { aScimUser, ERROR_URN, scimCaller } from '../../support/scim.ts';

const LIMITS: RateLimits = { perSecond: 10, burst: 2, inFlight: 2, inFlightOfAll: 8, maxDelayMs: 1000 };

/** The middleware before a route that answers its own path, on a clock and timers that the test moves. */
function stage() {
  const time = { now: 1_000_000 };
  const timers: { readonly at: number; readonly work: () => void }[] = [];
  const limit = limitDirectories(
    LIMITS,
    () => time.now,
    (work, ms) => {
      timers.push({ at: time.now + ms, work });
    },
  );
  const answered: string[] = [];
  const arrived: string[] = [];
  const app = express();
  const attach = attachFacts(createLogger({ level: 'silent' }));
  app.use((req, res, next) => {
    attach(req, res);
    next();
  });
  app.use('/:directoryId', (req, res, next) => {
    arrived.push(req.originalUrl);
    res.locals.scim = { directoryId: String(req.params.directoryId) };
    limit(req, res, next);
  });
  app.use((req, res) => {
    answered.push(req.originalUrl);
    sendText(res, 200, '{}');
  });
  const refused: ErrorRequestHandler = (error, req, res, next) => renderScimError(error, req, res, next);
  app.use(refused);
  /** Runs the timers that are due at that time. */
  const pass = (ms: number) => {
    time.now += ms;
    const due = timers.filter(({ at }) => at <= time.now);
    timers.splice(0, timers.length, ...timers.filter(({ at }) => at > time.now));
    for (const { work } of due) work();
  };
  return { agent: supertest(app), pass, timers, answered, arrived };
}

/** Resolves once `isTrue` holds; what it waits for are sockets, not the clock. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}

describe('waiting and refusing', () => {
  test('5.3: beyond the burst answers come later, one for each tenth of a second, and are not refused', async () => {
    const { agent, pass, timers, answered } = stage();
    await agent.get('/x/1');
    await agent.get('/x/2');
    const waiting = Promise.all([agent.get('/x/3'), agent.get('/x/4')]);
    await until(() => timers.length > 0);
    expect(answered).toHaveLength(2);
    while (answered.length < 4) {
      pass(100);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await waiting).map(({ status }) => status)).toEqual([200, 200]);
  });

  test('L11: beyond what may wait it is 429 in SCIM’s form, with Retry-After in whole seconds', async () => {
    const { agent, pass, answered, arrived } = stage();
    await agent.get('/x/1');
    await agent.get('/x/2');
    const statuses: number[] = [];
    const waiting = Array.from({ length: 10 }, (_, index) =>
      agent.get(`/x/${index}`).then(({ status }) => statuses.push(status)),
    );
    await until(() => arrived.length === 12);
    const refusal = await agent.get('/x/late');
    expect(refusal.status).toBe(429);
    expect(refusal.body).toEqual({
      schemas: [ERROR_URN],
      status: '429',
      detail: expect.stringContaining('Wait 1 s.'),
    });
    expect(refusal.headers).toMatchObject({ 'retry-after': '1', 'x-rate-limit-remaining': '0' });
    await until(() => {
      pass(20);
      return statuses.length === 10;
    });
    await Promise.all(waiting);
    expect(statuses).toEqual(Array(10).fill(200));
    expect(answered).toHaveLength(12);
  });

  test('S222: another directory is answered at once meanwhile', async () => {
    const { agent, pass, timers, answered } = stage();
    await agent.get('/x/1');
    await agent.get('/x/2');
    const waiting = agent.get('/x/3').then(({ status }) => status);
    await until(() => timers.length > 0);
    const answer = await agent.get('/y/1');
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({ 'x-rate-limit-limit': '2', 'x-rate-limit-remaining': '1' });
    expect(answered).not.toContain('/x/3');
    pass(100);
    expect(await waiting).toBe(200);
  });
});

describe('headers', () => {
  test('2.G-64: every answer to a known directory says limit, remaining and reset; S221: whatever path it takes', async () => {
    const gateway = await startGateway({ rateLimits: true });
    try {
      const directory = await gateway.createDirectory(await gateway.createOrganization());
      const scim = scimCaller(gateway, directory);
      const answers = [
        await scim.get('/Users'),
        await scim.post('/Users', aScimUser()),
        await scim.post('/Users', aScimUser()),
        await scim.get('/nothing'),
        await scim.delete('/Users'),
        await scim.post('/Users', '{'),
        await scim.get('/users'),
      ];
      expect(answers.map(({ status }) => status)).toEqual([200, 201, 409, 404, 405, 400, 404]);
      expect(answers.map(({ headers }) => headers['x-rate-limit-remaining'])).toEqual(
        answers.map((_answer, index) => String(199 - index)),
      );
      expect(answers.map(({ headers }) => headers['x-rate-limit-limit'])).toEqual(answers.map(() => '200'));
      expect(answers[0]?.headers['x-rate-limit-reset']).toBe('1');
      const { scimPath } = directory;
      const stranger = await scimCaller(gateway, { scimPath, token: 'ghd_x' }).get('/Users');
      expect([stranger.status, stranger.headers['x-rate-limit-limit']]).toEqual([401, undefined]);
    } finally {
      await gateway.close();
    }
  });

  test('switched off, nothing is limited and nothing is said', async () => {
    const gateway = await startGateway();
    try {
      const directory = await gateway.createDirectory(await gateway.createOrganization());
      const { headers } = await scimCaller(gateway, directory).get('/Users');
      expect(Object.keys(headers).filter((name) => name.startsWith('x-rate-limit'))).toEqual([]);
    } finally {
      await gateway.close();
    }
  });

  test('a flood of 201 and more is held on the gateway’s own clock and goes on when that moves', async () => {
    const gateway = await startGateway({ rateLimits: true });
    try {
      const directory = await gateway.createDirectory(await gateway.createOrganization());
      const scim = scimCaller(gateway, directory);
      for (let index = 0; index < 200; index += 1) await scim.get('/ServiceProviderConfig');
      let isAnswered = false;
      const held = scim.get('/ServiceProviderConfig').then((answer) => {
        isAnswered = true;
        return answer;
      });
      const other = await gateway.createDirectory(await gateway.createOrganization());
      expect((await scimCaller(gateway, other).get('/Users')).status).toBe(200);
      expect(isAnswered).toBe(false);
      gateway.clock.advance(10);
      expect((await held).status).toBe(200);
    } finally {
      await gateway.close();
    }
  });
});
