/** The frame around every surface: health, headers, odd addresses, and errors in the language of the surface. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway();
});

afterAll(() => gateway.close());

describe('health', () => {
  test('GET /healthz says that the process lives', async () => {
    const answer = await gateway.request().get('/healthz');
    expect([answer.status, answer.body]).toEqual([200, { status: 'alive' }]);
  });

  test('GET /readyz says that the store answers', async () => {
    const answer = await gateway.request().get('/readyz');
    expect([answer.status, answer.body]).toEqual([200, { status: 'ready' }]);
  });
});

describe('S219: every answer carries the security headers', () => {
  test.each(['/healthz', '/sign-in', '/api/v1/session', '/scim/v2/dir_x/Users', '/nothing'])(
    '%s',
    async (path) => {
      const { headers } = await gateway.request().get(path);
      expect(headers['content-security-policy']).toContain("default-src 'none'");
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['referrer-policy']).toBe('no-referrer');
      expect(headers['strict-transport-security']).toContain('max-age=31536000');
      expect(headers['x-powered-by']).toBeUndefined();
    },
  );
});

const ODD = ['//', '/%2f', '/%2e%2e/x', '/x;y=1', '/%00', '/%5c', '/nothing/here'];

describe('S107, S135: odd addresses answer 404 in the language of their surface', () => {
  test.each(ODD.map((tail) => `/scim/v2/dir_x${tail}`))('%s is a SCIM error', async (path) => {
    const answer = await gateway.request().get(path);
    // An ordinary address below a directory asks for the token first.
    expect([404, 401]).toContain(answer.status);
    expect(answer.headers['content-type']).toContain('application/scim+json');
    expect(answer.body.schemas).toEqual(['urn:ietf:params:scim:api:messages:2.0:Error']);
  });

  test.each(ODD.map((tail) => `/api/v1${tail}`))('%s is a problem', async (path) => {
    const answer = await gateway.request().get(path);
    expect(answer.status).toBe(404);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body.code).toBe('not_found');
  });

  test.each(['/SCIM/v2/x', '/scim', '/scim/v3/x'])('%s is a SCIM error', async (path) => {
    const answer = await gateway.request().get(path);
    expect([answer.status, answer.body.status]).toEqual([404, '404']);
  });

  test('anything else is a page with a reference', async () => {
    const answer = await gateway.request().get('/nothing').set('Accept', 'text/html');
    expect(answer.status).toBe(404);
    expect(answer.text).toContain(String(answer.headers['x-request-id']));
  });
});
