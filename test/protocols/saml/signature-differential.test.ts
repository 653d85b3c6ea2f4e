/** What we verify, node-saml verifies too, to the same bytes: over the corpus, generated responses, and damaged ones. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { getVerifiedXml, parseDomFromString } from '@node-saml/node-saml/lib/xml.js';
import fc from 'fast-check';
import { isGatehouseError } from '../../../src/kernel/errors.ts';
import { scanResponse } from '../../../src/protocols/saml/scan-response.ts';
import { verifiedText } from '../../../src/protocols/saml/verify-signature.ts';
import type { XmlElement } from '../../../src/protocols/saml/xml-tree.ts';
import { attacks, goodResponses, oddities } from '../../support/saml-attacks.ts';
import { encode, entraLike, oktaLike, type SignMode, sign } from '../../support/saml-builder.ts';
import { fixtureContext } from '../../support/saml-fixture-context.ts';
import { attackerKey, testCertificate } from '../../support/saml-keys.ts';

const context = fixtureContext();
const certificates = [testCertificate('next'), context.cert];
const RUNS = Number(process.env.SAML_MUTATIONS ?? 150);

type Place = 'Response' | 'Assertion';
const PLACES: readonly Place[] = ['Response', 'Assertion'];

/** Undefined: the gate before refuses, or nobody vouches for this element. */
function ours(field: string, place: Place): string | undefined {
  try {
    const scanned = scanResponse(field);
    if (scanned.kind === 'encrypted') return undefined;
    const signed: XmlElement = place === 'Response' ? scanned.root : scanned.assertion;
    return verifiedText(signed, { certificates });
  } catch (error) {
    if (isGatehouseError(error, 'sign_in_refused')) return undefined;
    throw error;
  }
}

async function theirs(field: string, place: Place): Promise<string | undefined> {
  const xml = Buffer.from(field, 'base64').toString();
  const document = await parseDomFromString(xml);
  const found = place === 'Response' ? [document.documentElement] : [...elementsOf(document, place)];
  const [element] = found;
  if (element === undefined || found.length !== 1) return undefined;
  return getVerifiedXml(xml, element, certificates) ?? undefined;
}

const elementsOf = (document: Document, local: string): Element[] =>
  Array.from(document.getElementsByTagNameNS('urn:oasis:names:tc:SAML:2.0:assertion', local));

/** How many of the two elements we vouch for. Fails where node-saml does not, or vouches for other bytes. */
async function agreedOn(field: string): Promise<number> {
  let agreed = 0;
  for (const place of PLACES) {
    const found = ours(field, place);
    if (found === undefined) continue;
    expect(await theirs(field, place)).toBe(found);
    agreed += 1;
  }
  return agreed;
}

const folder = (name: string): URL => new URL(`../../fixtures/saml/${name}/`, import.meta.url);
const fieldsIn = (name: string): readonly (readonly [file: string, field: string])[] =>
  readdirSync(folder(name))
    .filter((file) => file.endsWith('.xml'))
    .map((file) => [file, readFileSync(new URL(file, folder(name))).toString('base64')]);

describe('S2-S22: whatever we verify, node-saml verifies to the same bytes', () => {
  test.each(fieldsIn('good'))('%s, and we do verify it', async (_file, field) => {
    expect(await agreedOn(field)).toBeGreaterThan(0);
  });

  test.each([...goodResponses(context), ...oddities(context)])(
    '$name, and we do',
    async ({ samlResponse }) => {
      expect(await agreedOn(samlResponse)).toBeGreaterThan(0);
    },
  );

  test('every attack of the corpus', async () => {
    const fields = [...fieldsIn('attacks').map(([, field]) => field)];
    for (const { samlResponse } of attacks(context))
      if (typeof samlResponse === 'string') fields.push(samlResponse);
    expect(fields.length).toBeGreaterThan(180);
    let agreed = 0;
    for (const field of fields) agreed += await agreedOn(field);
    // Those that are wrong in what they say and not in how they are signed.
    expect(agreed).toBeGreaterThan(20);
  });
});

const word = fc
  .array(fc.constantFrom('Ada', 'é', '🦉', '&', '<', '>', '"', "'", ' ', '\t', '\n', ']]>', '&amp;', '='), {
    maxLength: 5,
  })
  .map((pieces) => pieces.join(''));
const said = fc.record({
  nameId: word.map((found) => `a${found}`),
  groups: fc.array(word, { maxLength: 4 }),
});
const STYLES = { 'Okta-like': oktaLike, 'Entra-like': entraLike };
const MODES: readonly (readonly [mode: SignMode, signed: number])[] = [
  ['assertion', 1],
  ['response', 1],
  ['both', 2],
];

describe.each(Object.entries(STYLES))('any response that is built (%s)', (_name, style) => {
  test.each(MODES)('and signed (%s)', async (mode, signed) => {
    await fc.assert(
      fc.asyncProperty(said, async (chosen) => {
        const xml = style({ ...context, ...chosen });
        expect(await agreedOn(encode(sign(xml, mode, context)))).toBe(signed);
        expect(await agreedOn(encode(sign(xml, mode, attackerKey())))).toBe(0);
      }),
      { numRuns: 3 },
    );
  });
});

const SAMPLES = [...goodResponses(context), ...oddities(context)].map(({ samlResponse }) =>
  Buffer.from(samlResponse, 'base64').toString(),
);
/** Pieces that mean something to one parser or another. */
const PIECES = [
  '',
  ' ',
  '\n',
  '\r',
  '\t',
  '&#13;',
  '&#10;',
  '<!---->',
  'x',
  '"',
  '/',
  '&amp;',
  '\u00a0',
  '\u2028',
];

test('S32: and any damaged one', async () => {
  const damage = fc.record({
    sample: fc.constantFrom(...SAMPLES),
    // Millionths of the length: of doubles from 0 to 1 nearly all are next to nothing.
    at: fc.nat({ max: 999_999 }),
    drop: fc.nat({ max: 2 }),
    piece: fc.constantFrom(...PIECES),
  });
  let agreed = 0;
  await fc.assert(
    fc.asyncProperty(damage, async ({ sample, at, drop, piece }) => {
      const offset = Math.floor((at / 1_000_000) * sample.length);
      agreed += await agreedOn(encode(sample.slice(0, offset) + piece + sample.slice(offset + drop)));
    }),
    { numRuns: RUNS },
  );
  // Damage between attributes, or where nothing is signed, changes nothing that counts.
  expect(agreed).toBeGreaterThan(RUNS / 100);
});
