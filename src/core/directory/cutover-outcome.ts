/** What a cut-over comes to: seats, owners, people suspended, and what stands in the way. Pure. */

import type { RoleChange } from '../access/role-differences.ts';
import type { OrgRole } from '../access/roles.ts';
import type { UnmatchedChoice } from '../entities/cutover.ts';
import type { Membership } from '../entities/people.ts';
import type { CutoverFacts, PersonMatch } from './cutover-matching.ts';

/** `matched`: is somebody the directory pushed. `waiting`: may be. `elsewhere`: another directory holds them. `unmatched`: kept or suspended, as is chosen. */
export const MEMBER_FATES = ['matched', 'waiting', 'elsewhere', 'unmatched'] as const;
export type MemberFate = (typeof MEMBER_FATES)[number];

/** One person of the directory as they will be. */
export interface PersonOutcome extends PersonMatch {
  readonly status: Membership['status'];
  readonly orgRole: OrgRole;
  readonly gains: readonly RoleChange[];
  readonly losses: readonly RoleChange[];
}

export interface MemberOutcome {
  readonly membership: Membership;
  readonly fate: MemberFate;
}

/** What can stand in the way of a switch. */
export const BLOCKERS = [
  'plan_lacks',
  'seats_exhausted',
  'last_owner',
  'adoption_refused',
  'nobody_pushed',
] as const;

/** Why the switch would be refused, and what to do about it. */
export interface Blocker {
  readonly code: (typeof BLOCKERS)[number];
  readonly detail: string;
}

export interface CutoverOutcome {
  /** Active memberships afterwards; limit null: none. */
  readonly seats: { readonly needed: number; readonly limit: number | null };
  /** Active owners afterwards. */
  readonly owners: number;
  /** Members who are active now and will not be. */
  readonly suspended: number;
  readonly blockers: readonly Blocker[];
}

/** Counts the world after the switch. */
export function outcomeOf(
  facts: CutoverFacts,
  plan: {
    readonly people: readonly PersonOutcome[];
    readonly members: readonly MemberOutcome[];
    readonly choice: UnmatchedChoice;
  },
): CutoverOutcome {
  const { people, members, choice } = plan;
  const adopted = new Map(
    people.flatMap((one) => (one.rule === 'adopt' && one.member ? [[one.member.id, one] as const] : [])),
  );
  const after = members.map(({ membership, fate }) => {
    const person = adopted.get(membership.id);
    const isSuspended = fate === 'unmatched' && choice === 'suspend';
    const status = person?.status ?? (isSuspended ? 'suspended' : membership.status);
    return { before: membership.status, status, orgRole: person?.orgRole ?? membership.orgRole };
  });
  const arriving = people.filter(({ rule, status }) => rule !== 'adopt' && status === 'active');
  const active = after.filter(({ status }) => status === 'active');
  const seats = { needed: active.length + arriving.length, limit: facts.organization.plan.seats };
  const owners = active.filter(({ orgRole }) => orgRole === 'owner').length;
  const suspended = after.filter(
    ({ before, status }) => before === 'active' && status === 'suspended',
  ).length;
  const refused = people.filter(({ rule }) => rule === 'refused').length;
  return { seats, owners, suspended, blockers: blockersOf(facts, { seats, owners, refused }) };
}

function blockersOf(
  { organization, directory, people }: CutoverFacts,
  after: Pick<CutoverOutcome, 'seats' | 'owners'> & { readonly refused: number },
): readonly Blocker[] {
  const { seats, owners, refused } = after;
  const { plan } = organization;
  const found: (Blocker | false)[] = [
    !plan.scim && {
      code: 'plan_lacks',
      detail: `The plan ${plan.preset} has no directory provisioning (SCIM). Choose one that has it.`,
    },
    people.length === 0 && {
      code: 'nobody_pushed',
      detail: 'The directory has pushed nobody yet. Assign people at the identity provider first.',
    },
    seats.limit !== null &&
      seats.needed > seats.limit && {
        code: 'seats_exhausted',
        detail: `${seats.needed} people would hold a seat; the plan has ${seats.limit}. Add seats, or assign fewer people.`,
      },
    organization.activeOwners > 0 &&
      owners === 0 && {
        code: 'last_owner',
        detail:
          'No active owner would be left. Assign an owner at the identity provider, or keep the unmatched members.',
      },
    refused > 0 && {
      code: 'adoption_refused',
      detail: `${refused} people have the address of a member, and ${directory.name} adopts nobody. Let it adopt or queue them, or remove those members.`,
    },
  ];
  return found.filter((blocker) => blocker !== false);
}
