/** Metadata: what an identity provider may say about itself, and what we publish. */
import { describe, expect, test } from '@jest/globals';
import { buildSpMetadata, checkSsoUrl, parseIdpMetadata } from '../../../src/protocols/saml/metadata.ts';
import { testCertificate } from '../../support/saml-keys.ts';

const der = (pem: string): string => pem.replace(/-----[A-Z ]+-----|\s/g, '');
const MD = 'xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"';
const key = (name: Parameters<typeof testCertificate>[0], use = ' use="signing"') =>
  `<md:KeyDescriptor${use}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n${der(testCertificate(name))}\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`;
const sso = (binding: string, location: string) =>
  `<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:${binding}" Location="${location}"/>`;
const idp = (inside: string, more = '') =>
  `<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"${more}>${inside}</md:IDPSSODescriptor>`;
const entity = (inside: string, id = 'https://idp.example/entity') =>
  `<md:EntityDescriptor ${MD} entityID="${id}">${inside}</md:EntityDescriptor>`;

const REDIRECT = sso('HTTP-Redirect', 'https://idp.example/sso?x=1&amp;y=2');
const GOOD = entity(idp(key('idp') + REDIRECT + sso('HTTP-POST', 'https://idp.example/post')));

describe('metadata of an identity provider', () => {
  test('yields entity id, addresses and signing certificates', () => {
    expect(parseIdpMetadata(`<?xml version="1.0"?>\n<!-- by hand -->${GOOD}`)).toEqual({
      entityId: 'https://idp.example/entity',
      ssoUrl: 'https://idp.example/sso?x=1&y=2',
      ssoPostUrl: 'https://idp.example/post',
      sloUrl: undefined,
      sloBinding: 'redirect',
      sloResponseUrl: undefined,
      certificates: [testCertificate('idp')],
      wantsSignedRequests: false,
    });
  });

  test.each([
    ['true', true],
    [' 1 ', true],
    ['false', false],
    ['0', false],
    ['yes', false],
  ])('WantAuthnRequestsSigned="%s": signed requests only is %s (SAML metadata §2.4.3)', (said, wants) => {
    const inside = key('idp') + REDIRECT;
    const xml = entity(idp(inside, ` WantAuthnRequestsSigned="${said}"`));
    expect(parseIdpMetadata(xml).wantsSignedRequests).toBe(wants);
  });

  test('keys without a use sign too, encryption keys do not, the same key counts once', () => {
    const keys = key('idp') + key('idp') + key('next', '') + key('attacker', ' use="encryption"');
    const { certificates } = parseIdpMetadata(entity(idp(keys + REDIRECT)));
    expect(certificates).toEqual([testCertificate('idp'), testCertificate('next')]);
  });

  test('an identity provider that takes posts only is one, too', () => {
    const read = parseIdpMetadata(entity(idp(key('idp') + sso('HTTP-POST', 'https://idp.example/post'))));
    expect(read).toMatchObject({ ssoUrl: undefined, ssoPostUrl: 'https://idp.example/post' });
  });

  const slo = (binding: string, more: string) =>
    `<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:${binding}" ${more}/>`;

  test('an address that cannot be is called by what it is for', () => {
    const read = (services: string) => () => parseIdpMetadata(entity(idp(key('idp') + services)));
    expect(read(slo('HTTP-Redirect', 'Location="javascript:alert(1)"') + REDIRECT)).toThrow(/single logout/);
    expect(read(sso('HTTP-Redirect', 'javascript:alert(1)'))).toThrow(/single sign-on/);
  });

  test('single logout is taken by redirect where it is offered, else by POST, with the address of answers where it has one of its own', () => {
    const read = (services: string) => parseIdpMetadata(entity(idp(key('idp') + services + REDIRECT)));
    const location = 'Location="https://idp.example/slo"';
    expect(read(slo('SOAP', location))).toMatchObject({ sloUrl: undefined });
    const posts = slo('HTTP-POST', 'Location="https://idp.example/posts"');
    expect(read(posts)).toMatchObject({ sloUrl: 'https://idp.example/posts', sloBinding: 'post' });
    expect(read(posts + slo('HTTP-Redirect', location))).toMatchObject({ sloBinding: 'redirect' });
    expect(read(slo('HTTP-Redirect', location))).toMatchObject({
      sloUrl: 'https://idp.example/slo',
      sloResponseUrl: undefined,
    });
    const own = `${location} ResponseLocation="https://idp.example/answers"`;
    expect(read(slo('HTTP-Redirect', own))).toMatchObject({ sloResponseUrl: 'https://idp.example/answers' });
    for (const bad of [
      'Location="http://idp.example/slo"',
      `${location} ResponseLocation="javascript:x"`,
      '',
    ])
      expect(() => read(slo('HTTP-Redirect', bad))).toThrow(expect.objectContaining({ code: 'invalid' }));
  });

  test('http is for hosts the operator allowed', () => {
    const xml = entity(idp(key('idp') + sso('HTTP-Redirect', 'http://localhost:7000/sso')));
    const options = { allowHttpHost: (host: string) => host === 'localhost' };
    expect(parseIdpMetadata(xml, options).ssoUrl).toBe('http://localhost:7000/sso');
    expect(() => parseIdpMetadata(xml)).toThrow(/https/);
  });

  const refused: readonly [string, unknown][] = [
    ['S63 DOCTYPE', `<!DOCTYPE x>${GOOD}`],
    ['S63 internal entity', `<!DOCTYPE x [<!ENTITY e "x">]>${GOOD}`],
    ['S63 more than 512 KB', GOOD + ' '.repeat(513 * 1024)],
    [
      'S63 two entities in one document',
      `<md:EntitiesDescriptor ${MD}>${GOOD}${GOOD}</md:EntitiesDescriptor>`,
    ],
    ['S63 an entity inside the entity', entity(idp(key('idp') + REDIRECT) + GOOD)],
    ['S63 two identity providers', entity(idp(key('idp') + REDIRECT) + idp(key('idp') + REDIRECT))],
    ['S63 http address', entity(idp(key('idp') + sso('HTTP-Redirect', 'http://idp.example/sso')))],
    ['S63 javascript address', entity(idp(key('idp') + sso('HTTP-Redirect', 'javascript:alert(1)')))],
    [
      'S63 javascript POST address',
      entity(idp(key('idp') + REDIRECT + sso('HTTP-POST', 'javascript:alert(1)'))),
    ],
    ['address with credentials', entity(idp(key('idp') + sso('HTTP-Redirect', 'https://a:b@idp.example/')))],
    ['address that is none', entity(idp(key('idp') + sso('HTTP-Redirect', 'sso')))],
    ['neither redirect nor POST binding', entity(idp(key('idp') + sso('SOAP', 'https://idp.example/soap')))],
    ['S60 no certificate', entity(idp(REDIRECT))],
    ['S60 garbage certificate', entity(idp(key('idp').replace(/MII/, '###') + REDIRECT))],
    ['S21 weak certificate', entity(idp(key('weak') + REDIRECT))],
    ['no entityID', entity(idp(key('idp') + REDIRECT), '')],
    ['only a service provider', entity('<md:SPSSODescriptor/>')],
    ['right name, wrong namespace', GOOD.replace('SAML:2.0:metadata', 'SAML:9.0:metadata')],
    ['HTML', '<html><body>Sign in</body></html>'],
    ['not XML', 'entityID=x'],
    ['unclosed', GOOD.slice(0, -5)],
    ['empty', ''],
    ['nothing', undefined],
    ['an object', { entityID: 'x' }],
  ];
  test.each(refused)('%s is refused as invalid on metadataXml', (_name, xml) => {
    expect(() => parseIdpMetadata(xml)).toThrow(
      expect.objectContaining({ code: 'invalid', field: 'metadataXml' }),
    );
  });
});

describe('a single sign-on address', () => {
  test('is refused on the field it was given in', () => {
    expect(() => checkSsoUrl('ftp://idp.example', 'ssoUrl')).toThrow(
      expect.objectContaining({ code: 'invalid', field: 'ssoUrl' }),
    );
  });
});

describe('our metadata', () => {
  const sp = { spEntityId: 'https://gate.example/saml/con_1', acsUrl: 'https://gate.example/saml/con_1/acs' };

  test('says who we are and where answers go', () => {
    const xml = buildSpMetadata({ ...sp, logoutUrl: 'https://gate.example/saml/con_1/logout' });
    expect(xml).toContain('entityID="https://gate.example/saml/con_1"');
    expect(xml).toContain('HTTP-POST" Location="https://gate.example/saml/con_1/acs" index="0"');
    expect(xml.match(/<md:SingleLogoutService Binding="[^"]*HTTP-(?:Redirect|POST)"/g)).toHaveLength(2);
    expect(xml).toContain('WantAssertionsSigned="true"');
  });

  test('S67 publishes current and next certificate for both uses, and no key', () => {
    const xml = buildSpMetadata({ ...sp, certificates: [testCertificate('idp'), testCertificate('next')] });
    expect(xml.match(/<ds:X509Certificate>/g)).toHaveLength(4);
    expect(xml).not.toContain('PRIVATE');
  });

  test('escapes whatever is put into it', () => {
    const xml = buildSpMetadata({ spEntityId: '"><x a=\'&', acsUrl: 'https://gate.example/?a=1&b="' });
    expect(xml).toContain('entityID="&quot;&gt;&lt;x a=&apos;&amp;"');
    expect(xml).toContain('Location="https://gate.example/?a=1&amp;b=&quot;"');
  });
});
