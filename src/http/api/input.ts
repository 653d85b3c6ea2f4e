/** Reads what a request carries into what a handler wants: schemas refuse, with the field and the rule by name. */
import type { z } from 'zod';
import { type FieldFault, GatehouseError } from '../../kernel/errors.ts';
import { issueWords, NO_FORM_FITS } from './issue-words.ts';

/** So many faults are told at most: nobody mends more at once, and the answer stays small. */
const TOLD_AT_MOST = 20;

/** Parses with a schema. Throws `invalid` that names the first field at fault, as the caller spelled it, and its rule; all of them in `faults`. */
export function parseInput<Output>(schema: z.ZodType<Output>, value: unknown): Output {
  const result = schema.safeParse(value, { error: issueWords });
  if (result.success) return result.data;
  const { issues } = result.error;
  const { path, message } = issues[0] === undefined ? UNTOLD : innermost(issues[0]);
  const field = spell(path);
  if (value === undefined) throw new GatehouseError('invalid', 'The request has no body.');
  throw new GatehouseError(
    'invalid',
    field === '' ? `The request: ${message}` : `${field}: ${message}`,
    field === '' ? {} : { field, faults: faultsOf(issues) },
  );
}

/** Each field once, with the first rule it breaks. */
function faultsOf(issues: readonly z.core.$ZodIssue[]): readonly FieldFault[] {
  const rules = new Map<string, string>();
  for (const { path, message } of issues.flatMap(eachTold)) {
    const field = spell(path);
    if (field !== '' && !rules.has(field)) rules.set(field, message);
    if (rules.size === TOLD_AT_MOST) break;
  }
  return [...rules].map(([field, rule]) => ({ field, rule }));
}

/** One for each name that nobody knows; every other issue is about one place. */
function eachTold(issue: z.core.$ZodIssue): readonly Told[] {
  if (issue.code !== 'unrecognized_keys') return [innermost(issue)];
  const { keys, path, message } = issue;
  return keys.slice(0, TOLD_AT_MOST).map((key) => ({ path: [...path, key], message }));
}

interface Told {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

const UNTOLD: Told = { path: [], message: 'This is not accepted.' };

/** What is wrong at the place where it is wrong: inside the one form that fits so far, where a value may have several. */
function innermost(issue: z.core.$ZodIssue): Told {
  const { path, message } = issue;
  if (issue.code === 'unrecognized_keys') return { path: [...path, issue.keys[0] ?? ''], message };
  if (issue.code === 'invalid_key' || issue.code === 'invalid_element') return within(path, issue.issues[0]);
  if (issue.code !== 'invalid_union' || message !== NO_FORM_FITS) return { path, message };
  const [near, ...others] = issue.errors.filter(([first]) => first !== undefined && !isOtherKind(first));
  return near === undefined || others.length > 0 ? { path, message } : within(path, near[0]);
}

/** A form that wants another kind of value altogether says nothing about this one. */
const isOtherKind = ({ code, path }: z.core.$ZodIssue): boolean =>
  code === 'invalid_type' && path.length === 0;

function within(path: readonly PropertyKey[], inner: z.core.$ZodIssue | undefined): Told {
  if (inner === undefined) return { path, message: UNTOLD.message };
  const told = innermost(inner);
  return { path: [...path, ...told.path], message: told.message };
}

const spell = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, key) =>
      typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`,
    '',
  );
