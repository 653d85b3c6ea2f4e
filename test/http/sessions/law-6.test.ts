/**
 * Law 6 as anybody can measure it: when the answer of an end has left, the very next request with any session of that
 * person is nobody's, and sign-ins that were under way leave no session behind (S141-S144).
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../src/core/entities/connection.ts';
import { type Browser, createBrowser } from '../../support/browser.ts';
import { onlyMember } from '../../support/members.ts';
import { goodResponse } from '../../support/saml-builder.ts';
import {
  addSamlConnection,
  contextFor,
  postToAcs,
  sessionStatus,
  setSession,
  startSaml,
} from '../../support/sign-in-stage.ts';
import { type ApiWorld, startApiWorld } from '../api/api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());

const NAME = 'ada@acme.example';

/** A company whose directory pushed one person, who is signed in with as many browsers as asked. */
async function aCompany(browsers = 2) {
  const { gateway } = world;
  const organization = await gateway.createOrganization({ name: 'Acme' });
  const directory = await gateway.createDirectory(organization);
  const connection = await addSamlConnection(gateway, organization);
  const scim = (method: string, path: string, body?: object) =>
    fetch(`${gateway.baseUrl}${directory.scimPath}${path}`, {
      method,
      headers: { authorization: `Bearer ${directory.token}`, 'content-type': 'application/scim+json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];
  const pushed = await scim('POST', '/Users', { schemas, userName: NAME, active: true });
  const user: { readonly id: string } = await pushed.json();
  const signedIn: Browser[] = [];
  for (let index = 0; index < browsers; index += 1)
    signedIn.push(await signIn(organization.slug, connection));
  const member = await onlyMember(gateway, organization.id);
  const api = (method: string, path: string, body?: object) =>
    world.send(world.operator, `${method} /organizations/${organization.id}${path}`, body);
  return { organization, directory, connection, user, member, browsers: signedIn, scim, api };
}

async function signIn(slug: string, connection: Connection): Promise<Browser> {
  const browser = createBrowser();
  const page = await arrive(browser, connection, await startSaml(world.gateway, browser, `/sign-in/${slug}`));
  if (setSession(page) === undefined) throw new Error(`not signed in: ${page.status}`);
  return browser;
}

/** The browser comes back from the identity provider. */
function arrive(
  browser: Browser,
  connection: Connection,
  { requestId, relayState }: { readonly requestId: string; readonly relayState: string },
) {
  const context = contextFor(world.gateway, connection, { requestId, nameId: NAME });
  const fields = { SAMLResponse: goodResponse(context), RelayState: relayState };
  return postToAcs(world.gateway, browser, { connection, fields });
}

type Company = Awaited<ReturnType<typeof aCompany>>;
type End = (company: Company) => Promise<{ readonly status: number }>;

const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const deactivation = (active: unknown) => ({
  schemas: [PATCH_OP],
  Operations: [{ op: 'replace', path: 'active', value: active }],
});

const patchActive: End = ({ scim, user }) => scim('PATCH', `/Users/${user.id}`, deactivation(false));

const ends: readonly [title: string, end: End, status: number][] = [
  ['SCIM PATCH active false', patchActive, 200],
  [
    'SCIM PATCH active "False", as Entra writes it',
    ({ scim, user }) => scim('PATCH', `/Users/${user.id}`, deactivation('False')),
    200,
  ],
  [
    'SCIM PUT active false',
    ({ scim, user }) =>
      scim('PUT', `/Users/${user.id}`, {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
        userName: NAME,
        active: false,
      }),
    200,
  ],
  ['SCIM DELETE', ({ scim, user }) => scim('DELETE', `/Users/${user.id}`), 204],
  ['SCIM Bulk with a DELETE', ({ scim, user }) => bulkDelete(scim, user.id), 200],
  [
    'the directory is disabled',
    ({ api, directory }) => api('patch', `/directories/${directory.directoryId}`, { status: 'disabled' }),
    200,
  ],
  [
    'the directory is removed',
    ({ api, directory }) => api('delete', `/directories/${directory.directoryId}?grants=drop`),
    204,
  ],
  [
    'the member is suspended',
    ({ api, member }) => api('patch', `/members/${member.id}`, { status: 'suspended' }),
    200,
  ],
  [
    'the member is signed out by an admin',
    ({ api, member }) => api('delete', `/members/${member.id}/sessions`),
    204,
  ],
  [
    'the connection is disabled',
    ({ api, connection }) => api('patch', `/connections/${connection.id}`, { status: 'disabled' }),
    200,
  ],
  [
    'the connection is made a draft',
    ({ api, connection }) => api('patch', `/connections/${connection.id}`, { status: 'draft' }),
    200,
  ],
  ['the connection is removed', ({ api, connection }) => api('delete', `/connections/${connection.id}`), 204],
  ['everybody is signed out', ({ api }) => api('delete', '/sessions'), 204],
  ['the organization is removed', ({ api }) => api('delete', ''), 204],
];

const bulkDelete = (scim: Company['scim'], id: string) =>
  scim('POST', '/Bulk', {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
    Operations: [{ method: 'DELETE', path: `/Users/${id}` }],
  });

const statusesOf = (browsers: readonly Browser[]) =>
  Promise.all(browsers.map((browser) => sessionStatus(world.gateway, browser)));

describe('S141: the very next request of every session', () => {
  test.each(ends)('%s', async (_title, end, status) => {
    const company = await aCompany(3);
    expect(await statusesOf(company.browsers)).toEqual([200, 200, 200]);
    expect((await end(company)).status).toBe(status);
    expect(await statusesOf(company.browsers)).toEqual([401, 401, 401]);
    const page = await company.browsers[0]?.request(world.gateway.baseUrl);
    expect([page?.status, page?.headers.get('location')]).toEqual([303, '/sign-in']);
  });

  test.each(ends.filter(([title]) => title !== 'the organization is removed'))(
    '%s: each end is told with its reason, in the audit and as an event',
    async (_title, end) => {
      const company = await aCompany(2);
      await end(company);
      const { storage } = world.gateway;
      const told = await storage.auditEvents.list(
        company.organization.id,
        { type: 'session.ended' },
        { limit: 10 },
      );
      expect(told).toHaveLength(2);
      for (const { details } of told)
        expect(details).toMatchObject({
          sessionId: expect.stringMatching(/^ses_/),
          userId: company.member.userId,
          reason: expect.any(String),
        });
    },
  );

  test('a group that gave the role is removed: the very next request has it no more', async () => {
    const { scim, api, user, browsers, organization } = await aCompany(1);
    const group = await scim('POST', '/Groups', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
      displayName: 'Admins',
      members: [{ value: user.id }],
    });
    const { id }: { readonly id: string } = await group.json();
    const grants = [{ scope: 'org', role: 'admin' }];
    await api('post', '/group-mappings', { match: { groupId: id }, grants });
    const path = `${world.gateway.baseUrl}/api/v1/organizations/${organization.id}/audit-events`;
    const asked = async () => (await browsers[0]?.request(path))?.status;
    expect(await asked()).toBe(200);
    expect((await scim('DELETE', `/Groups/${id}`)).status).toBe(204);
    expect(await asked()).toBe(403);
  });

  test('a member who is no directory person is removed', async () => {
    const organization = await world.newOrganization();
    const person = await world.newPerson(organization);
    const path = `delete /organizations/${organization.id}/members/${person.membership.id}`;
    expect((await world.send(world.operator, path)).status).toBe(204);
    expect((await world.send(person, 'get /session')).status).toBe(401);
  });
});

describe('S143 S144: what an end does not touch, and what does not come back', () => {
  test('S143: removal from one organization leaves the others alone', async () => {
    const [one, two] = [await aCompany(1), await aCompany(1)];
    await one.scim('DELETE', `/Users/${one.user.id}`);
    expect(await statusesOf([...one.browsers, ...two.browsers])).toEqual([401, 200]);
  });

  test.each([
    [
      'the person',
      patchActive,
      ({ scim, user }: Company) => scim('PATCH', `/Users/${user.id}`, deactivation(true)),
    ],
    [
      'the connection',
      ({ api, connection }: Company) => api('patch', `/connections/${connection.id}`, { status: 'disabled' }),
      ({ api, connection }: Company) => api('patch', `/connections/${connection.id}`, { status: 'active' }),
    ],
  ] as const)(
    'S144: %s switched off and on again: the old sessions stay dead, new ones can begin',
    async (_what, off, on) => {
      const company = await aCompany(1);
      await off(company);
      await on(company);
      expect(await statusesOf(company.browsers)).toEqual([401]);
      const again = await signIn(company.organization.slug, company.connection);
      expect(await sessionStatus(world.gateway, again)).toBe(200);
    },
  );
});

describe('S142: sign-ins under way', () => {
  test.each(ends.filter(([title]) => !/signed out/.test(title)))(
    '%s: an answer that arrives afterwards opens nothing',
    async (_title, end) => {
      const company = await aCompany(0);
      const browser = createBrowser();
      const start = await startSaml(world.gateway, browser, `/sign-in/${company.organization.slug}`);
      await end(company);
      const page = await arrive(browser, company.connection, start);
      expect([page.status, setSession(page)]).toEqual([403, undefined]);
      expect(await sessionStatus(world.gateway, browser)).toBe(401);
    },
  );

  test('20 answers that race with the deactivation: whoever got in is out when it has been answered', async () => {
    const company = await aCompany(0);
    const browsers = Array.from({ length: 20 }, () => createBrowser());
    const starts = await Promise.all(
      browsers.map((browser) => startSaml(world.gateway, browser, `/sign-in/${company.organization.slug}`)),
    );
    const arrivals = browsers.map((browser, index) => {
      const start = starts[index];
      if (start === undefined) throw new Error('no start');
      return arrive(browser, company.connection, start);
    });
    const [ended] = await Promise.all([patchActive(company), ...arrivals]);
    expect(ended.status).toBe(200);
    expect(new Set(await statusesOf(browsers))).toEqual(new Set([401]));
    const { organizationId, id } = company.member;
    expect(await world.gateway.storage.sessions.listByMembership(organizationId, id)).toEqual([]);
  });
});
