/** What prefixes mean at a place in a document (Namespaces in XML 1.0); the empty prefix is the default namespace. */

/** What one element says of prefixes, and what was said around it. Elements that say nothing share their parent's. */
export interface Namespaces {
  readonly own: ReadonlyMap<string, string>;
  readonly around: Namespaces | undefined;
}

/** Around the root: nothing has a meaning. */
export const NO_NAMESPACES: Namespaces = { own: new Map(), around: undefined };

/**
 * The namespace that a prefix means; empty: none. Looked up from the inside out: copying what was said around for each element
 * would cost what an attacker likes (S24).
 */
export function meaningOf(prefix: string, namespaces: Namespaces): string {
  for (let at: Namespaces | undefined = namespaces; at !== undefined; at = at.around) {
    const uri = at.own.get(prefix);
    if (uri !== undefined) return uri;
  }
  return '';
}

interface Attribute {
  readonly prefix: string;
  readonly local: string;
  readonly value: string;
}

/** Whether an attribute declares a namespace: for the prefix that is its local name, which is empty for the default. */
export const isDeclaration = ({ prefix }: Pick<Attribute, 'prefix'>): boolean => prefix === 'xmlns';

/** With what an element's attributes declare; the same when they declare nothing. */
export function withDeclarations(around: Namespaces, attributes: readonly Attribute[]): Namespaces {
  if (!attributes.some(isDeclaration)) return around;
  const own = new Map<string, string>();
  for (const one of attributes) if (isDeclaration(one)) own.set(one.local, one.value);
  return { own, around };
}

const XML_NS = 'http://www.w3.org/XML/1998/namespace';
/** The namespace of declarations themselves. */
const XMLNS_NS = 'http://www.w3.org/2000/xmlns/';

/** The namespace of an attribute; one without prefix has none. Undefined: its prefix has no meaning. */
export function attributeNamespace(prefix: string, namespaces: Namespaces): string | undefined {
  if (prefix === '') return '';
  return prefix === 'xmlns' ? XMLNS_NS : prefixNamespace(prefix, namespaces);
}

/** The namespace of an element. Undefined: its prefix has no meaning. */
export const elementNamespace = (prefix: string, namespaces: Namespaces): string | undefined =>
  prefix === '' ? meaningOf('', namespaces) : prefixNamespace(prefix, namespaces);

const prefixNamespace = (prefix: string, namespaces: Namespaces): string | undefined =>
  prefix === 'xml' ? XML_NS : meaningOf(prefix, namespaces) || undefined;

/** `xml` means one thing and `xmlns` is no prefix to declare; only the default may be taken back (Namespaces §3, §6). */
export function mayDeclare(prefix: string, uri: string): boolean {
  if (prefix === 'xml') return uri === XML_NS;
  const isReserved = prefix === 'xmlns' || uri === XML_NS || uri === XMLNS_NS;
  return !isReserved && (prefix === '' || uri !== '');
}
