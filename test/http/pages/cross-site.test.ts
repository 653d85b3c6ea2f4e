/** S186 for every page at once: a form that another site made a browser post does nothing, whatever it looks like. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Router } from 'express';
import { createPagesRouter } from '../../../src/http/pages/router.ts';
import type { Browser } from '../../support/browser.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { aMember, FOREIGN, PASSWORD } from '../../support/page-visits.ts';
import { sessionStatus } from '../../support/sign-in-stage.ts';

/** Only their paths are looked at; `deps` is never asked. */
const paths = postsOf(createPagesRouter({} as never));

/** The paths that take a POST, from the router itself: a new one is in this test the moment it exists. */
function postsOf({ stack }: Router): readonly string[] {
  const routes = stack.map(({ route }) => route).filter((route) => route !== undefined);
  const posts = routes.filter((route) => route.stack.some(({ method }) => method === 'post'));
  return [...new Set(posts.map(({ path }) => path))].sort();
}

let gateway: TestGateway;
let browser: Browser;
beforeAll(async () => {
  gateway = await startGateway();
  ({ browser } = await aMember(gateway, await gateway.createOrganization()));
});
afterAll(() => gateway.close());

const FIELDS = {
  email: 'ada@example.com',
  password: PASSWORD,
  session: 'others',
  organization: 'acme',
  operator_key: 'gho_x',
  return_to: '/',
};

/** The bodies that a page can make a browser send to another site without being asked first (Fetch §2.2.2). */
const BODIES: readonly [type: string, body: string][] = [
  ['application/x-www-form-urlencoded', new URLSearchParams(FIELDS).toString()],
  ['text/plain', JSON.stringify(FIELDS)],
  ['application/json', JSON.stringify(FIELDS)],
];

describe('S186: posts of other sites', () => {
  test('the router is seen whole', () => {
    expect(paths).toEqual(
      expect.arrayContaining([
        '/own-sessions',
        '/sign-in-again',
        '/sign-in/password',
        '/sign-out',
        '/switch-organization',
      ]),
    );
    expect(paths.length).toBeGreaterThanOrEqual(9);
  });

  const rows = paths.flatMap((path) => FOREIGN.map(([title, headers]) => [path, title, headers] as const));
  test.each(rows)('%s from %s: refused, and the session lives on', async (path, _title, headers) => {
    for (const [type, body] of BODIES) {
      const page = await browser.request(`${gateway.baseUrl}${path.replace(/:\w+/g, 'x')}`, {
        method: 'POST',
        headers: { 'content-type': type, 'x-http-method-override': 'DELETE', ...headers },
        body,
      });
      // 415: the door does not take that type at all.
      expect([page.status, [403, 415].includes(page.status)]).toEqual([page.status, true]);
      expect(page.headers.getSetCookie().join()).not.toMatch(/gatehouse-session/);
    }
    expect(await sessionStatus(gateway, browser)).toBe(200);
  });

  test.each(['PUT', 'PATCH', 'DELETE'])('%s knows no page, also as an override', async (method) => {
    for (const path of paths) {
      const url = `${gateway.baseUrl}${path.replace(/:\w+/g, 'x')}`;
      const page = await browser.request(url, { method, headers: { origin: gateway.baseUrl } });
      expect([path, page.status]).toEqual([path, 405]);
    }
  });
});
