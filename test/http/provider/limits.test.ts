/** S98: wrong secrets of a client are counted where they come from; its right one elsewhere is not held up. */
import { expect, test } from '@jest/globals';
import { minutes } from '../../../src/kernel/clock.ts';
import { startApplication } from '../../support/application.ts';
import { startGateway } from '../../support/gateway.ts';
import { holdDate } from '../../support/held-date.ts';

test('S98: after 20 wrong secrets 429 with Retry-After, whatever is shown; other networks and later tries go on', async () => {
  const gateway = await startGateway({ now: holdDate(), rateLimits: true, trustProxy: ['loopback'] });
  const product = await startApplication(gateway);
  const ask = async (secret: string, ip = '192.0.2.1') => {
    const response = await fetch(`${gateway.baseUrl}/oidc/introspection`, {
      method: 'POST',
      headers: { 'x-forwarded-for': ip },
      body: new URLSearchParams({ client_id: product.clientId, client_secret: secret, token: 'x' }),
    });
    const { error } = JSON.parse(await response.text());
    return { status: response.status, error, retryAfter: response.headers.get('retry-after') };
  };
  for (let tries = 0; tries < 20; tries += 1) expect((await ask('gha_wrong')).status).toBe(401);
  expect(await ask('gha_wrong')).toEqual({ status: 429, error: 'too_many_requests', retryAfter: '300' });
  expect((await ask(product.clientSecret)).status).toBe(429);
  expect((await ask(product.clientSecret, '198.51.100.7')).status).toBe(200);
  gateway.clock.advance(minutes(5));
  expect((await ask(product.clientSecret)).status).toBe(200);
  await product.close();
  await gateway.close();
});
