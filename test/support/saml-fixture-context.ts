/** The fixed world of the SAML fixtures: one connection, one identity provider, one person, one moment. */
import type { SamlTrust } from '../../src/http/saml/strategy.ts';
import type { SamlContext } from './saml-builder.ts';
import { idpKey } from './saml-keys.ts';

/** The moment the fixtures were issued, epoch milliseconds. */
export const FIXTURE_NOW = Date.UTC(2026, 10, 1, 12);

/** The gateway that the fixtures are addressed to. */
export const FIXTURE_BASE = 'https://gate.example';

/** The connection of the organization `corp`, and that of `rival`, another customer of the same identity provider. */
export const CORP_CONNECTION = 'con_00000000000000000000000001';
export const RIVAL_CONNECTION = 'con_00000000000000000000000002';

/** RelayState of the sign-in that ada has begun at each of the two. */
export const CORP_HANDLE = `ghr_${'c'.repeat(43)}`;
export const RIVAL_HANDLE = `ghr_${'r'.repeat(43)}`;

export const fixtureContext = (connectionId = CORP_CONNECTION): SamlContext => ({
  acsUrl: `${FIXTURE_BASE}/saml/${connectionId}/acs`,
  spEntityId: `${FIXTURE_BASE}/saml/${connectionId}/metadata`,
  idpEntityId: 'https://idp.example/entity',
  requestId: '_request1',
  now: FIXTURE_NOW,
  nameId: 'ada@corp.example',
  ...idpKey(),
});

/** The connection that trusts the fixtures' identity provider. */
export function fixtureTrust(context: SamlContext = fixtureContext()): SamlTrust {
  return {
    connectionId: CORP_CONNECTION,
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
