/** Reads XML strictly (saxes, namespace-aware) into a small tree, refusing what a sign-in message never needs. */
import { SaxesParser, type SaxesTagNS } from 'saxes';
import { type Namespaces, NO_NAMESPACES, withDeclarations } from './namespaces.ts';
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

/** An element while it is being read. */
interface OpenElement extends XmlElement {
  children: OpenElement[];
  content: (OpenElement | string)[];
  text: string;
}

/**
 * The root element of `text`. Anything but elements, attributes, text, the five entities, numeric references and one
 * leading XML declaration (version 1.0, UTF-8) ends in `rules.reject`.
 */
export function parseXml(text: string, rules: XmlRules): XmlElement {
  screenMarkup(text, rules);
  const parser = new SaxesParser({ xmlns: true, position: false });
  const open: OpenElement[] = [];
  let root: OpenElement | undefined;
  let elements = 0;
  let attributes = 0;
  parser.on('error', (error) => rules.reject('malformed', error));
  parser.on('opentagstart', () => {
    attributes = 0;
    elements += 1;
    if (elements > rules.maxElements) rules.reject('too_many_elements');
    if (open.length >= rules.maxDepth) rules.reject('too_deep');
  });
  parser.on('attribute', () => {
    attributes += 1;
    if (attributes > rules.maxAttributes) rules.reject('too_many_attributes');
  });
  parser.on('opentag', (tag) => {
    const parent = open.at(-1);
    const element = toElement(tag, parent);
    if (parent !== undefined) {
      parent.children = withOneMore(parent.children, element);
      parent.content = withOneMore(parent.content, element);
    }
    root ??= element;
    open.push(element);
  });
  parser.on('closetag', () => open.pop());
  parser.on('text', (piece) => {
    const element = open.at(-1);
    if (element === undefined) return;
    element.text = element.text === '' ? piece : element.text + piece;
    element.content = withOneMore(element.content, piece);
  });
  parser.write(text).close();
  return root ?? rules.reject('malformed');
}

const DECLARATION =
  /^<\?xml\s+version\s*=\s*(?:"1\.0"|'1\.0')(?:\s+encoding\s*=\s*(?:"utf-8"|'utf-8'))?(?:\s+standalone\s*=\s*(?:"(?:yes|no)"|'(?:yes|no)'))?\s*\?>/i;

/**
 * In well-formed XML a `<` can only open markup, so looking at the raw text finds every DOCTYPE, instruction, CDATA
 * section and comment before any parser acts on it (S22, S23, S24).
 */
function screenMarkup(text: string, rules: XmlRules): void {
  const body = text.replace(DECLARATION, '');
  if (body.includes('<?')) rules.reject('processing_instruction');
  if (body.includes('<![CDATA[')) rules.reject('cdata');
  if (/<!(?!--)/.test(body)) rules.reject('doctype');
  if (!rules.allowComments && body.includes('<!--')) rules.reject('comment');
  if (/&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});)/.test(body)) rules.reject('entity');
}

function toElement(tag: SaxesTagNS, parent: OpenElement | undefined): OpenElement {
  const { name, local, prefix, uri } = tag;
  const attributes = attributesIn(tag);
  const namespaces: Namespaces = withDeclarations(parent?.namespaces ?? NO_NAMESPACES, attributes);
  return {
    name,
    local,
    prefix,
    uri,
    parent,
    attributes,
    namespaces,
    children: NONE,
    content: NONE,
    text: '',
  };
}

/** To begin lists with, never pushed to. */
const NONE: never[] = [];

/** Most lists have one item, and an array that is pushed to takes room for seventeen. */
function withOneMore<Item>(items: Item[], item: Item): Item[] {
  if (items.length === 0) return [item];
  items.push(item);
  return items;
}

function attributesIn({ attributes }: SaxesTagNS): readonly XmlAttribute[] {
  let found: XmlAttribute[] = NONE;
  for (const written in attributes) {
    const attribute = attributes[written];
    if (attribute === undefined) continue;
    const { name, local, prefix, uri, value } = attribute;
    // `xmlns="..."` declares the default namespace: spelled here like the other declarations, with an empty local name.
    const one =
      prefix === '' && local === 'xmlns'
        ? { name, local: '', prefix: 'xmlns', uri, value }
        : { name, local, prefix, uri, value };
    found = withOneMore(found, one);
  }
  return found;
}
