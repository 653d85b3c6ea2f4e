/** JSON in one spelling: what is equal has equal text, whatever the order of its keys (as RFC 8785 orders them). */

/** What JSON would keep of the value, keys sorted by UTF-16 code units, no spaces. Undefined members go, as in JSON. */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  let text = '';
  if (Array.isArray(value)) {
    for (const element of value) text += `${text === '' ? '' : ','}${canonicalJson(element)}`;
    return `[${text}]`;
  }
  const entries = Object.entries(value);
  if (!isInOrder(entries)) entries.sort(([left], [right]) => (left < right ? -1 : 1));
  for (const [key, inner] of entries)
    if (inner !== undefined) text += `${text === '' ? '' : ','}${quoted(key)}:${canonicalJson(inner)}`;
  return `{${text}}`;
}

/** Most texts need no escape, and are quicker looked over than written by JSON. */
const quoted = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text));

const PLAIN = /^[ !#-[\]-~]*$/;

function isInOrder(entries: readonly (readonly [string, unknown])[]): boolean {
  for (let index = 1; index < entries.length; index += 1) {
    const [before] = entries[index - 1] ?? [''];
    const [key] = entries[index] ?? [''];
    if (key < before) return false;
  }
  return true;
}
