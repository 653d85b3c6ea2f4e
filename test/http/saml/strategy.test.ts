/** The passport seam: the request we send, and the clock we live by. Refusals are in test/protocols/saml. */
import { inflateRawSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { buildAuthnRequestUrl, verifySamlResponse } from '../../../src/http/saml/strategy.ts';
import { goodResponse } from '../../support/saml-builder.ts';
import { fixtureContext, fixtureTrust } from '../../support/saml-fixture-context.ts';

const requestOf = (url: string): string =>
  inflateRawSync(Buffer.from(new URL(url).searchParams.get('SAMLRequest') ?? '', 'base64')).toString();

describe('the authentication request', () => {
  const input = { connection: fixtureTrust(), requestId: '_request1', relayState: 'sin_1' };

  test('goes to the single sign-on address with our id, our address and the relay state', async () => {
    const url = new URL(await buildAuthnRequestUrl(input));
    expect(`${url.origin}${url.pathname}`).toBe('https://idp.example/sso');
    expect(url.searchParams.get('tenant')).toBe('1');
    expect(url.searchParams.get('RelayState')).toBe('sin_1');
    const xml = requestOf(url.toString());
    expect(xml).toContain('ID="_request1"');
    expect(xml).toContain('Destination="https://idp.example/sso?tenant=1"');
    expect(xml).toContain('AssertionConsumerServiceURL="https://gate.example/saml/con_1/acs"');
    expect(xml).toContain('>https://gate.example/saml/con_1</saml:Issuer>');
    expect(xml).not.toContain('ForceAuthn');
    expect(xml).not.toContain('RequestedAuthnContext');
  });

  test('asks for a fresh authentication when told to', async () => {
    expect(requestOf(await buildAuthnRequestUrl({ ...input, forceAuthn: true }))).toContain(
      'ForceAuthn="true"',
    );
  });
});

describe('the clock', () => {
  const years = [2019, 2026, 2060];
  test.each(years)('is the one we pass, in %i as today', async (year) => {
    const now = Date.UTC(year, 0, 1);
    const context = { ...fixtureContext(), now };
    const connection = fixtureTrust(context);
    const verify = (at: number) =>
      verifySamlResponse({
        samlResponse: goodResponse(context),
        connection,
        pending: { requestId: context.requestId },
        now: at,
      });
    await expect(verify(now)).resolves.toMatchObject({ nameId: context.nameId });
    await expect(verify(now + 301_000)).rejects.toMatchObject({ context: { reason: 'saml.too_old' } });
  });
});
