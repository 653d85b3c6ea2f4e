/** The canonical form: what the recommendation says, and what xml-crypto writes for whatever else. */
import { describe, expect, test } from '@jest/globals';
import { DOMParser } from '@xmldom/xmldom';
import fc from 'fast-check';
import { ExclusiveCanonicalization } from 'xml-crypto';
import { canonicalXml } from '../../../src/protocols/saml/canonical-xml.ts';
import { parseXml } from '../../../src/protocols/saml/parse-xml.ts';
import { MESSAGE_RULES } from '../../../src/protocols/saml/scan-response.ts';
import { walk, type XmlElement } from '../../../src/protocols/saml/xml-tree.ts';

const named = (xml: string, local: string): XmlElement => {
  const found = walk(parseXml(xml, MESSAGE_RULES)).find((element) => element.local === local);
  if (found === undefined) throw new Error(`no ${local}`);
  return found;
};

describe('by the recommendation', () => {
  const rows: readonly (readonly [
    rule: string,
    xml: string,
    expected: string,
    prefixes?: readonly string[],
  ])[] = [
    ['an empty element has two tags', '<a/>', '<a></a>'],
    ['nothing is said of what nobody uses', '<r xmlns:n="urn:n"><a><b/></a></r>', '<a><b></b></a>'],
    [
      'a prefix is declared where it is first used',
      '<r xmlns:n="urn:n"><a><n:b><n:c/></n:b><n:d/></a></r>',
      '<a><n:b xmlns:n="urn:n"><n:c></n:c></n:b><n:d xmlns:n="urn:n"></n:d></a>',
    ],
    [
      'a prefix of an attribute counts, `xml` does not',
      '<r xmlns:n="urn:n"><a xml:lang="en" n:x="1"/></r>',
      '<a xmlns:n="urn:n" xml:lang="en" n:x="1"></a>',
    ],
    [
      'the default namespace comes first, then prefixes, then attributes without namespace, then by namespace and name',
      '<a z="1" b:y="2" xmlns:b="urn:b" xmlns="urn:d" xmlns:a="urn:z" a:x="3" y="4"/>',
      '<a xmlns="urn:d" xmlns:a="urn:z" xmlns:b="urn:b" y="4" z="1" b:y="2" a:x="3"></a>',
    ],
    [
      'a default namespace ends where nobody has one any more',
      '<a xmlns="urn:d"><b xmlns=""><c/></b></a>',
      '<a xmlns="urn:d"><b xmlns=""><c></c></b></a>',
    ],
    ['no end where none began', '<r xmlns="urn:d"><a xmlns=""/></r>', '<a></a>'],
    [
      'a prefix that means something else now is declared again',
      '<n:a xmlns:n="urn:1"><n:b xmlns:n="urn:2"><n:c xmlns:n="urn:1"/></n:b></n:a>',
      '<n:a xmlns:n="urn:1"><n:b xmlns:n="urn:2"><n:c xmlns:n="urn:1"></n:c></n:b></n:a>',
    ],
    [
      'the same declaration twice is one',
      '<n:a xmlns:n="urn:1"><n:b xmlns:n="urn:1"/></n:a>',
      '<n:a xmlns:n="urn:1"><n:b></n:b></n:a>',
    ],
    [
      'what the list names is declared at the top, used or not',
      '<r xmlns:xs="urn:xs" xmlns="urn:d" xmlns:n="urn:n"><n:a t="xs:string"/></r>',
      '<n:a xmlns="urn:d" xmlns:n="urn:n" xmlns:xs="urn:xs" t="xs:string"></n:a>',
      ['xs', '#default', 'unknown'],
    ],
    [
      'what the list names is declared where it begins',
      '<a><b xmlns:xs="urn:xs" t="xs:string"/></a>',
      '<a><b xmlns:xs="urn:xs" t="xs:string"></b></a>',
      ['xs'],
    ],
    [
      'characters of markup, and those that parsers would change',
      '<a b="&lt;&gt;&amp;&quot;\'&#9;&#10;&#13; \t">&lt;&gt;&amp;"\'&#9;&#10;&#13;\r\n\r</a>',
      '<a b="&lt;>&amp;&quot;\'&#x9;&#xA;&#xD;  ">&lt;&gt;&amp;"\'\t\n&#xD;\n\n</a>',
    ],
    ['text around elements keeps its place', '<a> x<b>y</b>z <b/>\n</a>', '<a> x<b>y</b>z <b></b>\n</a>'],
    ['letters beyond the first plane', '<a b="🦉">é🦉&#x1F989;</a>', '<a b="🦉">é🦉🦉</a>'],
  ];
  test.each(rows.map(([rule, xml, expected, list = []]) => ({ rule, xml, expected, list })))(
    '$rule',
    (row) => {
      expect(canonicalXml(named(row.xml, 'a'), { inclusivePrefixes: row.list })).toBe(row.expected);
    },
  );

  test('what is left out is left out with all it holds', () => {
    const root = parseXml('<a>1<b><c/></b>2<b>3</b></a>', MESSAGE_RULES);
    expect(canonicalXml(root, { without: root.children.slice(0, 1) })).toBe('<a>12<b>3</b></a>');
  });
});

/** A tree as text: prefixes that mean one thing each, as the gate demands; the namespaces are alike long, which xml-crypto needs to sort. */
const PREFIXES = ['p', 'q', 'r'];
const text = fc
  .array(
    fc.constantFrom(
      'a',
      ' ',
      '\n',
      'é',
      '🦉',
      '&amp;',
      '&lt;',
      '&gt;',
      '"',
      "'",
      '&#13;',
      '&#9;',
      ']]',
      '\t',
    ),
    { maxLength: 6 },
  )
  .map((pieces) => pieces.join(''));
const value = text.map((found) => found.replaceAll('"', '&quot;').replace(/[\n\t]/g, ' '));
const attribute = fc.tuple(
  fc.constantFrom('', ...PREFIXES.map((prefix) => `${prefix}:`)),
  fc.constantFrom('x', 'y', 'Z'),
  value,
);
const attributes = fc
  .uniqueArray(attribute, { selector: ([prefix, name]) => prefix + name, maxLength: 4 })
  .map((all) => all.map(([prefix, name, found]) => ` ${prefix}${name}="${found}"`).join(''));
const { tree } = fc.letrec<{ tree: string; content: string }>((tie) => ({
  tree: fc
    .tuple(
      fc.constantFrom('', ...PREFIXES.map((prefix) => `${prefix}:`)),
      fc.constantFrom('', ' xmlns="urn:oasis:names:tc:SAML:2.0:assertion"', ' xmlns:p="urn:ns:p"'),
      attributes,
      fc.array(tie('content'), { maxLength: 4 }),
    )
    .map(([prefix, declared, more, inside]) => {
      return `<${prefix}e${declared}${more}>${inside.join('')}</${prefix}e>`;
    }),
  content: fc.oneof({ maxDepth: 3 }, text, tie('tree')),
}));
const DECLARED = PREFIXES.map((prefix) => ` xmlns:${prefix}="urn:ns:${prefix}"`).join('');

test('for any tree the form is the one xml-crypto writes', () => {
  const list = fc.subarray(PREFIXES);
  fc.assert(
    fc.property(tree, list, (inside, inclusivePrefixes) => {
      const xml = `<top${DECLARED}><s>${inside}</s></top>`;
      const ours = canonicalXml(named(xml, 's'), { inclusivePrefixes });
      const element = new DOMParser().parseFromString(xml, 'text/xml').getElementsByTagName('s')[0];
      const ancestorNamespaces = PREFIXES.map((prefix) => ({ prefix, namespaceURI: `urn:ns:${prefix}` }));
      const options = { inclusiveNamespacesPrefixList: inclusivePrefixes, ancestorNamespaces };
      const theirs = element && new ExclusiveCanonicalization().process(element, options);
      expect(ours).toBe(String(theirs));
      // What has been written is what is read again, and canonical already.
      expect(canonicalXml(parseXml(ours, MESSAGE_RULES), { inclusivePrefixes })).toBe(ours);
    }),
    { numRuns: 400 },
  );
});
