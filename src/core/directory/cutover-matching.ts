/** Who is whom when a shadow directory is switched on: each person of the directory, and the member they are or may be. Pure. */
import { foldKey } from '../../kernel/text.ts';
import type { WantedGrant } from '../access/grants.ts';
import type { OrgRole, RankOf } from '../access/roles.ts';
import type { RemovedUser } from '../entities/adoption.ts';
import type { Directory, DirectoryUser, ShadowProfile } from '../entities/directory.ts';
import type { Invitation } from '../entities/invitation.ts';
import type { Organization } from '../entities/organization.ts';
import type { Membership } from '../entities/people.ts';
import type { ShareableLink } from '../entities/shareable-link.ts';
import { type AdoptionDecision, decideAdoption, reasonOf } from './adoption.ts';

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
  'decided',
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
  /** Members with an account that this organization has no say in: no decision takes them over. */
  readonly unadoptable: ReadonlySet<string>;
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

/**
 * Who is whom. What admins have decided goes first; then active people choose, then the older; a member is one person at
 * most. Answers in the order of `people`.
 */
export function matchPeople(facts: CutoverFacts): readonly PersonMatch[] {
  const byAddress = Map.groupBy(
    facts.members.filter(({ id, emailKey }) => emailKey !== null && !facts.heldElsewhere.has(id)),
    ({ emailKey }) => emailKey,
  );
  const active = facts.people.filter(({ user }) => user.isActive);
  const inOrder = [...active, ...facts.people.filter(({ user }) => !user.isActive)];
  const matches = decidedMatches(facts, inOrder);
  const taken = new Set([...matches.values()].flatMap(({ member }) => member?.id ?? []));
  for (const person of inOrder) {
    if (matches.has(person)) continue;
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

/** Those that an admin has decided, as far as that still holds: a member who is gone, held or of another role since is not it. */
function decidedMatches(
  facts: CutoverFacts,
  people: readonly PushedPerson[],
): Map<PushedPerson, PersonMatch> {
  const members = new Map(facts.members.map((member) => [member.id, member]));
  const matches = new Map<PushedPerson, PersonMatch>();
  const taken = new Set<string>();
  for (const person of people) {
    const { decision } = person.user.shadow;
    if (decision === undefined || person.returning !== undefined) continue;
    if (decision.kind === 'separate') {
      matches.set(person, { person, rule: 'new', reason: 'decided', member: undefined });
      continue;
    }
    const member = members.get(decision.membershipId);
    if (member === undefined || member.orgRole !== decision.orgRole || taken.has(member.id)) continue;
    if (facts.heldElsewhere.has(member.id) || facts.unadoptable.has(member.id)) continue;
    taken.add(member.id);
    matches.set(person, { person, rule: 'adopt', reason: 'decided', member });
  }
  return matches;
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
