/** Mails that anybody may ask for: a mailbox gets so many an hour, also after a restart and from another process (S171). */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { hours } from '../../src/kernel/clock.ts';
import { type ApiWorld, PASSWORD, startApiWorld } from './api/api-world.ts';

let world: ApiWorld;
beforeEach(async () => {
  world = await startApiWorld({ rateLimits: true });
  // As in a process that has just started: nothing is remembered but what the store holds.
  Object.assign(world.gateway.deps, { resetRequests: undefined, joiningRequests: undefined });
});
afterEach(() => world.close());

const TIMES = 12;
const mailsTo = async (email: string) => {
  await world.gateway.deliverMails();
  return world.gateway.mails.filter(({ to }) => to === email).length;
};

async function statusesOf(request: () => Promise<{ readonly status: number }>) {
  const statuses: number[] = [];
  for (let round = 0; round < TIMES; round += 1) statuses.push((await request()).status);
  return statuses;
}
const several = (status: number, times: number) => Array.from({ length: times }, () => status);

test('S171: ten links for a new password an hour, and the eleventh request is answered as the others; the last link works', async () => {
  const { email } = await world.newPerson(await world.newOrganization());
  const ask = () => world.gateway.request().post('/password-reset').send({ email });
  expect(await statusesOf(ask)).toEqual(several(204, TIMES));
  expect(await mailsTo(email)).toBe(10);
  const path = /\/password-reset\/\S+/.exec(world.gateway.mails.at(-1)?.text ?? '')?.[0] ?? '';
  const spent = await world.gateway.request().post(path).send({ password: 'quite another sentence' });
  expect(spent.status).toBe(204);
  world.gateway.clock.advance(hours(1));
  await ask();
  expect(await mailsTo(email)).toBe(12);
});

test('S171: ten proofs of one address an hour over all links and plus tags, and none of it stops a password reset', async () => {
  const organization = await world.newOrganization();
  const { email } = await world.newPerson(organization);
  const list = `/organizations/${organization.id}/invitation-links`;
  let round = 0;
  const ask = async () => {
    const { body } = await world.send(world.operator, `post ${list}`, { expiresIn: '24h' });
    const proofs = `post /invitation-links/${body.url.split('/').at(-1)}/proofs`;
    round += 1;
    return world.send(world.nobody, proofs, { email: email.replace('@', `+${round}@`) });
  };
  expect(await statusesOf(ask)).toEqual([...several(204, 10), 429, 429]);
  const refused = await ask();
  expect([refused.body.code, Number(refused.headers['retry-after'])]).toEqual(['too_many_requests', 3600]);
  await world.gateway.request().post('/password-reset').send({ email });
  expect(await mailsTo(email)).toBe(1);
});

test('S171: ten proofs of a new sign-in address an hour, taken by somebody or not', async () => {
  const organization = await world.newOrganization();
  const person = await world.newPerson(organization);
  const { email: taken } = await world.newPerson(organization);
  for (const email of ['free@x.example', taken]) {
    const ask = () => world.send(person, 'post /account/email', { currentPassword: PASSWORD, email });
    expect(await statusesOf(ask)).toEqual([...several(204, 10), 429, 429]);
    expect(await mailsTo(email)).toBe(10);
  }
});
