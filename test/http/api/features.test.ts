/** Rows of docs/features.md, each with every part of its words, as its people meet it. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { type ApiWorld, PASSWORD, type Person, startApiWorld } from './api-world.ts';
import { pushGroup } from './push.ts';

const ROLES = ['viewer', 'member', 'admin', 'owner'] as const;
type Role = (typeof ROLES)[number];

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());

const basedAt = ({ id }: Organization) => `/organizations/${id}`;
const operator = (request: string, body?: unknown) => world.send(world.operator, request, body);
const emailsOf = (items: readonly { readonly email: string }[]) => items.map(({ email }) => email);

describe('4, 11: what each role may do', () => {
  let organization: Organization;
  let people: Record<Role, Person>;
  beforeAll(async () => {
    organization = await world.newOrganization();
    const [viewer, member, admin, owner] = [
      await world.newPerson(organization, 'viewer'),
      await world.newPerson(organization, 'member'),
      await world.newPerson(organization, 'admin'),
      await world.newPerson(organization, 'owner'),
    ];
    people = { viewer, member, admin, owner };
  });

  const ADMINS = ['admin', 'owner'] as const;
  const invitation = () => ({ email: `p${Math.random()}@example.com`, role: 'viewer', delivery: 'link' });
  const spare = async () => (await world.newPerson(organization, 'viewer')).membership.id;

  const ACTS: readonly (readonly [string, string, readonly Role[], unknown?])[] = [
    ['explain the own role', 'get /members/me/explain', ROLES],
    ['see the members', 'get /members', ['member', ...ADMINS]],
    ['invite', 'post /invitations', ADMINS, invitation],
    ['change a member', 'patch /members/{spare}', ADMINS, { department: 'Ops' }],
    ['remove a member', 'delete /members/{spare}', ADMINS],
    ['make a team', 'post /teams', ADMINS, { name: 'A team' }],
    ['see the rules', 'get /group-mappings', ADMINS],
    ['see the audit', 'get /audit-events', ADMINS],
    ['rename the organization', 'patch ', ADMINS, { name: 'Other' }],
    ['see connections', 'get /connections', ['owner']],
    ['see directories', 'get /directories', ['owner']],
    ['end everybody’s sessions but the own', 'delete /members/{spare}/sessions', ADMINS],
  ];
  test.each(ACTS.map((act) => [act[0], act] as const))(
    'to %s',
    async (_title, [, request, allowed, body]) => {
      const may: Role[] = [];
      for (const role of ROLES) {
        const path = request.includes('{spare}') ? request.replace('{spare}', await spare()) : request;
        const sent = typeof body === 'function' ? body() : body;
        const { status } = await world.send(
          people[role],
          path.replace(' ', ` ${basedAt(organization)}`),
          sent,
        );
        if (status !== 403) expect([role, status < 300]).toEqual([role, true]);
        if (status < 300) may.push(role);
      }
      expect(may).toEqual([...allowed]);
    },
  );

  test('the session tells each role as it is; billing is among what admins hold and members do not', async () => {
    for (const role of ROLES)
      expect((await world.send(people[role], 'get /session')).body.orgRole).toBe(role);
    const { items } = (await world.send(people.owner, `get ${basedAt(organization)}/roles`)).body;
    const holding = (permission: string) =>
      items
        .filter(({ permissions }: { permissions: string[] }) => permissions.includes(permission))
        .map(({ key }: { key: string }) => key);
    expect(holding('billing.manage').toSorted()).toEqual(['admin', 'owner']);
    expect(holding('members.read').toSorted()).toEqual(['admin', 'member', 'owner']);
  });
});

test('5: owners make admins, change them and take it back; an admin does none of it', async () => {
  const organization = await world.newOrganization();
  const [owner, admin] = [
    await world.newPerson(organization, 'owner'),
    await world.newPerson(organization, 'admin'),
  ];
  const eve = `patch ${basedAt(organization)}/members/${(await world.newPerson(organization)).membership.id}`;
  const steps = [
    { orgRole: 'admin' },
    { department: 'Sales' },
    { status: 'suspended' },
    { status: 'active' },
    { orgRole: 'viewer' },
  ];
  for (const change of steps) {
    // From the second step on Eve is an admin.
    expect([change, (await world.send(admin, eve, change)).status]).toEqual([change, 403]);
    expect([change, (await world.send(owner, eve, change)).status]).toEqual([change, 200]);
  }
});

test('6, 8: one person, another role in each of several teams, whatever they are in the organization', async () => {
  const organization = await world.newOrganization();
  const base = basedAt(organization);
  const admin = await world.newPerson(organization, 'admin');
  const viewer = await world.newPerson(organization, 'viewer');
  const wanted: Record<string, string> = { Red: 'member', Green: 'admin', Blue: 'owner' };
  const teams: Record<string, string> = {};
  for (const [name, role] of Object.entries(wanted)) {
    teams[name] = (await world.send(admin, `post ${base}/teams`, { name })).body.id;
    const place = `${base}/teams/${teams[name]}/members/${viewer.membership.id}`;
    expect((await world.send(admin, `put ${place}`, { role })).status).toBe(200);
  }
  const shown = await world.send(admin, `get ${base}/members/${viewer.membership.id}`);
  const held = Object.fromEntries(
    shown.body.teams.map(({ id, role }: { id: string; role: string }) => [id, role]),
  );
  expect(held).toEqual(
    Object.fromEntries(Object.entries(wanted).map(([name, role]) => [teams[name] ?? '', role])),
  );
  const { body: session } = await world.send(viewer, 'get /session');
  expect([shown.body.orgRole, session.orgRole, session.teams.length]).toEqual(['viewer', 'viewer', 3]);
  // An owner of the one team decides there, and nowhere else.
  const other = await world.newPerson(organization);
  const put = async (team: string) =>
    (
      await world.send(viewer, `put ${base}/teams/${teams[team]}/members/${other.membership.id}`, {
        role: 'member',
      })
    ).status;
  expect([await put('Blue'), await put('Green'), await put('Red')]).toEqual([200, 200, 403]);
});

test('17: a personal key is its person’s end, a key of the team goes on for whoever comes next', async () => {
  const organization = await world.newOrganization();
  const base = basedAt(organization);
  await world.newPerson(organization, 'owner');
  const leaving = await world.newPerson(organization, 'admin');
  const make = async (kind: string) =>
    (await world.send(leaving, `post ${base}/api-keys`, { name: kind, kind, scopes: ['members.read'] })).body;
  const [personal, team] = [await make('personal'), await make('team')];
  const opens = async ({ token }: { readonly token: string }) =>
    (await world.send({ headers: { authorization: `Bearer ${token}` } }, `get ${base}/members`)).status;
  expect([await opens(personal), await opens(team)]).toEqual([200, 200]);
  await operator(`delete ${base}/members/${leaving.membership.id}`);
  expect([await opens(personal), await opens(team)]).toEqual([401, 200]);
  const next = await world.newPerson(organization, 'admin');
  const { items } = (await world.send(next, `get ${base}/api-keys`)).body;
  expect(items.map(({ name }: { readonly name: string }) => name)).toEqual(['team']);
  expect((await world.send(next, `delete ${base}/api-keys/${team.id}`)).status).toBe(204);
  expect(await opens(team)).toBe(401);
});

test('24, 25: by mail or as a link, the answer says which, and either way in works once', async () => {
  const organization = await world.newOrganization();
  const base = basedAt(organization);
  const mailsTo = (email: string) => world.gateway.mails.filter(({ to }) => to === email);
  for (const [delivery, mails] of [
    ['email', 1],
    ['link', 0],
  ] as const) {
    const email = `by-${delivery}@example.com`;
    const { status, body } = await operator(`post ${base}/invitations`, { email, role: 'viewer', delivery });
    await world.gateway.deliverMails();
    expect([status, body.delivery.channel, mailsTo(email).length]).toEqual([201, delivery, mails]);
    if (mails > 0) expect(mailsTo(email)[0]?.text).toContain(body.url);
    const accept = `post /invitations/${body.url.split('/').at(-1)}/accept`;
    const person = { name: 'Eve', password: 'a sentence nobody guesses' };
    expect((await world.send(world.nobody, accept, person)).body.orgRole ?? 'viewer').toBe('viewer');
    expect((await world.send(world.nobody, accept, person)).body.code).toBe('invitation_used');
    const { items } = (await operator(`get ${base}/members?q=${email}`)).body;
    expect(items).toMatchObject([{ email, orgRole: 'viewer', status: 'active' }]);
  }
});

test('28: every variable of a welcome, with what the person holds', async () => {
  const organization = await world.newOrganization({ name: 'Acme' });
  const base = basedAt(organization);
  const owner = await world.newPerson(organization, 'owner');
  const team = (await world.send(owner, `post ${base}/teams`, { name: 'Red' })).body.id;
  const words = ['name', 'organization', 'team', 'role', 'resources', 'support', 'product', 'link'];
  const set = await world.send(owner, `patch ${base}`, {
    notifications: { welcome: true },
    branding: {
      productName: 'Acme Docs',
      supportContact: 'help@acme.example',
      welcomeText: `First steps: read the guide.\n\n${words.map((word) => `${word}=[{${word}}]`).join(' ')}`,
    },
  });
  expect(set.status).toBe(200);
  const { body } = await world.send(owner, `post ${base}/invitations`, {
    ...{ email: 'grace@example.com', role: 'member', delivery: 'link', teams: [{ team, role: 'admin' }] },
    resources: [{ type: 'bot', id: '7', role: 'editor' }],
  });
  const person = { name: 'Grace', password: 'a sentence nobody guesses' };
  await world.send(world.nobody, `post /invitations/${body.url.split('/').at(-1)}/accept`, person);
  await world.gateway.deliverMails();
  const text =
    world.gateway.mails.find(({ to }) => to === 'grace@example.com')?.text.replaceAll('\n', ' ') ?? '';
  expect(text).toContain('First steps: read the guide.');
  const told = (word: string) => new RegExp(`${word}=\\[([^\\]]*)\\]`).exec(text)?.[1];
  expect(Object.fromEntries(words.map((word) => [word, told(word)]))).toEqual({
    ...{ name: 'Grace', organization: 'Acme', role: 'Member', product: 'Acme Docs' },
    team: expect.stringContaining('Red'),
    resources: expect.stringContaining('7'),
    support: 'help@acme.example',
    link: expect.stringContaining(`${world.gateway.baseUrl}/sign-in/`),
  });
});

test('45: members in one list with role and last activity, invitations in another; each searched and filtered', async () => {
  const organization = await world.newOrganization();
  const base = basedAt(organization);
  const owner = await world.newPerson(organization, 'owner', 'olga@example.com');
  await world.newPerson(organization, 'viewer', 'vera@example.com');
  const invite = (email: string) =>
    world.send(owner, `post ${base}/invitations`, { email, role: 'member', delivery: 'link' });
  const pending = (await invite('pia@example.com')).body;
  await world.send(owner, `delete ${base}/invitations/${(await invite('rex@example.com')).body.id}`);
  const members = async (query = '') => (await world.send(owner, `get ${base}/members${query}`)).body.items;
  const invitations = async (query = '') =>
    (await world.send(owner, `get ${base}/invitations${query}`)).body.items;
  expect(emailsOf(await members()).toSorted()).toEqual(['olga@example.com', 'vera@example.com']);
  expect(emailsOf(await members('?role=viewer&q=ver'))).toEqual(['vera@example.com']);
  expect(emailsOf(await members('?q=pia'))).toEqual([]);
  expect((await members('?q=olga'))[0]).toMatchObject({ orgRole: 'owner', lastActiveAt: expect.any(String) });
  expect(emailsOf(await invitations('?status=pending'))).toEqual(['pia@example.com']);
  expect(emailsOf(await invitations('?status=revoked'))).toEqual(['rex@example.com']);
  expect(emailsOf(await invitations('?q=PIA@'))).toEqual(['pia@example.com']);
  expect(emailsOf(await invitations('?status=pending&q=rex'))).toEqual([]);
  const person = { name: 'Pia', password: 'a sentence nobody guesses' };
  await world.send(world.nobody, `post /invitations/${pending.url.split('/').at(-1)}/accept`, person);
  expect(emailsOf(await members('?q=pia'))).toEqual(['pia@example.com']);
  expect(emailsOf(await invitations('?status=pending'))).toEqual([]);
  expect(emailsOf(await invitations('?status=accepted'))).toContain('pia@example.com');
});

test('35: the link that was mailed proves the address; the same invitation’s copied link does not', async () => {
  const organization = await world.newOrganization();
  const base = basedAt(organization);
  const proved: [string, boolean][] = [];
  for (const delivery of ['email', 'link']) {
    const email = `proves-by-${delivery}@example.com`;
    const { body } = await operator(`post ${base}/invitations`, { email, delivery });
    await world.gateway.deliverMails();
    const mailed = world.gateway.mails.find(({ to }) => to === email)?.text ?? '';
    const url = /https?:\S+\/invitations\/\S+/.exec(mailed)?.[0] ?? body.url;
    const person = { name: 'Eve', password: 'a sentence nobody guesses' };
    const joined = await world.send(
      world.nobody,
      `post /invitations/${url.split('/').at(-1)}/accept`,
      person,
    );
    const cookie = joined.headers['set-cookie']?.split(';')[0] ?? '';
    const session = { headers: { cookie, origin: world.gateway.baseUrl } };
    const account = await world.send(session, 'get /account');
    expect([account.status, account.body.email]).toEqual([200, email]);
    proved.push([delivery, account.body.emailVerified]);
  }
  expect(proved).toEqual([
    ['email', true],
    ['link', false],
  ]);
});

test('50: a removal ends every session of the person here, in whatever browser', async () => {
  const organization = await world.newOrganization();
  const eve = await world.newPerson(organization);
  const { baseUrl } = world.gateway;
  const signIn = async () => {
    const answer = await fetch(`${baseUrl}/sign-in/password`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: baseUrl },
      body: JSON.stringify({ email: eve.email, password: PASSWORD }),
    });
    const cookies = answer.headers.getSetCookie().map((one) => one.split(';')[0]);
    return { headers: { cookie: cookies.join('; '), origin: baseUrl } };
  };
  const browsers = [eve, await signIn(), await signIn()];
  const statuses = async () => {
    const answers = browsers.map((browser) => world.send(browser, 'get /session'));
    return (await Promise.all(answers)).map(({ status }) => status);
  };
  expect(await statuses()).toEqual([200, 200, 200]);
  await operator(`delete ${basedAt(organization)}/members/${eve.membership.id}`);
  expect(await statuses()).toEqual([401, 401, 401]);
});

test('54: a rule has reached whoever it is about when the answer to it leaves', async () => {
  const organization = await world.newOrganization();
  const base = basedAt(organization);
  const { group, users } = await pushGroup(world.gateway, organization, { count: 3 });
  const roles = async () => {
    const { items } = (await operator(`get ${base}/members`)).body;
    const pushed = users.map(({ membershipId }) => membershipId);
    return items
      .filter(({ id }: { id: string }) => pushed.some((one) => one === id))
      .map(({ orgRole }: { orgRole: string }) => orgRole);
  };
  const grants = [{ scope: 'org', role: 'viewer' }];
  const rule = await operator(`post ${base}/group-mappings`, { match: { groupId: group.id }, grants });
  expect([rule.status, await roles()]).toEqual([201, ['viewer', 'viewer', 'viewer']]);
  const gone = await operator(`delete ${base}/group-mappings/${rule.body.id}`);
  expect([gone.status, await roles()]).toEqual([204, ['member', 'member', 'member']]);
});

test.each([
  ['business', 403],
  ['enterprise', 201],
])('58: under the plan %s a connection and a directory are answered %i', async (preset, status) => {
  const organization = await world.newOrganization({ plan: { preset } });
  const owner = await world.newPerson(organization, 'owner');
  const idp = { protocol: 'oidc', name: 'Acme', issuer: 'https://idp.example', clientId: 'gatehouse' };
  for (const [request, body] of [
    ['connections', { ...idp, clientSecret: 'a secret' }],
    ['directories', { kind: 'okta' }],
  ] as const) {
    const answer = await world.send(owner, `post ${basedAt(organization)}/${request}`, body);
    expect([answer.status, answer.body.code]).toEqual([status, status === 403 ? 'plan_lacks' : undefined]);
  }
});

test('56: on the free plan the one member invites nobody, and is told why and which plans would', async () => {
  const organization = await world.newOrganization({ plan: { preset: 'free' } });
  const base = basedAt(organization);
  for (const request of ['invitations', 'invitation-links']) {
    const body = request === 'invitations' ? { email: 'two@example.com' } : { expiresIn: '1h' };
    const { status, body: told } = await operator(`post ${base}/${request}`, body);
    expect([status, told.code]).toEqual([403, 'plan_lacks']);
    expect(told.detail).toMatch(/plan/i);
  }
  const [invitations] = (await operator(`get ${base}/usage`)).body.features;
  expect(invitations).toMatchObject({ feature: 'invitations', isAvailable: false });
  expect(invitations.text).toContain('team, business, enterprise');
  expect((await operator(`get ${base}/usage`)).body.seats).toMatchObject({ limit: 1, used: 0 });
});
