/** Settings of an OIDC connection from what an admin said; nobody is called. */
import type { IdentityProvider, OidcSettings } from '../../core/entities/connection.ts';
import { DEFAULT_ALGORITHMS, pinnedIssuer, tenantOfIssuer } from '../../protocols/oidc/settings.ts';
import type { OidcInput } from './connection-inputs.ts';
import { OIDC_PRESETS } from './connection-presets.ts';
import { checkAddress, invalid, type SettingsDeps } from './connection-settings.ts';

/** What a new OIDC connection starts from. */
const EMPTY: OidcSettings = {
  protocol: 'oidc',
  issuer: '',
  clientId: '',
  clientSecret: null,
  tokenEndpointAuthMethod: 'client_secret_basic',
  scopes: ['openid', 'email', 'profile'],
  idTokenAlgs: DEFAULT_ALGORITHMS,
  tenantId: null,
};

/** Settings of a new OIDC connection. Throws `invalid`, `egress_refused`. */
export function newOidc(
  deps: SettingsDeps,
  input: OidcInput & { readonly preset?: IdentityProvider | null | undefined },
): OidcSettings {
  const scopes = input.preset == null ? EMPTY.scopes : OIDC_PRESETS[input.preset].scopes;
  return applyOidc(deps, { ...EMPTY, scopes }, input);
}

/** OIDC settings with what was given put in. Throws `invalid`, `egress_refused`. */
export function applyOidc(deps: SettingsDeps, current: OidcSettings, input: OidcInput): OidcSettings {
  const issuer = input.issuer ?? current.issuer;
  const tenantId = tenantFor(current, input);
  if (input.issuer !== undefined || input.tenantId !== undefined) checkIssuer(deps, issuer, tenantId);
  const { outage, ...kept } = current;
  return {
    ...kept,
    // What is known of one provider says nothing of another.
    ...(outage !== undefined && issuer === current.issuer ? { outage } : {}),
    issuer,
    tenantId,
    clientId: input.clientId ?? current.clientId,
    ...proofFor(current, input),
    scopes: input.scopes ?? current.scopes,
    idTokenAlgs: input.idTokenAlgs ?? current.idTokenAlgs,
  };
}

/**
 * What shows the provider who asks. A key shows nothing that could be shown elsewhere, and with it the secret goes: one that
 * stayed could be led out later. Throws `invalid`.
 */
function proofFor(
  current: OidcSettings,
  {
    clientSecret,
    issuer = current.issuer,
    tokenEndpointAuthMethod = current.tokenEndpointAuthMethod,
  }: OidcInput,
): Pick<OidcSettings, 'clientSecret' | 'tokenEndpointAuthMethod'> {
  if (tokenEndpointAuthMethod === 'private_key_jwt') {
    if (clientSecret !== undefined)
      throw invalid('clientSecret', 'With private_key_jwt there is no secret: leave it out.');
    return { clientSecret: null, tokenEndpointAuthMethod };
  }
  // Whoever changes where the secret is sent must know the secret: it is never shown, and must not be led out either.
  if (issuer !== current.issuer && clientSecret === undefined)
    throw invalid('clientSecret', 'Another issuer needs its own secret: give both together.');
  const secret = clientSecret ?? current.clientSecret;
  if (secret === null && current.tokenEndpointAuthMethod === 'private_key_jwt')
    throw invalid('clientSecret', 'Give the secret that takes the place of the key.');
  return { clientSecret: secret, tokenEndpointAuthMethod };
}

/** An issuer of Entra names its tenant by itself, and then that one is pinned (S70). */
function tenantFor(current: OidcSettings, input: OidcInput): string | null {
  const named = tenantOfIssuer(input.issuer ?? current.issuer);
  const given = input.tenantId?.toLowerCase();
  if (named !== undefined && given !== undefined && given !== named)
    throw invalid('tenantId', 'The issuer names another tenant.');
  if (named !== undefined) return named;
  if (input.tenantId !== undefined) return given ?? null;
  return input.issuer === undefined || input.issuer === current.issuer ? current.tenantId : null;
}

function checkIssuer(deps: SettingsDeps, issuer: string, tenantId: string | null): void {
  // The place of the tenant in a template is not of an address.
  checkAddress(deps, issuer.replace(/\{tenantid\}/i, 'tenant'), 'issuer');
  if (issuer.includes('?')) throw invalid('issuer', 'An issuer has no query.');
  // S70: an issuer that stands for every tenant would let anybody's directory in.
  if (pinnedIssuer({ issuer, tenantId: tenantId ?? undefined }) === undefined)
    throw invalid(
      'issuer',
      "Give the issuer of your own tenant, or its directory id as tenantId beside the provider's shared one.",
    );
}
