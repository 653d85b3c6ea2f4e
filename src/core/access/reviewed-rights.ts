/** What of somebody in a review is decided about by itself: team roles and roles on resources. Pure. */
import type { ReviewedAccess, ReviewedRight, RightDecision } from '../entities/access-review.ts';
import { resourceKey } from './roles.ts';

/** One text for one right. */
export const rightKey = (right: ReviewedRight): string =>
  right.kind === 'team' ? `team:${right.teamId}` : resourceKey(right.resource);

/** Every right of somebody besides the org role, in the order of the review. */
export const rightsOf = ({ teams, resources }: ReviewedAccess): readonly ReviewedRight[] => [
  ...teams.map(({ id }) => ({ kind: 'team' as const, teamId: id })),
  ...resources.map(({ resource }) => ({ kind: 'resource' as const, resource })),
];

/** Decisions with another one in place of an earlier one about the same right. */
export const withDecisions = (
  earlier: readonly RightDecision[],
  ...decided: readonly RightDecision[]
): readonly RightDecision[] => {
  const keys = new Set(decided.map(({ of }) => rightKey(of)));
  return [...earlier.filter(({ of }) => !keys.has(rightKey(of))), ...decided];
};
