/** The tree that `parseXml` reads: what an element is, and how to find one. */
import type { Namespaces } from './namespaces.ts';

export const SAML_NS = 'urn:oasis:names:tc:SAML:2.0:assertion';
export const SAMLP_NS = 'urn:oasis:names:tc:SAML:2.0:protocol';
export const DS_NS = 'http://www.w3.org/2000/09/xmldsig#';
export const MD_NS = 'urn:oasis:names:tc:SAML:2.0:metadata';

export interface XmlAttribute {
  /** As it is written, with its prefix. */
  readonly name: string;
  /** A declaration has the prefix `xmlns`, and the prefix it declares as local name: empty for `xmlns="..."`. */
  readonly local: string;
  readonly prefix: string;
  readonly uri: string;
  readonly value: string;
}

export interface XmlElement {
  /** As it is written, with its prefix. */
  readonly name: string;
  readonly local: string;
  readonly prefix: string;
  readonly uri: string;
  readonly parent: XmlElement | undefined;
  readonly attributes: readonly XmlAttribute[];
  /** What prefixes mean inside. */
  readonly namespaces: Namespaces;
  readonly children: readonly XmlElement[];
  /** The element's own text, all pieces together; never a prefix of it (S22). */
  readonly text: string;
  /** Children and pieces of text in the order of the document. */
  readonly content: readonly (XmlElement | string)[];
}

/** The value of an attribute without namespace; undefined when absent. */
export function attributeOf(element: XmlElement, local: string): string | undefined {
  return element.attributes.find((one) => one.prefix === '' && one.local === local)?.value;
}

/** Direct children by namespace and local name (S16: never by one of them alone). */
export function childrenOf(element: XmlElement, uri: string, local: string): readonly XmlElement[] {
  return element.children.filter((child) => child.uri === uri && child.local === local);
}

/** The element and everything below it, in document order. */
export function walk(element: XmlElement): readonly XmlElement[] {
  const found: XmlElement[] = [];
  const add = (one: XmlElement): void => {
    found.push(one);
    for (const child of one.children) add(child);
  };
  add(element);
  return found;
}
