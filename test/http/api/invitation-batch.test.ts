/** POST …/invitations/batch: several people at once, each answered for itself. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { nextText } from '../../support/builders.ts';
import { type ApiWorld, startApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());

const fresh = () => `${nextText('person')}@example.com`;
async function newBase(seats: number | null = null): Promise<string> {
  const { id } = await world.newOrganization({ plan: { preset: 'enterprise', seats } });
  return `/organizations/${id}/invitations`;
}
const batch = (base: string, invitations: readonly unknown[]) =>
  world.send(world.operator, `post ${base}/batch`, { invitations });

describe('POST batch', () => {
  test('200: in the order of the wishes, a role for each; bad ones say why and hold up nobody', async () => {
    const base = await newBase();
    const [one, two] = [fresh(), fresh()];
    const { status, body } = await batch(base, [
      { email: one, role: 'admin' },
      { email: 'nonsense' },
      { email: two, delivery: 'link', message: 'Hello.' },
      { email: one.toUpperCase() },
      { email: fresh(), role: 'owner' },
      { email: fresh(), teams: [`team_${'0'.repeat(26)}`] },
      'nobody',
    ]);
    expect(status).toBe(200);
    expect(body.totals).toEqual({ rows: 7, invited: 2, refused: 5 });
    expect(body.results).toMatchObject([
      { status: 'invited', invitation: { email: one, role: 'admin', delivery: { status: 'sent' } } },
      { status: 'refused', code: 'invalid', field: 'email' },
      {
        status: 'invited',
        invitation: { email: two, url: expect.any(String), delivery: { channel: 'link' } },
      },
      { status: 'refused', code: 'already_invited', field: 'email' },
      { status: 'refused', code: 'forbidden', field: 'role' },
      { status: 'refused', code: 'invalid', field: 'teams[0]' },
      { status: 'refused', code: 'invalid' },
    ]);
    expect(world.gateway.mails.filter(({ to }) => to === one)).toHaveLength(1);
    expect((await world.send(world.operator, `get ${base}`)).body.items).toHaveLength(2);
  });

  test('S167: together they promise no more seats than there are', async () => {
    const base = await newBase(2);
    const { body } = await batch(base, [{ email: fresh() }, { email: fresh() }, { email: fresh() }]);
    expect(body.results.map(({ code }: { code?: string }) => code)).toEqual([
      ...[undefined, undefined, 'seats_exhausted'],
    ]);
  });

  test('30: an invitation is for its address and no other, whoever holds the link', async () => {
    const organization = await world.newOrganization();
    const base = `/organizations/${organization.id}/invitations`;
    const { body } = await batch(base, [{ email: 'Keyed@example.com', delivery: 'link' }]);
    const [{ invitation }] = body.results;
    const elsewhere = await world.newPerson(await world.newOrganization());
    const accept = `post /invitations/${invitation.url.split('/').at(-1)}/accept`;
    const other = await world.send(elsewhere, accept, {});
    expect([other.status, other.body.code]).toEqual([403, 'forbidden']);
    const person = { name: 'Kay', password: 'a sentence nobody guesses' };
    const joined = await world.send(world.nobody, accept, person);
    const path = `get /organizations/${organization.id}/members/${joined.body.membershipId}`;
    expect((await world.send(world.operator, path)).body.email).toBe('Keyed@example.com');
  });

  test.each([
    ['none', []],
    ['51', Array.from({ length: 51 }, () => ({ email: 'x@example.com' }))],
  ])('422 invalid: %s', async (_what, invitations) => {
    const { status, body } = await batch(await newBase(), invitations);
    expect([status, body.code, body.field]).toEqual([422, 'invalid', 'invitations']);
  });
});

test('S171: over a limit of mails a row is refused alone, and nothing of it is left', async () => {
  const limited = await startApiWorld({ rateLimits: true });
  try {
    const email = 'often@example.com';
    const invite = async () => {
      const { id } = await limited.newOrganization();
      const base = `/organizations/${id}/invitations`;
      const invitations = [{ email }, { email: fresh() }];
      const { body } = await limited.send(limited.operator, `post ${base}/batch`, { invitations });
      const { body: list } = await limited.send(limited.operator, `get ${base}`);
      return [body.results[0].code, body.totals.invited, list.items.length];
    };
    for (let time = 0; time < 10; time += 1) expect(await invite()).toEqual([undefined, 2, 2]);
    expect(await invite()).toEqual(['too_many_requests', 1, 1]);
  } finally {
    await limited.close();
  }
});
