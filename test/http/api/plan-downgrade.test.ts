/** A smaller plan: what is in use is named and kept, never taken away behind anybody's back (features 55-58). */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { type ApiWorld, startApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());

const send = (organization: Organization, request: string, body?: object) => {
  const [method, path = ''] = request.split(' ');
  return world.send(world.operator, `${method} /organizations/${organization.id}${path}`, body);
};

const downgrade = (organization: Organization, plan: string | object) =>
  send(organization, 'patch ', { plan });

const SAML = {
  ...{ protocol: 'oidc', name: 'Entra', issuer: 'https://idp.example' },
  ...{ clientId: 'a', clientSecret: 'b' },
};

/** What is in use, what makes it so, what to undo it, the plan that lacks it, and the sentence. */
const USES = [
  [
    'a directory',
    'post /directories',
    { kind: 'okta' },
    { status: 'disabled' },
    'business',
    'It has no directory provisioning (SCIM): switch off or remove Okta.',
  ],
  [
    'a connection',
    'post /connections',
    SAML,
    { status: 'disabled' },
    'business',
    'It has no single sign-on: disable or remove Entra.',
  ],
  [
    'a second team',
    'post /teams',
    { name: 'Red' },
    undefined,
    'team',
    'It has no several teams: remove Red.',
  ],
] as const;

test.each(USES)(
  '409 plan_in_use: %s keeps the plan until it is switched off or removed',
  async (_what, request, body, off, plan, sentence) => {
    const organization = await world.newOrganization();
    const made = await send(organization, request, body);
    expect(made.status).toBe(201);
    const refused = await downgrade(organization, plan);
    expect([refused.status, refused.body.code, refused.body.field]).toEqual([409, 'plan_in_use', 'plan']);
    expect(refused.body.detail).toContain(sentence);
    expect((await send(organization, 'get ')).body.plan.preset).toBe('enterprise');
    const path = `${request.split(' ')[1]}/${made.body.id}`;
    const undone = await (off === undefined
      ? send(organization, `delete ${path}`)
      : send(organization, `patch ${path}`, off));
    expect(undone.status).toBeLessThan(300);
    expect((await downgrade(organization, plan)).body.plan).toMatchObject({ preset: plan });
  },
);

test('403 plan_lacks: what was switched off for a smaller plan is not switched on again under it', async () => {
  const organization = await world.newOrganization();
  const directory = await send(organization, 'post /directories', { kind: 'okta', status: 'draft' });
  const connection = await send(organization, 'post /connections', { ...SAML, status: 'draft' });
  expect((await downgrade(organization, 'business')).status).toBe(200);
  for (const path of [`/directories/${directory.body.id}`, `/connections/${connection.body.id}`]) {
    const { status, body } = await send(organization, `patch ${path}`, { status: 'active' });
    expect([status, body.code]).toEqual([403, 'plan_lacks']);
  }
  expect((await send(organization, 'patch ', { plan: 'enterprise' })).status).toBe(200);
  const on = await send(organization, `patch /directories/${directory.body.id}`, { status: 'active' });
  expect(on.body.status).toBe('active');
});

test('409 seats_exhausted: a plan with fewer seats than people says how many to suspend or remove', async () => {
  const organization = await world.newOrganization();
  await world.newPerson(organization, 'owner');
  const member = await world.newPerson(organization);
  await world.newPerson(organization);
  const refused = await downgrade(organization, { preset: 'team', seats: 2 });
  expect([refused.status, refused.body.code, refused.body.field]).toEqual([409, 'seats_exhausted', 'plan']);
  expect(refused.body.detail).toBe(
    '3 people hold a seat; a plan with 2 is too small. Suspend or remove 1 first.',
  );
  await send(organization, `patch /members/${member.membership.id}`, { status: 'suspended' });
  expect((await downgrade(organization, { preset: 'team', seats: 2 })).status).toBe(200);
  const back = await send(organization, `patch /members/${member.membership.id}`, { status: 'active' });
  expect(back.body.code).toBe('seats_exhausted');
});

test('a solo plan shuts invitations with the plan’s reason, also those already sent', async () => {
  const organization = await world.newOrganization({ plan: { preset: 'team' } });
  await world.newPerson(organization, 'owner');
  const { body } = await send(organization, 'post /invitations', {
    email: 'late@example.com',
    delivery: 'link',
  });
  expect((await downgrade(organization, 'free')).status).toBe(200);
  const accepted = await world.send(world.nobody, `post /invitations/${body.url.split('/').at(-1)}/accept`, {
    ...{ name: 'Eve', password: 'a sentence nobody guesses' },
  });
  expect([accepted.status, accepted.body.code]).toEqual([409, 'seats_exhausted']);
  const invited = await send(organization, 'post /invitations', { email: 'new@example.com' });
  expect([invited.status, invited.body.code]).toEqual([403, 'plan_lacks']);
});
