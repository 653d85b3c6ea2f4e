/** From a SCIM filter to the question storage can answer from its indexes: never fewer rows than the filter means. */
import type {
  DirectoryQuery,
  GroupField,
  GroupOrder,
  UserField,
  UserOrder,
} from '../../core/directory/directory-query.ts';
import type { DirectoryGroup, DirectoryUser } from '../../core/entities/directory.ts';
import { uniqueValue } from '../../core/entities/directory-extension.ts';
import type { SortKey } from '../../core/ports/paging.ts';
import { foldKey } from '../../kernel/text.ts';
import type { Filter } from '../../protocols/scim/filter.ts';
import type { AttributeTarget } from '../../protocols/scim/filter-terms.ts';

/** The question for storage. When it is not exact its answers still have to be matched against the filter. */
export interface Translation<Field extends string> {
  readonly query: DirectoryQuery<Field>;
  readonly isExact: boolean;
}

/**
 * Attribute paths that storage keeps under an index, in schema case; text that ignores case is kept as `foldKey` makes it.
 * `always`: what every row has there.
 */
export type FieldTable<Field extends string> = Readonly<
  Record<
    string,
    | { readonly field: Field; readonly isList: boolean }
    | { readonly always: string }
    /** Values of many attributes share the field, each under its path; only `eq` is answered there. */
    | { readonly field: Field; readonly uniquePath: string }
  >
>;

/** `groups` is not here: storage knows direct membership only, the attribute speaks of indirect membership too. */
export const userFields: FieldTable<UserField> = {
  id: { field: 'id', isList: false },
  userName: { field: 'userName', isList: false },
  externalId: { field: 'externalId', isList: false },
  displayName: { field: 'displayName', isList: false },
  'emails.value': { field: 'email', isList: true },
  'meta.resourceType': { always: 'User' },
};

export const groupFields: FieldTable<GroupField> = {
  id: { field: 'id', isList: false },
  displayName: { field: 'displayName', isList: false },
  externalId: { field: 'externalId', isList: false },
  'members.value': { field: 'member', isList: true },
  'meta.resourceType': { always: 'Group' },
};

const ANYTHING = { query: { kind: 'all' }, isExact: false } as const;

/** Translates a filter (RFC 7644 §3.4.2.2); absent means all rows. */
export function translateFilter<Field extends string>(
  filter: Filter | undefined,
  fields: FieldTable<Field>,
): Translation<Field> {
  return filter === undefined ? { query: { kind: 'all' }, isExact: true } : translate(filter, fields);
}

/** Where storage keeps the order of a path, and the key a row has there. */
export type OrderTable<Row, By extends string> = Readonly<Record<string, StoredOrder<Row, By>>>;

interface StoredOrder<Row, By extends string> {
  readonly by: By;
  readonly keyOf: (row: Row) => SortKey;
  /** True when storage orders by something that is in step with the key only among rows of one kind. */
  readonly isAlone?: boolean;
}

/** An id begins with the time of its creation: the order of ids is that of `meta.created`. */
export const userOrders: OrderTable<DirectoryUser, UserOrder> = {
  id: { by: 'id', keyOf: ({ id }) => id },
  userName: { by: 'userName', keyOf: ({ userNameKey }) => userNameKey },
  displayName: { by: 'displayName', keyOf: ({ displayNameKey }) => displayNameKey },
  externalId: { by: 'externalId', keyOf: ({ externalId }) => externalId },
  'meta.created': { by: 'id', keyOf: ({ createdAt }) => createdAt, isAlone: true },
  'meta.lastModified': { by: 'updatedAt', keyOf: ({ updatedAt }) => updatedAt },
};

export const groupOrders: OrderTable<DirectoryGroup, GroupOrder> = {
  id: { by: 'id', keyOf: ({ id }) => id },
  displayName: { by: 'displayName', keyOf: ({ displayNameKey }) => displayNameKey },
  externalId: { by: 'externalId', keyOf: ({ externalId }) => externalId },
  'meta.created': { by: 'id', keyOf: ({ createdAt }) => createdAt, isAlone: true },
};

/** True when the filter names the attribute or sub-attribute, so that it has to be loaded before matching. `name` in schema case. */
export function speaksOf(filter: Filter, name: string): boolean {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.operands.some((operand) => speaksOf(operand, name));
    case 'not':
      return speaksOf(filter.operand, name);
    case 'element':
      return filter.target.attribute.name === name || speaksOf(filter.filter, name);
    case 'compare':
    case 'present':
      return filter.target.attribute.name === name || filter.target.sub?.name === name;
  }
}

function translate<Field extends string>(filter: Filter, fields: FieldTable<Field>): Translation<Field> {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return join(
        filter.kind,
        filter.operands.map((operand) => translate(operand, fields)),
      );
    case 'not': {
      // The complement of too many rows would be too few.
      const operand = translate(filter.operand, fields);
      return operand.isExact ? { query: { kind: 'not', operand: operand.query }, isExact: true } : ANYTHING;
    }
    case 'present':
      return ANYTHING;
    case 'compare':
      return translateComparison(filter, fields, pathOf(filter.target));
    case 'element':
      return translateElement(filter.filter, fields, filter.target.attribute.name);
  }
}

function join<Field extends string>(
  kind: 'and' | 'or',
  operands: readonly Translation<Field>[],
): Translation<Field> {
  return {
    query: { kind, operands: operands.map(({ query }) => query) },
    isExact: operands.every(({ isExact }) => isExact),
  };
}

function translateComparison<Field extends string>(
  { op, value, target }: Extract<Filter, { kind: 'compare' }>,
  fields: FieldTable<Field>,
  path: string | undefined,
): Translation<Field> {
  const known = path !== undefined && Object.hasOwn(fields, path) ? fields[path] : undefined;
  if (known !== undefined && 'uniquePath' in known) return translateUnique({ op, value, target }, known);
  if (known === undefined || typeof value !== 'string') return ANYTHING;
  if ('always' in known) return op === 'eq' ? constant(known.always === value) : ANYTHING;
  const { field, isList } = known;
  const isExactText = (target.sub ?? target.attribute).caseExact;
  const equals = { kind: 'equals', field, value: isExactText ? value : foldKey(value) } as const;
  if (op === 'eq') return { query: equals, isExact: true };
  // "Some value differs" is not "no value is equal", so lists are left to the matcher.
  if (op === 'ne' && !isList) return { query: { kind: 'not', operand: equals }, isExact: true };
  // Keys have lost their outer blanks, which a prefix may count on: close enough to narrow, not to answer.
  if (op === 'sw' && !isExactText) {
    return { query: { kind: 'startsWith', field, value: foldKey(value) }, isExact: false };
  }
  return op === 'sw' ? { query: { kind: 'startsWith', field, value }, isExact: true } : ANYTHING;
}

const constant = (isTrue: boolean) => ({ query: { kind: isTrue ? 'all' : 'none' }, isExact: true }) as const;

function translateUnique<Field extends string>(
  { op, value, target }: Pick<Extract<Filter, { kind: 'compare' }>, 'op' | 'value' | 'target'>,
  { field, uniquePath }: { readonly field: Field; readonly uniquePath: string },
): Translation<Field> {
  if (op !== 'eq' || (typeof value !== 'string' && typeof value !== 'number')) return ANYTHING;
  const text = target.attribute.caseExact ? String(value) : foldKey(String(value));
  return { query: { kind: 'equals', field, value: uniqueValue(uniquePath, text).key }, isExact: true };
}

/** `emails[type eq "work" and value eq "x"]`: one element must fit all of it, storage can only say that some value is x. */
function translateElement<Field extends string>(
  filter: Filter,
  fields: FieldTable<Field>,
  list: string,
): Translation<Field> {
  switch (filter.kind) {
    case 'and': {
      const joined = join(
        'and',
        filter.operands.map((operand) => translateElement(operand, fields, list)),
      );
      return { ...joined, isExact: false };
    }
    case 'or':
      return join(
        'or',
        filter.operands.map((operand) => translateElement(operand, fields, list)),
      );
    case 'compare':
      return translateComparison(filter, fields, `${list}.${filter.target.attribute.name}`);
    case 'not':
    case 'present':
    case 'element':
      return ANYTHING;
  }
}

/** The path of a target in schema case, after its URN for attributes of an extension. */
export function pathOf({ schemaUrn, attribute, sub }: AttributeTarget): string {
  const name = sub === undefined ? attribute.name : `${attribute.name}.${sub.name}`;
  return schemaUrn === undefined ? name : `${schemaUrn}:${name}`;
}
