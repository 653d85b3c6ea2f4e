/** Who is whom when a shadow directory is switched on: each person of the directory, and the member they are or may be. Pure. */
import { foldKey } from '../kernel/text.ts';
import { type AdoptionDecision, decideAdoption, reasonOf } from './adoption.ts';
import type { RemovedUser } from './entities/adoption.ts';
import type { Directory, DirectoryUser, ShadowProfile } from './entities/directory.ts';
import type { Invitation } from './entities/invitation.ts';
import type { Organization } from './entities/organization.ts';
import type { Membership } from './entities/people.ts';
import type { ShareableLink } from './entities/shareable-link.ts';
import type { WantedGrant } from './grants.ts';
import type { OrgRole, RankOf } from './roles.ts';

/** `adopt`: is that member. `new`: becomes a member. `returns`: was here before. `waits`: an admin decides after the switch. `refused`: the adoption policy takes nobody over. */
export const CUTOVER_RULES = ['adopt', 'new', 'returns', 'waits', 'refused'] as const;
export type CutoverRule = (typeof CUTOVER_RULES)[number];

/** Why the rule: what was found under the person's address. */
export const CUTOVER_REASONS = [
  'proved_address',
  'unproved_address',
  'own_account',
  'no_member',
  'no_address',
  'other_has_member',
  'removed_before',
] as const;
export type CutoverReason = (typeof CUTOVER_REASONS)[number];

/** A shadow, with what the rules give its groups. */
export interface PushedPerson {
  readonly user: DirectoryUser & { readonly shadow: ShadowProfile };
  readonly wanted: readonly WantedGrant[];
  readonly returning: RemovedUser | undefined;
}

/** The world as it is; lists are ordered by id. */
export interface CutoverFacts {
  readonly organization: Organization;
  readonly directory: Directory;
  readonly rankOf: RankOf;
  /** The default role of somebody who comes back. */
  readonly roleOfReturning: OrgRole;
  readonly people: readonly PushedPerson[];
  readonly members: readonly Membership[];
  /** Members whom another directory holds. */
  readonly heldElsewhere: ReadonlySet<string>;
  /** Folded addresses among those of `people` whose domain this organization has proved. */
  readonly provedAddresses: ReadonlySet<string>;
  /** Members with one of those who sign in with an address of their own in no domain it has proved. */
  readonly accountsElsewhere: ReadonlySet<string>;
  readonly invitations: readonly Invitation[];
  readonly links: readonly ShareableLink[];
}

export interface PersonMatch {
  readonly person: PushedPerson;
  readonly rule: CutoverRule;
  readonly reason: CutoverReason;
  /** The member they are (`adopt`), may be (`waits`, `refused`), or whose unproved address they have (`new`). */
  readonly member: Membership | undefined;
}

/** Who is whom. Active people choose first, then the older; a member is one person at most. Answers in the order of `people`. */
export function matchPeople(facts: CutoverFacts): readonly PersonMatch[] {
  const byAddress = Map.groupBy(
    facts.members.filter(({ id, emailKey }) => emailKey !== null && !facts.heldElsewhere.has(id)),
    ({ emailKey }) => emailKey,
  );
  const taken = new Set<string>();
  const matches = new Map<PushedPerson, PersonMatch>();
  const active = facts.people.filter(({ user }) => user.isActive);
  for (const person of [...active, ...facts.people.filter(({ user }) => !user.isActive)]) {
    const { email } = person.user.shadow;
    const key = email === null ? null : foldKey(email);
    const found = byAddress.get(key) ?? [];
    const candidate = found.find(({ id }) => !taken.has(id));
    const isProved = key !== null && facts.provedAddresses.has(key);
    const isElsewhere = candidate !== undefined && facts.accountsElsewhere.has(candidate.id);
    const match = judge(facts.directory, {
      ...{ person, candidate, isProved, isElsewhere, isTaken: found.length > 0 },
    });
    if (match.rule === 'adopt' && candidate !== undefined) taken.add(candidate.id);
    matches.set(person, match);
  }
  return facts.people.flatMap((person) => matches.get(person) ?? []);
}

const RULES: Readonly<Record<AdoptionDecision, CutoverRule>> = {
  add: 'new',
  adopt: 'adopt',
  queue: 'waits',
  reject: 'refused',
};

/** The same decision as a push meets after the switch (`receivePerson`). */
function judge(
  { adoption }: Directory,
  found: {
    readonly person: PushedPerson;
    readonly candidate: Membership | undefined;
    readonly isProved: boolean;
    readonly isElsewhere: boolean;
    readonly isTaken: boolean;
  },
): PersonMatch {
  const { person, candidate, isTaken } = found;
  if (person.returning !== undefined)
    return { person, rule: 'returns', reason: 'removed_before', member: undefined };
  const rule = RULES[decideAdoption(adoption, candidate && found)];
  if (candidate !== undefined) return { person, rule, reason: reasonOf(found), member: candidate };
  const nobody = person.user.shadow.email === null ? 'no_address' : 'no_member';
  return { person, rule, reason: isTaken ? 'other_has_member' : nobody, member: undefined };
}
