/** The neutral question asked of stored directory users and groups; each storage adapter compiles it to its own language. */

export type UserField = 'id' | 'userName' | 'externalId' | 'email' | 'displayName' | 'group' | 'uniqueValue';
export type GroupField = 'id' | 'displayName' | 'externalId' | 'member';

/** What lists may be ordered by; text in its folded form where it is kept folded. */
export type UserOrder = 'id' | 'userName' | 'displayName' | 'externalId' | 'updatedAt';
export type GroupOrder = 'id' | 'displayName' | 'externalId';

/** `value` is already folded where the field is kept folded (userName, email, displayName); a unique value is asked for by its key. */
export type DirectoryQuery<Field extends string> =
  | { readonly kind: 'all' }
  | { readonly kind: 'none' }
  | { readonly kind: 'equals'; readonly field: Field; readonly value: string }
  | { readonly kind: 'startsWith'; readonly field: Field; readonly value: string }
  | { readonly kind: 'and'; readonly operands: readonly DirectoryQuery<Field>[] }
  | { readonly kind: 'or'; readonly operands: readonly DirectoryQuery<Field>[] }
  | { readonly kind: 'not'; readonly operand: DirectoryQuery<Field> };

export type UserQuery = DirectoryQuery<UserField>;
export type GroupQuery = DirectoryQuery<GroupField>;

/** Answers whether a record with these field values fits the query: the reference every adapter must agree with. */
export function fitsQuery<Field extends string>(
  query: DirectoryQuery<Field>,
  valuesOf: (field: Field) => readonly string[],
): boolean {
  switch (query.kind) {
    case 'all':
      return true;
    case 'none':
      return false;
    case 'equals':
      return valuesOf(query.field).includes(query.value);
    case 'startsWith':
      return valuesOf(query.field).some((value) => value.startsWith(query.value));
    case 'and':
      return query.operands.every((operand) => fitsQuery(operand, valuesOf));
    case 'or':
      return query.operands.some((operand) => fitsQuery(operand, valuesOf));
    case 'not':
      return !fitsQuery(query.operand, valuesOf);
  }
}
