/** What the common identity providers send over OIDC, so that an admin who names theirs has less to set. */
import type { Connection, IdentityProvider } from '../../core/entities/connection.ts';

export interface OidcPreset {
  readonly scopes: readonly string[];
  /** The claim that a directory of the same product pushes as userName; null: the verified e-mail. */
  readonly userNameClaim: string | null;
  /** Claims under another name than the standard one; absent: none. */
  readonly attributes?: Connection['attributes'];
}

const USUAL = ['openid', 'email', 'profile'];

/** The claim in which the product's guide has groups sent; somebody of whom it then says nothing is in none (S146). */
const attributes = { groups: 'groups' };

/**
 * Chosen when a connection is made, and only for what was not said. The claim that names people is one that admins of
 * that product give out, never one that people choose themselves.
 */
export const OIDC_PRESETS: Readonly<Record<IdentityProvider, OidcPreset>> = {
  // The login, which Okta pushes as userName. `groups` is known to an org authorization server without set-up.
  okta: { scopes: [...USUAL, 'groups'], userNameClaim: 'preferred_username', attributes },
  // The user principal name; Entra says nothing of email_verified.
  entra: { scopes: USUAL, userNameClaim: 'preferred_username', attributes },
  // Sends no groups.
  google: { scopes: USUAL, userNameClaim: null },
  onelogin: { scopes: [...USUAL, 'groups'], userNameClaim: 'preferred_username', attributes },
  jumpcloud: { scopes: USUAL, userNameClaim: null, attributes },
  pingone: { scopes: USUAL, userNameClaim: 'preferred_username', attributes },
  // Its claim rules call the claim type http://schemas.xmlsoap.org/claims/Group so in tokens.
  adfs: { scopes: USUAL, userNameClaim: 'upn', attributes: { groups: 'group' } },
  // People imported from LDAP have email_verified false.
  keycloak: { scopes: USUAL, userNameClaim: 'preferred_username', attributes },
};
