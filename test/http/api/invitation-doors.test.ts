/** Law 11 over every door there is: whatever the route, the role or the plan, a directory-managed organization invites nobody. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ORG_ROLES, type OrgRole } from '../../../src/core/access/roles.ts';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { openApiDocument } from '../../../src/http/api/openapi.ts';
import { apiRoutes } from '../../../src/http/api/routes.ts';
import { type ApiWorld, type Person, type Sender, startApiWorld } from './api-world.ts';

/** Read from the published document, so that a new door is here the moment it is promised to anybody. */
const document = JSON.parse(JSON.stringify(openApiDocument(apiRoutes))) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
};
const doors = Object.entries(document.paths)
  .filter(([path]) => /invitation/.test(path))
  .flatMap(([path, operations]) => Object.keys(operations).map((method) => `${method} ${path}`))
  // What an import came to is history, and no door.
  .filter((door) => door !== 'get /organizations/{org}/invitations/import/{job}');

/** What a door's own rules would take, so that the refusal is about the door; others go without a body. */
const BODIES: Readonly<Record<string, object | string>> = {
  'post /organizations/{org}/invitations': { email: 'someone@example.com' },
  'patch /organizations/{org}/invitations/{invitation}': { role: 'member' },
  'post /invitations/{token}/accept': { name: 'Eve', password: 'a sentence nobody guesses' },
  'post /organizations/{org}/invitations/import': 'email,role\nsomeone@example.com,member\n',
  'post /invitation-links/{token}/proofs': { email: 'someone@example.com' },
  'post /invitation-links/{token}/accept': { name: 'Eve', password: 'a sentence nobody guesses' },
  'post /organizations/{org}/invitations/batch': { invitations: [{ email: 'someone@example.com' }] },
  'post /organizations/{org}/invitation-links': { role: 'member', expiresIn: '1h' },
};

const PLANS = ['free', 'team', 'business', 'enterprise'] as const;

let world: ApiWorld;
let organization: Organization;
let invitation: { id: string; token: string };
let link: { id: string; token: string };
const people = new Map<OrgRole, Person>();

beforeAll(async () => {
  world = await startApiWorld();
  organization = await world.newOrganization();
  for (const role of ORG_ROLES) people.set(role, await world.newPerson(organization, role));
  const list = `/organizations/${organization.id}/invitations`;
  const { body } = await world.send(world.operator, `post ${list}`, { email: 'waits@example.com' });
  invitation = { id: body.id, token: body.url.split('/').at(-1) };
  const links = `/organizations/${organization.id}/invitation-links`;
  const made = await world.send(world.operator, `post ${links}`, { expiresIn: '7d' });
  link = { id: made.body.id, token: made.body.url.split('/').at(-1) };
  await world.gateway.createDirectory(organization, 'okta');
});
afterAll(() => world.close());

const fill = (door: string): string =>
  door
    .replace('{org}', organization.id)
    .replace('{invitation}', invitation.id)
    .replace('{link}', link.id)
    .replace('{token}', door.includes('/invitation-links/') ? link.token : invitation.token);

/** Whoever may stand at a door: an invitation's link is open to anybody, the rest to every role and the operator. */
const senders = (door: string): readonly (readonly [string, Sender])[] => {
  const members = ORG_ROLES.map((role) => [role, people.get(role) ?? world.nobody] as const);
  const others = door.includes('{org}') ? [] : [['nobody', world.nobody] as const];
  return [['operator', world.operator], ...members, ...others];
};

test('the doors are found', () => {
  expect(doors.length).toBeGreaterThanOrEqual(17);
});

describe.each(PLANS)('S163: on the plan %s', (preset) => {
  beforeAll(async () => {
    const change = { plan: { preset, seats: null } };
    await world.send(world.operator, `patch /organizations/${organization.id}`, change);
  });

  test.each(doors)('%s answers 409 invitations_disabled to whoever may stand at it', async (door) => {
    for (const [name, sender] of senders(door)) {
      const { status, body } = await world.send(sender, fill(door), BODIES[door]);
      expect([name, status, body.code]).toEqual([name, 409, 'invitations_disabled']);
      expect(body.detail).toContain('Okta');
    }
  });

  test.each(doors.filter((door) => /^(?:post|patch) /.test(door)))(
    'S163: %s is judged before what is sent to it',
    async (door) => {
      for (const [name, sender] of senders(door))
        for (const wrong of [{ bogus: 1 }, {}]) {
          const { status, body } = await world.send(sender, fill(door), wrong);
          expect([name, status, body.code]).toEqual([name, 409, 'invitations_disabled']);
        }
    },
  );
});
