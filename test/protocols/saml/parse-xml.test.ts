/** The reader of XML: what it refuses and by which name, and what it reads. */
import { describe, expect, test } from '@jest/globals';
import { parseXml, type XmlProblem, type XmlRules } from '../../../src/protocols/saml/parse-xml.ts';

class Refused extends Error {}

const RULES: XmlRules = {
  ...{ maxDepth: 4, maxElements: 8, maxAttributes: 4, allowComments: false },
  reject: (problem) => {
    throw new Refused(problem);
  },
};

const refused: readonly (readonly [xml: string, problem: XmlProblem])[] = [
  ['<!DOCTYPE a><a/>', 'doctype'],
  ['<a><!ELEMENT b></a>', 'doctype'],
  ['<a/><?php 1 ?>', 'processing_instruction'],
  ['<?xml version="1.1"?><a/>', 'processing_instruction'],
  ['<?xml version="1.0" encoding="latin1"?><a/>', 'processing_instruction'],
  ['<a><![CDATA[x]]></a>', 'cdata'],
  ['<a>x<!-- y -->z</a>', 'comment'],
  ['<a>&nbsp;</a>', 'entity'],
  ['<a>&amp</a>', 'entity'],
  ['<a>& b;</a>', 'entity'],
  ['<a>&#12345678;</a>', 'entity'],
  ['<a b="&x;"/>', 'entity'],
  ['<a><b><c><d><e/></d></c></b></a>', 'too_deep'],
  [`<a>${'<b/>'.repeat(8)}</a>`, 'too_many_elements'],
  ['<a b="" c="" d="" e="" f=""/>', 'too_many_attributes'],
];

const malformed: readonly string[] = [
  ...[
    '',
    ' ',
    'a',
    '<',
    '<a',
    '<a ',
    '<a/',
    '<a>',
    '</a>',
    '<a></b>',
    '<a></aa>',
    '<a></a',
    '<a/><b/>',
    '<a/>b',
    'b<a/>',
  ],
  ...[
    '< a/>',
    '<a></ a>',
    '<a / >',
    '<a//>',
    '<1/>',
    '<-a/>',
    '<a:/>',
    '<:a/>',
    '<a:b:c/>',
    '<a\u00A0b="c"/>',
  ],
  ...[
    '<a b/>',
    '<a b=c/>',
    '<a b="c/>',
    `<a b="c'/>`,
    '<a b="c"d="e"/>',
    '<a b="<"/>',
    '<a ="b"/>',
    '<a b==""/>',
  ],
  ...['<a b="" b=""/>', '<a xmlns:x="u" xmlns:y="u" x:b="" y:b=""/>', '<a xmlns="u" xmlns="u"/>'],
  ...['<x:a/>', '<a x:b=""/>', '<xmlns:a/>', '<a xmlns:x=""/>', '<a xmlns:xmlns="u"/>', '<a xmlns:xml="u"/>'],
  ...['<a xmlns:x="http://www.w3.org/XML/1998/namespace"/>', '<a xmlns="http://www.w3.org/2000/xmlns/"/>'],
  ...['<a>]]></a>', '<a>\u0000</a>', '<a>\u0001</a>', '<a>\uFFFE</a>', '<a>\uD800</a>', '<a b="\u001F"/>'],
  ...['<a>&#0;</a>', '<a>&#x110000;</a>', '<a>&#xD800;</a>', '<a>&#xFFFF;</a>', '<a>a<</a>', '<a><></a>'],
  ...[
    '<?xml version="1.0"?x?><a/>',
    '<?XML version="1.0"?><a/>',
    '<?xml version="1.0" standalone="YES"?><a/>',
  ],
  ...['<?xml\u00A0version="1.0"?><a/>', '<?xml\u2028version="1.0"?><a/>'],
];

describe('what is refused', () => {
  test.each(refused)('S22, S23, S24 %s', (xml, problem) => {
    expect(() => parseXml(xml, RULES)).toThrow(problem);
  });

  test.each(malformed.map((xml) => [JSON.stringify(xml), xml]))('S26 malformed: %s', (_shown, xml) => {
    expect(() => parseXml(xml, RULES)).toThrow(/malformed|processing_instruction/);
  });

  test.each(['<a><!-- - -- --></a>', '<a><!--', '<a><!--></a>', '<a><!---></a>'])(
    'comments where allowed: %s',
    (xml) => {
      expect(() => parseXml(xml, { ...RULES, allowComments: true })).toThrow('malformed');
    },
  );
});

describe('what is read', () => {
  test('S22 text is all of an element’s own text, whatever stands in between', () => {
    const root = parseXml('<a>admin<!-- --><b/>@example<!--x-->.com</a>', { ...RULES, allowComments: true });
    expect(root.text).toBe('admin@example.com');
    expect(root.children.map(({ local }) => local)).toEqual(['b']);
  });

  test('references and white space mean what XML says', () => {
    const root = parseXml(
      '<?xml version="1.0" encoding="UTF-8"?>\r\n<a b=" x\r\n\ty&#10;&#xA;&lt;&quot;\'">1\r\n2\r3&#13;&amp;amp;&gt;</a>\n',
      RULES,
    );
    expect(root.attributes[0]?.value).toBe(' x  y\n\n<"\'');
    expect(root.text).toBe('1\n2\n3\r&amp;>');
  });

  test('a prefix means what the nearest declaration says', () => {
    const root = parseXml(
      '<x:a xmlns:x="u" xmlns="d"><b x:c="" d="" xml:e=""/><x:b xmlns:x="v" xmlns=""><c/></x:b></x:a>',
      RULES,
    );
    const [first, second] = root.children;
    expect([root.uri, first?.uri, second?.uri, second?.children[0]?.uri]).toEqual(['u', 'd', 'v', '']);
    expect(first?.attributes.map(({ uri }) => uri)).toEqual([
      'u',
      '',
      'http://www.w3.org/XML/1998/namespace',
    ]);
  });
});
