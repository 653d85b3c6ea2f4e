/** What every counterpart meets: a gateway process of its own, its operator, and what a test asks of it. */
import { expect } from '@jest/globals';
import { request } from 'undici';
import { startGatewayProcess } from '../../scripts/demo/gateway-process.ts';
import { createOperator, type Operator } from '../../scripts/demo/operator.ts';
import { textAt } from '../../scripts/simulate/answers.ts';
import type { Browser, Page } from '../support/browser.ts';

export interface PushedPerson {
  readonly userName: string;
  readonly externalId: string;
  readonly displayName: string;
}

export interface Place {
  readonly baseUrl: string;
  readonly operator: Operator;
  /** Makes the organization directory-managed if it is not, and pushes one active person. */
  pushPerson(slug: string, person: PushedPerson): Promise<void>;
  /** Fails with the organization's audit when the page is not the person's page: a refusal tells its reason only there. */
  expectArrival(slug: string, page: Page): Promise<void>;
  /** The parsed answer of `GET /api/v1/session`, whatever its status. */
  readSession(browser: Browser): Promise<unknown>;
  close(): Promise<void>;
}

export async function startPlace(): Promise<Place> {
  const gateway = await startGatewayProcess({ smtpUrl: '' });
  const operator = createOperator(gateway);
  const { baseUrl, close } = gateway;
  return {
    ...{ baseUrl, operator, close },
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
