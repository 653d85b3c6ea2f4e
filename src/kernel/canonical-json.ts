/** JSON in one spelling: what is equal has equal text, whatever the order of its keys (as RFC 8785 orders them). */

/** What JSON would keep of the value, keys sorted by UTF-16 code units, no spaces. Undefined members go, as in JSON. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  let text = '';
  for (const [key, inner] of Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)))
    if (inner !== undefined)
      text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(inner)}`;
  return `{${text}}`;
}
