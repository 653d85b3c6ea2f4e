/** Builds single logout messages as identity providers send them, by both bindings: the good half of every attack. */
import { sign as signBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { encode, type Signer, signElement } from './saml-builder.ts';
import { CORP_CONNECTION, FIXTURE_BASE } from './saml-fixture-context.ts';
import { idpKey } from './saml-keys.ts';

/** Who wants whose session ended. `now` is epoch milliseconds; `key` and `cert` are the identity provider's, PEM. */
export interface LogoutContext extends Signer {
  readonly logoutUrl: string;
  readonly idpEntityId: string;
  readonly now: number;
  readonly nameId: string;
  /** Absent: all sessions of the person. */
  readonly sessionIndex?: string | undefined;
  /** The request a response answers; `_request1` if absent. */
  readonly inResponseTo?: string;
  /** Makes the id unlike those of other messages; absent: a fixed id. */
  readonly suffix?: string;
}

export const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';

const escapeText = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');

const at = ({ now }: LogoutContext, seconds = 0): string => new Date(now + seconds * 1000).toISOString();

const head = (context: LogoutContext): string =>
  `xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_logout${context.suffix ?? '1'}" Version="2.0" IssueInstant="${at(context)}" Destination="${context.logoutUrl}"`;

const issuer = ({ idpEntityId }: LogoutContext): string => `<saml:Issuer>${idpEntityId}</saml:Issuer>`;

/** An unsigned LogoutRequest. */
export const logoutRequest = (context: LogoutContext): string =>
  [
    `<samlp:LogoutRequest ${head(context)} NotOnOrAfter="${at(context, 300)}">`,
    issuer(context),
    `<saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">${escapeText(context.nameId)}</saml:NameID>`,
    context.sessionIndex === undefined
      ? ''
      : `<samlp:SessionIndex>${context.sessionIndex}</samlp:SessionIndex>`,
    '</samlp:LogoutRequest>',
  ].join('');

/** An unsigned LogoutResponse with status Success. */
export const logoutResponse = (context: LogoutContext): string =>
  [
    `<samlp:LogoutResponse ${head(context)} InResponseTo="${context.inResponseTo ?? '_request1'}">`,
    issuer(context),
    '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>',
    '</samlp:LogoutResponse>',
  ].join('');

/** A query in its raw pieces: what an attack takes apart. */
export interface QueryPieces {
  readonly parameter: 'SAMLRequest' | 'SAMLResponse';
  /** Percent-encoded already, as all of them. */
  readonly message: string;
  readonly relayState?: string;
  readonly algorithm: string;
  readonly signature: string;
}

interface RedirectOptions {
  readonly parameter?: 'SAMLRequest' | 'SAMLResponse';
  readonly relayState?: string;
  /** The SigAlg that is claimed; RSA-SHA256 if absent. */
  readonly algorithm?: string;
  /** How the bytes are really signed; SHA-256 if absent. */
  readonly hash?: string;
  /** From the text to the message; absent: deflated base64. */
  readonly deflate?: (xml: string) => string;
}

/** The signed pieces of a redirect. */
export function redirectPieces(xml: string, key: string, options: RedirectOptions = {}): QueryPieces {
  const { parameter = 'SAMLRequest', relayState, algorithm = RSA_SHA256, hash = 'sha256' } = options;
  const deflated = options.deflate?.(xml) ?? deflateRawSync(xml).toString('base64');
  const unsigned = {
    parameter,
    message: encodeURIComponent(deflated),
    ...(relayState === undefined ? {} : { relayState: encodeURIComponent(relayState) }),
    algorithm: encodeURIComponent(algorithm),
    signature: '',
  };
  const signature = signBytes(hash, Buffer.from(signedPart(unsigned)), key).toString('base64');
  return { ...unsigned, signature: encodeURIComponent(signature) };
}

/** The part of a query that the signature covers. */
export const signedPart = ({ parameter, message, relayState, algorithm }: QueryPieces): string =>
  [
    `${parameter}=${message}`,
    ...(relayState === undefined ? [] : [`RelayState=${relayState}`]),
    `SigAlg=${algorithm}`,
  ].join('&');

/** The raw query. */
export const queryOf = (pieces: QueryPieces): string => `${signedPart(pieces)}&Signature=${pieces.signature}`;

/** A form field: the message with an enveloped signature, base64. */
export const postedLogout = (xml: string, signer: Signer): string =>
  encode(signElement(xml, xml.includes('LogoutRequest') ? 'LogoutRequest' : 'LogoutResponse', signer));

/** The fixed world of the logout fixtures. */
export const fixtureLogout = (connectionId = CORP_CONNECTION): LogoutContext => ({
  logoutUrl: `${FIXTURE_BASE}/saml/${connectionId}/logout`,
  idpEntityId: 'https://idp.example/entity',
  now: Date.UTC(2026, 10, 1, 12),
  nameId: 'ada@corp.example',
  sessionIndex: '_session1',
  ...idpKey(),
});
