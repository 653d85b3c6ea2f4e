/** The two forms in which Entra writes a PATCH. Both stay in the field for years, and one tenant may send both. */
import { patchBody } from '../answers.ts';

/** One attribute that Entra wants changed. */
export interface AttributeChange {
  readonly op: 'Add' | 'Replace' | 'Remove';
  readonly path: string;
  readonly value?: unknown;
}

export interface EntraDialect {
  readonly title: string;
  /** The body that changes attributes of a person or a group. */
  patch(changes: readonly AttributeChange[]): object;
  addMembers(ids: readonly string[]): object;
  removeMembers(ids: readonly string[]): object;
}

/** Booleans as text; references of members as null; removal names members in `value`. */
export const legacyDialect: EntraDialect = {
  title: 'as it is by default',
  patch: (changes) =>
    patchBody(
      ...changes.map(({ value, ...change }) => ({
        ...change,
        ...(value === undefined ? {} : { value: asText(value) }),
      })),
    ),
  addMembers: (ids) =>
    patchBody({ op: 'Add', path: 'members', value: ids.map((value) => ({ $ref: null, value })) }),
  removeMembers: (ids) =>
    patchBody({ op: 'Remove', path: 'members', value: ids.map((value) => ({ $ref: null, value })) }),
};

function asText(value: unknown): unknown {
  if (typeof value !== 'boolean') return value;
  return value ? 'True' : 'False';
}

/** One operation without a path for all additions, one for all replacements; removal names members in a filter. */
export const optscimDialect: EntraDialect = {
  title: 'with aadOptscim062020',
  patch: (changes) =>
    patchBody(
      ...(['Add', 'Replace'] as const).flatMap((op) => gather(op, changes)),
      ...changes.filter(({ op }) => op === 'Remove').map(({ path }) => ({ op: 'remove', path })),
    ),
  addMembers: (ids) => patchBody({ op: 'add', path: 'members', value: ids.map((value) => ({ value })) }),
  removeMembers: (ids) =>
    patchBody(...ids.map((id) => ({ op: 'remove', path: `members[value eq "${id}"]` }))),
};

function gather(op: 'Add' | 'Replace', changes: readonly AttributeChange[]): object[] {
  const matching = changes.filter((change) => change.op === op);
  if (matching.length === 0) return [];
  const value = Object.fromEntries(matching.map((change) => [change.path, change.value]));
  return [{ op: op.toLowerCase(), value }];
}
