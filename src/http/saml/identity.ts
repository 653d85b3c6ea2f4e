/** From the facts of a verified assertion to the one identity every sign-in ends in. Pure. */
import type { Connection } from '../../core/entities/connection.ts';
import type { UpstreamIdentity } from '../../core/sign-in/upstream-identity.ts';
import type { SamlFacts } from '../../protocols/saml/read-assertion.ts';

const EMAIL_FORMAT = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';
const CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims';
const MICROSOFT = 'http://schemas.microsoft.com';

/** Names under which identity providers send things when nobody configured anything: Okta and OneLogin, Entra, LDAP. */
const USUAL = {
  email: [
    'email',
    'Email',
    'mail',
    'emailAddress',
    `${CLAIMS}/emailaddress`,
    'urn:oid:0.9.2342.19200300.100.1.3',
  ],
  name: [
    'name',
    'displayName',
    `${MICROSOFT}/identity/claims/displayname`,
    'urn:oid:2.16.840.1.113730.3.1.241',
  ],
  givenName: ['firstName', 'givenName', `${CLAIMS}/givenname`, 'urn:oid:2.5.4.42'],
  familyName: ['lastName', 'surname', 'sn', `${CLAIMS}/surname`, 'urn:oid:2.5.4.4'],
  groups: ['groups', 'memberOf', `${MICROSOFT}/ws/2008/06/identity/claims/groups`],
} as const;

/** Entra's attribute in place of groups when a person is in more than 150 of them. */
export const GROUPS_LINK = 'http://schemas.microsoft.com/claims/groups.link';

const LONGEST = 320;
const ADDRESS = /^[^\s@]+@[^\s@]+$/;

/**
 * The person an assertion speaks of. Only the NameID may select somebody (as externalId, then as userName); e-mail, name
 * and groups describe. Groups stand under the claim `groups` whatever the provider calls them; where the connection
 * names the attribute, an assertion without it says that there are none.
 */
export function samlIdentity(connection: Connection, facts: SamlFacts): UpstreamIdentity {
  const { attributes } = connection;
  const first = (names: readonly string[]) =>
    names.map((name) => plainText(facts.attributes.get(name)?.[0])).find((value) => value !== null) ?? null;
  const email = first(chosen(attributes.email, USUAL.email)) ?? nameIdAsEmail(facts);
  const fullName = [first(USUAL.givenName), first(USUAL.familyName)]
    .filter((part) => part !== null)
    .join(' ');
  return {
    connectionId: connection.id,
    protocol: 'saml',
    issuer: facts.issuer,
    subject: facts.nameId,
    externalIds: [facts.nameId],
    userName: facts.nameId,
    email: email !== null && ADDRESS.test(email) ? email : null,
    isEmailVerified: false,
    name: first(chosen(attributes.name, USUAL.name)) ?? (fullName === '' ? null : fullName),
    claims: withGroups(facts.attributes, attributes.groups),
    untold: facts.attributes.has(GROUPS_LINK) ? ['groups', ...chosen(attributes.groups, USUAL.groups)] : [],
    // Class references say how strong, not by what (RFC 8176 has no words for them).
    amr: [],
    authTime: facts.authnInstant,
    session: {
      nameId: facts.nameId,
      nameIdFormat: facts.nameIdFormat ?? null,
      nameQualifier: facts.nameQualifier,
      spNameQualifier: facts.spNameQualifier,
      sessionIndex: facts.sessionIndex ?? null,
      sid: null,
      idToken: null,
    },
    sessionNotOnOrAfter: facts.sessionNotOnOrAfter ?? null,
  };
}

const chosen = (configured: string | undefined, usual: readonly string[]): readonly string[] =>
  configured === undefined ? usual : [configured];

const nameIdAsEmail = ({ nameId, nameIdFormat }: SamlFacts): string | null =>
  nameIdFormat === EMAIL_FORMAT ? nameId : null;

/** Text fit to be stored and shown: one line, not empty, not endless. */
function plainText(value: string | undefined): string | null {
  const text = value?.trim() ?? '';
  return text === '' || text.length > LONGEST || /\p{Cc}/u.test(text) ? null : text;
}

function withGroups(
  sent: ReadonlyMap<string, readonly string[]>,
  configured: string | undefined,
): UpstreamIdentity['claims'] {
  const source = chosen(configured, USUAL.groups).find((name) => sent.has(name));
  const groups = source === undefined ? undefined : sent.get(source);
  const claims = new Map(sent);
  if (groups !== undefined) claims.set('groups', groups);
  // Entra sends a link instead of groups when there are too many: that is not none.
  else if (configured !== undefined && !sent.has(GROUPS_LINK)) claims.set('groups', []);
  return claims;
}
