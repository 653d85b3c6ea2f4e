/** The pieces that XML is written in: characters, names, and text behind its references. Knows no elements. */

/** Nothing of what XML 1.0 §2.2 leaves out; surrogates are seen by `isWellFormed`. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const NO_CHARACTER = /[\x00-\x08\x0B\x0C\x0E-\x1F\uFFFE\uFFFF]/;

/** Whether a text has only characters that XML may have. */
export const hasOnlyCharacters = (text: string): boolean => !NO_CHARACTER.test(text) && text.isWellFormed();

const NAME_START =
  'A-Z_a-z\\xC0-\\xD6\\xD8-\\xF6\\xF8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C\\u200D\\u2070-\\u218F' +
  '\\u2C00-\\u2FEF\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFFD\\u{10000}-\\u{EFFFF}';
const PART = `[${NAME_START}][${NAME_START}\\-.0-9\\xB7\\u0300-\\u036F\\u203F\\u2040]*`;
const NAME = new RegExp(`^(?:(${PART}):)?(${PART})$`, 'u');

/** A name as it is written, and its two parts; a prefix that is not there is empty. */
export interface XmlName {
  readonly written: string;
  readonly prefix: string;
  readonly local: string;
}

/** Undefined for what is no name, or has more than one colon (Namespaces §4). */
export function readName(written: string): XmlName | undefined {
  const [, prefix = '', local] = NAME.exec(written) ?? [];
  return local === undefined ? undefined : { written, prefix, local };
}

/** Answers what stands for one reference. */
type Resolve = (reference: string) => string;

/** Character data as it is meant: line ends are line feeds (XML §2.11). Undefined for `]]>`, which may not stand in it (§2.4). */
export function plainText(raw: string, resolve: Resolve): string | undefined {
  if (!/[&\r]|\]\]>/.test(raw)) return raw;
  return raw.includes(']]>') ? undefined : withReferences(raw.replace(/\r\n?/g, '\n'), resolve);
}

/** The value of an attribute as it is meant: white space that is not a reference is a space (XML §3.3.3). Undefined for `<`. */
export function plainValue(raw: string, resolve: Resolve): string | undefined {
  if (!/[&<\t\r\n]/.test(raw)) return raw;
  return raw.includes('<') ? undefined : withReferences(raw.replace(/\r\n|[\t\r\n]/g, ' '), resolve);
}

const withReferences = (text: string, resolve: Resolve): string =>
  text.includes('&') ? text.replace(/&[^;&]*;?/g, resolve) : text;

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&amp;', '&'],
  ['&lt;', '<'],
  ['&gt;', '>'],
  ['&quot;', '"'],
  ['&apos;', "'"],
]);
const NUMBER = /^&#(?:([0-9]{1,7})|x([0-9a-fA-F]{1,6}));$/;

/** What one of the five entities or a numeric reference stands for; undefined for any other, empty for no character. */
export function characterOf(reference: string): string | undefined {
  const entity = ENTITIES.get(reference);
  if (entity !== undefined) return entity;
  const [number, decimal, hex] = NUMBER.exec(reference) ?? [];
  if (number === undefined) return undefined;
  const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
  const character = code <= 0x10ffff ? String.fromCodePoint(code) : '';
  return hasOnlyCharacters(character) ? character : '';
}
