/** The seam against an identity provider we did not write: samlp, over HTTP, from its metadata to the facts. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { SAML_DEFAULTS } from '../../../src/core/connections/saml-settings.ts';
import { buildAuthnRequest } from '../../../src/http/saml/authn-request.ts';
import { type SamlTrust, verifySamlResponse } from '../../../src/http/saml/strategy.ts';
import { parseIdpMetadata } from '../../../src/protocols/saml/metadata.ts';
import { type SamlIdp, startSamlIdp } from '../../support/idp/saml.ts';

const USER = { email: 'ada@corp.example', name: 'Ada', groups: ['Research', 'Quality & Care'] };
const open: SamlIdp[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((idp) => idp.close()));
});

function trust(idp: SamlIdp): SamlTrust {
  const { entityId, certificates } = parseIdpMetadata(idp.metadataXml(), {
    allowHttpHost: () => true,
  });
  return {
    connectionId: 'con_1',
    idpEntityId: entityId,
    certificates,
    spEntityId: 'https://gate.example/saml/con_1',
    acsUrl: 'https://gate.example/saml/con_1/acs',
    signatures: 'any',
    authnContexts: [],
    decryptionKeys: [],
    sha1Until: null,
  };
}

/** The field the identity provider makes the browser post. */
async function signIn(idp: SamlIdp, connection: SamlTrust, requestId: string): Promise<string> {
  const settings = { ...SAML_DEFAULTS, ssoUrl: idp.ssoUrl };
  const { url } = await buildAuthnRequest({ connection, settings, requestId, relayState: 'sin_1' });
  const page = await (await fetch(url, { headers: { 'x-test-user': USER.email } })).text();
  return /name="SAMLResponse"\s+value="([^"]+)"/.exec(page)?.[1] ?? '';
}

describe('samlp', () => {
  test.each(['assertion', 'response'] as const)('%s signed: facts on both sides agree', async (signs) => {
    const idp = await startSamlIdp({ users: [USER], signs });
    open.push(idp);
    const connection = trust(idp);
    const samlResponse = await signIn(idp, connection, '_request1');
    const input = { samlResponse, connection, now: Date.now() };
    const facts = await verifySamlResponse({ ...input, pending: { requestId: '_request1' } });
    expect(facts).toMatchObject({ issuer: idp.entityId, nameId: USER.email });
    expect(facts.attributes.get('groups')).toEqual(USER.groups);
    await expect(verifySamlResponse({ ...input, pending: { requestId: '_other' } })).rejects.toMatchObject({
      context: { reason: 'saml.in_response_to' },
    });
  });

  test('S59 another customer of the same identity provider, same key, is not us', async () => {
    const [ours, theirs] = await Promise.all([
      startSamlIdp({ users: [USER] }),
      startSamlIdp({ users: [USER] }),
    ]);
    open.push(ours, theirs);
    const connection = trust(ours);
    const samlResponse = await signIn(theirs, connection, '_request1');
    const pending = { requestId: '_request1' };
    await expect(
      verifySamlResponse({ samlResponse, connection, pending, now: Date.now() }),
    ).rejects.toMatchObject({ context: { reason: 'saml.issuer' } });
  });
});
