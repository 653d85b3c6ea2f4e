/** S24: documents made to be expensive are refused where they begin to be: the rest is not read, and takes neither time nor memory. */
import { expect, jest, test } from '@jest/globals';
import { SaxesParser } from 'saxes';
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

/** `read`: so many characters of the flood may be looked at one by one; 0: it is refused before, as a whole. */
interface Flood {
  readonly name: string;
  readonly xml: string;
  readonly reason: string;
  readonly read: number;
}

const floods: readonly Flood[] = [
  {
    name: '10,000 levels',
    xml: around('<x:a>'.repeat(10_000) + '</x:a>'.repeat(10_000)),
    reason: 'saml.too_deep',
    read: 32 * '<x:a>'.length,
  },
  {
    name: '10,000 elements',
    xml: around('<x:a/>'.repeat(10_000)),
    reason: 'saml.too_many_elements',
    read: 5_000 * '<x:a/>'.length,
  },
  {
    name: '20,000 attributes',
    xml: around(`<x:a ${times(20_000, (n) => ` a${n}=""`)}/>`),
    reason: 'saml.too_many_attributes',
    read: 60 * ' a11=""'.length,
  },
  {
    name: '10,000 namespaces',
    xml: around(`<x:a ${times(10_000, (n) => ` xmlns:n${n}="u"`)}/>`),
    reason: 'saml.too_many_attributes',
    read: 60 * ' xmlns:n11="u"'.length,
  },
  {
    name: '100,000 attributes',
    xml: around(`<x:a ${times(100_000, (n) => ` a${n}=""`)}/>`),
    reason: 'saml.too_large',
    read: 0,
  },
  {
    name: 'a billion laughs',
    xml: `<!DOCTYPE r [<!ENTITY a0 "ha">${times(9, (n) => `<!ENTITY a${n + 1} "${`&a${n};`.repeat(10)}">`)}]>${good}`,
    reason: 'saml.doctype',
    read: 0,
  },
];

/**
 * Inside a signed assertion, in a copy of a good response that somebody has kept: its SignedInfo is genuine, its digest is not.
 * `declares`: an attribute of this name is a declaration; without, the same document is only as long.
 */
const declaring = (declares: string, from: number, count: number): string =>
  times(count, (index) => ` ${declares}p${from + index}="u${from + index}"`);
const namesInside = (declares: string): string =>
  good.replace(
    '<saml:AttributeStatement>',
    `${times(24, (level) => `<x:a xmlns:x="urn:x"${declaring(declares, level * 45, 45)}>`)}${times(
      4000,
      (index) => `<x:b ${declares}q${index}="u"/>`,
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

/** Milliseconds of this thread's work for one judgement: neither what other threads do nor what they take away is counted. */
async function costOf(samlResponse: string): Promise<number> {
  const before = process.threadCpuUsage();
  expect(await judge(samlResponse)).toBe('saml.signature');
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

test.each(floods)(
  'S24: $name: refused early, and nothing behind it is read',
  async ({ xml, reason, read }) => {
    const writing = jest.spyOn(SaxesParser.prototype, 'write');
    const verdict = await judge(encode(xml));
    const places = writing.mock.contexts.flatMap((one) => (one instanceof SaxesParser ? [one.position] : []));
    writing.mockRestore();
    expect(verdict).toBe(reason);
    // What is refused as a whole is given to no parser; anything else comes to the flood, and not much further.
    expect(places).toHaveLength(read === 0 ? 0 : 1);
    const start = xml.indexOf('<x:a');
    for (const place of places) {
      expect(place).toBeGreaterThan(start);
      expect(place - start).toBeLessThanOrEqual(read);
    }
  },
);

test('S24: 4,000 elements that declare namespaces below 1,000 others cost what reading them costs', async () => {
  const [declaring, plain] = [encode(namesInside('xmlns:')), encode(namesInside('      '))];
  const costs: { readonly declaring: number; readonly plain: number }[] = [];
  // One beside the other and the cheapest of each: a slow machine is slow for both.
  for (let turn = 0; turn < 7; turn += 1)
    costs.push({ declaring: await costOf(declaring), plain: await costOf(plain) });
  const least = (of: 'declaring' | 'plain') => Math.min(...costs.map((cost) => cost[of]));
  expect(least('declaring') / least('plain')).toBeLessThan(5);
});

test('S24: a list of prefixes that would be looked up in every element is refused before anything is written out', async () => {
  expect(await judge(encode(MANY_PREFIXES))).toBe('saml.transforms');
});
