/** Roles that come and go with rules, and rules that disagree, as JSON. */
import type { z } from 'zod';
import type { ForeseenMember, Reason, RoleDifference } from '../../core/access/role-differences.ts';
import type { Overruling } from '../../core/access/role-settlement.ts';
import type { Membership } from '../../core/entities/people.ts';
import { presentRoleChange } from './present-directory.ts';
import type { changedMemberShape, overruledShape, previewShape, reasonShape } from './role-change-shapes.ts';

const TEXTS: Readonly<Record<Overruling, string>> = {
  rank: 'A rule ahead of it in the order says otherwise.',
  weaker: 'Another rule gives more.',
  groups_and_claims: 'Groups and claims say different roles; the lesser one counts.',
  refused: 'Rules disagree, and here none of them counts then.',
};

/** What decides a role, or speaks of it. */
export function presentReason({ source, role }: Reason): z.infer<typeof reasonShape> {
  const { kind } = source;
  switch (source.kind) {
    case 'directory_group':
      return { kind, role, mapping: source.mappingId, group: source.groupId };
    case 'sso_claim':
      return { kind, role, mapping: source.mappingId, claim: source.claim, value: source.value };
    default:
      return { kind, role };
  }
}

/** What speaks of a role and does not count, and why. */
export const presentOverruled = (
  one: Reason & { readonly why: Overruling },
): z.infer<typeof overruledShape> => ({ ...presentReason(one), why: one.why, text: TEXTS[one.why] });

/** Where a role holds. */
export const presentPlace = ({
  scope,
  teamId,
  resource,
}: Pick<RoleDifference, 'scope' | 'teamId' | 'resource'>) => ({
  scope,
  ...(teamId === undefined ? {} : { team: teamId }),
  ...(resource === undefined ? {} : { resource }),
});

/** Whom it is about. */
export const presentPerson = ({ id, userId, email, name }: Membership) => ({ id, userId, email, name });

const presentDifference = (difference: RoleDifference) => ({
  ...presentRoleChange(difference),
  because: difference.because.map(presentReason),
  wasBecause: difference.wasBecause.map(presentReason),
  overruled: difference.overruled.map(presentOverruled),
});

/** One member, what they gain and what they lose. */
export const presentChangedMember = ({
  membership,
  differences,
}: ForeseenMember): z.infer<typeof changedMemberShape> => ({
  ...presentPerson(membership),
  gains: differences.filter(({ isGain }) => isGain).map(presentDifference),
  losses: differences.filter(({ isGain }) => !isGain).map(presentDifference),
});

/** Everybody whose roles a change of the rules would move. */
export const presentPreview = (members: readonly ForeseenMember[]): z.infer<typeof previewShape> => ({
  items: members.map(presentChangedMember),
});
