/** The two gates alone: what the first reads without trusting it, what the second refuses without help. */
import { describe, expect, test } from '@jest/globals';
import { decodeResponse, MAX_RESPONSE_BYTES } from '../../../src/protocols/saml/decode-response.ts';
import type { ExpectedAssertion } from '../../../src/protocols/saml/expectations.ts';
import { parseXml } from '../../../src/protocols/saml/parse-xml.ts';
import { readAssertion as readElement } from '../../../src/protocols/saml/read-assertion.ts';
import { MESSAGE_RULES, scanResponse } from '../../../src/protocols/saml/scan-response.ts';
import { checkSameStory } from '../../../src/protocols/saml/validate-response.ts';
import { outer } from '../../support/saml-attack-row.ts';
import { encode, goodResponse, instant, oktaLike } from '../../support/saml-builder.ts';
import { FIXTURE_NOW, fixtureContext } from '../../support/saml-fixture-context.ts';

const context = fixtureContext();
const expected: ExpectedAssertion = {
  entityId: context.idpEntityId,
  spEntityId: context.spEntityId,
  acsUrl: context.acsUrl,
  requestId: context.requestId,
  now: FIXTURE_NOW,
};
const NAMESPACES =
  '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:xs="http://www.w3.org/2001/XMLSchema"';

/** An assertion on its own, as the engine hands it over. */
const assertionXml = (change: (xml: string) => string = (xml) => xml): string =>
  change(outer(oktaLike(context), 'saml:Assertion')).replace(/<saml:Assertion xmlns:xs="[^"]*"/, NAMESPACES);

const readAssertion = (xml: string, from: ExpectedAssertion) =>
  readElement(parseXml(xml, MESSAGE_RULES), from);

function scanPlain(samlResponse: string) {
  const scanned = scanResponse(samlResponse);
  if (scanned.kind !== 'plain') throw new Error('encrypted');
  return scanned;
}

const refusal = (reason: string) =>
  expect.objectContaining({ code: 'sign_in_refused', context: expect.objectContaining({ reason }) });

describe('the gate before', () => {
  test('answers what the wrapper says, and which signatures are there', () => {
    const { root, assertion, ...scanned } = scanPlain(goodResponse(context, 'both'));
    expect(root.local).toBe('Response');
    expect(assertion.local).toBe('Assertion');
    expect(scanned).toEqual({
      kind: 'plain',
      responseId: '_response1',
      destination: context.acsUrl,
      issuer: context.idpEntityId,
      inResponseTo: '_request1',
      issueInstant: instant(context),
      responseSigned: true,
      assertionSigned: true,
      assertionId: '_assertion1',
      unverified: { issuer: context.idpEntityId, nameId: context.nameId },
    });
  });

  test('S25 256 KB are decoded, one byte more is not', () => {
    const text = 'x'.repeat(MAX_RESPONSE_BYTES);
    expect(decodeResponse(encode(text))).toBe(text);
    expect(() => decodeResponse(encode(`${text}x`))).toThrow(refusal('saml.too_large'));
    // Refused by its length, before anything of it is decoded.
    expect(() => decodeResponse('A'.repeat(50_000_000))).toThrow(
      expect.objectContaining({ context: { reason: 'saml.too_large', unverified: { length: 50_000_000 } } }),
    );
  });
});

describe('the gate after', () => {
  test('S13 nothing, or something else than an assertion, is not read', () => {
    expect(() => readAssertion('', expected)).toThrow(refusal('saml.malformed'));
    expect(() => readAssertion('<Assertion ID="a" Version="2.0"/>', expected)).toThrow(
      refusal('saml.assertion_shape'),
    );
    expect(() => readAssertion(oktaLike(context), expected)).toThrow(refusal('saml.assertion_shape'));
  });

  test('S17 two readings that differ are refused', () => {
    const facts = readAssertion(assertionXml(), expected);
    const scanned = scanPlain(goodResponse(context));
    expect(() => checkSameStory(scanned, facts, expected)).not.toThrow();
    expect(() => checkSameStory(scanned, { ...facts, nameId: 'other' }, expected)).toThrow(
      refusal('saml.parsers_disagree'),
    );
  });

  test('S47 the assertion is refused by its times at the moment its id may be forgotten', () => {
    const { expiresAt } = readAssertion(assertionXml(), expected);
    expect(() => readAssertion(assertionXml(), { ...expected, now: expiresAt })).toThrow();
  });

  test('S54 the earliest SessionNotOnOrAfter ends the session', () => {
    const withEnd = (seconds: number) => ` SessionNotOnOrAfter="${instant(context, seconds)}" AuthnInstant`;
    const xml = assertionXml((text) => {
      const statement = outer(text, 'saml:AuthnStatement');
      const two = [3600, 600].map((end) => statement.replace(' AuthnInstant', withEnd(end))).join('');
      return text.replace(statement, two);
    });
    expect(readAssertion(xml, expected).sessionNotOnOrAfter).toBe(FIXTURE_NOW + 600_000);
  });

  test('S55 hostile attribute names are keys of a map and nothing else', () => {
    const named =
      '<saml:Attribute Name="__proto__"><saml:AttributeValue>x</saml:AttributeValue></saml:Attribute>';
    const xml = assertionXml((text) =>
      text.replace('</saml:AttributeStatement>', `${named}</saml:AttributeStatement>`),
    );
    const { attributes } = readAssertion(xml, expected);
    expect(attributes.get('__proto__')).toEqual(['x']);
    expect(Object.getPrototypeOf(attributes)).toBe(Map.prototype);
  });

  test('S56 a repeated attribute has all its values, in order', () => {
    const more =
      '<saml:Attribute Name="groups"><saml:AttributeValue>Late</saml:AttributeValue></saml:Attribute>';
    const xml = assertionXml((text) =>
      text.replace('</saml:AttributeStatement>', `${more}</saml:AttributeStatement>`),
    );
    expect(readAssertion(xml, expected).attributes.get('groups')).toEqual(['Engineering', 'Staff', 'Late']);
  });

  const clocks: readonly [number, string][] = [
    [-121, 'saml.issued_in_future'],
    [-119, 'accepted'],
    [300, 'accepted'],
    [301, 'saml.too_old'],
  ];
  test.each(clocks)('S40 our clock %i s after the issue: %s', (seconds, outcome) => {
    const open = assertionXml((text) =>
      text
        .replace(/ NotBefore="[^"]*"/, '')
        .replace(/ AuthnInstant="[^"]*"/, ` AuthnInstant="${instant(context, -600)}"`),
    );
    const at = { ...expected, now: FIXTURE_NOW + seconds * 1000 };
    if (outcome === 'accepted') expect(readAssertion(open, at).nameId).toBe(context.nameId);
    else expect(() => readAssertion(open, at)).toThrow(refusal(outcome));
  });
});
