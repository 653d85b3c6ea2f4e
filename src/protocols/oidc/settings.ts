/** What a connection says about its OIDC identity provider, and which issuer that pins. */

/** The part of a connection by which an ID token is judged. */
export interface OidcSettings {
  /** As configured. May be an Entra template issuer, then `tenantId` is required. */
  readonly issuer: string;
  readonly clientId: string;
  /** Entra directory id (a GUID); pins `tid` and fills the template issuer (S70). */
  readonly tenantId?: string | undefined;
  /** The claim that names the person like the directory's userName does, for instance `preferred_username`. */
  readonly userNameClaim?: string | undefined;
  /** The claim that lists groups; `groups` if absent. */
  readonly groupsClaim?: string | undefined;
  /** The nonce of this sign-in; checked if given. */
  readonly nonce?: string | undefined;
  /** Seconds since the person last authenticated at the identity provider; unlimited if absent. */
  readonly maxAgeSeconds?: number | undefined;
}

/** Signature algorithms that may be accepted in ID tokens. Never `none`, never a shared secret (S68, RFC 8725 §3.1). */
export const SIGNATURE_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

/** What a connection accepts that says nothing else: what every provider in use signs with. */
export const DEFAULT_ALGORITHMS: readonly string[] = ['RS256', 'ES256', 'PS256'];

/** Entra's directory id. */
export const TENANT_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Issuers of one Entra tenant, of both versions and of every cloud. */
const TENANT_ISSUER =
  /^https:\/\/(?:login\.(?:microsoftonline\.(?:com|us|de)|partner\.microsoftonline\.cn)|sts\.(?:windows\.net|chinacloudapi\.cn))\/([0-9a-f-]{36})(?=\/|$)/i;

/** The tenant that an issuer of Entra stands for, lower case; undefined for every other issuer. */
export function tenantOfIssuer(issuer: string): string | undefined {
  const tenant = TENANT_ISSUER.exec(issuer)?.[1]?.toLowerCase();
  return tenant !== undefined && TENANT_ID.test(tenant) ? tenant : undefined;
}

const TEMPLATE_PLACE = /\{tenantid\}/i;
/** Entra's multi-tenant authorities; each answers with an issuer of whichever tenant signed in. */
const SHARED_AUTHORITY =
  /^(https:\/\/login\.microsoftonline\.(?:com|us|de)\/)(?:common|organizations|consumers)(?=\/|$)/i;

/**
 * The one issuer this connection accepts: the configured one, or the template with the tenant filled in.
 * Undefined when the issuer names no single tenant and no valid `tenantId` is set: nothing may be accepted then (S70).
 */
export function pinnedIssuer(settings: Pick<OidcSettings, 'issuer' | 'tenantId'>): string | undefined {
  const { issuer, tenantId } = settings;
  if (!TEMPLATE_PLACE.test(issuer) && !SHARED_AUTHORITY.test(issuer)) return issuer;
  if (tenantId === undefined || !TENANT_ID.test(tenantId)) return undefined;
  const tenant = tenantId.toLowerCase();
  return issuer.replace(TEMPLATE_PLACE, tenant).replace(SHARED_AUTHORITY, `$1${tenant}`);
}
