/** Which product an identity provider is, by what the admin said or by its address. Pure; decides words, never trust. */
import type { Connection, IdentityProvider } from '../../core/entities/connection.ts';

/** Hosts and paths that belong to one product; the first that fits counts. */
const SIGNS: readonly (readonly [IdentityProvider, RegExp])[] = [
  ['okta', /^https:\/\/[^/]+\.(?:okta|oktapreview|okta-emea)\.com(?:[/:]|$)/i],
  // Okta's entity ids.
  ['okta', /^http:\/\/www\.okta\.com\//i],
  [
    'entra',
    /^https:\/\/(?:sts\.windows\.net|login\.microsoftonline\.[a-z]+|login\.partner\.microsoftonline\.cn)\//i,
  ],
  ['google', /^https:\/\/accounts\.google\.com(?:\/|$)/i],
  ['onelogin', /^https:\/\/(?:app|[^/]+)\.onelogin\.com\//i],
  ['jumpcloud', /^https:\/\/(?:[^/]+\.)?jumpcloud\.com(?:\/|$)/i],
  ['pingone', /^https:\/\/(?:[^/]+\.)?pingone\.[a-z.]+\//i],
  ['adfs', /^https?:\/\/[^/]+\/adfs(?:\/|$)/i],
  ['keycloak', /^https?:\/\/[^/]+\/(?:auth\/)?realms\//i],
];

/** The product; undefined for one that nobody named and whose address says nothing. */
export function identityProviderOf({
  preset,
  settings,
}: Pick<Connection, 'preset' | 'settings'>): IdentityProvider | undefined {
  if (preset !== null) return preset;
  const addresses =
    settings.protocol === 'saml' ? [settings.idpEntityId, settings.ssoUrl] : [settings.issuer];
  return SIGNS.find(([, sign]) => addresses.some((address) => sign.test(address)))?.[0];
}
