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
