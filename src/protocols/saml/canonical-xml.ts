/** Writes a tree that `parseXml` has read in its one canonical form; that is all signatures cover. Decides nothing. */
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
  const scope: Scope = { declared: declaredAround(element.parent), written: NOTHING };
  return write(element, scope, { without: new Set(without), inclusive });
}

/** What one element says of prefixes, and what was said around it; the empty prefix is the default namespace. */
interface Namespaces {
  readonly own: ReadonlyMap<string, string>;
  readonly around: Namespaces | undefined;
}
const NOTHING: Namespaces = { own: new Map(), around: undefined };

/** Looked up from the inside out: copying what was said around for each element would cost what an attacker likes (S24). */
function meaningOf(prefix: string, namespaces: Namespaces): string {
  for (let at: Namespaces | undefined = namespaces; at !== undefined; at = at.around) {
    const uri = at.own.get(prefix);
    if (uri !== undefined) return uri;
  }
  return '';
}

interface Scope {
  /** What prefixes mean in the document. */
  readonly declared: Namespaces;
  /** What the text written so far has said of them. */
  readonly written: Namespaces;
}

interface Rules {
  readonly without: ReadonlySet<XmlElement>;
  readonly inclusive: readonly string[];
}

function write(element: XmlElement, around: Scope, rules: Rules): string {
  const { attributes } = element;
  const declared = withDeclarations(around.declared, attributes);
  const plain = declared === around.declared ? attributes : attributes.filter((one) => !isDeclaration(one));
  const news = newNamespaces(usedPrefixes(element, plain, rules), { declared, written: around.written });
  const written = news.length === 0 ? around.written : { own: new Map(news), around: around.written };
  const name = nameOf(element);
  let text = `<${name}`;
  for (const [prefix, uri] of news)
    text += ` ${prefix === '' ? 'xmlns' : `xmlns:${prefix}`}="${escapeAttribute(uri)}"`;
  for (const attribute of plain.length > 1 ? plain.toSorted(byNameOfAttribute) : plain)
    text += ` ${nameOf(attribute)}="${escapeAttribute(attribute.value)}"`;
  text += '>';
  for (const piece of element.content)
    if (typeof piece === 'string') text += escapeText(piece);
    else if (!rules.without.has(piece)) text += write(piece, { declared, written }, rules);
  return `${text}</${name}>`;
}

/** Prefixes that stand in the tag, or count anyway. An attribute without one is in no namespace. */
function usedPrefixes(
  { prefix: own }: XmlElement,
  plain: readonly XmlAttribute[],
  { inclusive }: Rules,
): readonly string[] {
  const used = [own, ...inclusive];
  for (const { prefix } of plain) if (prefix !== '' && !used.includes(prefix)) used.push(prefix);
  return used;
}

/** What a tag has to say of namespaces: prefixes it uses whose meaning has not been written yet. */
function newNamespaces(
  used: readonly string[],
  { declared, written }: Scope,
): readonly (readonly [prefix: string, uri: string])[] {
  const isNew = (prefix: string) =>
    prefix !== 'xml' && meaningOf(prefix, declared) !== meaningOf(prefix, written);
  if (!used.some(isNew)) return [];
  return [...new Set(used)]
    .filter(isNew)
    .sort(byCode)
    .map((prefix) => [prefix, meaningOf(prefix, declared)]);
}

const isDeclaration = ({ prefix }: XmlAttribute): boolean => prefix === 'xmlns';

/** The same when nothing is declared. */
function withDeclarations(around: Namespaces, attributes: readonly XmlAttribute[]): Namespaces {
  if (!attributes.some(isDeclaration)) return around;
  const own = attributes.filter(isDeclaration).map(({ local, value }): [string, string] => [local, value]);
  return { own: new Map(own), around };
}

function declaredAround(parent: XmlElement | undefined): Namespaces {
  return parent === undefined ? NOTHING : withDeclarations(declaredAround(parent.parent), parent.attributes);
}

const nameOf = ({ prefix, local }: { readonly prefix: string; readonly local: string }): string =>
  prefix === '' ? local : `${prefix}:${local}`;

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
