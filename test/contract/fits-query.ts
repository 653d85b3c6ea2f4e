/** The reference that every adapter's answer to a DirectoryQuery is compared with. */

import type { DirectoryQuery } from '../../src/core/directory/directory-query.ts';
import type { DirectoryUser, ShownUser } from '../../src/core/entities/directory.ts';

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

/** As much of a user as answers show. */
export const shownOf = ({
  id,
  version,
  isActive,
  createdAt,
  updatedAt,
  attributes,
}: DirectoryUser): ShownUser => ({
  ...{ id, version, isActive, createdAt, updatedAt },
  attributesText: JSON.stringify(attributes),
});
