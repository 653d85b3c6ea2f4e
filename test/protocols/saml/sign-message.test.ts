/** Our own signature on a logout message, told by another engine than ours: what any identity provider would say of it. */
import { expect, test } from '@jest/globals';
import { DOMParser } from '@xmldom/xmldom';
import { SignedXml } from 'xml-crypto';
import { signMessage } from '../../../src/protocols/saml/sign-message.ts';
import { writeLogoutRequest, writeLogoutResponse } from '../../../src/protocols/saml/write-logout.ts';
import { idpKey } from '../../support/saml-keys.ts';

const head = {
  id: '_a1',
  spEntityId: 'https://gate.example/saml/con_1/metadata?a=1&b=2',
  destination: 'https://idp.example/slo?a="1"&b=<2>',
  now: Date.UTC(2026, 10, 21),
};
const { key: privateKey, cert: certificate } = idpKey();

/** What the signature covers, by xml-crypto; undefined when it does not fit. */
function covered(xml: string): string | undefined {
  const document = new DOMParser().parseFromString(xml, 'text/xml');
  const [signature] = Array.from(document.getElementsByTagName('ds:Signature'));
  const engine = new SignedXml({ publicCert: certificate, getCertFromKeyInfo: () => null });
  if (signature === undefined) return undefined;
  engine.loadSignature(String(signature));
  return engine.checkSignature(xml) ? engine.getSignedReferences()[0] : undefined;
}

test.each([
  [
    'a request with names that need escaping',
    writeLogoutRequest({
      ...head,
      nameId: `Ada's "<&>" Ä\u00A0𝒜 ]]>`,
      nameIdFormat: 'urn:a',
      sessionIndex: '_s',
    }),
  ],
  ['an answer', writeLogoutResponse({ ...head, inResponseTo: '_b2' })],
])(
  '%s: another engine verifies it, over everything but the signature, which stands behind the Issuer',
  (_title, xml) => {
    const signed = signMessage(xml, { privateKey, certificate });
    expect(signed).toContain('</saml:Issuer><ds:Signature ');
    expect(covered(signed)).toContain('Destination="https://idp.example/slo?a=');
    expect(covered(signed.replace('con_1', 'con_2'))).toBeUndefined();
  },
);
