/** A crowd at the password door, with the real hasher at its lowest cost: who waits, who is sent away, who notices nothing. */
import { expect, test } from '@jest/globals';
import supertest from 'supertest';
import { createEdge } from '../../src/http/server.ts';
import { createArgon2Passwords } from '../../src/outbound/argon2-passwords.ts';
import { startGateway } from '../support/gateway.ts';

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
  const answers = Promise.all(signIns);
  const health = await supertest(server).get('/healthz');
  const page = await supertest(server).get('/sign-in');
  expect([health.status, page.status]).toEqual([200, 200]);
  const statuses = (await answers).map(({ status, headers }) => [status, headers['retry-after']]);
  const looked = statuses.filter(([status]) => status === 401);
  const sentAway = statuses.filter(([status]) => status === 429);
  expect(looked.length + sentAway.length).toBe(200);
  expect(hashed).toBe(looked.length);
  expect(sentAway.length).toBeGreaterThan(0);
  for (const [, retryAfter] of sentAway) expect(retryAfter).toBe('10');
  await gateway.close();
});
