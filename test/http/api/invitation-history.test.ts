/** What an invitation tells of itself: who made, sent again, changed and ended it; and the seat that it holds while it waits. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { days } from '../../../src/kernel/clock.ts';
import { nextText } from '../../support/builders.ts';
import { type ApiWorld, PASSWORD, type Person, startApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());

const fresh = () => `${nextText('guest')}@example.com`;

async function newPlace(seats: number | null = null) {
  const organization = await world.newOrganization({ plan: { preset: 'enterprise', seats } });
  const admin = await world.newPerson(organization, 'admin');
  const base = `/organizations/${organization.id}/invitations`;
  const invite = (input: object = {}) =>
    world.send(admin, `post ${base}`, { email: fresh(), delivery: 'link', ...input });
  const get = async (id: string) => (await world.send(admin, `get ${base}/${id}`)).body;
  return { organization, admin, base, invite, get };
}

const accept = (url: string) =>
  world.send(world.nobody, `post /invitations/${url.split('/').at(-1)}/accept`, {
    name: 'Eve',
    password: PASSWORD,
  });
const by = ({ membership }: Person) =>
  expect.objectContaining({ kind: 'member', membershipId: membership.id });

describe('44: history, in the list as in the answer of one', () => {
  test('who made, changed, sent again and accepted it, and when', async () => {
    const { organization, admin, base, invite, get } = await newPlace();
    const owner = await world.newPerson(organization, 'owner');
    const { body } = await invite();
    await world.send(owner, `patch ${base}/${body.id}`, { role: 'viewer' });
    world.gateway.clock.advance(1000);
    const { url } = (await world.send(owner, `post ${base}/${body.id}/resend`, {})).body;
    const { membershipId } = (await accept(url)).body;
    const told = await get(body.id);
    expect(told).toMatchObject({ status: 'accepted', acceptedBy: membershipId, resentCount: 1 });
    expect([told.acceptedAt, told.revokedAt, told.revokedBy]).toEqual([told.settledAt, null, null]);
    expect(told.history).toEqual([
      { kind: 'created', by: by(admin), at: told.createdAt },
      { kind: 'changed', by: by(owner), at: expect.any(String) },
      { kind: 'resent', by: by(owner), at: expect.any(String) },
      { kind: 'accepted', by: expect.objectContaining({ membershipId }), at: told.acceptedAt },
    ]);
    expect((await world.send(admin, `get ${base}`)).body.items).toContainEqual(told);
  });

  test('who withdrew it; a directory that took over; an expired one that made room for another', async () => {
    const { organization, admin, base, invite, get } = await newPlace();
    const [revoked, voided, expired] = [await invite(), await invite(), await invite()];
    await world.send(admin, `delete ${base}/${revoked.body.id}`);
    const ended = await get(revoked.body.id);
    expect([ended.revokedAt, ended.revokedBy]).toEqual([ended.settledAt, by(admin)]);
    world.gateway.clock.advance(days(8));
    const back = await world.newPerson(organization, 'admin');
    expect((await world.send(back, `get ${base}/${expired.body.id}`)).body.status).toBe('expired');
    await world.send(back, `post ${base}`, { email: expired.body.email, delivery: 'link' });
    await world.gateway.createDirectory(organization);
    const rows = await world.gateway.storage.invitations.list(organization.id, {}, { limit: 100 });
    const last = (id: string) => rows.find((row) => row.id === id)?.history.at(-1);
    expect(last(expired.body.id)).toMatchObject({ kind: 'voided', why: 'expired' });
    expect(last(voided.body.id)).toMatchObject({ kind: 'voided', why: 'directory_managed' });
  });

  test('of very many steps the first and the newest are kept', async () => {
    const { admin, base, invite, get } = await newPlace();
    const { id } = (await invite()).body;
    for (let step = 0; step < 60; step += 1) await world.send(admin, `post ${base}/${id}/resend`, {});
    const { history, resentCount } = await get(id);
    expect([history.length, history[0].kind, resentCount]).toEqual([50, 'created', 60]);
  });
});

describe('S167: an invitation that waits holds a seat, however it was made', () => {
  test('409 beyond the free seats, saying what to do; a revoked and an expired one give theirs back', async () => {
    const { organization, admin, base, invite } = await newPlace(3);
    const [first, second] = [await invite(), await invite()];
    expect([first.status, second.status]).toEqual([201, 201]);
    const third = await invite();
    expect([third.status, third.body.code]).toEqual([409, 'seats_exhausted']);
    expect(third.body.detail).toContain('taken or promised');
    expect(third.body.whatToDo).toContain('Revoke an invitation that waits');
    const batch = await world.send(admin, `post ${base}/batch`, { invitations: [{ email: fresh() }] });
    expect(batch.body.results[0]).toMatchObject({ code: 'seats_exhausted', detail: third.body.detail });
    const csv = await world.send(admin, `post ${base}/import`, `email\n${fresh()}\n`);
    expect(csv.body.rows[0]).toMatchObject({ code: 'seats_exhausted', detail: third.body.detail });
    await world.send(admin, `delete ${base}/${first.body.id}`);
    expect((await invite()).status).toBe(201);
    expect((await invite()).status).toBe(409);
    world.gateway.clock.advance(days(8));
    const later = await world.send(world.operator, `post ${base}`, { email: fresh(), delivery: 'link' });
    expect(later.status).toBe(201);
    expect((await world.send(world.operator, `get /organizations/${organization.id}`)).body.seatsUsed).toBe(
      1,
    );
  });

  test('the operator, who sets the seats, may invite beyond them one by one; acceptance decides', async () => {
    const { base, invite } = await newPlace(2);
    await invite();
    const more = await world.send(world.operator, `post ${base}`, { email: fresh(), delivery: 'link' });
    expect(more.status).toBe(201);
    expect((await accept(more.body.url)).status).toBe(200);
    const late = await world.send(world.operator, `post ${base}`, { email: fresh(), delivery: 'link' });
    expect([late.status, late.body.code]).toEqual([409, 'seats_exhausted']);
  });

  test('changing and sending again hold the same seat; an expired one needs a free one', async () => {
    const { base, invite, admin, organization } = await newPlace(2);
    const key = { name: 'inviter', kind: 'team', scopes: ['members.invite'] };
    const { body } = await world.send(admin, `post /organizations/${organization.id}/api-keys`, key);
    const program = { headers: { authorization: `Bearer ${body.token}` } };
    const { id } = (await invite()).body;
    expect((await world.send(admin, `patch ${base}/${id}`, { role: 'viewer' })).status).toBe(200);
    expect((await world.send(admin, `post ${base}/${id}/resend`, {})).status).toBe(200);
    world.gateway.clock.advance(days(8));
    const other = { email: fresh(), delivery: 'link' };
    expect((await world.send(world.operator, `post ${base}`, other)).status).toBe(201);
    const again = await world.send(program, `post ${base}/${id}/resend`, {});
    expect([again.status, again.body.code]).toEqual([409, 'seats_exhausted']);
  });
});
