/** Builders of what held before. */
import type { Ending, PastValue } from '../../src/core/entities/history.ts';
import type { OrganizationId } from '../../src/kernel/ids.ts';
import { BUILT_AT } from './builders.ts';

/** An end at `endedAt` (when the builders build, if absent) through the operator. */
export const anEnding = (endedAt: number = BUILT_AT): Ending => ({
  endedAt,
  endedBy: { actor: { kind: 'operator' }, requestId: 'req-1' },
});

/** What something was called until `BUILT_AT`. */
export const aPastName = (
  organizationId: OrganizationId,
  fields: Partial<PastValue<'name'>> = {},
): PastValue<'name'> => ({
  organizationId,
  kind: 'name',
  subjectId: 'team_1',
  until: BUILT_AT,
  value: 'Before',
  endedBy: anEnding().endedBy,
  ...fields,
});
