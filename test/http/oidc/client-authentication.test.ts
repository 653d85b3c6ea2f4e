/** Client ids and secrets as identity providers make them reach the token endpoint in a form that every provider reads. */
import { describe, expect, test } from '@jest/globals';
import { clientAuthentication } from '../../../src/http/oidc/client-authentication.ts';
import type { OidcTrust } from '../../../src/http/oidc/trust.ts';

const header = async (clientId: string, clientSecret: string): Promise<string> => {
  const trust: OidcTrust = {
    ...{
      connectionId: 'con_1',
      issuer: 'https://idp.example',
      clientId,
      clientSecret,
      tokenEndpointAuthMethod: 'client_secret_basic',
    },
    ...{ redirectUri: 'https://gatehouse.example/cb', scopes: ['openid'], allowInsecure: false },
  };
  const headers = new Headers();
  const server = { issuer: trust.issuer };
  await clientAuthentication(trust)(server, { client_id: clientId }, new URLSearchParams(), headers);
  return Buffer.from((headers.get('authorization') ?? '').replace('Basic ', ''), 'base64').toString();
};

const cases: readonly [what: string, clientId: string, secret: string, sent: string][] = [
  ['hyphens, dots, underscores and tildes stay', 'app-1', 'x8Q~a.b_c-d', 'app-1:x8Q~a.b_c-d'],
  ['a colon cannot move the border', 'urn:app', 's:t', 'urn%3Aapp:s%3At'],
  ['a percent sign is encoded, so that decoding gives it back', 'a', '%41', 'a:%2541'],
  ['a plus sign does not become a space', 'a', 'b+c', 'a:b%2Bc'],
  ['other alphabets are UTF-8', 'a', 'ü', 'a:%C3%BC'],
];

describe('client_secret_basic', () => {
  test.each(cases)('%s', async (_what, clientId, secret, sent) => {
    expect(await header(clientId, secret)).toBe(sent);
    const [id = '', rest = ''] = sent.split(':');
    expect([decodeURIComponent(id), decodeURIComponent(rest)]).toEqual([clientId, secret]);
  });
});
