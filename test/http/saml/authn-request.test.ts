/** The question we send: signed with our own key, by address or by form, asking for what the connection wants. */
import { verify, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DOMParser } from '@xmldom/xmldom';
import { SignedXml } from 'xml-crypto';
import { createBrowser, type Page } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { holdDate } from '../../support/held-date.ts';
import { type SamlIdp, startSamlIdp } from '../../support/idp/saml.ts';
import { testCertificate } from '../../support/saml-keys.ts';
import { pushPerson, refusalReasons, setSession } from '../../support/sign-in-stage.ts';

const ADA = { email: 'ada@corp.example' };

let gateway: TestGateway;
let idp: SamlIdp;
beforeAll(async () => {
  gateway = await startGateway({ now: holdDate() });
  idp = await startSamlIdp({ users: [ADA] });
});
afterAll(async () => {
  await Promise.all([gateway.close(), idp.close()]);
});

/** A connection made through the management API, with these switches. */
async function aConnection(switches: object = {}) {
  const organization = await gateway.createOrganization({ slug: nextText('corp') });
  const { body } = await gateway
    .request()
    .post(`/api/v1/organizations/${organization.id}/connections`)
    .set('authorization', `Bearer ${gateway.operatorKey}`)
    .send({
      ...{ protocol: 'saml', name: 'A', entityId: 'https://idp.example/entity' },
      ...{ ssoUrl: 'https://idp.example/sso?tenant=1', certificates: [testCertificate('idp')] },
      ...switches,
    })
    .expect(201);
  const start = (query = '') =>
    createBrowser().request(`${gateway.baseUrl}/sign-in/${organization.slug}${query}`);
  return { organization, body, start, certificate: new X509Certificate(body.spCertificates[0].pem) };
}

const addressOf = (page: Page) => new URL(page.headers.get('location') ?? '');
const requestAt = (url: URL): string =>
  inflateRawSync(Buffer.from(url.searchParams.get('SAMLRequest') ?? '', 'base64')).toString();
const fieldOf = (page: Page, name: string): string =>
  new RegExp(`name="${name}" value="([^"]*)"`).exec(page.text)?.[1] ?? '';

test('S21: a connection whose certificates have all ended sends nobody away; the admin is told why, and a test still goes', async () => {
  const { organization, body, start } = await aConnection({ certificates: [testCertificate('expired')] });
  const page = await start();
  expect([page.status, page.headers.getSetCookie(), page.headers.get('location')]).toEqual([403, [], null]);
  expect(await refusalReasons(gateway, organization, page)).toEqual(['saml.certificate_expired']);
  const asked = await gateway
    .request()
    .post(`/api/v1/organizations/${organization.id}/connections/${body.id}/test-sign-in`)
    .set('authorization', `Bearer ${gateway.operatorKey}`)
    .expect(201);
  expect((await createBrowser().request(asked.body.url)).status).toBe(303);
  const both = await aConnection({ certificates: [testCertificate('expired'), testCertificate('idp')] });
  expect((await both.start()).status).toBe(303);
});

describe('by address (HTTP-Redirect)', () => {
  test('goes to the single sign-on address with a request of our own', async () => {
    const { start, body } = await aConnection();
    const page = await start();
    const url = addressOf(page);
    expect([page.status, url.origin, url.searchParams.get('tenant')]).toEqual([
      303,
      'https://idp.example',
      '1',
    ]);
    expect(url.searchParams.get('RelayState')).toMatch(/^ghr_/);
    const xml = requestAt(url);
    expect(xml).toMatch(/ ID="_[0-9a-f]{40}"/);
    expect(xml).toContain('Destination="https://idp.example/sso?tenant=1"');
    expect(xml).toContain(`AssertionConsumerServiceURL="${body.acsUrl}"`);
    expect(xml).toContain(`>${body.spEntityId}</saml:Issuer>`);
    expect(xml).not.toMatch(/ForceAuthn|RequestedAuthnContext|Format=/);
  });

  test('the query is signed with our current key, the login hint apart (SAML bindings §3.4.4.1)', async () => {
    const { start, certificate } = await aConnection();
    const url = addressOf(await start('?login_hint=ada%40corp.example'));
    expect(url.searchParams.get('login_hint')).toBe('ada@corp.example');
    expect(url.searchParams.get('SigAlg')).toBe('http://www.w3.org/2001/04/xmldsig-more#rsa-sha256');
    const signed = ['SAMLRequest', 'RelayState', 'SigAlg']
      .map((name) => `${name}=${encodeURIComponent(url.searchParams.get(name) ?? '')}`)
      .join('&');
    const signature = Buffer.from(url.searchParams.get('Signature') ?? '', 'base64');
    expect(verify('sha256', Buffer.from(signed), certificate.publicKey, signature)).toBe(true);
    expect(verify('sha256', Buffer.from(`${signed}x`), certificate.publicKey, signature)).toBe(false);
  });

  test('is unsigned where the connection says so, and metadata says the same', async () => {
    const { start, body } = await aConnection({ signRequests: false });
    expect(addressOf(await start()).searchParams.has('Signature')).toBe(false);
    expect(await (await fetch(body.metadataUrl)).text()).toContain('AuthnRequestsSigned="false"');
    const signing = await aConnection();
    expect(await (await fetch(signing.body.metadataUrl)).text()).toContain('AuthnRequestsSigned="true"');
  });

  test('is signed, whatever the connection says, where the metadata of the identity provider takes no others', async () => {
    const metadataXml = readFileSync('test/fixtures/saml/wants-signed-requests.xml', 'utf8');
    const from = { entityId: undefined, ssoUrl: undefined, certificates: undefined, metadataXml };
    const { start, body } = await aConnection({ ...from, signRequests: false });
    expect(body.signRequests).toBe(true);
    expect(addressOf(await start()).searchParams.has('Signature')).toBe(true);
    expect(await (await fetch(body.metadataUrl)).text()).toContain('AuthnRequestsSigned="true"');
    const others = { ...from, metadataXml: metadataXml.replace(' WantAuthnRequestsSigned="true"', '') };
    const unsigned = await aConnection({ ...others, signRequests: false });
    expect(unsigned.body.signRequests).toBe(false);
    expect(addressOf(await unsigned.start()).searchParams.has('Signature')).toBe(false);
  });

  test('asks for what the connection wants: fresh authentication, ways of authentication, NameID format', async () => {
    const { start } = await aConnection({
      forceAuthn: true,
      authnContexts: ['urn:example:mfa', 'urn:example:card'],
      nameIdFormat: 'persistent',
    });
    const xml = requestAt(addressOf(await start()));
    expect(xml).toContain('ForceAuthn="true"');
    expect(xml).toContain('Comparison="exact"');
    expect(xml).toContain('>urn:example:mfa</saml:AuthnContextClassRef>');
    expect(xml).toContain('>urn:example:card</saml:AuthnContextClassRef>');
    expect(xml).toContain('Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"');
  });

  test('an entity id of our own choice is the issuer, in metadata and answers too', async () => {
    const { start, body } = await aConnection({ spEntityId: 'urn:example:gatehouse' });
    expect(body.spEntityId).toBe('urn:example:gatehouse');
    expect(requestAt(addressOf(await start()))).toContain('>urn:example:gatehouse</saml:Issuer>');
    expect(await (await fetch(body.metadataUrl)).text()).toContain('entityID="urn:example:gatehouse"');
  });
});

describe('by form (HTTP-POST)', () => {
  test('the page posts itself to the identity provider and nowhere else, S51 with one known script', async () => {
    const { start } = await aConnection({ requestBinding: 'post' });
    const page = await start();
    expect([page.status, page.headers.get('location')]).toEqual([200, null]);
    expect(page.text).toContain('<form method="post" action="https://idp.example/sso?tenant=1">');
    expect(fieldOf(page, 'RelayState')).toMatch(/^ghr_/);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/script-src 'sha256-[\w+/]+=';/);
    expect(policy).not.toContain('unsafe');
    expect(page.headers.getSetCookie()).toHaveLength(1);
  });

  test('the XML is signed with our current key', async () => {
    const { start, certificate } = await aConnection({ requestBinding: 'post' });
    const xml = Buffer.from(fieldOf(await start(), 'SAMLRequest'), 'base64').toString();
    const signature = new DOMParser().parseFromString(xml, 'text/xml').getElementsByTagName('Signature')[0];
    const verifier = new SignedXml({ publicCert: certificate.toString() });
    verifier.loadSignature(String(signature));
    expect(verifier.checkSignature(xml)).toBe(true);
    expect(verifier.getSignedReferences()[0]).toContain('<samlp:AuthnRequest');
  });

  test('markup in the identity provider’s address stays text', async () => {
    const ssoUrl = 'https://idp.example/sso?a="><script>alert(1)</script>';
    const { start } = await aConnection({ requestBinding: 'post', ssoUrl });
    expect((await start()).text).not.toContain('<script>alert');
  });
});

describe('an identity provider we did not write', () => {
  test.each(['redirect', 'post'])('answers the %s binding', async (requestBinding) => {
    const { organization, body } = await aConnection({
      requestBinding,
      ...{ entityId: idp.entityId, ssoUrl: idp.ssoUrl, certificates: [idp.certificatePem] },
    });
    await pushPerson(gateway, await gateway.createDirectory(organization), { userName: ADA.email });
    const browser = createBrowser();
    const page = await browser.request(
      `${gateway.baseUrl}/sign-in/${organization.slug}?login_hint=${ADA.email}`,
    );
    const answer = requestBinding === 'post' ? await submit(page) : await fetch(addressOf(page));
    const posted = await answer.text();
    const SAMLResponse = /name="SAMLResponse"\s+value="([^"]+)"/.exec(posted)?.[1] ?? '';
    const RelayState = /name="RelayState"\s+value="([^"]+)"/.exec(posted)?.[1] ?? '';
    const entered = await browser.request(body.acsUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ SAMLResponse, RelayState }).toString(),
    });
    expect(setSession(entered)).toBeDefined();
  });
});

/** What the script of the page does. */
const submit = (page: Page) =>
  fetch((/action="([^"]+)"/.exec(page.text)?.[1] ?? '').replaceAll('&amp;', '&'), {
    method: 'POST',
    body: new URLSearchParams({
      SAMLRequest: fieldOf(page, 'SAMLRequest'),
      RelayState: fieldOf(page, 'RelayState'),
    }),
  });
