/** What an admin types into which field of the common identity providers to connect them over OpenID Connect. */
import type { IdentityProvider, OidcSettings } from '../../core/entities/connection.ts';
import { filledIn, type SetupForm } from './idp-setup.ts';

/** Our addresses, by what they are. */
export interface OidcAddresses {
  readonly redirectUri: string;
  readonly postLogoutRedirectUri: string;
  readonly backchannelLogoutUri: string;
  /** Where a sign-in begins that somebody wants from the provider's own pages (OIDC Core §4). */
  readonly initiateLoginUri: string;
  readonly jwksUri: string;
}

interface OidcValues extends Omit<OidcAddresses, 'jwksUri'> {
  /** What the connection asks for. */
  readonly scopes: string;
  /** How it shows who it is. */
  readonly clientAuthentication: string;
}

type OidcForm = SetupForm<OidcValues>;

/** Only fields that the product has: not each lets people begin with it, or tells applications that somebody signed out. */
export const OIDC_SETUP: Readonly<Record<IdentityProvider, OidcForm>> = {
  okta: {
    fields: [
      ['Sign-in redirect URIs', 'redirectUri'],
      ['Sign-out redirect URIs', 'postLogoutRedirectUri'],
      ['Initiate login URI', 'initiateLoginUri'],
      ['Client authentication', 'clientAuthentication'],
    ],
    send: [['groups', 'Groups claim filter, Matches regex .*']],
  },
  entra: {
    fields: [
      ['Redirect URI (Web)', 'redirectUri'],
      // It sends browsers back to registered redirect URIs only, after signing out, too.
      ['Redirect URI (Web), a second one', 'postLogoutRedirectUri'],
      ['Home page URL', 'initiateLoginUri'],
      ['Delegated permissions', 'scopes'],
    ],
    send: [
      ['email', 'Token configuration, optional claim of the ID token'],
      ['groups', 'Token configuration, groups claim, Group ID'],
    ],
  },
  google: {
    fields: [
      ['Authorized redirect URIs', 'redirectUri'],
      ['Scopes', 'scopes'],
    ],
    send: [],
  },
  onelogin: {
    fields: [
      ["Redirect URI's", 'redirectUri'],
      ['Post Logout Redirect URIs', 'postLogoutRedirectUri'],
      ['Login Url', 'initiateLoginUri'],
      ['Token Endpoint', 'clientAuthentication'],
    ],
    send: [['groups', 'Parameters, Groups']],
  },
  jumpcloud: {
    fields: [
      ['Redirect URIs', 'redirectUri'],
      ['Login URL', 'initiateLoginUri'],
      ['Client Authentication Type', 'clientAuthentication'],
      ['Standard Scopes', '=Email, Profile'],
    ],
    send: [['groups', 'Include group attribute']],
  },
  pingone: {
    fields: [
      ['Redirect URIs', 'redirectUri'],
      ['Signoff URLs', 'postLogoutRedirectUri'],
      ['Initiate Login URI', 'initiateLoginUri'],
      ['Token Endpoint Authentication Method', 'clientAuthentication'],
      ['Allowed Scopes', 'scopes'],
    ],
    send: [['groups', 'Group Names']],
  },
  adfs: {
    fields: [
      ['Redirect URI', 'redirectUri'],
      ['Redirect URI, a second one', 'postLogoutRedirectUri'],
      ['Permitted scopes', 'scopes'],
    ],
    send: [
      ['email', 'E-Mail-Addresses'],
      ['upn', 'User-Principal-Name'],
      ['group', 'Token-Groups - Unqualified Names'],
    ],
  },
  keycloak: {
    fields: [
      ['Valid redirect URIs', 'redirectUri'],
      ['Valid post logout redirect URIs', 'postLogoutRedirectUri'],
      ['Backchannel logout URL', 'backchannelLogoutUri'],
      ['Backchannel logout session required', '=On'],
      ['Home URL', 'initiateLoginUri'],
      ['Client authentication', '=On'],
    ],
    send: [['groups', 'Group Membership mapper, full group path off']],
  },
};

const GENERIC: OidcForm = {
  fields: [
    ['Redirect URI, also called callback URL', 'redirectUri'],
    ['Post-logout redirect URI', 'postLogoutRedirectUri'],
    ['Back-channel logout URI', 'backchannelLogoutUri'],
    ['Initiate login URI', 'initiateLoginUri'],
    ['Client authentication', 'clientAuthentication'],
    ['Scopes', 'scopes'],
  ],
  send: [
    ['email', 'the e-mail address, with email_verified'],
    ['name', 'the name'],
    ['groups', 'one value for each group'],
  ],
};

const AUTHENTICATION: Readonly<Record<OidcSettings['tokenEndpointAuthMethod'], string>> = {
  client_secret_basic: 'Client Secret Basic',
  client_secret_post: 'Client Secret Post',
  private_key_jwt: 'Private Key JWT',
};

/** What the admin of the connection's identity provider types there; with a key of ours also where it is read. */
export function oidcSetup(
  preset: IdentityProvider | null,
  { tokenEndpointAuthMethod, scopes }: Pick<OidcSettings, 'tokenEndpointAuthMethod' | 'scopes'>,
  { jwksUri, ...addresses }: OidcAddresses,
) {
  const { fields, attributes } = filledIn<OidcValues>(preset === null ? GENERIC : OIDC_SETUP[preset], {
    ...addresses,
    scopes: scopes.join(' '),
    clientAuthentication: AUTHENTICATION[tokenEndpointAuthMethod],
  });
  const keys = { label: 'JSON Web Key Set (JWKS) URL', value: jwksUri };
  return { fields: tokenEndpointAuthMethod === 'private_key_jwt' ? [...fields, keys] : fields, attributes };
}
