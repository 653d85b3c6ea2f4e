/** Attacks on single details of the one accepted shape, each of which one check alone refuses. */
import { type AttackRow, outer, swap, swapping, without } from './saml-attack-row.ts';
import { EXC_C14N, instant } from './saml-builder.ts';

const SIGNATURE = 'ds:Signature';
const EXTENSIONS = (inside: string) => `<samlp:Extensions>${inside}</samlp:Extensions><samlp:Status>`;
const addToExtensions = (inside: string) => swapping('<samlp:Status>', EXTENSIONS(inside));
const inAssertion = (from: string | RegExp, to: string) => (xml: string) => {
  const assertion = outer(xml, 'saml:Assertion');
  return swap(xml, assertion, swap(assertion, from, to));
};

const response: readonly AttackRow[] = [
  {
    line: 'S16',
    name: 'a message of the protocol that is no Response',
    reason: 'saml.not_a_response',
    after: (xml) => xml.replaceAll('samlp:Response', 'samlp:ArtifactResponse'),
  },
  {
    line: 'S39',
    name: 'response of another version',
    reason: 'saml.version',
    edit: swapping('Version="2.0"', 'Version="1.1"'),
  },
  {
    line: 'S39',
    name: 'assertion of another version',
    reason: 'saml.version',
    edit: inAssertion('Version="2.0"', 'Version="1.1"'),
  },
  {
    line: 'S35',
    name: 'two issuers of the response',
    reason: 'saml.response_shape',
    after: swapping('<samlp:Status>', '<saml:Issuer>https://evil.example</saml:Issuer><samlp:Status>'),
  },
  {
    line: 'S5',
    name: 'an unknown child of the response',
    reason: 'saml.response_shape',
    after: swapping('<samlp:Status>', '<samlp:Advice/><samlp:Status>'),
  },
  {
    line: 'S5',
    name: 'the only assertion stands in Extensions',
    reason: 'saml.assertion_count',
    after: (xml) => {
      const assertion = outer(xml, 'saml:Assertion');
      return swap(without(xml, assertion), '<samlp:Status>', EXTENSIONS(assertion));
    },
  },
  {
    line: 'S41',
    name: 'success beside another status',
    reason: 'saml.status',
    after: swapping(
      '</samlp:Status>',
      '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Requester"/></samlp:Status>',
    ),
  },
  {
    line: 'S14',
    name: 'response without an ID',
    reason: 'saml.response_shape',
    edit: swapping(/ ID="_response[^"]*"/, ''),
  },
  {
    line: 'S14',
    name: 'assertion without an ID',
    reason: 'saml.assertion_shape',
    mode: 'response',
    edit: swapping(/ ID="_assertion[^"]*"/, ''),
  },
  {
    line: 'S11',
    name: 'an ID that would end a quoted text',
    reason: 'saml.id_attribute',
    after: addToExtensions(`<samlp:x ID="_x' or 'a'='a"/>`),
  },
  {
    line: 'S24',
    name: 'many elements around the assertion',
    reason: 'saml.response_shape',
    after: addToExtensions('<samlp:x/>'.repeat(250)),
  },
];

const signature: readonly AttackRow[] = [
  {
    line: 'S4',
    name: 'the signature of the assertion stands deeper in it',
    reason: 'saml.signature_place',
    after: (xml) => {
      const moved = outer(xml, SIGNATURE);
      return swap(without(xml, moved), '</saml:Subject>', `${moved}</saml:Subject>`);
    },
  },
  {
    line: 'S7',
    name: 'the signature of the response twice',
    reason: 'saml.signature_place',
    mode: 'response',
    after: (xml) => swap(xml, outer(xml, SIGNATURE), outer(xml, SIGNATURE).repeat(2)),
  },
  {
    line: 'S7',
    name: 'a Manifest in the KeyInfo',
    reason: 'saml.signature_place',
    after: swapping('</ds:KeyInfo>', '<ds:Manifest/></ds:KeyInfo>'),
  },
  {
    line: 'S12',
    name: 'canonicalized twice, the signature left in',
    reason: 'saml.transforms',
    after: swapping('http://www.w3.org/2000/09/xmldsig#enveloped-signature', EXC_C14N),
  },
  {
    line: 'S12',
    name: 'something inside the enveloped-signature step',
    reason: 'saml.transforms',
    after: swapping(
      /(<ds:Transform Algorithm="[^"]*enveloped-signature")\s*(?:\/>|><\/ds:Transform>)/,
      '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"><x:y xmlns:x="urn:x"/></ds:Transform>',
    ),
  },
  {
    line: 'S12',
    name: 'a stranger inside the exc-c14n step',
    reason: 'saml.transforms',
    after: swapping(
      new RegExp(`<ds:Transform Algorithm="${EXC_C14N}"\\s*(?:/>|></ds:Transform>)`),
      `<ds:Transform Algorithm="${EXC_C14N}"><x:y xmlns:x="urn:x"/></ds:Transform>`,
    ),
  },
  {
    line: 'S12',
    name: 'two lists of namespaces in the exc-c14n step',
    reason: 'saml.transforms',
    after: swapping(
      new RegExp(`<ds:Transform Algorithm="${EXC_C14N}"\\s*(?:/>|></ds:Transform>)`),
      `<ds:Transform Algorithm="${EXC_C14N}">${`<ec:InclusiveNamespaces xmlns:ec="${EXC_C14N}" PrefixList="xs"/>`.repeat(2)}</ds:Transform>`,
    ),
  },
  {
    line: 'S19',
    name: 'a signature method without a name',
    reason: 'saml.algorithm',
    after: swapping(/<ds:SignatureMethod Algorithm="[^"]*"/, '<ds:SignatureMethod'),
  },
  {
    line: 'S19',
    name: 'a parameter of the signature method',
    reason: 'saml.algorithm',
    after: swapping(
      /(?<=<ds:SignatureMethod Algorithm="[^"]*")\s*(?:\/>|><\/ds:SignatureMethod>)/,
      '><ds:HMACOutputLength>1</ds:HMACOutputLength></ds:SignatureMethod>',
    ),
  },
];

const claims: readonly AttackRow[] = [
  {
    line: 'S35',
    name: 'the issuer is of another format',
    reason: 'saml.issuer',
    edit: inAssertion(
      'urn:oasis:names:tc:SAML:2.0:nameid-format:entity',
      'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified',
    ),
  },
  {
    line: 'S39',
    name: 'signed in tomorrow',
    reason: 'saml.issued_in_future',
    edit: (xml, context) => swap(xml, / AuthnInstant="[^"]*"/, ` AuthnInstant="${instant(context, 86_400)}"`),
  },
  {
    line: 'S22',
    name: 'a line break in the NameID',
    reason: 'saml.name_id',
    edit: (xml, context) =>
      swap(xml, `>${context.nameId}</saml:NameID>`, `>${context.nameId}&#10;</saml:NameID>`),
  },
  {
    line: 'S56',
    name: 'an attribute of a kind that is not read',
    reason: 'saml.attribute_nested',
    edit: swapping('</saml:AttributeStatement>', '<saml:EncryptedAttribute/></saml:AttributeStatement>'),
  },
  {
    line: 'S56',
    name: 'three hundred attribute names',
    reason: 'saml.attribute_limits',
    edit: swapping(
      '</saml:AttributeStatement>',
      `${Array.from({ length: 300 }, (_, at) => `<saml:Attribute Name="a${at}"/>`).join('')}</saml:AttributeStatement>`,
    ),
  },
];

const XENC = 'http://www.w3.org/2001/04/xmlenc#';
const XENC11 = 'http://www.w3.org/2009/xmlenc11#';
const CIPHER = '<xenc:CipherData><xenc:CipherValue>AAAA</xenc:CipherValue></xenc:CipherData>';
const OAEP = `<xenc:EncryptionMethod Algorithm="${XENC}rsa-oaep-mgf1p"/>`;
const KEY = (method = OAEP) => `<xenc:EncryptedKey>${method}${CIPHER}</xenc:EncryptedKey>`;
const DIGEST =
  '<ds:DigestMethod xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"/>';

interface Envelope {
  readonly type?: string;
  readonly keyInfo?: string;
  readonly beside?: string;
  readonly inMethod?: string;
  readonly cipher?: string;
}

/** An encrypted assertion with nothing behind its ciphertext, in the accepted form but for what is given. */
function envelope({
  type = 'Element',
  keyInfo = KEY(),
  beside = '',
  inMethod = '',
  cipher = CIPHER,
}: Envelope) {
  const method = `<xenc:EncryptionMethod Algorithm="${XENC11}aes256-gcm">${inMethod}</xenc:EncryptionMethod>`;
  const info = `<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">${keyInfo}</ds:KeyInfo>`;
  return `<saml:EncryptedAssertion xmlns:xenc="${XENC}"><xenc:EncryptedData Type="${XENC}${type}">${method}${info}${cipher}</xenc:EncryptedData>${beside}</saml:EncryptedAssertion>`;
}

const ALGORITHM = 'saml.encryption_algorithm';
const SHAPE = 'saml.encryption_shape';
const encrypted = (
  [
    ['S29', 'two keys', SHAPE, { keyInfo: KEY().repeat(2) }],
    ['S29', 'a key deeper in the KeyInfo', SHAPE, { keyInfo: `<x:y xmlns:x="urn:x">${KEY()}</x:y>` }],
    ['S29', 'a stranger beside the data', SHAPE, { beside: '<saml:Advice/>' }],
    ['S29', 'content in place of an element', SHAPE, { type: 'Content' }],
    [
      'S29',
      'an address in place of the ciphertext',
      SHAPE,
      { cipher: `<xenc:CipherData><xenc:CipherReference URI="https://evil.example"/></xenc:CipherData>` },
    ],
    [
      'S29',
      'an address beside the ciphertext',
      SHAPE,
      {
        cipher: CIPHER.replace(
          '</xenc:CipherData>',
          '<xenc:CipherReference URI="https://evil.example"/></xenc:CipherData>',
        ),
      },
    ],
    ['S29', 'an element in the ciphertext', SHAPE, { cipher: CIPHER.replace('AAAA', 'AAAA<saml:Advice/>') }],
    ['S30', 'a parameter of the cipher', ALGORITHM, { inMethod: '<xenc:KeySize>1</xenc:KeySize>' }],
    [
      'S30',
      'an unknown digest',
      ALGORITHM,
      { keyInfo: KEY(OAEP.replace('/>', `>${DIGEST.replaceAll('#sha1', '#md5')}</xenc:EncryptionMethod>`)) },
    ],
    [
      'S30',
      'two digests',
      ALGORITHM,
      { keyInfo: KEY(OAEP.replace('/>', `>${DIGEST.repeat(2)}</xenc:EncryptionMethod>`)) },
    ],
    [
      'S30',
      'two masks',
      ALGORITHM,
      {
        keyInfo: KEY(
          `<xenc:EncryptionMethod Algorithm="${XENC11}rsa-oaep">${DIGEST}${`<e:MGF xmlns:e="${XENC11}" Algorithm="${XENC11}mgf1sha1"/>`.repeat(2)}</xenc:EncryptionMethod>`,
        ),
      },
    ],
    [
      'S30',
      'OAEP parameters',
      ALGORITHM,
      {
        keyInfo: KEY(OAEP.replace('/>', '><xenc:OAEPparams>AAAA</xenc:OAEPparams></xenc:EncryptionMethod>')),
      },
    ],
  ] as const
).map(
  ([line, name, reason, change]): AttackRow => ({
    line,
    name: `encrypted, response signed: ${name}`,
    reason,
    mode: 'response',
    edit: (xml) => swap(xml, outer(xml, 'saml:Assertion'), envelope(change)),
  }),
);

export const SHAPE_ATTACKS: readonly AttackRow[] = [...response, ...signature, ...claims, ...encrypted];
