/** What the common identity providers send over SAML, and what an admin types into which field of theirs. */
import type { Connection, IdentityProvider } from '../../core/entities/connection.ts';
import { filledIn, type SetupForm } from './idp-setup.ts';

/** Our addresses, by what they are. */
export interface SetupValues {
  readonly acsUrl: string;
  readonly spEntityId: string;
  readonly metadataUrl: string;
  readonly logoutUrl: string;
}

export interface SamlPreset extends SetupForm<SetupValues> {
  /** Attribute names as that product has them without set-up, or as `send` tells the admin to name them. */
  readonly attributes: Connection['attributes'];
}

const CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims';
const ENTRA_GROUPS = 'http://schemas.microsoft.com/ws/2008/06/identity/claims/groups';
const ADFS_GROUP = 'http://schemas.xmlsoap.org/claims/Group';
const NAMED = { email: 'email', groups: 'groups' };

/** Chosen when a connection is made, and only for what was not said. */
export const SAML_PRESETS: Readonly<Record<IdentityProvider, SamlPreset>> = {
  okta: {
    attributes: NAMED,
    fields: [
      ['Single sign-on URL', 'acsUrl'],
      ['Audience URI (SP Entity ID)', 'spEntityId'],
      ['Name ID format', '=EmailAddress'],
      ['Application username', '=Okta username'],
    ],
    send: [
      ['email', 'user.email'],
      ['firstName', 'user.firstName'],
      ['lastName', 'user.lastName'],
      ['groups', 'Group attribute statement, Matches regex .*'],
    ],
  },
  entra: {
    attributes: { email: `${CLAIMS}/emailaddress`, groups: ENTRA_GROUPS },
    fields: [
      ['Identifier (Entity ID)', 'spEntityId'],
      ['Reply URL (Assertion Consumer Service URL)', 'acsUrl'],
      ['Logout Url', 'logoutUrl'],
    ],
    send: [
      [`${CLAIMS}/emailaddress`, 'user.mail'],
      [`${CLAIMS}/givenname`, 'user.givenname'],
      [`${CLAIMS}/surname`, 'user.surname'],
      [ENTRA_GROUPS, 'Groups assigned to the application, source attribute Group ID'],
    ],
  },
  google: {
    attributes: NAMED,
    fields: [
      ['ACS URL', 'acsUrl'],
      ['Entity ID', 'spEntityId'],
      ['Name ID format', '=EMAIL'],
      ['Name ID', '=Basic Information > Primary email'],
    ],
    send: [
      ['email', 'Primary email'],
      ['firstName', 'First name'],
      ['lastName', 'Last name'],
      ['groups', 'Group membership'],
    ],
  },
  onelogin: {
    attributes: NAMED,
    fields: [
      ['Audience (EntityID)', 'spEntityId'],
      ['Recipient', 'acsUrl'],
      ['ACS (Consumer) URL', 'acsUrl'],
      ['Single Logout URL', 'logoutUrl'],
      ['SAML signature element', '=Both'],
      ['SAML Signature Algorithm', '=SHA-256'],
    ],
    send: [
      ['email', 'Email'],
      ['firstName', 'First Name'],
      ['lastName', 'Last Name'],
      ['groups', 'User Roles, semicolon delimited off'],
    ],
  },
  jumpcloud: {
    attributes: NAMED,
    fields: [
      ['SP Entity ID', 'spEntityId'],
      ['ACS URL', 'acsUrl'],
      ['SAMLSubject NameID', '=email'],
      ['Signature Algorithm', '=RSA-SHA256'],
      ['Sign', '=Assertion'],
    ],
    send: [
      ['email', 'email'],
      ['firstName', 'firstname'],
      ['lastName', 'lastname'],
      ['groups', 'Include group attribute'],
    ],
  },
  pingone: {
    attributes: NAMED,
    fields: [
      ['ACS URLs', 'acsUrl'],
      ['Entity ID', 'spEntityId'],
      ['SLO endpoint', 'logoutUrl'],
      ['Signing algorithm', '=RSA_SHA256'],
    ],
    send: [
      ['saml_subject', 'Username'],
      ['email', 'Email Address'],
      ['firstName', 'Given Name'],
      ['lastName', 'Family Name'],
      ['groups', 'Group Names'],
    ],
  },
  adfs: {
    attributes: { email: `${CLAIMS}/emailaddress`, name: `${CLAIMS}/name`, groups: ADFS_GROUP },
    fields: [
      ['Federation metadata address', 'metadataUrl'],
      ['Relying party trust identifier', 'spEntityId'],
      ['SAML Assertion Consumer Endpoint (POST)', 'acsUrl'],
      ['Secure hash algorithm', '=SHA-256'],
    ],
    send: [
      ['Name ID', 'User-Principal-Name'],
      [`${CLAIMS}/emailaddress`, 'E-Mail-Addresses'],
      [`${CLAIMS}/name`, 'Display-Name'],
      [ADFS_GROUP, 'Token-Groups - Unqualified Names'],
    ],
  },
  keycloak: {
    attributes: NAMED,
    fields: [
      ['Client ID', 'spEntityId'],
      ['Valid redirect URIs', 'acsUrl'],
      ['Assertion Consumer Service POST Binding URL', 'acsUrl'],
      ['Logout Service Redirect Binding URL', 'logoutUrl'],
      ['Signature algorithm', '=RSA_SHA256'],
      ['Include AuthnStatement', '=On'],
    ],
    send: [
      ['email', 'User property mapper, email'],
      ['firstName', 'User property mapper, firstName'],
      ['lastName', 'User property mapper, lastName'],
      ['groups', 'Group list mapper, single group attribute on, full group path off'],
    ],
  },
};

const GENERIC: SetupForm<SetupValues> = {
  fields: [
    ['Assertion consumer service (ACS) URL', 'acsUrl'],
    ['Service provider entity ID, also called audience', 'spEntityId'],
    ['Service provider metadata', 'metadataUrl'],
    ['Single logout URL', 'logoutUrl'],
  ],
  send: [
    ['email', 'the e-mail address'],
    ['firstName', 'the given name'],
    ['lastName', 'the family name'],
    ['groups', 'one value for each group'],
  ],
};

/** What the admin of a connection's identity provider types there, in the words of its screens. */
export const samlSetup = (preset: IdentityProvider | null, values: SetupValues) =>
  filledIn(preset === null ? GENERIC : SAML_PRESETS[preset], values);
