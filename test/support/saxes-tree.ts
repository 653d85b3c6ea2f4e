/** What saxes makes of a text: the independent reader that ours is held against. */
import { SaxesParser } from 'saxes';

/** An element as both readers can state it. */
export interface StatedElement {
  readonly name: string;
  readonly uri: string;
  readonly attributes: readonly (readonly [name: string, uri: string, value: string])[];
  readonly content: readonly (StatedElement | string)[];
}

interface OpenElement extends StatedElement {
  readonly content: (OpenElement | string)[];
}

/** The root element; undefined for what is not well-formed, and for document types, instructions, CDATA sections and comments. */
export function saxesTree(text: string): StatedElement | undefined {
  const parser = new SaxesParser({ xmlns: true, position: false });
  const open: OpenElement[] = [];
  let root: OpenElement | undefined;
  const refuse = (): never => {
    throw new Error('not read');
  };
  parser.on('error', refuse);
  parser.on('doctype', refuse);
  parser.on('processinginstruction', refuse);
  parser.on('cdata', refuse);
  parser.on('comment', refuse);
  parser.on('opentag', ({ name, uri, attributes }) => {
    const stated = Object.values(attributes).map((one) => [one.name, one.uri, one.value] as const);
    const element: OpenElement = { name, uri, attributes: stated, content: [] };
    open.at(-1)?.content.push(element);
    root ??= element;
    open.push(element);
  });
  parser.on('closetag', () => open.pop());
  parser.on('text', (piece) => open.at(-1)?.content.push(piece));
  try {
    parser.write(text).close();
  } catch {
    return undefined;
  }
  return root;
}
