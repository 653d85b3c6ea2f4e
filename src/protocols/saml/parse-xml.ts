/** Reads XML strictly, namespaces included, into a small tree, refusing what a sign-in message never needs. */
import {
  attributeNamespace,
  elementNamespace,
  isDeclaration,
  mayDeclare,
  type Namespaces,
  NO_NAMESPACES,
  withDeclarations,
} from './namespaces.ts';
import { characterOf, hasOnlyCharacters, plainText, plainValue, readName, type XmlName } from './xml-text.ts';
import type { XmlAttribute, XmlElement } from './xml-tree.ts';

/** Why a text was not read. */
export type XmlProblem =
  | 'doctype'
  | 'processing_instruction'
  | 'cdata'
  | 'comment'
  | 'entity'
  | 'malformed'
  | 'too_deep'
  | 'too_many_elements'
  | 'too_many_attributes';

export interface XmlRules {
  readonly maxDepth: number;
  readonly maxElements: number;
  readonly maxAttributes: number;
  /** Comments are dropped when true (metadata of real IdPs carries them), refused when false. */
  readonly allowComments: boolean;
  /** Throws the caller's own error; the tree knows none. */
  readonly reject: (problem: XmlProblem, cause?: unknown) => never;
}

/** The one leading declaration that is read over: version 1.0, UTF-8. */
const DECLARATION =
  /^<\?xml\s+version\s*=\s*(?:"1\.0"|'1\.0')(?:\s+encoding\s*=\s*(?:"utf-8"|'utf-8'))?(?:\s+standalone\s*=\s*(?:"(?:yes|no)"|'(?:yes|no)'))?\s*\?>/i;

/** An element while it is being read. */
interface OpenElement extends XmlElement {
  readonly parent: OpenElement | undefined;
  children: OpenElement[];
  content: (OpenElement | string)[];
  text: string;
}

interface OpenAttribute extends XmlAttribute {
  uri: string;
}

/** How far the text has been read. */
interface Reading {
  readonly text: string;
  readonly rules: XmlRules;
  /** Names met so far by how they are written: few, and each many times. */
  readonly names: Map<string, XmlName>;
  /** Answers what a reference stands for. */
  readonly resolve: (reference: string) => string;
  at: number;
  elements: number;
  depth: number;
}

/**
 * The root element of `text`. Anything but elements, attributes, text, the five entities, numeric references and one
 * leading XML declaration ends in `rules.reject` (XML 1.0 and Namespaces in XML 1.0, without document types). Every `<` is looked at,
 * so DOCTYPE, instruction, CDATA section and comment are met where they stand, before anything acts on them (S22, S23, S24).
 */
export function parseXml(text: string, rules: XmlRules): XmlElement {
  if (!hasOnlyCharacters(text)) rules.reject('malformed');
  const reading = newReading(text, rules);
  let root: OpenElement | undefined;
  let inside: OpenElement | undefined;
  for (let next = text.indexOf('<', reading.at); next !== -1; next = text.indexOf('<', reading.at)) {
    readText(reading, next, inside);
    reading.at = next;
    const mark = text.charCodeAt(next + 1);
    if (mark === SLASH) inside = readEndTag(reading, inside);
    else if (mark === EXCLAMATION || mark === QUESTION) readOver(reading);
    else {
      if (root !== undefined && inside === undefined) rules.reject('malformed');
      const element = readStartTag(reading, inside);
      root ??= element;
      if (!endsAtOnce(reading)) inside = element;
    }
  }
  readText(reading, text.length, inside);
  return root === undefined || inside !== undefined ? rules.reject('malformed') : root;
}

function newReading(text: string, rules: XmlRules): Reading {
  const resolve = (reference: string) => {
    const character = characterOf(reference) ?? rules.reject('entity');
    return character === '' ? rules.reject('malformed') : character;
  };
  const at = DECLARATION.exec(text)?.[0].length ?? 0;
  return { text, rules, names: new Map(), resolve, at, elements: 0, depth: 0 };
}

const [TAB, LINE_FEED, CARRIAGE_RETURN, SPACE] = [9, 10, 13, 32];
const [EXCLAMATION, QUOTE, APOSTROPHE, SLASH, EQUALS, GREATER, QUESTION] = [33, 34, 39, 47, 61, 62, 63];

/** What stands before the next `<`, or at the end; outside the root only white space may. */
function readText({ text, at, rules, resolve }: Reading, end: number, inside: OpenElement | undefined): void {
  if (at === end) return;
  const raw = text.slice(at, end);
  if (inside === undefined) {
    if (/[^ \t\r\n]/.test(raw)) rules.reject('malformed');
    return;
  }
  const piece = plainText(raw, resolve) ?? rules.reject('malformed');
  inside.text = inside.text === '' ? piece : inside.text + piece;
  inside.content = withOneMore(inside.content, piece);
}

/** To begin lists with, never pushed to. */
const NONE: never[] = [];

/** Most lists have one item, and an array that is pushed to takes room for seventeen. */
function withOneMore<Item>(items: Item[], item: Item): Item[] {
  if (items.length === 0) return [item];
  items.push(item);
  return items;
}

/** `at` is its `<`. Stops before the end of the tag. */
function readStartTag(reading: Reading, parent: OpenElement | undefined): OpenElement {
  const { rules } = reading;
  reading.elements += 1;
  if (reading.elements > rules.maxElements) rules.reject('too_many_elements');
  if (reading.depth >= rules.maxDepth) rules.reject('too_deep');
  reading.at += 1;
  const { written: name, prefix, local } = readNameAt(reading);
  const attributes = readAttributes(reading);
  const namespaces = namespacesOf(attributes, parent?.namespaces ?? NO_NAMESPACES, rules);
  const uri = elementNamespace(prefix, namespaces) ?? rules.reject('malformed');
  const [children, content]: [OpenElement[], OpenElement['content']] = [NONE, NONE];
  const element = { name, local, prefix, uri, parent, attributes, namespaces, children, content, text: '' };
  if (parent === undefined) return element;
  parent.children = withOneMore(parent.children, element);
  parent.content = withOneMore(parent.content, element);
  return element;
}

/** Behind the tag; true when the element has ended with it. */
function endsAtOnce(reading: Reading): boolean {
  const isEmpty = reading.text.charCodeAt(reading.at) === SLASH;
  if (isEmpty) reading.at += 1;
  expect(reading, GREATER);
  if (!isEmpty) reading.depth += 1;
  return isEmpty;
}

/** Answers what the element that ends here stands in. */
function readEndTag(reading: Reading, element: OpenElement | undefined): OpenElement | undefined {
  const { text, rules } = reading;
  if (element === undefined || !text.startsWith(element.name, reading.at + 2))
    return rules.reject('malformed');
  reading.at += 2 + element.name.length;
  skipSpace(reading);
  expect(reading, GREATER);
  reading.depth -= 1;
  return element.parent;
}

/** Comments where they are allowed; the rest is refused by its name. */
function readOver(reading: Reading): void {
  const { text, at, rules } = reading;
  if (text.startsWith('<?', at)) rules.reject('processing_instruction');
  if (text.startsWith('<![CDATA[', at)) rules.reject('cdata');
  if (!text.startsWith('<!--', at)) rules.reject('doctype');
  if (!rules.allowComments) rules.reject('comment');
  const end = text.indexOf('--', at + 4);
  reading.at = end === -1 ? rules.reject('malformed') : end + 2;
  expect(reading, GREATER);
}

/** All attributes of a tag, each after white space; their namespaces are known only when all of them are. */
function readAttributes(reading: Reading): readonly OpenAttribute[] {
  const { text, rules } = reading;
  let found: OpenAttribute[] = NONE;
  for (;;) {
    const hasSpace = skipSpace(reading);
    const mark = text.charCodeAt(reading.at);
    if (mark === GREATER || mark === SLASH) return found;
    if (!hasSpace) rules.reject('malformed');
    if (found.length === rules.maxAttributes) rules.reject('too_many_attributes');
    found = withOneMore(found, readAttribute(reading));
  }
}

function readAttribute(reading: Reading): OpenAttribute {
  const { written: name, prefix, local } = readNameAt(reading);
  skipSpace(reading);
  expect(reading, EQUALS);
  skipSpace(reading);
  const value = readQuoted(reading);
  return name === 'xmlns'
    ? { name, local: '', prefix: 'xmlns', uri: '', value }
    : { name, local, prefix, uri: '', value };
}

function readQuoted(reading: Reading): string {
  const { text, at, rules, resolve } = reading;
  const quote = text.charCodeAt(at);
  if (quote !== QUOTE && quote !== APOSTROPHE) rules.reject('malformed');
  const end = text.indexOf(quote === QUOTE ? '"' : "'", at + 1);
  if (end === -1) rules.reject('malformed');
  reading.at = end + 1;
  return plainValue(text.slice(at + 1, end), resolve) ?? rules.reject('malformed');
}

/** Gives each attribute its namespace, and answers what prefixes mean in the element. No name may be there twice (Namespaces §6.3). */
function namespacesOf(attributes: readonly OpenAttribute[], around: Namespaces, rules: XmlRules): Namespaces {
  const namespaces = withDeclarations(around, attributes);
  for (const [index, attribute] of attributes.entries()) {
    const { prefix, local, value } = attribute;
    if (isDeclaration(attribute) && !mayDeclare(local, value)) rules.reject('malformed');
    const uri = attributeNamespace(prefix, namespaces) ?? rules.reject('malformed');
    attribute.uri = uri;
    for (let other = 0; other < index; other += 1)
      if (attributes[other]?.local === local && attributes[other]?.uri === uri) rules.reject('malformed');
  }
  return namespaces;
}

/** The name that begins here, which may be none. */
function readNameAt(reading: Reading): XmlName {
  const { text, names, rules } = reading;
  const from = reading.at;
  let end = from;
  while (end < text.length && !endsName(text.charCodeAt(end))) end += 1;
  reading.at = end;
  const written = text.slice(from, end);
  const known = names.get(written);
  if (known !== undefined) return known;
  const name = readName(written) ?? rules.reject('malformed');
  names.set(written, name);
  return name;
}

const endsName = (code: number): boolean =>
  code === GREATER || code === SLASH || code === EQUALS || isSpace(code);

const isSpace = (code: number): boolean =>
  code === SPACE || code === LINE_FEED || code === TAB || code === CARRIAGE_RETURN;

/** Whether there was any. */
function skipSpace(reading: Reading): boolean {
  const { text } = reading;
  const from = reading.at;
  while (isSpace(text.charCodeAt(reading.at))) reading.at += 1;
  return reading.at > from;
}

function expect(reading: Reading, code: number): void {
  if (reading.text.charCodeAt(reading.at) !== code) reading.rules.reject('malformed');
  reading.at += 1;
}
