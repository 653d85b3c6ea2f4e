/** What a refused response seems to say, for whoever has to find out why; nobody vouches for any of it (law 4). */
import { decodeResponse } from './decode-response.ts';
import { parseXml } from './parse-xml.ts';
import { MESSAGE_RULES } from './scan-response.ts';
import { attributeOf, SAML_NS, walk, type XmlElement } from './xml-tree.ts';

/** Elements whose text, and attributes that are shown, by local name. */
const TEXTS = ['Issuer', 'NameID', 'Audience', 'AuthnContextClassRef', 'StatusMessage'];
const ATTRIBUTES: readonly (readonly [element: string, attribute: string])[] = [
  ['Response', 'Destination'],
  ['Response', 'IssueInstant'],
  ['StatusCode', 'Value'],
  ['NameID', 'Format'],
  ['SubjectConfirmationData', 'Recipient'],
  ['SubjectConfirmationData', 'NotOnOrAfter'],
  ['Conditions', 'NotBefore'],
  ['Conditions', 'NotOnOrAfter'],
  ['SignatureMethod', 'Algorithm'],
  ['EncryptionMethod', 'Algorithm'],
];
const MOST_ATTRIBUTES = 40;

/** Names and values as they stand there, in order; empty for what cannot be read at all. Never throws. */
export function readHints(samlResponse: unknown): readonly (readonly [string, readonly string[]])[] {
  try {
    const elements = walk(parseXml(decodeResponse(samlResponse), MESSAGE_RULES));
    const texts = TEXTS.map(
      (name) => [name, elements.filter(isNamed(name)).map(({ text }) => text)] as const,
    );
    const attributes = ATTRIBUTES.map(([name, attribute]) => {
      const values = elements.filter(isNamed(name)).map((element) => attributeOf(element, attribute));
      return [`${name} ${attribute}`, values.filter((value) => value !== undefined)] as const;
    });
    const stated = elements.filter(isNamed('Attribute')).slice(0, MOST_ATTRIBUTES).map(statedAttribute);
    return [...texts, ...attributes, ...stated].filter(([, values]) => values.length > 0);
  } catch {
    return [];
  }
}

const isNamed =
  (name: string) =>
  ({ local }: XmlElement): boolean =>
    local === name;

const statedAttribute = (element: XmlElement) =>
  [
    attributeOf(element, 'Name') ?? 'Attribute',
    element.children
      .filter(({ uri, local }) => uri === SAML_NS && local === 'AttributeValue')
      .map(({ text }) => text),
  ] as const;
