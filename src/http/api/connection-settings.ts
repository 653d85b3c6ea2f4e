/** OIDC settings from what an admin said, and the rule for every address an admin may name: checked before anybody is called. */
import type { OidcSettings } from '../../core/entities/sign-in.ts';
import type { Fetcher } from '../../core/ports/fetcher.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import { pinnedIssuer } from '../../protocols/oidc/settings.ts';
import type { OidcInput } from './connection-inputs.ts';

/** The one door for outbound calls. */
export interface SettingsDeps {
  readonly fetcher: Fetcher;
}

/** The error for one field of a body. */
export const invalid = (field: string, detail: string) => new GatehouseError('invalid', detail, { field });

/** Malformed is `invalid`; well-formed but not to be called, plain http included, is `egress_refused`. */
export function checkAddress({ fetcher }: SettingsDeps, text: string, field: string): string {
  const url = URL.parse(text);
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (url === null || !isWeb || url.username !== '' || url.password !== '' || url.hash !== '')
    throw invalid(field, 'Give an https address without user name and fragment.');
  try {
    fetcher.checkUrl(text);
  } catch (error) {
    if (!isGatehouseError(error, 'egress_refused')) throw error;
    throw new GatehouseError('egress_refused', error.detail, { field, cause: error });
  }
  return text;
}

/** What a new OIDC connection starts from. */
export const EMPTY_OIDC: OidcSettings = {
  protocol: 'oidc',
  issuer: '',
  clientId: '',
  clientSecret: null,
  tokenEndpointAuthMethod: 'client_secret_basic',
  scopes: ['openid', 'email', 'profile'],
};

/** OIDC settings with what was given put in. Throws `invalid`, `egress_refused`. */
export function applyOidc(deps: SettingsDeps, current: OidcSettings, input: OidcInput): OidcSettings {
  const { issuer, clientSecret } = input;
  if (issuer !== undefined) checkIssuer(deps, issuer);
  // Whoever changes where the secret is sent must know the secret: it is never shown, and must not be led out either.
  if (issuer !== undefined && issuer !== current.issuer && clientSecret === undefined)
    throw invalid('clientSecret', 'Another issuer needs its own secret: give both together.');
  return {
    ...current,
    issuer: issuer ?? current.issuer,
    clientId: input.clientId ?? current.clientId,
    clientSecret: clientSecret ?? current.clientSecret,
    tokenEndpointAuthMethod: input.tokenEndpointAuthMethod ?? current.tokenEndpointAuthMethod,
    scopes: input.scopes ?? current.scopes,
  };
}

function checkIssuer(deps: SettingsDeps, issuer: string): void {
  checkAddress(deps, issuer, 'issuer');
  if (issuer.includes('?')) throw invalid('issuer', 'An issuer has no query.');
  // S70: an issuer that stands for every tenant would let anybody's directory in.
  if (pinnedIssuer({ issuer }) === undefined)
    throw invalid('issuer', "Give the issuer of your own tenant, not the provider's shared one.");
}
