/** What a schema found wrong, in one plain sentence: the rule, never the words of the library. */
import type { z } from 'zod';

type Issue = z.core.$ZodRawIssue;
type IssueOf<Code extends z.core.$ZodIssueCode> = Extract<Issue, { readonly code: Code }>;

/** A value that has none of the forms it may have; `parseInput` says more where one form nearly fits. */
export const NO_FORM_FITS = 'Must have one of the forms that the documentation names.';

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  bigint: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  set: 'a list',
  object: 'an object',
  record: 'an object',
  map: 'an object',
  date: 'a time',
  null: 'null',
};

const UNITS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  string: ['character', 'characters'],
  array: ['entry', 'entries'],
  set: ['entry', 'entries'],
  map: ['entry', 'entries'],
  file: ['byte', 'bytes'],
};

const FORMATS: Readonly<Record<string, string>> = {
  email: 'an e-mail address',
  url: 'an address such as https://example.com/path',
  datetime: 'a time such as 2027-01-31T12:00:00Z',
  date: 'a day such as 2027-01-31',
  time: 'a time of day such as 12:00:00',
  duration: 'a duration such as P7D',
  uuid: 'a UUID',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
  cidrv4: 'an IPv4 range',
  cidrv6: 'an IPv6 range',
  base64: 'base64 text',
  base64url: 'base64url text',
  json_string: 'JSON text',
  jwt: 'a JSON Web Token',
};

/** What a value is, as people call it. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return KINDS[typeof value] ?? 'something else';
}

function wrongKind({ expected, input }: IssueOf<'invalid_type'>): string {
  if (input === undefined && expected !== 'undefined') return 'This is missing.';
  const wanted = KINDS[expected];
  if (wanted === undefined) return 'Must be left out.';
  const given = kindOf(input);
  const isOfItsKind = typeof input === 'number' && wanted.endsWith('number');
  return isOfItsKind || given === 'something else'
    ? `Must be ${wanted}.`
    : `Must be ${wanted}, not ${given}.`;
}

function amount(count: number | bigint, origin: string): string {
  const units = UNITS[origin];
  if (units === undefined) return String(count);
  return `${count} ${Number(count) === 1 ? units[0] : units[1]}`;
}

function tooMuch({ maximum, origin, exact, inclusive }: IssueOf<'too_big'>): string {
  if (exact === true) return `Exactly ${amount(maximum, origin)}.`;
  return `${inclusive === false ? 'Less than' : 'At most'} ${amount(maximum, origin)}.`;
}

function tooLittle({ minimum, origin, exact, inclusive }: IssueOf<'too_small'>): string {
  if (exact === true) return `Exactly ${amount(minimum, origin)}.`;
  if (UNITS[origin] !== undefined && Number(minimum) === 1) return 'Must not be empty.';
  return `${inclusive === false ? 'More than' : 'At least'} ${amount(minimum, origin)}.`;
}

function wrongForm(issue: IssueOf<'invalid_format'>): string {
  const known = FORMATS[issue.format];
  if (known !== undefined) return `Must be ${known}.`;
  const { prefix, suffix, includes, pattern } = issue as Readonly<Record<string, unknown>>;
  if (typeof prefix === 'string') return `Must begin with ${prefix}.`;
  if (typeof suffix === 'string') return `Must end with ${suffix}.`;
  if (typeof includes === 'string') return `Must hold ${includes}.`;
  return typeof pattern === 'string'
    ? `Must fit the pattern ${pattern}.`
    : 'Has a form that is not accepted.';
}

function wrongValue({ values }: IssueOf<'invalid_value'>): string {
  const named = values.map(String);
  return named.length === 1 ? `Must be ${named[0]}.` : `Must be one of: ${named.join(', ')}.`;
}

function noForm(issue: IssueOf<'invalid_union'>): string {
  const { options } = issue;
  return Array.isArray(options) && options.length > 0
    ? `Must be one of: ${options.map(String).join(', ')}.`
    : NO_FORM_FITS;
}

/** The sentence for each thing that a schema can find, where the schema itself says none. */
export function issueWords(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return wrongKind(issue);
    case 'too_big':
      return tooMuch(issue);
    case 'too_small':
      return tooLittle(issue);
    case 'invalid_format':
      return wrongForm(issue);
    case 'invalid_value':
      return wrongValue(issue);
    case 'not_multiple_of':
      return `Must be a multiple of ${issue.divisor}.`;
    case 'unrecognized_keys':
      return 'There is no such field here.';
    case 'invalid_union':
      return noForm(issue);
    case 'invalid_key':
      return 'Holds a name that is not accepted.';
    case 'invalid_element':
      return 'Holds an entry that is not accepted.';
    case 'custom':
      return 'This value is not accepted.';
  }
}
