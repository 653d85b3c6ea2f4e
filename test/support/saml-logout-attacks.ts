/** Attacks on single logout: each is one good message with one thing changed, for both bindings (S25, S65, S66 and the lines of sign-in that hold here too). */
import { deflateRawSync } from 'node:zlib';
import type { SamlRejection } from '../../src/protocols/saml/rejections.ts';
import { swap } from './saml-attack-row.ts';
import { encode, signElement } from './saml-builder.ts';
import { attackerKey } from './saml-keys.ts';
import {
  type LogoutContext,
  logoutRequest,
  postedLogout,
  type QueryPieces,
  queryOf,
  RSA_SHA256,
  redirectPieces,
  signedPart,
} from './saml-logout-builder.ts';

export interface LogoutAttack {
  /** Line of the security catalogue. */
  readonly line: string;
  readonly name: string;
  readonly reason: SamlRejection;
  /** `redirect`: the raw query; `post`: the field `SAMLRequest`. */
  readonly binding: 'redirect' | 'post';
  readonly message: string;
}

interface Row {
  readonly line: string;
  readonly name: string;
  readonly reason: SamlRejection;
}

/** Every attack against this context. */
export const logoutAttacks = (context: LogoutContext): readonly LogoutAttack[] => [
  ...CLAIMS.flatMap((row) => bothBindings(row, context)),
  ...QUERIES.map(({ query, ...row }) => ({ ...row, binding: 'redirect' as const, message: query(context) })),
  ...POSTS.map(({ field, ...row }) => ({ ...row, binding: 'post' as const, message: field(context) })),
];

/** What the message claims; signed by the genuine key after the change. */
interface ClaimRow extends Row {
  readonly edit: (xml: string, context: LogoutContext) => string;
}

function bothBindings({ edit, ...row }: ClaimRow, context: LogoutContext): readonly LogoutAttack[] {
  const xml = edit(logoutRequest(context), context);
  return [
    { ...row, binding: 'redirect', message: queryOf(redirectPieces(xml, context.key)) },
    { ...row, binding: 'post', message: postedLogout(xml, context) },
  ];
}

const instantOf = ({ now }: LogoutContext, seconds: number) => new Date(now + seconds * 1000).toISOString();
const swapping = (from: string | RegExp, to: string) => (xml: string) => swap(xml, from, to);
const NAME_ID = /<saml:NameID.*<\/saml:NameID>/;

const CLAIMS: readonly ClaimRow[] = [
  {
    line: 'S33',
    name: 'Destination absent',
    reason: 'saml.destination',
    edit: swapping(/ Destination="[^"]*"/, ''),
  },
  {
    line: 'S33',
    name: 'Destination of another connection',
    reason: 'saml.destination',
    edit: swapping(
      / Destination="[^"]*"/,
      ' Destination="https://gate.example/saml/con_00000000000000000000000002/logout"',
    ),
  },
  {
    line: 'S35',
    name: 'another issuer',
    reason: 'saml.issuer',
    edit: swapping(/<saml:Issuer>[^<]*</, '<saml:Issuer>https://other.example<'),
  },
  {
    line: 'S35',
    name: 'no issuer',
    reason: 'saml.issuer',
    edit: swapping(/<saml:Issuer>/, '<saml:Issuer Format="urn:x">'),
  },
  {
    line: 'S39',
    name: 'issued five minutes and a second ago',
    reason: 'saml.too_old',
    edit: (xml, context) => swap(xml, / IssueInstant="[^"]*"/, ` IssueInstant="${instantOf(context, -301)}"`),
  },
  {
    line: 'S40',
    name: 'issued 121 seconds from now',
    reason: 'saml.issued_in_future',
    edit: (xml, context) => swap(xml, / IssueInstant="[^"]*"/, ` IssueInstant="${instantOf(context, 121)}"`),
  },
  {
    line: 'S39',
    name: 'expired by the skew',
    reason: 'saml.logout_expired',
    edit: (xml, context) => swap(xml, / NotOnOrAfter="[^"]*"/, ` NotOnOrAfter="${instantOf(context, -120)}"`),
  },
  {
    line: 'S39',
    name: 'a time without a zone',
    reason: 'saml.time_format',
    edit: swapping(/ NotOnOrAfter="[^"]*"/, ' NotOnOrAfter="2026-11-01T12:05:00"'),
  },
  {
    line: 'S39',
    name: 'version 1.1',
    reason: 'saml.version',
    edit: swapping('Version="2.0"', 'Version="1.1"'),
  },
  { line: 'S57', name: 'no NameID', reason: 'saml.name_id', edit: swapping(NAME_ID, '') },
  {
    line: 'S57',
    name: 'empty NameID',
    reason: 'saml.name_id',
    edit: swapping(NAME_ID, '<saml:NameID></saml:NameID>'),
  },
  {
    line: 'S22',
    name: 'NameID with an element inside',
    reason: 'saml.name_id',
    edit: swapping('@corp.example</saml:NameID>', '@corp.example<saml:X/></saml:NameID>'),
  },
  {
    line: 'S22',
    name: 'two NameIDs',
    reason: 'saml.name_id',
    edit: (xml) =>
      swap(xml, '</saml:NameID>', '</saml:NameID><saml:NameID>intruder@evil.example</saml:NameID>'),
  },
  {
    line: 'S28',
    name: 'an encrypted name in place of the plain one',
    reason: 'saml.logout_shape',
    edit: swapping(NAME_ID, '<saml:EncryptedID/>'),
  },
  {
    line: 'S66',
    name: '51 session indexes',
    reason: 'saml.logout_shape',
    edit: (xml) =>
      swap(
        xml,
        '</samlp:LogoutRequest>',
        `${'<samlp:SessionIndex>_x</samlp:SessionIndex>'.repeat(51)}</samlp:LogoutRequest>`,
      ),
  },
  {
    line: 'S16',
    name: 'a logout request of another namespace',
    reason: 'saml.not_a_logout',
    edit: (xml) => xml.replace('SAML:2.0:protocol', 'SAML:9.9:protocol'),
  },
  {
    line: 'S24',
    name: '201 elements',
    reason: 'saml.too_many_elements',
    edit: (xml) =>
      swap(
        xml,
        '<saml:NameID',
        `<samlp:Extensions>${'<samlp:x/>'.repeat(200)}</samlp:Extensions><saml:NameID`,
      ),
  },
];

interface QueryRow extends Row {
  readonly query: (context: LogoutContext) => string;
}

const good = (context: LogoutContext, relayState?: string): QueryPieces =>
  redirectPieces(logoutRequest(context), context.key, relayState === undefined ? {} : { relayState });

const forger = (context: LogoutContext): QueryPieces =>
  redirectPieces(logoutRequest(context), attackerKey().key);

const withAlgorithm = (algorithm: string, hash: string) => (context: LogoutContext) =>
  queryOf(redirectPieces(logoutRequest(context), context.key, { algorithm, hash }));

/** The genuine query with a forged one around it, so that two readers may see two messages. */
const besides = (make: (genuine: QueryPieces, forged: QueryPieces) => string) => (context: LogoutContext) =>
  make(good(context), forger({ ...context, nameId: 'intruder@evil.example' }));

const QUERIES: readonly QueryRow[] = [
  {
    line: 'S65',
    name: 'no signature at all',
    reason: 'saml.unsigned',
    query: (c) => `SAMLRequest=${good(c).message}`,
  },
  { line: 'S65', name: 'signature stripped', reason: 'saml.unsigned', query: (c) => signedPart(good(c)) },
  {
    line: 'S65',
    name: 'algorithm stripped',
    reason: 'saml.unsigned',
    query: (c) => `SAMLRequest=${good(c).message}&Signature=${good(c).signature}`,
  },
  {
    line: 'S65',
    name: 'empty signature',
    reason: 'saml.base64',
    query: (c) => `${signedPart(good(c))}&Signature=`,
  },
  { line: 'S65', name: 'signed by the attacker', reason: 'saml.signature', query: (c) => queryOf(forger(c)) },
  {
    line: 'S65',
    name: 'RSA-SHA1',
    reason: 'saml.algorithm',
    query: withAlgorithm('http://www.w3.org/2000/09/xmldsig#rsa-sha1', 'sha1'),
  },
  {
    line: 'S65',
    name: 'RSA-MD5',
    reason: 'saml.algorithm',
    query: withAlgorithm('http://www.w3.org/2001/04/xmldsig-more#rsa-md5', 'md5'),
  },
  {
    line: 'S65',
    name: 'HMAC with the public certificate as key',
    reason: 'saml.algorithm',
    query: withAlgorithm('http://www.w3.org/2001/04/xmldsig-more#hmac-sha256', 'sha256'),
  },
  {
    line: 'S65',
    name: 'a stronger algorithm claimed than signed with',
    reason: 'saml.signature',
    query: withAlgorithm('http://www.w3.org/2001/04/xmldsig-more#rsa-sha512', 'sha256'),
  },
  {
    line: 'S65',
    name: 'RelayState added after signing',
    reason: 'saml.signature',
    query: (c) => `${queryOf(good(c))}&RelayState=x`,
  },
  {
    line: 'S65',
    name: 'RelayState taken away after signing',
    reason: 'saml.signature',
    query: (c) => queryOf(good(c, 'ghr_state')).replace(/&RelayState=[^&]*/, ''),
  },
  {
    line: 'S65',
    name: 'the message encoded in another way than it was signed',
    reason: 'saml.signature',
    query: (c) =>
      queryOf(good(c)).replace(
        /^SAMLRequest=(.)/,
        (_all, first: string) => `SAMLRequest=%${first.charCodeAt(0).toString(16)}`,
      ),
  },
  {
    line: 'S65',
    name: 'the message doubled, the forged one first',
    reason: 'saml.query',
    query: besides((genuine, forged) => `SAMLRequest=${forged.message}&${queryOf(genuine)}`),
  },
  {
    line: 'S65',
    name: 'the message doubled, the forged one last',
    reason: 'saml.query',
    query: besides((genuine, forged) => `${queryOf(genuine)}&SAMLRequest=${forged.message}`),
  },
  {
    line: 'S65',
    name: 'a forged message under a name with an encoded letter',
    reason: 'saml.query',
    query: besides((genuine, forged) => `SAML%52equest=${forged.message}&${queryOf(genuine)}`),
  },
  {
    line: 'S65',
    name: 'a forged message under a name in lower case',
    reason: 'saml.query',
    query: besides((genuine, forged) => `samlrequest=${forged.message}&${queryOf(genuine)}`),
  },
  {
    line: 'S65',
    name: 'the genuine message under a name in lower case',
    reason: 'saml.query',
    query: (c) => queryOf(good(c)).replace('SAMLRequest', 'samlrequest'),
  },
  {
    line: 'S65',
    name: 'a RelayState in lower case that the signature does not cover',
    reason: 'saml.query',
    query: (c) => `${queryOf(good(c))}&relaystate=ghr_theirs`,
  },
  {
    line: 'S65',
    name: 'a forged message under a name with brackets',
    reason: 'saml.query',
    query: besides((genuine, forged) => `${queryOf(genuine)}&SAMLRequest[]=${forged.message}`),
  },
  {
    line: 'S65',
    name: 'a forged message under a name with a space in front',
    reason: 'saml.query',
    query: besides((genuine, forged) => `+SAMLRequest=${forged.message}&${queryOf(genuine)}`),
  },
  {
    line: 'S65',
    name: 'a doubled signature',
    reason: 'saml.query',
    query: besides((genuine, forged) => `${queryOf(genuine)}&Signature=${forged.signature}`),
  },
  {
    line: 'S65',
    name: 'a doubled algorithm',
    reason: 'saml.query',
    query: (c) => `${queryOf(good(c))}&SigAlg=${encodeURIComponent(RSA_SHA256)}`,
  },
  {
    line: 'S65',
    name: 'a response beside the request',
    reason: 'saml.query',
    query: besides((genuine, forged) => `${queryOf(genuine)}&SAMLResponse=${forged.message}`),
  },
  { line: 'S65', name: 'no message', reason: 'saml.query', query: () => 'SigAlg=x&Signature=y' },
  { line: 'S65', name: 'nothing', reason: 'saml.query', query: () => '' },
  {
    line: 'S65',
    name: 'a message that is not percent-encoded text',
    reason: 'saml.query',
    query: (c) => queryOf(good(c)).replace('Signature=', 'Signature=%ff'),
  },
  {
    line: 'S65',
    name: 'another encoding than DEFLATE',
    reason: 'saml.query',
    query: (c) => `${queryOf(good(c))}&SAMLEncoding=urn%3Ax`,
  },
  {
    line: 'S25',
    name: 'a DEFLATE bomb of 8 MB, signed by the genuine key',
    reason: 'saml.deflate',
    query: (c) =>
      queryOf(
        redirectPieces('', c.key, {
          deflate: () => deflateRawSync(Buffer.alloc(8 * 1024 * 1024, 0x20)).toString('base64'),
        }),
      ),
  },
  {
    line: 'S25',
    name: 'not deflated',
    reason: 'saml.deflate',
    query: (c) => queryOf(redirectPieces(logoutRequest(c), c.key, { deflate: encode })),
  },
  {
    line: 'S23',
    name: 'a DOCTYPE',
    reason: 'saml.doctype',
    query: (c) => queryOf(redirectPieces(`<!DOCTYPE x>${logoutRequest(c)}`, c.key)),
  },
  {
    line: 'S16',
    name: 'a request under the name of a response',
    reason: 'saml.not_a_logout',
    query: (c) => queryOf(redirectPieces(logoutRequest(c), c.key, { parameter: 'SAMLResponse' })),
  },
];

interface PostRow extends Row {
  readonly field: (context: LogoutContext) => string;
}

const signed = (context: LogoutContext): string =>
  signElement(logoutRequest(context), 'LogoutRequest', context);

const POSTS: readonly PostRow[] = [
  {
    line: 'S65',
    name: 'posted without a signature',
    reason: 'saml.unsigned',
    field: (c) => encode(logoutRequest(c)),
  },
  {
    line: 'S18',
    name: 'posted, signed by the attacker, certificate in KeyInfo',
    reason: 'saml.signature',
    field: (c) => postedLogout(logoutRequest(c), attackerKey()),
  },
  {
    line: 'S32',
    name: 'posted, one character of the NameID changed',
    reason: 'saml.signature',
    field: (c) => encode(swap(signed(c), `>${c.nameId}<`, `>x${c.nameId.slice(1)}<`)),
  },
  {
    line: 'S32',
    name: 'posted, a session index added',
    reason: 'saml.signature',
    field: (c) =>
      encode(
        swap(
          signed(c),
          '</samlp:LogoutRequest>',
          '<samlp:SessionIndex>_z</samlp:SessionIndex></samlp:LogoutRequest>',
        ),
      ),
  },
  {
    line: 'S20',
    name: 'posted, RSA-SHA1',
    reason: 'saml.algorithm',
    field: (c) =>
      postedLogout(logoutRequest(c), {
        ...c,
        signatureAlgorithm: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1',
      }),
  },
  {
    line: 'S6',
    name: 'posted, a forged request around the signed one',
    reason: 'saml.signature_place',
    field: (c) => {
      const inner = signed(c);
      const forged = logoutRequest({ ...c, nameId: 'intruder@evil.example', suffix: 'forged' });
      return encode(
        swap(forged, '<saml:NameID', `<samlp:Extensions>${inner}</samlp:Extensions><saml:NameID`),
      );
    },
  },
  {
    line: 'S7',
    name: 'posted, the genuine signature twice',
    reason: 'saml.signature_place',
    field: (c) => {
      const xml = signed(c);
      const signature = /<ds:Signature.*<\/ds:Signature>/s.exec(xml)?.[0] ?? '';
      return encode(swap(xml, signature, signature + signature));
    },
  },
  {
    line: 'S22',
    name: 'posted, a comment in the NameID',
    reason: 'saml.comment',
    field: (c) => encode(swap(signed(c), '@corp', '<!---->@corp')),
  },
  {
    line: 'S27',
    name: 'posted, foreign characters in base64',
    reason: 'saml.base64',
    field: (c) => `${encode(signed(c))}$`,
  },
];
