/** What the OIDC seam needs to know of a connection. The handler fills it from storage and the configuration. */

/** A key pair of ours that shows one identity provider who asks (RFC 7523). */
export interface ClientKey {
  readonly kid: string;
  /** PKCS#8 PEM. */
  readonly privateKey: string;
  /** PEM. */
  readonly certificate: string;
  /** Whom the assertion is for: the issuer, unless the provider is known to want its token endpoint. */
  readonly audience: 'issuer' | 'token_endpoint';
}

export interface OidcTrust {
  readonly connectionId: string;
  /** As configured; for Entra the tenant's own issuer, or a template together with `tenantId`. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** This connection's own callback under the configured base URL, never derived from a request (S71, S86). */
  readonly redirectUri: string;
  /** Besides `openid`; `email profile` if absent. */
  readonly scopes?: readonly string[] | undefined;
  /** `client_secret_basic` if absent. */
  readonly tokenEndpointAuthMethod?:
    | 'client_secret_basic'
    | 'client_secret_post'
    | 'private_key_jwt'
    | undefined;
  /** What signs, with `private_key_jwt`. */
  readonly clientKey?: ClientKey | undefined;
  /** Signature algorithms an ID token may carry; the usual asymmetric ones if absent (S68). */
  readonly idTokenAlgs?: readonly string[] | undefined;
  readonly userNameClaim?: string | undefined;
  /** The claim that lists groups; `groups` if absent. */
  readonly groupsClaim?: string | undefined;
  /** Entra directory id; pins `tid` (S70). */
  readonly tenantId?: string | undefined;
  /** True only when the operator's allow list lets this issuer be plain http. */
  readonly allowInsecure: boolean;
}
