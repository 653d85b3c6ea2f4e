/** Pending invitations over the management API: changed, sent again, their link shown again; one link works at a time (S165). */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { days, hours } from '../../../src/kernel/clock.ts';
import { nextText } from '../../support/builders.ts';
import { type ApiWorld, type Person, startApiWorld } from './api-world.ts';

let world: ApiWorld;
let organization: Organization;
let admin: Person;
let base = '';
beforeAll(async () => {
  world = await startApiWorld();
  organization = await world.newOrganization({ name: 'Acme Works' });
  admin = await world.newPerson(organization, 'admin');
  base = `/organizations/${organization.id}/invitations`;
});
afterAll(() => world.close());

const fresh = () => `${nextText('person')}@example.com`;
const invite = async (input: object = {}) =>
  (await world.send(world.operator, `post ${base}`, { email: fresh(), delivery: 'link', ...input })).body;
const tokenOf = (url: string) => url.split('/').at(-1) ?? '';
const accept = (url: string) =>
  world.send(world.nobody, `post /invitations/${tokenOf(url)}/accept`, {
    name: 'Nora',
    password: 'a sentence nobody guesses',
  });
const mailedLink = () =>
  /https?:\/\/\S+\/invitations\/\S+/.exec(world.gateway.mails.at(-1)?.text ?? '')?.[0] ?? '';
/** The link with another last character. */
const bent = (url: string) => `${url.slice(0, -1)}${url.endsWith('A') ? 'B' : 'A'}`;

describe('PATCH', () => {
  test('changes role and teams of a pending invitation; its link stays and gives the new ones', async () => {
    const { id, url } = await invite();
    const team = await world.send(world.operator, `post ${base.replace('invitations', 'teams')}`, {
      name: nextText('team'),
    });
    const change = { role: 'viewer', teams: [{ team: team.body.id, role: 'admin' }] };
    const changed = await world.send(admin, `patch ${base}/${id}`, change);
    expect([changed.status, changed.body]).toMatchObject([200, { id, role: 'viewer', status: 'pending' }]);
    const accepted = await accept(url);
    expect([accepted.status, accepted.body.orgRole]).toEqual([200, 'viewer']);
  });

  const refused: [what: string, input: object, status: number, code: string][] = [
    ['a role above what an admin may give (S162)', { role: 'admin' }, 403, 'forbidden'],
    ['owner, for anybody (S162)', { role: 'owner' }, 403, 'forbidden'],
    ['nothing to change', {}, 422, 'invalid'],
    ['a team of nobody here', { teams: ['team_00000000000000000000000000'] }, 422, 'invalid'],
    ['an address', { email: 'other@example.com' }, 422, 'invalid'],
  ];
  test.each(refused)('refuses %s, and changes nothing', async (_what, input, status, code) => {
    const { id } = await invite();
    const before = await world.send(admin, `get ${base}/${id}`);
    const answer = await world.send(admin, `patch ${base}/${id}`, input);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect((await world.send(admin, `get ${base}/${id}`)).body).toEqual(before.body);
  });

  test('an admin does not touch an invitation of an admin (S147)', async () => {
    const { id } = await invite({ role: 'admin' });
    const answer = await world.send(admin, `patch ${base}/${id}`, { role: 'viewer' });
    expect([answer.status, answer.body.code]).toEqual([403, 'forbidden']);
  });

  test.each([
    ['invitations', { email: fresh(), delivery: 'link' }],
    ['invitation-links', { expiresIn: '1h' }],
  ])('S147: nor does an admin take back one of the %s that make admins; owners do', async (door, input) => {
    const owner = await world.newPerson(organization, 'owner');
    const list = base.replace('invitations', door);
    const take = async (role: string, sender: Person) => {
      const { body } = await world.send(owner, `post ${list}`, { ...input, role });
      const { status } = await world.send(sender, `delete ${list}/${body.id}`);
      if (status === 403) expect((await world.send(owner, `delete ${list}/${body.id}`)).status).toBe(204);
      return status;
    };
    expect([await take('admin', admin), await take('member', admin)]).toEqual([403, 204]);
  });

  test('what is accepted or revoked stays as it is', async () => {
    const used = await invite();
    await accept(used.url);
    const revoked = await invite();
    await world.send(admin, `delete ${base}/${revoked.id}`);
    for (const [{ id }, code] of [
      [used, 'invitation_used'],
      [revoked, 'invitation_revoked'],
    ] as const) {
      const answer = await world.send(admin, `patch ${base}/${id}`, { role: 'viewer' });
      expect([answer.status, answer.body.code]).toEqual([410, code]);
    }
  });
});

describe('resend', () => {
  test('S165: a new link, the clock from the start, the old link dead', async () => {
    const first = await invite();
    world.gateway.clock.advance(days(3));
    const sent = await world.send(world.operator, `post ${base}/${first.id}/resend`);
    expect([sent.status, sent.body]).toMatchObject([200, { id: first.id, status: 'pending' }]);
    expect(Date.parse(sent.body.expiresAt)).toBe(world.gateway.clock.now() + days(7));
    const dead = await accept(first.url);
    expect([dead.status, dead.body.code]).toEqual([404, 'not_found']);
    expect((await accept(sent.body.url)).status).toBe(200);
  });

  test('the clock starts anew with the length that was chosen for this invitation, else with the organization’s', async () => {
    const lengthOf = async (path: string, input: object = {}) => {
      const { body } = await world.send(world.operator, `post ${base}/${path}`, input);
      return (Date.parse(body.expiresAt) - world.gateway.clock.now()) / hours(1);
    };
    const [chosen, open] = [await invite({ expiresIn: '48h' }), await invite()];
    await world.send(world.operator, `patch /organizations/${organization.id}`, {
      invitationExpiresIn: '24h',
    });
    world.gateway.clock.advance(days(1));
    const lengths = [
      await lengthOf(`${chosen.id}/resend`),
      await lengthOf(`${open.id}/resend`),
      await lengthOf(`${open.id}/resend`, { expiresIn: '1h' }),
      await lengthOf(`${open.id}/resend`),
    ];
    await world.send(world.operator, `patch /organizations/${organization.id}`, {
      invitationExpiresIn: '7d',
    });
    expect(lengths).toEqual([48, 24, 1, 1]);
  });

  test('an expired one comes back to life, by mail where it was mailed, and says what happened', async () => {
    const first = await invite({ delivery: 'email', expiresIn: '1h' });
    const old = mailedLink();
    world.gateway.clock.advance(days(1));
    const sent = await world.send(world.operator, `post ${base}/${first.id}/resend`, { expiresIn: '24h' });
    expect(sent.body.delivery).toMatchObject({ channel: 'email', status: 'sent' });
    expect(Date.parse(sent.body.expiresAt)).toBe(world.gateway.clock.now() + days(1));
    expect(mailedLink()).not.toBe(old);
    expect((await accept(old)).status).toBe(404);
    expect((await accept(mailedLink())).status).toBe(200);
  });
});

describe('link', () => {
  test('is shown as often as asked, beside the one that was mailed, and dies with it', async () => {
    const { id } = await invite({ delivery: 'email' });
    const mailed = mailedLink();
    const [one, two] = [
      await world.send(world.operator, `post ${base}/${id}/link`),
      await world.send(world.operator, `post ${base}/${id}/link`),
    ];
    expect(one.body).toEqual(two.body);
    expect(one.body.url).not.toBe(mailed);
    expect((await accept(one.body.url)).status).toBe(200);
    for (const url of [one.body.url, mailed]) expect((await accept(url)).status).toBe(410);
  });

  test('S158: a link for another invitation, or with another proof, opens nothing', async () => {
    const [mine, theirs] = [await invite(), await invite()];
    const { body } = await world.send(world.operator, `post ${base}/${mine.id}/link`);
    const swapped = body.url.replace(mine.id, theirs.id);
    for (const url of [swapped, bent(body.url)]) expect((await accept(url)).status).toBe(404);
  });

  test('S158: nobody makes the mailed link, which proves the address, out of the copy', async () => {
    const { url } = await invite({ delivery: 'email' });
    const [token = '', proof = ''] = tokenOf(mailedLink()).split('.');
    expect(tokenOf(url)).toBe(token);
    const { url: another } = await invite({ delivery: 'email' });
    for (const forged of [
      `${url}.`,
      `${url}.${'A'.repeat(proof.length)}`,
      `${another}.${proof}`,
      bent(mailedLink()),
    ])
      expect((await accept(forged)).status).toBe(404);
    expect((await accept(mailedLink())).status).toBe(200);
  });

  test('a copied link is dead once the invitation was sent again', async () => {
    const { id } = await invite();
    const { body } = await world.send(world.operator, `post ${base}/${id}/link`);
    await world.send(world.operator, `post ${base}/${id}/resend`);
    expect((await accept(body.url)).status).toBe(404);
  });
});
