/** Writes the logout messages we send; they are signed by the binding that carries them. Pure. */
import { escapeXml } from './metadata.ts';
import { SAML_NS, SAMLP_NS } from './xml-tree.ts';

interface Head {
  /** Must be an XML name: `_` and random characters. */
  readonly id: string;
  /** Our entity id for the connection. */
  readonly spEntityId: string;
  /** Where the browser carries it. */
  readonly destination: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

export interface LogoutRequestInput extends Head {
  /** As the identity provider spelled it at sign-in. */
  readonly nameId: string;
  readonly nameIdFormat: string | null;
  /** Absent when it did not say them. */
  readonly nameQualifier?: string | undefined;
  readonly spNameQualifier?: string | undefined;
  readonly sessionIndex: string | null;
}

const LIFETIME_MS = 300_000;
const SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success';

/** A samlp:LogoutRequest for one session (SAML core §3.7.1); it is over after five minutes. */
export function writeLogoutRequest(input: LogoutRequestInput): string {
  const { nameId, nameIdFormat, sessionIndex, now } = input;
  const whose = [
    attribute('NameQualifier', input.nameQualifier),
    attribute('SPNameQualifier', input.spNameQualifier),
    attribute('Format', nameIdFormat ?? undefined),
  ].join('');
  const index =
    sessionIndex === null ? '' : `<samlp:SessionIndex>${escapeXml(sessionIndex)}</samlp:SessionIndex>`;
  return [
    `<samlp:LogoutRequest ${head(input)} NotOnOrAfter="${isoTime(now + LIFETIME_MS)}">`,
    issuer(input),
    `<saml:NameID${whose}>${escapeXml(nameId)}</saml:NameID>`,
    index,
    '</samlp:LogoutRequest>',
  ].join('');
}

/** A samlp:LogoutResponse that says the sessions are ended (SAML core §3.7.2). */
export function writeLogoutResponse(input: Head & { readonly inResponseTo: string }): string {
  return [
    `<samlp:LogoutResponse ${head(input)} InResponseTo="${escapeXml(input.inResponseTo)}">`,
    issuer(input),
    `<samlp:Status><samlp:StatusCode Value="${SUCCESS}"/></samlp:Status>`,
    '</samlp:LogoutResponse>',
  ].join('');
}

const attribute = (name: string, value: string | undefined): string =>
  value === undefined ? '' : ` ${name}="${escapeXml(value)}"`;

const isoTime = (at: number): string => new Date(at).toISOString();

const head = ({ id, destination, now }: Head): string =>
  `xmlns:samlp="${SAMLP_NS}" xmlns:saml="${SAML_NS}" ID="${id}" Version="2.0" IssueInstant="${isoTime(now)}" Destination="${escapeXml(destination)}"`;

const issuer = ({ spEntityId }: Head): string => `<saml:Issuer>${escapeXml(spEntityId)}</saml:Issuer>`;
