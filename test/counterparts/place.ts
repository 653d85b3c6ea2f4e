/** What every counterpart meets: a gateway process of its own, its operator, and what a test asks of it. */
import { expect } from '@jest/globals';
import { request } from 'undici';
import { startGatewayProcess } from '../../scripts/demo/gateway-process.ts';
import { createOperator, type Operator } from '../../scripts/demo/operator.ts';
import { textAt } from '../../scripts/simulate/answers.ts';
import type { Browser, Page } from '../support/browser.ts';
import { movesOnTo } from '../support/logout-stage.ts';

export interface PushedPerson {
  readonly userName: string;
  readonly externalId: string;
  readonly displayName: string;
}

export interface PasswordPerson {
  readonly email: string;
  readonly password: string;
}

export interface Registered {
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface Place {
  readonly baseUrl: string;
  readonly operator: Operator;
  /** Makes the organization directory-managed if it is not, and pushes one active person. */
  pushPerson(slug: string, person: PushedPerson): Promise<void>;
  /** An admin with a password, in a manual organization made for them. */
  addAdmin(slug: string): Promise<PasswordPerson>;
  /** Registers an application and answers its credentials. */
  addApplication(application: object): Promise<Registered>;
  /** Answers the gateway's question for a password, and goes on where the page says. */
  signInWithPassword(browser: Browser, question: Page, person: PasswordPerson): Promise<Page>;
  /** Fails with the organization's audit when the page is not the person's page: a refusal tells its reason only there. */
  expectArrival(slug: string, page: Page): Promise<void>;
  /** The parsed answer of `GET /api/v1/session`, whatever its status. */
  readSession(browser: Browser): Promise<unknown>;
  close(): Promise<void>;
}

export async function startPlace(settings: { readonly dnsServers?: string } = {}): Promise<Place> {
  const gateway = await startGatewayProcess({ smtpUrl: '', ...settings });
  const operator = createOperator(gateway);
  const { baseUrl, close } = gateway;
  return {
    ...{ baseUrl, operator, close },
    addAdmin: (slug) => addAdmin(operator, slug),
    addApplication: (application) => addApplication(operator, application),
    signInWithPassword: async (browser, question, { email, password }) => {
      const answer = await browser.submitForm(question, { form: 'password', values: { email, password } });
      const next = movesOnTo(answer);
      if (next === '') throw new Error(`no way on from ${answer.url}: ${answer.text}`);
      return browser.follow(new URL(next, answer.url).href);
    },
    pushPerson: (slug, person) => pushPerson(operator, slug, person),
    expectArrival: async (slug, page) => {
      const path = `/organizations/${slug}/audit-events`;
      const audit = page.status === 200 ? [] : await operator.expect(200, { method: 'GET', path });
      const seen = { status: page.status, url: page.url, audit };
      expect(seen).toEqual({ status: 200, url: `${baseUrl}/`, audit: [] });
    },
    readSession: async (browser) => {
      const headers = { accept: 'application/json' };
      const { text } = await browser.request(`${baseUrl}/api/v1/session`, { headers });
      const session: unknown = JSON.parse(text);
      return session;
    },
  };
}

async function pushPerson(operator: Operator, slug: string, person: PushedPerson): Promise<void> {
  const path = `/organizations/${slug}/directories`;
  const directory = await operator.expect(201, { method: 'POST', path, body: { kind: 'generic' } });
  const token = await operator.expect(201, {
    method: 'POST',
    path: `${path}/${textAt(directory, 'id')}/tokens`,
    body: { name: 'test' },
  });
  const { statusCode, body } = await request(`${textAt(directory, 'scimBaseUrl')}/Users`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${textAt(token, 'token')}`,
      'content-type': 'application/scim+json',
    },
    body: JSON.stringify({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      active: true,
      ...person,
    }),
  });
  const text = await body.text();
  if (statusCode !== 201) throw new Error(`${statusCode} ${text}`);
}

async function addAdmin(operator: Operator, slug: string): Promise<PasswordPerson> {
  const person = { email: `admin@${slug}.example`, password: 'a sentence nobody guesses' };
  await operator.create('/organizations', { name: slug, slug });
  const invitation = await operator.expect(201, {
    method: 'POST',
    path: `/organizations/${slug}/invitations`,
    body: { email: person.email, role: 'admin', delivery: 'link' },
  });
  const token = new URL(textAt(invitation, 'url')).pathname.split('/').pop();
  const body = { name: 'Ada Admin', password: person.password };
  await operator.expect(200, { method: 'POST', path: `/invitations/${token}/accept`, body });
  return person;
}

async function addApplication(operator: Operator, body: object): Promise<Registered> {
  const made = await operator.expect(201, { method: 'POST', path: '/applications', body });
  return { clientId: textAt(made, 'clientId'), clientSecret: textAt(made, 'clientSecret') };
}
