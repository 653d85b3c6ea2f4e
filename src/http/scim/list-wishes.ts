/** What a list or search asks for: the query parameters of GET, or the body of POST /.search, as texts still to be read. */
import { unescape as unescaped } from 'node:querystring';
import type { Request } from 'express';
import { z } from 'zod';
import { GatehouseError } from '../../kernel/errors.ts';

const NAMES = [
  'filter',
  'startIndex',
  'count',
  'attributes',
  'excludedAttributes',
  'sortBy',
  'sortOrder',
  'cursor',
] as const;
type WishName = (typeof NAMES)[number];

/** Absent parameters are undefined; a present but blank one is ''. */
export type ListWishes = Readonly<Partial<Record<WishName, string>>>;

/** Node's query parser drops what comes after the thousandth parameter: a filter must never be lost that way. */
const MAX_PARAMETERS = 100;

const SPELLED = new Map<string, WishName>(NAMES.map((name) => [name.toLowerCase(), name]));

const nameOf = (key: string): WishName | undefined => SPELLED.get(key.toLowerCase());

/**
 * Reads the query string. Names in any letter case (Microsoft's collection sends `startindex`); unknown parameters are
 * ignored (dossier 10). Throws `invalid_value` for a repeated one.
 */
export function queryWishes({ url }: Pick<Request, 'url'>): ListWishes {
  const wishes: Partial<Record<WishName, string>> = {};
  const start = url.indexOf('?');
  if (start === -1) return wishes;
  const parameters = url.slice(start + 1).split('&', MAX_PARAMETERS + 1);
  if (parameters.length > MAX_PARAMETERS) {
    throw new GatehouseError('invalid_value', `At most ${MAX_PARAMETERS} query parameters are read.`);
  }
  for (const parameter of parameters) {
    const equals = parameter.indexOf('=');
    const name = nameOf(meant(equals === -1 ? parameter : parameter.slice(0, equals)));
    if (name === undefined) continue;
    if (wishes[name] !== undefined) throw givenTwice(name);
    wishes[name] = equals === -1 ? '' : meant(parameter.slice(equals + 1));
  }
  return wishes;
}

/** A key or value as it was before it was put into a form's query; broken escapes are left as Node leaves them. */
function meant(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  return spaced.includes('%') ? unescaped(spaced) : spaced;
}

const givenTwice = (name: WishName) =>
  new GatehouseError('invalid_value', `${name} may be given once.`, { field: name });

const searchRequest = z.object({
  filter: z.string().optional(),
  startIndex: z.int().optional(),
  count: z.int().optional(),
  attributes: z.array(z.string()).optional(),
  excludedAttributes: z.array(z.string()).optional(),
  sortBy: z.string().optional(),
  sortOrder: z.string().optional(),
  cursor: z.string().optional(),
});

/**
 * Reads the body of POST /.search (RFC 7644 §3.4.3): names in any letter case, null and absent are the same, the message
 * schema may be missing. Throws `invalid_syntax` (no object), `invalid_value` with the field.
 */
export function searchWishes(body: unknown): ListWishes {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new GatehouseError('invalid_syntax', 'The body must be a JSON object.');
  }
  const parsed = searchRequest.safeParse(knownMembers(body));
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path.join('.') ?? '';
    throw new GatehouseError('invalid_value', `${field} is not what a search request holds.`, { field });
  }
  const texts = Object.entries(parsed.data).map(([name, value]) => [name, String(value)]);
  return Object.fromEntries(texts);
}

function knownMembers(body: object): Partial<Record<WishName, unknown>> {
  const members: Partial<Record<WishName, unknown>> = {};
  for (const [key, value] of Object.entries(body)) {
    const name = nameOf(key);
    if (name === undefined || value === null) continue;
    if (name in members) throw givenTwice(name);
    members[name] = value;
  }
  return members;
}
