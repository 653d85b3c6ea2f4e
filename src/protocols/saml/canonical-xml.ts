/** Writes a tree that `parseXml` has read in its one canonical form; that is all signatures cover. Decides nothing. */
import { isDeclaration, meaningOf, type Namespaces, NO_NAMESPACES } from './namespaces.ts';
import type { XmlAttribute, XmlElement } from './xml-tree.ts';

export interface CanonicalWriting {
  /** Elements that are left out with all they hold; absent: none. */
  readonly without?: readonly XmlElement[];
  /** Prefixes whose declarations count although nothing visible uses them; `#default` is none at all. Absent: none. */
  readonly inclusivePrefixes?: readonly string[];
}

/**
 * The element as text by exclusive canonicalization without comments (W3C xml-exc-c14n §3, over xml-c14n §2.3). The tree has no
 * comments, instructions or entities any more, its attributes are normalized, and namespaces of its ancestors count.
 */
export function canonicalXml(element: XmlElement, writing: CanonicalWriting = {}): string {
  const { without = [], inclusivePrefixes = [] } = writing;
  const inclusive = inclusivePrefixes.map((prefix) => (prefix === '#default' ? '' : prefix));
  return write(element, NO_NAMESPACES, { without: new Set(without), inclusive });
}

interface Rules {
  readonly without: ReadonlySet<XmlElement>;
  readonly inclusive: readonly string[];
}

/** `written`: what the text around has said of prefixes. */
function write(element: XmlElement, written: Namespaces, rules: Rules): string {
  const { name, attributes, content } = element;
  const plain = attributes.some(isDeclaration) ? attributes.filter((one) => !isDeclaration(one)) : attributes;
  const news = newNamespaces(element, plain, { written, inclusive: rules.inclusive });
  const inside = news.length === 0 ? written : { own: new Map(news), around: written };
  let text = `<${name}`;
  for (const [prefix, uri] of news)
    text += ` ${prefix === '' ? 'xmlns' : `xmlns:${prefix}`}="${escapeAttribute(uri)}"`;
  for (const one of plain.length > 1 ? plain.toSorted(byNameOfAttribute) : plain)
    text += ` ${one.name}="${escapeAttribute(one.value)}"`;
  text += '>';
  for (const piece of content)
    if (typeof piece === 'string') text += escapeText(piece);
    else if (!rules.without.has(piece)) text += write(piece, inside, rules);
  return `${text}</${name}>`;
}

type NewNamespace = readonly [prefix: string, uri: string];
const NONE: readonly NewNamespace[] = [];

/**
 * What a tag has to say of namespaces: the prefixes it uses, or that count anyway, whose meaning has not been written yet. An
 * attribute without one is in no namespace.
 */
function newNamespaces(
  { prefix, namespaces }: XmlElement,
  plain: readonly XmlAttribute[],
  { written, inclusive }: { readonly written: Namespaces; readonly inclusive: readonly string[] },
): readonly NewNamespace[] {
  const isNew = (one: string) => one !== 'xml' && meaningOf(one, namespaces) !== meaningOf(one, written);
  const isNewIn = (one: XmlAttribute) => one.prefix !== '' && isNew(one.prefix);
  if (!isNew(prefix) && !plain.some(isNewIn) && !inclusive.some(isNew)) return NONE;
  const used = new Set([prefix, ...inclusive, ...plain.map((one) => one.prefix).filter((one) => one !== '')]);
  return [...used]
    .filter(isNew)
    .sort(byCode)
    .map((one) => [one, meaningOf(one, namespaces)]);
}

const byCode = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
const byNameOfAttribute = (one: XmlAttribute, other: XmlAttribute): number =>
  byCode(one.uri, other.uri) || byCode(one.local, other.local);

const IN_TEXT: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#xD;' };
const IN_ATTRIBUTE: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '"': '&quot;' },
  ...{ '\t': '&#x9;', '\n': '&#xA;', '\r': '&#xD;' },
};

const escapeText = (text: string): string =>
  text.replace(/[&<>\r]/g, (character) => IN_TEXT[character] ?? '');
const escapeAttribute = (text: string): string =>
  text.replace(/[&<"\t\n\r]/g, (character) => IN_ATTRIBUTE[character] ?? '');
