/** Attacks on who reads what: a signature over nothing (S13), a name that two parsers read as two (S17), a key used too early (S31). */
import { createHash, sign as signBytes } from 'node:crypto';
import { type AttackRow, type Change, outer, swap, swapping } from './saml-attack-row.ts';
import { UNOPENABLE } from './saml-attacks-text.ts';
import { attackerKey } from './saml-keys.ts';
import { canonicalText } from './saml-vendor-signatures.ts';

const DIGEST_OF_NOTHING = createHash('sha256').update('').digest('base64');

/** What a genuine key signs whose owner's canonicalization broke down and gave no text at all. */
const signedOverNothing: Change = (xml, { key }) => {
  const hollow = swap(xml, /(?<=<ds:DigestValue>)[^<]*/, DIGEST_OF_NOTHING);
  const signedInfo = canonicalText(hollow, 'SignedInfo');
  const value = signBytes('sha256', Buffer.from(signedInfo), key).toString('base64');
  return swap(hollow, /(?<=<ds:SignatureValue>)[^<]*/, value);
};

/** In front of the genuine one; whoever looks for local names only, reads this one. */
const FOREIGN = 'xmlns:e="urn:example:foreign"';
const FOREIGN_NAME_ID = `<e:NameID ${FOREIGN}>intruder@evil.example</e:NameID>`;

export const READER_ATTACKS: readonly AttackRow[] = [
  {
    line: 'S13',
    name: 'the digest of nothing, signed by the genuine key, over a forged assertion',
    reason: 'saml.signature',
    after: (xml, context) =>
      signedOverNothing(xml, context).replaceAll(context.nameId, 'intruder@evil.example'),
  },
  {
    line: 'S13',
    name: 'the digest of nothing, and a relative namespace on which canonicalization breaks down elsewhere',
    reason: 'saml.signature',
    after: (xml, context) =>
      swap(signedOverNothing(xml, context), '<saml:Assertion ', '<saml:Assertion xmlns:n="relative" '),
  },
  {
    line: 'S17',
    name: 'a foreign NameID before the genuine one',
    reason: 'saml.parsers_disagree',
    edit: swapping('<saml:Subject>', `<saml:Subject>${FOREIGN_NAME_ID}`),
  },
  {
    line: 'S17',
    name: 'a foreign Subject before the genuine one',
    reason: 'saml.parsers_disagree',
    edit: swapping('<saml:Subject>', `<e:Subject ${FOREIGN}>${FOREIGN_NAME_ID}</e:Subject><saml:Subject>`),
  },
  {
    line: 'S17',
    name: 'a foreign Issuer before the genuine one',
    reason: 'saml.parsers_disagree',
    edit: swapping(/(?<=<saml:Assertion [^>]*>)/, `<e:Issuer ${FOREIGN}>https://evil.example</e:Issuer>`),
  },
  {
    line: 'S31',
    name: 'ciphertext that cannot be opened in a response with a forged signature',
    reason: 'saml.signature',
    mode: 'response',
    edit: (xml) => swap(xml, outer(xml, 'saml:Assertion'), UNOPENABLE),
    signer: () => attackerKey(),
  },
];
