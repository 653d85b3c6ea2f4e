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
