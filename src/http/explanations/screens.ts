/** Where in the consoles of the common identity providers a setting of single sign-on is found, by protocol. */
import type { Connection, IdentityProvider } from '../../core/entities/connection.ts';

export type Protocol = Connection['settings']['protocol'];

/** The kinds of settings that failures lead to. */
export type Screen =
  | 'addresses'
  | 'keys'
  | 'signing'
  | 'claims'
  | 'groups'
  | 'assignment'
  | 'secret'
  | 'logs';

export type Screens = Readonly<Partial<Record<IdentityProvider, string>>>;

const SAML: Readonly<Record<Screen, Screens>> = {
  addresses: {
    okta: 'Applications > the app > General > SAML settings > Edit: single sign-on URL and audience URI',
    entra:
      'Enterprise applications > the app > Single sign-on > Basic SAML configuration: identifier and reply URL',
    google: 'Apps > Web and mobile apps > the app > Service provider details: ACS URL and entity ID',
    onelogin: 'Applications > the app > Configuration: audience, recipient and ACS URL',
    jumpcloud: 'SSO applications > the app > SSO: SP entity ID and ACS URL',
    pingone: 'Applications > the app > Configuration > Edit: ACS URLs and entity ID',
    adfs: 'Relying party trusts > the trust > Properties > Identifiers and Endpoints',
    keycloak: 'Clients > the client > Settings: client ID, valid redirect URIs, master SAML processing URL',
  },
  keys: {
    okta: 'Applications > the app > Sign on > SAML signing certificates, and the metadata URL above them',
    entra:
      'Enterprise applications > the app > Single sign-on > SAML certificates: federation metadata URL or certificate',
    google: 'Apps > Web and mobile apps > the app > Download metadata: certificate and entity ID',
    onelogin: 'Applications > the app > SSO: X.509 certificate and issuer URL',
    jumpcloud: 'SSO applications > the app > SSO > IdP certificate, and Export metadata',
    pingone: 'Applications > the app > Configuration: download metadata or signing certificate',
    adfs: 'Service > Certificates > Token-signing, and FederationMetadata.xml',
    keycloak: 'Realm settings > Keys, and Endpoints > SAML 2.0 identity provider metadata',
  },
  signing: {
    okta: 'Applications > the app > General > SAML settings > Show advanced settings: response, assertion signature and encryption',
    entra:
      'Enterprise applications > the app > Single sign-on > SAML certificates > Edit: signing option and algorithm; Token encryption',
    google: 'Apps > Web and mobile apps > the app > Service provider details: Signed response',
    onelogin: 'Applications > the app > Configuration: SAML signature element, SAML encryption method',
    jumpcloud: 'SSO applications > the app > SSO: Sign assertion or response, signature algorithm',
    pingone: 'Applications > the app > Configuration > Edit: signing key and algorithm, encryption',
    adfs: 'Set-AdfsRelyingPartyTrust -SamlResponseSignature, -SignatureAlgorithm, -EncryptClaims',
    keycloak: 'Clients > the client > Keys and Settings > Signature and encryption',
  },
  claims: {
    okta: 'Applications > the app > General > SAML settings: Name ID format, application username, attribute statements',
    entra:
      'Enterprise applications > the app > Single sign-on > Attributes and claims: unique user identifier and claims',
    google:
      'Apps > Web and mobile apps > the app > Service provider details: Name ID; and SAML attribute mapping',
    onelogin: 'Applications > the app > Parameters, and Configuration > SAML nameID format',
    jumpcloud: 'SSO applications > the app > SSO: SAMLSubject NameID, its format, attributes',
    pingone:
      'Applications > the app > Attribute mappings: saml_subject; Configuration: subject NameID format',
    adfs: 'Relying party trusts > the trust > Edit claim issuance policy',
    keycloak:
      'Clients > the client > Client scopes > the dedicated scope > Mappers; Settings: Name ID format',
  },
  groups: {
    okta: 'Applications > the app > General > SAML settings: group attribute statements',
    entra:
      'Enterprise applications > the app > Single sign-on > Attributes and claims > Add a group claim: Groups assigned to the application',
    google: 'Apps > Web and mobile apps > the app > SAML attribute mapping: Group membership',
    onelogin: 'Applications > the app > Parameters > Groups, and Rules',
    jumpcloud: 'SSO applications > the app > SSO: include group attribute',
    pingone: 'Applications > the app > Attribute mappings: Group names',
    adfs: 'Relying party trusts > the trust > Edit claim issuance policy: Send group membership as a claim',
    keycloak: 'Clients > the client > Client scopes > the dedicated scope > Mappers: Group list',
  },
  assignment: {
    okta: 'Applications > the app > Assignments',
    entra: 'Enterprise applications > the app > Users and groups',
    google: 'Apps > Web and mobile apps > the app > User access',
    onelogin: 'Users > the person > Applications',
    jumpcloud: 'SSO applications > the app > User groups',
    pingone: 'Applications > the app > Access',
    adfs: 'Relying party trusts > the trust > Edit access control policy',
    keycloak: 'Users > the person; Authentication > the flow of the client',
  },
  secret: {},
  logs: {
    okta: 'Reports > System log',
    entra: 'Enterprise applications > the app > Sign-in logs',
    google: 'Reporting > Audit and investigation > SAML log events',
    onelogin: 'Activity > Events',
    jumpcloud: 'Insights > Directory insights',
    pingone: 'Monitoring > Audit',
    adfs: 'Event viewer > AD FS > Admin',
    keycloak: 'Realm > Events > User events',
  },
};

const OIDC: Readonly<Record<Screen, Screens>> = {
  addresses: {
    okta: 'Applications > the app > General > Sign-in redirect URIs; the issuer: Sign on > OpenID Connect ID token',
    entra:
      'App registrations > the app > Authentication: redirect URIs; the issuer: Overview > Endpoints > OpenID Connect metadata document',
    google:
      'Google Cloud console > APIs and services > Credentials > the OAuth client: authorized redirect URIs',
    onelogin: 'Applications > the app > Configuration: redirect URIs; SSO: issuer URL',
    jumpcloud:
      'SSO applications > the app > SSO: redirect URIs; the issuer is https://oauth.id.jumpcloud.com/',
    pingone: 'Applications > the app > Configuration: redirect URIs and issuer',
    adfs: 'Application groups > the group > the server application: redirect URI',
    keycloak:
      'Clients > the client > Settings: valid redirect URIs; Realm settings > Endpoints: OpenID configuration',
  },
  keys: {
    okta: 'Security > API > Authorization servers > the server > Settings: signing key rotation',
    entra: 'App registrations > the app > Overview > Endpoints: OpenID Connect metadata document',
    google: 'Nothing to set: https://accounts.google.com/.well-known/openid-configuration',
    onelogin: 'Applications > the app > SSO: issuer URL',
    jumpcloud: 'Nothing to set: https://oauth.id.jumpcloud.com/.well-known/openid-configuration',
    pingone: 'Applications > the app > Configuration: OIDC discovery endpoint',
    adfs: 'Service > Certificates > Token-signing',
    keycloak: 'Realm settings > Keys',
  },
  signing: {
    okta: 'Applications > the app > Sign on > OpenID Connect ID token; ID token encryption: off',
    entra: 'App registrations > the app > Manifest; Token encryption: none',
    google: 'Nothing to set: Google signs with RS256',
    onelogin: 'Applications > the app > SSO: JSON web signature algorithm',
    jumpcloud: 'SSO applications > the app > SSO',
    pingone: 'Applications > the app > Configuration > Edit: ID token signing',
    adfs: 'Application groups > the group > the web API',
    keycloak:
      'Clients > the client > Advanced > Fine grain OpenID Connect configuration: ID token signature and encryption algorithm',
  },
  claims: {
    okta: 'Applications > the app > Sign on > OpenID Connect ID token; Security > API > Authorization servers > the server > Claims',
    entra: 'App registrations > the app > Token configuration: optional claims',
    google: 'Google Cloud console > APIs and services > OAuth consent screen: scopes email and profile',
    onelogin: 'Applications > the app > Parameters',
    jumpcloud: 'SSO applications > the app > SSO > Attribute mapping: standard scopes email and profile',
    pingone: 'Applications > the app > Attribute mappings, and Resources > allowed scopes',
    adfs: 'Application groups > the group > the web API > Issuance transform rules, Client permissions',
    keycloak: 'Clients > the client > Client scopes; Users > the person > Email verified',
  },
  groups: {
    okta: 'Applications > the app > Sign on > OpenID Connect ID token: groups claim filter',
    entra:
      'App registrations > the app > Token configuration > Add groups claim: Groups assigned to the application; or App roles',
    google: 'Google sends no groups over OpenID Connect: use SAML, or a directory',
    onelogin: 'Applications > the app > Parameters > Groups',
    jumpcloud: 'SSO applications > the app > SSO > Attribute mapping: include group attribute',
    pingone: 'Applications > the app > Attribute mappings: Group names',
    adfs: 'Application groups > the group > the web API > Issuance transform rules: Send group membership as a claim',
    keycloak: 'Clients > the client > Client scopes > the dedicated scope > Mappers: Group membership',
  },
  assignment: {
    okta: 'Applications > the app > Assignments',
    entra: 'Enterprise applications > the app > Users and groups, and Permissions > Grant admin consent',
    google: 'Google Cloud console > APIs and services > OAuth consent screen: user type Internal',
    onelogin: 'Users > the person > Applications',
    jumpcloud: 'SSO applications > the app > User groups',
    pingone: 'Applications > the app > Access',
    adfs: 'Application groups > the group > the web API > Access control policy',
    keycloak: 'Users > the person; Authentication > the flow of the client',
  },
  secret: {
    okta: 'Applications > the app > General > Client credentials: client ID, client authentication and secret',
    entra:
      'App registrations > the app > Certificates and secrets: a secret that has not ended; the value, not its ID',
    google: 'Google Cloud console > APIs and services > Credentials > the OAuth client: client secret',
    onelogin: 'Applications > the app > SSO: client ID, client secret, token endpoint authentication method',
    jumpcloud: 'SSO applications > the app > SSO: client ID and secret, client authentication type',
    pingone: 'Applications > the app > Configuration: client secret, token endpoint authentication method',
    adfs: 'Application groups > the group > the server application > Credentials',
    keycloak: 'Clients > the client > Credentials: client authenticator and secret',
  },
  logs: {
    okta: 'Reports > System log',
    entra: 'Enterprise applications > the app > Sign-in logs',
    google: 'Reporting > Audit and investigation > OAuth log events',
    onelogin: 'Activity > Events',
    jumpcloud: 'Insights > Directory insights',
    pingone: 'Monitoring > Audit',
    adfs: 'Event viewer > AD FS > Admin',
    keycloak: 'Realm > Events > User events',
  },
};

/** The screens of every known product for one kind of setting. */
export const screensOf = (protocol: Protocol, screen: Screen): Screens =>
  (protocol === 'saml' ? SAML : OIDC)[screen];
