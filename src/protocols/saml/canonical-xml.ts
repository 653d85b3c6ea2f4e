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
  const { name, attributes, content, namespaces } = element;
  const plain = attributes.some(isDeclaration) ? attributes.filter((one) => !isDeclaration(one)) : attributes;
  const news = newPrefixes(element, plain, { written, inclusive: rules.inclusive });
  let text = `<${name}`;
  for (const prefix of news)
    text += ` ${prefix === '' ? 'xmlns' : `xmlns:${prefix}`}="${escapeAttribute(meaningOf(prefix, namespaces))}"`;
  for (const one of plain.length > 1 ? plain.toSorted(byNameOfAttribute) : plain)
    text += ` ${one.name}="${escapeAttribute(one.value)}"`;
  text += '>';
  const inside = element.children.length === 0 ? written : withMeanings(written, news, namespaces);
  for (const piece of content)
    if (typeof piece === 'string') text += escapeText(piece);
    else if (!rules.without.has(piece)) text += write(piece, inside, rules);
  return `${text}</${name}>`;
}

/**
 * What a tag has to say of namespaces: the prefixes it uses, or that count anyway, whose meaning has not been written yet. An
 * attribute without one is in no namespace.
 */
function newPrefixes(
  { prefix: own, namespaces }: XmlElement,
  plain: readonly XmlAttribute[],
  { written, inclusive }: { readonly written: Namespaces; readonly inclusive: readonly string[] },
): readonly string[] {
  let found: readonly string[] = isNew(own, namespaces, written) ? [own] : NONE;
  for (const { prefix } of plain)
    if (prefix !== '' && !found.includes(prefix) && isNew(prefix, namespaces, written))
      found = [...found, prefix];
  for (const prefix of inclusive)
    if (!found.includes(prefix) && isNew(prefix, namespaces, written)) found = [...found, prefix];
  return found.length > 1 ? found.toSorted(byCode) : found;
}

const NONE: readonly string[] = [];

const isNew = (prefix: string, namespaces: Namespaces, written: Namespaces): boolean =>
  prefix !== 'xml' && meaningOf(prefix, namespaces) !== meaningOf(prefix, written);

/** With what these prefixes mean in the document; the same when there are none. */
function withMeanings(around: Namespaces, prefixes: readonly string[], namespaces: Namespaces): Namespaces {
  if (prefixes.length === 0) return around;
  return { own: new Map(prefixes.map((prefix) => [prefix, meaningOf(prefix, namespaces)])), around };
}

const byCode = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
const byNameOfAttribute = (one: XmlAttribute, other: XmlAttribute): number =>
  byCode(one.uri, other.uri) || byCode(one.local, other.local);

const IN_TEXT: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#xD;' };
const IN_ATTRIBUTE: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '"': '&quot;' },
  ...{ '\t': '&#x9;', '\n': '&#xA;', '\r': '&#xD;' },
};

const inText = (character: string): string => IN_TEXT[character] ?? '';
const inAttribute = (character: string): string => IN_ATTRIBUTE[character] ?? '';

const escapeText = (text: string): string => text.replace(/[&<>\r]/g, inText);
const escapeAttribute = (text: string): string => text.replace(/[&<"\t\n\r]/g, inAttribute);
