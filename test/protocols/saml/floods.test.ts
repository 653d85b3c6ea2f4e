/** S24: documents made to be expensive are refused for less time and memory than a good one takes. */
import { expect, test } from '@jest/globals';
import { verifySamlResponse } from '../../../src/http/saml/strategy.ts';
import { encode, oktaLike, sign } from '../../support/saml-builder.ts';
import { FIXTURE_NOW, fixtureContext, fixtureTrust } from '../../support/saml-fixture-context.ts';

const context = fixtureContext();
const good = sign(oktaLike(context), 'assertion', context);

/** Right behind the Issuer of the Response, where Extensions belong. */
const around = (inside: string): string =>
  good.replace(
    '</saml:Issuer>',
    `</saml:Issuer><samlp:Extensions xmlns:x="urn:x">${inside}</samlp:Extensions>`,
  );
const times = (count: number, piece: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => piece(index)).join('');

const floods: readonly (readonly [name: string, xml: string, reason: string])[] = [
  ['10,000 levels', around('<x:a>'.repeat(10_000) + '</x:a>'.repeat(10_000)), 'saml.too_deep'],
  ['10,000 elements', around('<x:a/>'.repeat(10_000)), 'saml.too_many_elements'],
  ['20,000 attributes', around(`<x:a ${times(20_000, (n) => ` a${n}=""`)}/>`), 'saml.too_many_attributes'],
  [
    '10,000 namespaces',
    around(`<x:a ${times(10_000, (n) => ` xmlns:n${n}="u"`)}/>`),
    'saml.too_many_attributes',
  ],
  ['100,000 attributes', around(`<x:a ${times(100_000, (n) => ` a${n}=""`)}/>`), 'saml.too_large'],
  [
    'a billion laughs',
    `<!DOCTYPE r [<!ENTITY a0 "ha">${times(9, (n) => `<!ENTITY a${n + 1} "${`&a${n};`.repeat(10)}">`)}]>${good}`,
    'saml.doctype',
  ],
];

/** Inside a signed assertion, in a copy of a good response that somebody has kept: its SignedInfo is genuine, its digest is not. */
const declaring = (from: number, count: number): string =>
  times(count, (index) => ` xmlns:p${from + index}="u${from + index}"`);
const NAMESPACES_INSIDE = good.replace(
  '<saml:AttributeStatement>',
  `${times(24, (level) => `<x:a xmlns:x="urn:x"${declaring(level * 45, 45)}>`)}${times(
    4000,
    (index) => `<x:b xmlns:q${index}="u"/>`,
  )}${'</x:a>'.repeat(24)}<saml:AttributeStatement>`,
);

/** An identity provider of the attacker's own could sign it: an organization brings its key itself. */
const MANY_PREFIXES = good.replace(
  '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>',
  '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><ec:InclusiveNamespaces ' +
    `xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="${'q '.repeat(10_000)}"/></ds:Transform>`,
);

const judge = async (samlResponse: string): Promise<unknown> =>
  verifySamlResponse({
    samlResponse,
    connection: fixtureTrust(context),
    pending: { requestId: context.requestId },
    now: FIXTURE_NOW,
  }).then(
    () => 'accepted',
    (error) => error.context?.reason ?? error,
  );

/** Milliseconds of CPU for one judgement, the least of five: what another process takes away is not counted. */
async function costOf(samlResponse: string): Promise<number> {
  const costs: number[] = [];
  for (let turn = 0; turn < 5; turn += 1) {
    const before = process.cpuUsage();
    await judge(samlResponse);
    const { user, system } = process.cpuUsage(before);
    costs.push((user + system) / 1000);
  }
  return Math.min(...costs);
}

test.each(floods)('S24: %s: refused early, without the memory it asks for', async (_name, xml, reason) => {
  const samlResponse = encode(xml);
  expect(await judge(samlResponse)).toBe(reason);
  const before = process.memoryUsage().rss;
  expect(await costOf(samlResponse)).toBeLessThan(50);
  expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(20);
});

test('S24: 4,000 elements that declare namespaces below 1,000 others cost what reading them costs', async () => {
  const samlResponse = encode(NAMESPACES_INSIDE);
  expect(await judge(samlResponse)).toBe('saml.signature');
  expect(await costOf(samlResponse)).toBeLessThan(250);
});

test('S24: a list of prefixes that would be looked up in every element is refused before anything is written out', async () => {
  expect(await judge(encode(MANY_PREFIXES))).toBe('saml.transforms');
});
