/** The fixed world of the SAML fixtures: one connection, one identity provider, one person, one moment. */
import type { SamlTrust } from '../../src/http/saml/strategy.ts';
import type { SamlContext } from './saml-builder.ts';
import { idpKey } from './saml-keys.ts';

/** The moment the fixtures were issued, epoch milliseconds. */
export const FIXTURE_NOW = Date.UTC(2026, 10, 1, 12);

export const fixtureContext = (): SamlContext => ({
  acsUrl: 'https://gate.example/saml/con_1/acs',
  spEntityId: 'https://gate.example/saml/con_1',
  idpEntityId: 'https://idp.example/entity',
  requestId: '_request1',
  now: FIXTURE_NOW,
  nameId: 'ada@corp.example',
  ...idpKey(),
});

/** The connection that trusts the fixtures' identity provider. */
export function fixtureTrust(context: SamlContext = fixtureContext()): SamlTrust {
  return {
    connectionId: 'con_1',
    idpEntityId: context.idpEntityId,
    certificates: [context.cert],
    spEntityId: context.spEntityId,
    acsUrl: context.acsUrl,
    signatures: 'any',
    authnContexts: [],
    decryptionKeys: [],
    sha1Until: null,
  };
}
