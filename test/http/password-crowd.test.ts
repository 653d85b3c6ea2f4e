/** A crowd at the password door, with the real hasher at its lowest cost: who waits, who is sent away, who notices nothing. */
import { createRequire } from 'node:module';
import { expect, jest, test } from '@jest/globals';
import type * as Argon2 from '@node-rs/argon2';
import supertest from 'supertest';
import { createEdge } from '../../src/http/server.ts';
import { createArgon2Passwords } from '../../src/outbound/argon2-passwords.ts';
import { startGateway } from '../support/gateway.ts';
import { until } from '../support/in-time.ts';

/** No hash is done before this: how many come while one is being made would else be a race of threads. */
const open = Promise.withResolvers<void>();
const library: typeof Argon2 = createRequire(import.meta.url)('@node-rs/argon2');
jest.unstable_mockModule('@node-rs/argon2', () => ({
  ...library,
  verify: (...asked: Parameters<typeof library.verify>) => open.promise.then(() => library.verify(...asked)),
}));

test('S179 of 200 sign-ins at once as many are looked at as there are places; the rest comes back later, other pages do not wait', async () => {
  const gateway = await startGateway();
  const passwords = createArgon2Passwords({
    pepper: Buffer.alloc(32),
    cost: 'floor',
    concurrency: 2,
    queue: 6,
  });
  let hashed = 0;
  const verify: typeof passwords.verify = async (...asked) => {
    const answer = await passwords.verify(...asked);
    hashed += 1;
    return answer;
  };
  const { answer: server } = createEdge({ ...gateway.deps, passwords: { ...passwords, verify } });
  const signIns = Array.from({ length: 200 }, (_, index) =>
    supertest(server)
      .post('/sign-in/password')
      .send({ email: `p${index}@x.example`, password: 'a guess' }),
  );
  let sentAwayCount = 0;
  const answers = Promise.all(
    signIns.map(async (signIn) => {
      const answer = await signIn;
      if (answer.status === 429) sentAwayCount += 1;
      return answer;
    }),
  );
  const health = await supertest(server).get('/healthz');
  const page = await supertest(server).get('/sign-in');
  expect([health.status, page.status]).toEqual([200, 200]);
  await until('everybody beyond two and six is sent away', () => sentAwayCount === 192);
  open.resolve();
  const statuses = (await answers).map(({ status, headers }) => [status, headers['retry-after']]);
  const looked = statuses.filter(([status]) => status === 401);
  const sentAway = statuses.filter(([status]) => status === 429);
  expect([looked.length, sentAway.length, hashed]).toEqual([8, 192, 8]);
  for (const [, retryAfter] of sentAway) expect(retryAfter).toBe('10');
  await gateway.close();
});
