/** Attacks on the document and its signature: catalogue S1 to S20, and S32. */
import { createHmac } from 'node:crypto';
import {
  type AttackRow,
  type Change,
  forgedAssertion,
  outer,
  swap,
  swapping,
  without,
} from './saml-attack-row.ts';
import { EXC_C14N, oktaLike } from './saml-builder.ts';
import { attackerKey } from './saml-keys.ts';

const NS = 'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"';
const EXTENSIONS = (inside: string) => `<samlp:Extensions>${inside}</samlp:Extensions><samlp:Status>`;
const addToExtensions = (inside: string) => swapping('<samlp:Status>', EXTENSIONS(inside));

const wrapping: readonly AttackRow[] = [
  { line: 'S1', name: 'no signature at all', reason: 'saml.unsigned', mode: 'none' },
  {
    line: 'S1',
    name: 'signature stripped',
    reason: 'saml.unsigned',
    after: (xml) => without(xml, outer(xml, 'ds:Signature')),
  },
  {
    line: 'S1',
    name: 'empty SignatureValue',
    reason: 'saml.signature_shape',
    after: swapping(/<ds:SignatureValue>[^<]+/, '<ds:SignatureValue>'),
  },
  {
    line: 'S2',
    name: 'forged sibling before the signed assertion (XSW3)',
    reason: 'saml.assertion_count',
    after: (xml, context) => swap(xml, '<saml:Assertion', `${forgedAssertion(xml, context)}<saml:Assertion`),
  },
  {
    line: 'S2',
    name: 'forged sibling after the signed assertion',
    reason: 'saml.assertion_count',
    after: (xml, context) =>
      swap(xml, '</samlp:Response>', `${forgedAssertion(xml, context)}</samlp:Response>`),
  },
  {
    line: 'S3',
    name: 'forged assertion around the signed one (XSW4)',
    reason: 'saml.assertion_count',
    after: (xml, context) => {
      const signed = outer(xml, 'saml:Assertion');
      return swap(
        xml,
        signed,
        swap(forgedAssertion(xml, context), '</saml:Assertion>', `${signed}</saml:Assertion>`),
      );
    },
  },
  {
    line: 'S4',
    name: 'forged assertion carries the signature, original in ds:Object (XSW6)',
    reason: 'saml.assertion_count',
    after: (xml, context) => {
      const signed = outer(xml, 'saml:Assertion');
      const signature = outer(signed, 'ds:Signature');
      const original = without(signed, signature);
      const carrying = swap(
        signature,
        '</ds:Signature>',
        `<ds:Object>${original}</ds:Object></ds:Signature>`,
      );
      return swap(
        xml,
        signed,
        swap(forgedAssertion(xml, context), '<saml:Subject>', `${carrying}<saml:Subject>`),
      );
    },
  },
  {
    line: 'S5',
    name: 'original in Extensions, forged with a new id in its place (XSW7)',
    reason: 'saml.assertion_count',
    after: (xml, context) => {
      const signed = outer(xml, 'saml:Assertion');
      return addToExtensions(signed)(swap(xml, signed, forgedAssertion(xml, context)), context);
    },
  },
  {
    line: 'S5',
    name: 'original in Extensions, forged with the same id in its place (XSW8)',
    reason: 'saml.duplicate_id',
    after: (xml, context) => {
      const signed = outer(xml, 'saml:Assertion');
      return addToExtensions(signed)(
        swap(xml, signed, forgedAssertion(xml, context, '_assertion1')),
        context,
      );
    },
  },
  {
    line: 'S6',
    name: 'forged response around the signed response, signature detached (XSW1)',
    reason: 'saml.response_shape',
    mode: 'response',
    after: (xml, context) => {
      const signature = outer(xml, 'ds:Signature');
      const original = without(xml, signature);
      const forged = swap(original, '_response1', '_forgedResponse').replaceAll(
        context.nameId,
        'intruder@evil.example',
      );
      const relabelled = swap(forged, 'ID="_assertion1"', 'ID="_forged"');
      return swap(relabelled, '<samlp:Status>', `${signature}${original}<samlp:Status>`);
    },
  },
  {
    line: 'S6',
    name: 'forged response, signed response inside its signature object (XSW2)',
    reason: 'saml.response_shape',
    mode: 'response',
    after: (xml, context) => {
      const signature = outer(xml, 'ds:Signature');
      const original = without(xml, signature);
      const carrying = swap(
        signature,
        '</ds:Signature>',
        `<ds:Object>${original}</ds:Object></ds:Signature>`,
      );
      const forged = swap(original, '_response1', '_forgedResponse').replaceAll(
        context.nameId,
        'intruder@evil.example',
      );
      return swap(
        swap(forged, 'ID="_assertion1"', 'ID="_forged"'),
        '<samlp:Status>',
        `${carrying}<samlp:Status>`,
      );
    },
  },
  {
    line: 'S7',
    name: 'second signature repeating the genuine value hides a forged assertion',
    reason: 'saml.assertion_count',
    after: (xml, context) => {
      const hiding = `<ds:Object>${forgedAssertion(xml, context)}</ds:Object></ds:Signature>`;
      const copy = swap(outer(xml, 'ds:Signature'), '</ds:Signature>', hiding);
      return swap(xml, '<samlp:Status>', `${copy}<samlp:Status>`);
    },
  },
  {
    line: 'S7',
    name: 'the genuine signature twice in the assertion',
    reason: 'saml.signature_place',
    after: (xml) => swap(xml, '<saml:Subject>', `${outer(xml, 'ds:Signature')}<saml:Subject>`),
  },
  {
    line: 'S8',
    name: 'signed error response as donor for a forged assertion',
    reason: 'saml.status',
    mode: 'response',
    edit: (xml) => swap(without(xml, outer(xml, 'saml:Assertion')), 'status:Success', 'status:Requester'),
    after: (xml, context) =>
      swap(xml, '</samlp:Response>', `${forgedAssertion(oktaLike(context), context)}</samlp:Response>`),
  },
];

const transform = (algorithm: string, inside = '') =>
  `<ds:Transform Algorithm="${algorithm}">${inside}</ds:Transform>`;
const EXC_STEP = new RegExp(`<ds:Transform Algorithm="${EXC_C14N}"/>`);
const addReference: Change = (xml) => {
  const reference = outer(xml, 'ds:Reference');
  return swap(xml, reference, reference + reference);
};

const signatures: readonly AttackRow[] = [
  {
    line: 'S9',
    name: 'two SignedInfo in one signature',
    reason: 'saml.signature_shape',
    after: (xml) => swap(xml, '<ds:SignatureValue>', `${outer(xml, 'ds:SignedInfo')}<ds:SignatureValue>`),
  },
  {
    line: 'S10',
    name: 'comment inside DigestValue',
    reason: 'saml.comment',
    after: swapping('<ds:DigestValue>', '<ds:DigestValue><!--x-->'),
  },
  {
    line: 'S10',
    name: 'element inside DigestValue',
    reason: 'saml.signature_shape',
    after: swapping('</ds:DigestValue>', '<ds:X/></ds:DigestValue>'),
  },
  {
    line: 'S11',
    name: 'no Reference',
    reason: 'saml.reference',
    after: (xml) => without(xml, outer(xml, 'ds:Reference')),
  },
  { line: 'S11', name: 'two References', reason: 'saml.reference', after: addReference },
  {
    line: 'S11',
    name: 'Reference to ""',
    reason: 'saml.reference',
    after: swapping(/URI="#[^"]+"/, 'URI=""'),
  },
  {
    line: 'S11',
    name: 'Reference with quotes',
    reason: 'saml.reference',
    after: swapping(/URI="#[^"]+"/, `URI="#_assertion1' or '1'='1"`),
  },
  {
    line: 'S11',
    name: 'Reference to another element',
    reason: 'saml.reference',
    after: swapping(/URI="#[^"]+"/, 'URI="#_response1"'),
  },
  {
    line: 'S12',
    name: 'XSLT transform',
    reason: 'saml.transforms',
    after: swapping(EXC_STEP, transform('http://www.w3.org/TR/1999/REC-xslt-19991116')),
  },
  {
    line: 'S12',
    name: 'XPath transform',
    reason: 'saml.transforms',
    after: swapping(
      EXC_STEP,
      transform('http://www.w3.org/TR/1999/REC-xpath-19991116', '<ds:XPath>1</ds:XPath>'),
    ),
  },
  {
    line: 'S12',
    name: 'base64 transform',
    reason: 'saml.transforms',
    after: swapping(EXC_STEP, transform('http://www.w3.org/2000/09/xmldsig#base64')),
  },
  {
    line: 'S12',
    name: 'a third transform',
    reason: 'saml.transforms',
    after: swapping('</ds:Transforms>', `${transform(EXC_C14N)}</ds:Transforms>`),
  },
  {
    line: 'S12',
    name: 'canonicalization with comments as transform',
    reason: 'saml.transforms',
    after: swapping(EXC_STEP, transform(`${EXC_C14N}WithComments`)),
  },
  {
    line: 'S12',
    name: 'canonicalization with comments for SignedInfo',
    reason: 'saml.algorithm',
    signer: () => ({ canonicalization: `${EXC_C14N}WithComments` }),
  },
  {
    line: 'S14',
    name: 'ID and Id on one element',
    reason: 'saml.id_attribute',
    after: swapping('ID="_assertion1"', 'ID="_assertion1" Id="_other"'),
  },
  {
    line: 'S14',
    name: 'namespaced ID',
    reason: 'saml.id_attribute',
    after: swapping('<saml:Subject>', '<saml:Subject saml:ID="_assertion2">'),
  },
  {
    line: 'S15',
    name: 'the same ID twice',
    reason: 'saml.duplicate_id',
    after: swapping('<saml:Subject>', '<saml:Subject ID="_assertion1">'),
  },
  {
    line: 'S16',
    name: 'prefix saml declared again with another meaning',
    reason: 'saml.namespace',
    after: addToExtensions('<samlp:x xmlns:saml="urn:evil"/>'),
  },
  {
    line: 'S16',
    name: 'Assertion by local name in another namespace',
    reason: 'saml.namespace',
    after: addToExtensions('<e:Assertion xmlns:e="urn:evil" ID="_e"/>'),
  },
  {
    line: 'S16',
    name: 'foreign default namespace',
    reason: 'saml.namespace',
    after: addToExtensions('<x xmlns="urn:evil"/>'),
  },
  {
    line: 'S16',
    name: 'namespace name with spaces around it',
    reason: 'saml.namespace',
    after: addToExtensions('<s:x xmlns:s=" urn:oasis:names:tc:SAML:2.0:assertion "/>'),
  },
  {
    line: 'S16',
    name: 'Response in another namespace',
    reason: 'saml.not_a_response',
    after: swapping(NS, 'xmlns:samlp="urn:evil"'),
  },
  {
    line: 'S18',
    name: "signed by the attacker, attacker's certificate in KeyInfo",
    reason: 'saml.signature',
    signer: () => attackerKey(),
  },
  {
    line: 'S19',
    name: 'HMAC with the public certificate as key',
    reason: 'saml.algorithm',
    after: (xml, context) => {
      const hmac = createHmac('sha1', context.cert).update(outer(xml, 'ds:SignedInfo')).digest('base64');
      const method = swap(
        xml,
        'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
        'http://www.w3.org/2000/09/xmldsig#hmac-sha1',
      );
      return swap(method, /<ds:SignatureValue>[^<]+/, `<ds:SignatureValue>${hmac}`);
    },
  },
  {
    line: 'S20',
    name: 'RSA-SHA1 signature',
    reason: 'saml.algorithm',
    signer: () => ({ signatureAlgorithm: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' }),
  },
  {
    line: 'S20',
    name: 'SHA-1 digest',
    reason: 'saml.algorithm',
    signer: () => ({ digestAlgorithm: 'http://www.w3.org/2000/09/xmldsig#sha1' }),
  },
  {
    line: 'S32',
    name: 'one character of the NameID changed',
    reason: 'saml.signature',
    after: (xml, context) => swap(xml, `>${context.nameId}<`, `>x${context.nameId.slice(1)}<`),
  },
  {
    line: 'S32',
    name: 'signed response, its assertion replaced',
    reason: 'saml.signature',
    mode: 'response',
    after: (xml, context) => swap(xml, outer(xml, 'saml:Assertion'), forgedAssertion(xml, context)),
  },
];

export const DOCUMENT_ATTACKS: readonly AttackRow[] = [...wrapping, ...signatures];
