/** Who may what, for every route of the table: a new route is in these tests the moment it exists. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ORG_ROLES, type OrgRole, ROLE_PERMISSIONS } from '../../../src/core/access/roles.ts';
import type { Directory } from '../../../src/core/entities/directory.ts';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { startOperatorSession } from '../../../src/core/organization/operator-link.ts';
import type { ApiRoute } from '../../../src/http/api/route.ts';
import { apiRoutes } from '../../../src/http/api/routes.ts';
import { type MembershipId, newId } from '../../../src/kernel/ids.ts';
import { aRecorderEntry, nextText } from '../../support/builders.ts';
import { aPasskey } from '../../support/credential-builders.ts';
import { aJob } from '../../support/job-builders.ts';
import { addSamlConnection } from '../../support/sign-in-stage.ts';
import { type Answer, type ApiWorld, type Person, type Sender, startApiWorld } from './api-world.ts';
import { pushDoubtful, pushGroup } from './push.ts';

let world: ApiWorld;
let ours: Organization;
let theirs: Organization;
const people = new Map<OrgRole, Person>();
let stranger: Person;
/** Real ids of the other organization, by name of path parameter. */
let theirIds: Readonly<Record<string, string>> = {};

beforeAll(async () => {
  world = await startApiWorld();
  ours = await world.newOrganization();
  for (const role of ORG_ROLES) people.set(role, await world.newPerson(ours, role));
  theirs = await world.newOrganization();
  stranger = await world.newPerson(theirs, 'owner');
  const { body } = await world.send(stranger, 'get /sessions');
  theirIds = { ...(await furnish(theirs)), session: body.items[0].id };
});
afterAll(() => world.close());

/** A passkey of a member; answers its id. */
async function furnishPasskey({ id }: Organization, member: MembershipId | undefined): Promise<string> {
  const { storage } = world.gateway;
  const person = member && (await storage.memberships.find(id, member));
  if (person === undefined) throw new Error('nobody to have a passkey');
  const passkey = aPasskey(person.userId);
  await storage.transact((tx) => tx.passkeys.insert(passkey));
  return passkey.id;
}

/** One of everything in an organization. */
async function furnish(organization: Organization): Promise<Readonly<Record<string, string>>> {
  const base = `/organizations/${organization.id}`;
  const make = async (path: string, input: object): Promise<string> =>
    (await world.send(world.operator, `post ${base}${path}`, input)).body.id;
  const invitation = await make('/invitations', { email: 'a@example.com' });
  const link = await make('/invitation-links', { expiresIn: '1h' });
  const { group, directory, users } = await pushGroup(world.gateway, organization, { count: 1 });
  const conflict = await pushDoubtful(world.gateway, { ...directory, adoption: 'queue' });
  const extension = { urn: `urn:acme:${nextText('scim')}:Badge`, attributes: [{ name: 'badge' }] };
  const { body } = await world.send(
    world.operator,
    `post ${base}/directories/${directory.id}/extensions`,
    extension,
  );
  return {
    org: organization.id,
    team: await make('/teams', { name: 'Red' }),
    review: await make('/access-reviews', {}),
    member: users[0]?.membershipId ?? '',
    invitation,
    link,
    directory: directory.id,
    ...{ conflict: conflict.id, person: users[0]?.id ?? '' },
    urn: body.urn,
    token: await make(`/directories/${directory.id}/tokens`, { name: 'A' }),
    ...(await furnishRules(base, group.id)),
    connection: await make('/connections', {
      protocol: 'oidc',
      name: 'A',
      issuer: 'https://idp.example.com',
      clientId: 'a',
      clientSecret: 'b',
    }),
    domain: await make('/domains', { domain: 'example.com', verified: true }),
    ...(await furnishSignOn(base)),
    ...(await furnishWork(directory, base)),
    passkey: await furnishPasskey(organization, users[0]?.membershipId),
    ...(await furnishInstallation()),
  };
}

/** A group mapping, a mapping test, a draft, and a webhook. */
async function furnishRules(base: string, groupId: string): Promise<Readonly<Record<string, string>>> {
  const rule = { match: { groupId }, grants: [{ scope: 'org', role: 'viewer' }] };
  const mapping = await world.send(world.operator, `post ${base}/group-mappings`, rule);
  const expected = { name: 'A', given: {}, expect: { teams: [] } };
  const mappingTest = await world.send(world.operator, `post ${base}/mapping-tests`, expected);
  const draft = await world.send(world.operator, `post ${base}/mapping-drafts`, {});
  const webhook = await world.send(world.operator, `post ${base}/webhooks`, { url: 'https://127.0.0.1:1/' });
  const ruled = { mapping: mapping.body.id, mappingTest: mappingTest.body.id, draft: draft.body.id };
  return { ...ruled, webhook: webhook.body.id };
}

/** A test through a connection of its own, and the code of an owner. */
async function furnishSignOn(base: string): Promise<Readonly<Record<string, string>>> {
  const { body: members } = await world.send(world.operator, `get ${base}/members?role=owner`);
  const codes = `post ${base}/emergency-codes`;
  const { body: code } = await world.send(world.operator, codes, { member: members.items[0].id });
  const key = { name: 'A', kind: 'team', scopes: ['members.read'] };
  const { body: apiKey } = await world.send(world.operator, `post ${base}/api-keys`, key);
  return { code: code.id, resourceType: 'chatbot', role: 'auditor', resource: 'bot-1', apiKey: apiKey.id };
}

/** What nobody makes by one request: a key pair, long work, a recording. */
async function furnishWork(directory: Directory, base: string): Promise<Readonly<Record<string, string>>> {
  const { organizationId: id } = directory;
  const entry = aRecorderEntry(directory);
  const connection = await addSamlConnection(world.gateway, { id });
  await world.send(world.operator, `post ${base}/connections/${connection.id}/sp-keys`);
  const made = await world.gateway.storage.connections.find(id, connection.id);
  const key = made?.settings.protocol === 'saml' ? made.settings.spKeys[0]?.id : undefined;
  const job = aJob(id, { dueAt: null });
  await world.gateway.storage.transact(async (tx) => {
    await tx.recorderEntries.append(id, [entry]);
    await tx.jobs.insert(id, job);
  });
  const test = await world.send(world.operator, `post ${base}/connections/${connection.id}/test-sign-in`, {});
  const clients = `post ${base}/directories/${directory.id}/clients`;
  const { body: client } = await world.send(world.operator, clients, { name: 'A' });
  return {
    client: client.clientId,
    entry: entry.id,
    job: job.id,
    key: key ?? '',
    test: test.body.id,
  };
}

/** What belongs to no organization; only the operator may ask for it. */
async function furnishInstallation(): Promise<Readonly<Record<string, string>>> {
  const { body } = await world.send(world.operator, 'post /applications', {
    name: 'A',
    redirectUris: ['https://app.example/'],
  });
  const keys = await world.send(world.operator, 'get /signing-keys');
  const stop = await world.send(world.operator, 'post /mail-suppressions', { address: 'a@bounced.example' });
  return {
    application: body.clientId,
    secret: body.secrets[0].id,
    signingKey: keys.body.items[0].id,
    suppression: stop.body.id,
  };
}

const PREFIXES = {
  org: 'org',
  team: 'team',
  member: 'mem',
  invitation: 'inv',
  review: 'arv',
  link: 'lnk',
  directory: 'dir',
  conflict: 'acf',
  person: 'du',
  token: 'dtk',
  mapping: 'map',
  mappingTest: 'mpt',
  draft: 'mdr',
  connection: 'con',
  domain: 'dom',
  entry: 'rec',
  session: 'ses',
  job: 'job',
  key: 'spk',
  passkey: 'pky',
  suppression: 'sup',
  test: 'tsi',
  code: 'emc',
  application: 'app',
  secret: 'sec',
  signingKey: 'key',
  client: 'dcl',
  apiKey: 'apk',
  webhook: 'whk',
} as const;

const isKnown = (name: string): name is keyof typeof PREFIXES => Object.hasOwn(PREFIXES, name);
const randomIdFor = (name: string): string =>
  isKnown(name) ? newId(PREFIXES[name], Date.UTC(2026, 0, 1)) : randomBytes(8).toString('hex');

const parametersOf = (route: ApiRoute): string[] =>
  [...route.path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
const fill = (route: ApiRoute, value: (name: string) => string): string =>
  `${route.method} ${route.path.replace(/:(\w+)/g, (_match, name: string) => value(name))}`;

/** A body that each route's schema takes, so that a refusal is about who asks or what for. */
const BODIES: Readonly<Record<string, object | string>> = {
  decideCutoverPerson: { decision: 'later' },
  switchCutover: { reportHash: 'a', unmatched: 'keep' },
  changeOwnProfile: { displayName: 'A' },
  changePassword: { currentPassword: 'a', newPassword: 'b' },
  requestEmailChange: { currentPassword: 'a', email: 'new@example.com' },
  beginSecondFactor: { currentPassword: 'a' },
  confirmSecondFactor: { code: '123456' },
  removeSecondFactor: { currentPassword: 'a', code: '123456' },
  renewRecoveryCodes: { currentPassword: 'a' },
  replaceConnectionMetadata: '<md:EntityDescriptor/>',
  importConnectionMetadata: '<md:EntityDescriptor/>',
  updateDomain: { connection: null },
  createOrganization: { name: 'A' },
  updateOrganization: { name: 'A' },
  createRole: { key: 'auditor', name: 'Auditor', rank: 50 },
  updateRole: { name: 'A' },
  eraseFromAudit: { organization: 'acme', member: 'mem_00000000000000000000000000' },
  createMailSuppression: { address: 'a@example.com' },
  previewBranding: { mail: 'welcome' },
  beginPasskey: { currentPassword: 'a' },
  renamePasskey: { name: 'A' },
  addPasskey: {
    name: 'A',
    credential: { id: 'a', response: { clientDataJSON: 'a', attestationObject: 'a' } },
  },
  createTeam: { name: 'A' },
  createAccessReview: {},
  decideReviewItem: { decision: 'confirm' },
  decideReviewItems: { decisions: [{ member: `mem_${'0'.repeat(26)}`, decision: 'confirm' }] },
  updateTeam: { name: 'A' },
  setTeamMember: { role: 'member' },
  setMemberResource: { role: 'viewer' },
  updateMember: { status: 'active' },
  transferOwnership: {},
  createApiKey: { name: 'A', kind: 'personal', scopes: ['members.read'] },
  createInvitation: { email: 'someone@example.com' },
  createInvitationLink: { expiresIn: '1h' },
  joinByInvitationLink: { proof: 'a' },
  requestAddressProof: { email: 'someone@example.com' },
  createInvitations: { invitations: [{ email: 'someone@example.com' }] },
  importInvitations: 'email\nsomeone@example.com\n',
  updateInvitation: { role: 'viewer' },
  resendInvitation: {},
  acceptInvitation: { name: 'Eve', password: 'a sentence nobody guesses' },
  createDirectory: { kind: 'okta', status: 'draft' },
  updateDirectory: { name: 'A' },
  createDirectoryToken: { name: 'A' },
  createDirectoryClient: { name: 'A' },
  createDirectoryExtension: { urn: 'urn:acme:scim:Locker', attributes: [{ name: 'locker' }] },
  replaceDirectoryExtension: { attributes: [{ name: 'locker' }] },
  resolveAdoptionConflict: { action: 'reject' },
  createGroupMapping: { match: { groupName: 'A' }, grants: [{ scope: 'org', role: 'viewer' }] },
  updateGroupMapping: { rank: 1 },
  orderGroupMappings: { mappings: [] },
  createMappingTest: { name: 'A', given: {}, expect: { teams: [] } },
  updateMappingTest: { name: 'A' },
  createMappingDraft: {},
  updateMappingDraft: { name: 'A' },
  applyMappingDraft: { planHash: 'A' },
  previewGroupMapping: { match: { groupName: 'A' }, grants: [{ scope: 'org', role: 'viewer' }] },
  createConnection: {
    protocol: 'oidc',
    name: 'A',
    issuer: 'https://idp.example.com',
    clientId: 'a',
    clientSecret: 'b',
  },
  updateConnection: { jit: false },
  applyConnectionMetadata: { id: 'A' },
  createDomain: { domain: 'ours.example' },
  createEmergencyCode: {},
  startTestSignIn: {},
  verifyDomain: {},
  switchOrganization: { organization: 'elsewhere' },
  createWebhook: { url: 'https://127.0.0.1:1/' },
  updateWebhook: { types: null },
  replayWebhook: { from: `evt_${'0'.repeat(26)}` },
  createOrganizationWebhook: { url: 'https://127.0.0.1:1/' },
  updateOrganizationWebhook: { types: null },
  replayOrganizationWebhook: { from: `evt_${'0'.repeat(26)}` },
  createApplication: { name: 'A', redirectUris: ['https://app.example/'] },
  updateApplication: { name: 'A' },
  rotateApplicationSecret: {},
  rotateSigningKeys: { algorithm: 'ES256' },
};

const send = (sender: Sender, route: ApiRoute, value: (name: string) => string): Promise<Answer> =>
  world.send(sender, fill(route, value), BODIES[route.operationId]);

const told = ({ status, body }: Answer) => ({ status, ...(body as object), instance: undefined });
const nameOf = (route: ApiRoute) => [`${route.method} ${route.path}`, route] as const;

const all = apiRoutes.map(nameOf);
const guarded = apiRoutes.filter(({ guard }) => guard.kind !== 'public').map(nameOf);
const inOrganization = apiRoutes.filter(({ guard }) => guard.kind === 'organization').map(nameOf);
const unsafe = guarded.filter(([, { method }]) => method !== 'get');

describe('the table', () => {
  test('is what these tests think it is', () => {
    expect(all.length).toBeGreaterThanOrEqual(50);
    expect(
      apiRoutes.filter(({ guard }) => guard.kind === 'public').map(({ operationId }) => operationId),
    ).toEqual([
      ...[
        'acceptInvitation',
        'requestInvitedAddressProof',
        'previewInvitationLink',
        'requestAddressProof',
        'joinByInvitationLink',
      ],
      ...['askForNewInvitation', 'askForNewInvitationLink'],
      'getOpenApi',
    ]);
    const withBody = apiRoutes.filter(({ body }) => body !== undefined);
    expect(withBody.map(({ operationId }) => operationId).sort()).toEqual(Object.keys(BODIES).sort());
    for (const route of withBody) expect(route.body?.safeParse(BODIES[route.operationId]).success).toBe(true);
    const named = new Set(apiRoutes.filter(({ guard }) => guard.kind !== 'public').flatMap(parametersOf));
    expect([...named].sort()).toEqual(
      [...Object.keys(PREFIXES), 'urn', 'resource', 'resourceType', 'role'].sort(),
    );
  });
});

describe('nobody', () => {
  test.each(guarded)(
    '%s: 401 without a credential, and nothing of the body is read',
    async (_name, route) => {
      const answer = await send(world.nobody, route, randomIdFor);
      expect([answer.status, answer.body.code]).toEqual([401, 'unauthenticated']);
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
      const broken = await world.send(
        { headers: { 'content-type': 'application/json' } },
        fill(route, randomIdFor),
        route.method === 'get' ? undefined : '{"broken',
      );
      expect(broken.status).toBe(401);
    },
  );

  test.each(guarded)(
    '%s: 401 for what is no operator key, even beside a good cookie (S112)',
    async (_name, route) => {
      const { token } = await world.gateway.createDirectory(await world.newOrganization());
      const cookie = stranger.headers.cookie ?? '';
      const values = [
        `Bearer ${token}`,
        'Bearer gho_wrong',
        'Basic YTpi',
        'Bearer ',
        `Bearer ${stranger.token}`,
      ];
      for (const authorization of values) {
        const answer = await send(
          { headers: { authorization, cookie } },
          route,
          (name) => theirIds[name] ?? '',
        );
        expect([authorization, answer.status]).toEqual([authorization, 401]);
      }
    },
  );
});

describe('S186: an unsafe request that rides on a cookie comes from our own pages', () => {
  const foreign: readonly [string, Readonly<Record<string, string>>][] = [
    ['no Origin at all', {}],
    ['another site', { origin: 'https://evil.example' }],
    ['the same host over another scheme', { origin: 'https://127.0.0.1' }],
    ['a form of another site', { 'sec-fetch-site': 'cross-site' }],
    ['a sibling host', { 'sec-fetch-site': 'same-site' }],
    ['an opaque origin', { origin: 'null' }],
  ];
  test.each(unsafe)('%s: 403, and nothing happens', async (_name, route) => {
    const cookie = people.get('owner')?.headers.cookie ?? '';
    for (const [, headers] of foreign) {
      const answer = await send({ headers: { cookie, ...headers } }, route, (name) =>
        name === 'org' ? ours.id : randomIdFor(name),
      );
      expect([headers, answer.status, answer.body.code]).toEqual([headers, 403, 'forbidden']);
    }
  });
});

describe('S106: another organization is no organization', () => {
  test.each(inOrganization)(
    '%s: its id and its slug answer what a random id answers',
    async (_name, route) => {
      const owner = people.get('owner') ?? world.nobody;
      const random = told(await send(owner, route, randomIdFor));
      expect(random).toMatchObject({ status: 404, code: 'not_found' });
      for (const reference of [theirs.id, theirs.slug]) {
        const answer = await send(owner, route, (name) =>
          name === 'org' ? reference : (theirIds[name] ?? ''),
        );
        expect(told(answer)).toEqual(random);
      }
    },
  );

  const nested = inOrganization.flatMap(([name, route]) =>
    parametersOf(route)
      // What things of the product are called is the product's own word: nobody's id.
      .filter((parameter) => parameter !== 'org' && (isKnown(parameter) || parameter === 'urn'))
      .map((parameter) => [`${name} with their ${parameter}`, route, parameter] as const),
  );
  test.each(nested)('%s: what a random or malformed id answers', async (_name, route, parameter) => {
    const owner = people.get('owner') ?? world.nobody;
    const ourIds = await furnishOnce();
    const with_ = (value: string) =>
      send(owner, route, (name) =>
        name === parameter ? value : name === 'org' ? ours.id : (ourIds[name] ?? ''),
      );
    const random = told(await with_(randomIdFor(parameter)));
    expect(random).toMatchObject({ code: expect.stringMatching(/^(not_found|invitations_disabled)$/) });
    for (const value of [theirIds[parameter] ?? '', 'nonsense', `${PREFIXES.org}_1`, 'constructor']) {
      expect(told(await with_(value))).toEqual(random);
    }
  });

  test('nothing of them changed all the while', async () => {
    for (const [path, id] of [
      ['teams', theirIds.team],
      ['members', theirIds.member],
      ['directories', theirIds.directory],
      ['connections', theirIds.connection],
      ['group-mappings', theirIds.mapping],
      ['domains', theirIds.domain],
      ['recorder', theirIds.entry],
    ]) {
      const { status } = await world.send(stranger, `get /organizations/${theirs.id}/${path}/${id}`);
      expect([path, status]).toEqual([path, 200]);
    }
  });
});

let furnished: Promise<Readonly<Record<string, string>>> | undefined;
/** The organization of the first owner gets one of everything, under its own domain. */
async function furnishOnce(): Promise<Readonly<Record<string, string>>> {
  furnished ??= furnishOurs();
  return furnished;
}

async function furnishOurs(): Promise<Readonly<Record<string, string>>> {
  await world.send(world.operator, `delete /organizations/${theirs.id}/domains/${theirIds.domain}`);
  const ids = await furnish(ours);
  await world.send(world.operator, `delete /organizations/${ours.id}/domains/${ids.domain}`);
  const again = { domain: 'example.com', verified: true };
  const { body } = await world.send(world.operator, `post /organizations/${theirs.id}/domains`, again);
  theirIds = { ...theirIds, domain: body.id };
  return ids;
}

describe('roles', () => {
  const matrix = inOrganization.flatMap(([name, route]) =>
    ORG_ROLES.map((role) => [name, role, route] as const),
  );
  test.each(matrix)('%s as %s: what the table of permissions says', async (_name, role, route) => {
    if (route.guard.kind !== 'organization') throw new Error('not in an organization');
    const { permission, orAnyMember = false, invites = false } = route.guard;
    const isAllowed = orAnyMember || ROLE_PERMISSIONS[role].includes(permission);
    // Removing is tried where it does no harm: what is asked for does not exist.
    const isEnd = ['removeOrganization', 'endOrganizationSessions'].includes(route.operationId);
    if (isEnd && isAllowed) return;
    // Ours has a directory, which shuts the doors of invitations to every role.
    const place = invites ? await world.newOrganization() : ours;
    const person = invites ? await world.newPerson(place, role) : people.get(role);
    const answer = await send(person ?? world.nobody, route, (name) =>
      name === 'org' ? place.id : randomIdFor(name),
    );
    const isRefused = answer.status === 403 && String(answer.body.detail).includes(permission);
    expect([answer.status, isRefused]).toEqual([isRefused ? 403 : answer.status, !isAllowed]);
    expect(answer.status).toBeLessThan(500);
  });

  test.each(inOrganization)('%s: a suspended member is nobody at once (law 6)', async (_name, route) => {
    const organization = await world.newOrganization();
    const eve = await world.newPerson(organization, 'admin');
    const path = `/organizations/${organization.id}/members/${eve.membership.id}`;
    await world.send(world.operator, `patch ${path}`, { status: 'suspended' });
    const answer = await send(eve, route, (name) => (name === 'org' ? organization.id : randomIdFor(name)));
    expect(answer.status).toBe(401);
  });

  test('S186: the operator cookie is the operator, from our own pages only', async () => {
    const { deps, baseUrl } = world.gateway;
    const cookie = `__Host-gatehouse-operator=${await startOperatorSession(deps)}`;
    const asked = (headers: Readonly<Record<string, string>>) =>
      world.send({ headers: { cookie, ...headers } }, 'post /organizations', { name: 'By cookie' });
    expect((await asked({ origin: baseUrl })).status).toBe(201);
    for (const headers of [{}, { origin: 'https://evil.example' }])
      expect((await asked(headers)).status).toBe(403);
    expect((await world.send({ headers: { cookie } }, 'get /session')).status).toBe(401);
  });

  test('GET /session means the person, in a browser in which the operator is signed in too', async () => {
    const operator = `__Host-gatehouse-operator=${await startOperatorSession(world.gateway.deps)}`;
    const cookie = `${operator}; ${stranger.headers.cookie}`;
    const { status, body } = await world.send({ headers: { cookie } }, 'get /session');
    expect([status, body.membershipId]).toEqual([200, stranger.membership.id]);
  });

  test('a session cookie sent twice is none: a sibling host may have planted one', async () => {
    const cookie = `${stranger.headers.cookie}; ${stranger.headers.cookie}`;
    expect((await world.send({ headers: { cookie } }, 'get /session')).status).toBe(401);
  });
});
