/** A stage for requiring single sign-on: an organization with an owner, a connection to a live identity provider, and their acts. */
import { addDomain } from '../../../src/core/connections/domains.ts';
import type { Connection } from '../../../src/core/entities/connection.ts';
import { acceptInvitation } from '../../../src/core/joining/invitation-acceptance.ts';
import { changeMember } from '../../../src/core/members/members.ts';
import { type Browser, createBrowser, type Page } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { testCause } from '../../support/gateway.ts';
import { holdDate } from '../../support/held-date.ts';
import { type SamlIdp, type SamlIdpUser, startSamlIdp } from '../../support/idp/saml.ts';
import { invite, PASSWORD, postForm } from '../../support/page-visits.ts';
import { addSamlConnection } from '../../support/sign-in-stage.ts';
import { type Answer, type ApiWorld, startApiWorld } from '../api/api-world.ts';

export interface PolicyStage {
  readonly world: ApiWorld;
  readonly idp: SamlIdp;
  company(choice?: { readonly status?: Connection['status']; readonly jit?: boolean }): Promise<Company>;
  /** Opens an address in this browser and goes through the identity provider as the user. */
  through(browser: Browser, url: string, user: SamlIdpUser): Promise<Page>;
  /** A whole sign-in in a new browser. */
  signIn(company: Company, user: SamlIdpUser): Promise<{ readonly browser: Browser; readonly page: Page }>;
  /** Passes a test sign-in as the operator, for somebody who may come in, and requires single sign-on. */
  requireSso(company: Company, user: SamlIdpUser): Promise<Answer>;
  close(): Promise<void>;
}

export interface Company {
  readonly id: Connection['organizationId'];
  readonly slug: string;
  /** Proved; the owner's and the members' addresses are of it. */
  readonly domain: string;
  readonly connection: Connection;
  /** `/organizations/{id}` */
  readonly base: string;
  /** A new member with a password, in a browser in which they are signed in. */
  member(role?: 'owner' | 'admin' | 'member'): Promise<Person>;
}

export interface Person {
  readonly email: string;
  readonly browser: Browser;
  readonly membershipId: string;
  /** Sends `METHOD /path` below /api/v1 with this session. */
  send(request: string, body?: unknown): Promise<{ readonly status: number; readonly body: Json }>;
  /** Signs in anew with the password; answers the status of the form. */
  enterPassword(): Promise<number>;
}

// biome-ignore lint/suspicious/noExplicitAny: answers are what the tests look into
type Json = any;

export async function openPolicyStage(): Promise<PolicyStage> {
  const world = await startApiWorld({ now: holdDate() });
  const idp = await startSamlIdp();
  const { gateway } = world;
  const through: PolicyStage['through'] = async (browser, url, user) => {
    idp.addUser(user);
    const address = new URL(url, gateway.baseUrl);
    address.searchParams.set('login_hint', user.email);
    return browser.signIn(address.href);
  };
  return {
    ...{ world, idp, through },
    company: (choice = {}) => newCompany(world, idp, choice),
    signIn: async ({ slug }, user) => {
      const browser = createBrowser();
      return { browser, page: await through(browser, `/sign-in/${slug}`, user) };
    },
    requireSso: async ({ base, connection }, user) => {
      const path = `post ${base}/connections/${connection.id}/test-sign-in`;
      const { body } = await world.send(world.operator, path, {});
      await through(createBrowser(), body.url, user);
      return world.send(world.operator, `patch ${base}`, { ssoPolicy: 'required' });
    },
    close: async () => {
      await idp.close();
      await world.close();
    },
  };
}

async function newCompany(
  world: ApiWorld,
  idp: SamlIdp,
  choice: { readonly status?: Connection['status']; readonly jit?: boolean },
): Promise<Company> {
  const { gateway } = world;
  const { id, slug } = await gateway.createOrganization({ name: 'Acme', slug: nextText('acme') });
  const domain = `${slug}.example`;
  await addDomain(gateway.deps, { organizationId: id, cause: testCause, domain, vouched: true });
  const connection = await addSamlConnection(gateway, { id }, { idp, name: 'Acme Okta', ...choice });
  return {
    ...{ id, slug, domain, connection, base: `/organizations/${id}` },
    member: (role = 'member') => newPerson(world, { id, domain, role }),
  };
}

async function newPerson(
  { gateway }: ApiWorld,
  about: { readonly id: Company['id']; readonly domain: string; readonly role: 'owner' | 'admin' | 'member' },
): Promise<Person> {
  const { id: organizationId, domain, role } = about;
  const address = `${nextText('ada')}@${domain}`;
  const { token, email } = await invite(gateway, { id: organizationId }, { email: address });
  const acceptor = { kind: 'new', name: 'Ada', password: PASSWORD } as const;
  await acceptInvitation(gateway.deps, { token, acceptor, cause: testCause });
  const browser = createBrowser();
  const fields = { email, password: PASSWORD };
  await postForm(gateway, browser, { path: '/sign-in/password', fields });
  const [membership] = await gateway.storage.memberships.listByEmail(organizationId, email);
  if (membership === undefined) throw new Error('no member');
  const caller = { kind: 'operator' } as const;
  const change = { organizationId, id: membership.id, caller, cause: testCause };
  if (role !== 'member') await changeMember(gateway.deps, { ...change, change: { orgRole: role } });
  return {
    ...{ email, browser, membershipId: membership.id },
    send: async (request, body) => {
      const [method = '', path = ''] = request.split(' ');
      const page = await browser.request(`${gateway.baseUrl}/api/v1${path}`, {
        method: method.toUpperCase(),
        headers: {
          origin: gateway.baseUrl,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: page.status, body: page.text === '' ? undefined : JSON.parse(page.text) };
    },
    enterPassword: async () => {
      return (await postForm(gateway, createBrowser(), { path: '/sign-in/password', fields })).status;
    },
  };
}
