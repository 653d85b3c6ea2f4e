/** What switching a shadow directory on would do: who gains and loses what, who stays, what stands in the way. Pure, in pieces. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../kernel/canonical-json.ts';
import { compareRoles } from '../access/role-differences.ts';
import { type Grant, resolveRoles } from '../access/roles.ts';
import type { UnmatchedChoice } from '../entities/cutover.ts';
import type { CutoverFacts, PersonMatch, PushedPerson } from './cutover-matching.ts';
import {
  type CutoverOutcome,
  type MemberFate,
  type MemberOutcome,
  outcomeOf,
  type PersonOutcome,
} from './cutover-outcome.ts';

export interface CutoverPlan {
  readonly facts: CutoverFacts;
  readonly people: readonly PersonOutcome[];
  readonly members: readonly MemberOutcome[];
  /** By what becomes of the unmatched. */
  readonly outcomes: Readonly<Record<UnmatchedChoice, CutoverOutcome>>;
  /** Of everything above: the same hash means the same switch. */
  readonly hash: string;
}

/** Lets others work for a moment. */
export type Pause = () => Promise<unknown>;

/** People between two pauses: some milliseconds of computing. */
const PIECE = 200;

/** The whole plan. `grants`: the ledger of every member that is adopted. */
export async function planCutover(
  facts: CutoverFacts,
  matches: readonly PersonMatch[],
  using: { readonly grants: ReadonlyMap<string, readonly Grant[]>; readonly pause: Pause },
): Promise<CutoverPlan> {
  const { grants, pause } = using;
  const people: PersonOutcome[] = [];
  for (const piece of inPieces(matches)) {
    people.push(...piece.map((match) => futureOf(facts, match, grants)));
    await pause();
  }
  const members = fatesOf(facts, matches);
  await pause();
  const outcomeWith = (choice: UnmatchedChoice) => outcomeOf(facts, { people, members, choice });
  const outcomes = { keep: outcomeWith('keep'), suspend: outcomeWith('suspend') };
  return { facts, people, members, outcomes, hash: await hashOf(facts, { people, members, pause }) };
}

function* inPieces<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += PIECE) yield items.slice(start, start + PIECE);
}

function futureOf(
  { organization, rankOf, roleOfReturning }: CutoverFacts,
  match: PersonMatch,
  grants: ReadonlyMap<string, readonly Grant[]>,
): PersonOutcome {
  const { person, rule, member } = match;
  const { conflictPolicy, defaultRole } = organization;
  const adopted = rule === 'adopt' ? member : undefined;
  const ledger = adopted === undefined ? [] : (grants.get(adopted.id) ?? []);
  const kept = ledger.filter((grant) => grant.source.kind !== 'directory_group');
  const after = resolveRoles([...kept, ...planned(person)], conflictPolicy, rankOf);
  const base = rule === 'returns' ? roleOfReturning : defaultRole;
  const isIn = person.user.isActive && rule !== 'waits' && rule !== 'refused';
  const isSuspended = adopted?.status === 'suspended' || person.returning?.isSuspended === true;
  const changes = compareRoles(resolveRoles(ledger, conflictPolicy, rankOf), after, rankOf);
  return {
    ...match,
    status: isIn && !isSuspended ? 'active' : 'suspended',
    orgRole: after.org?.role ?? base,
    ...(rule === 'refused' ? { gains: [], losses: [] } : changes),
  };
}

/** Grants that are not stored yet; nothing looks at their ids. */
const planned = ({ user, wanted }: PushedPerson): readonly Grant[] =>
  wanted.map((grant, index) => ({
    ...grant,
    id: `grt_planned_${index}` as Grant['id'],
    organizationId: user.organizationId,
    membershipId: user.membershipId,
    createdAt: 0,
  }));

function fatesOf(facts: CutoverFacts, matches: readonly PersonMatch[]): readonly MemberOutcome[] {
  const fates = new Map<string, MemberFate>();
  for (const id of facts.heldElsewhere) fates.set(id, 'elsewhere');
  for (const { rule, member } of matches) {
    if (member === undefined || rule === 'new') continue;
    if (rule === 'adopt') fates.set(member.id, 'matched');
    else if (!fates.has(member.id)) fates.set(member.id, 'waiting');
  }
  return facts.members.map((membership) => ({
    membership,
    fate: fates.get(membership.id) ?? 'unmatched',
  }));
}

/** What people look at before they say yes, and nothing that changes by itself. */
async function hashOf(
  { organization, directory, invitations, links }: CutoverFacts,
  world: {
    readonly people: readonly PersonOutcome[];
    readonly members: readonly MemberOutcome[];
    readonly pause: Pause;
  },
): Promise<string> {
  const { plan, provisioning, activeOwners } = organization;
  const hash = createHash('sha256');
  const add = (part: unknown) => hash.update(`${canonicalJson(part)}\n`);
  add([
    directory.id,
    directory.status,
    directory.adoption,
    plan.seats,
    plan.scim,
    provisioning,
    activeOwners,
  ]);
  for (const piece of inPieces(world.people)) {
    add(piece.map(personFacts));
    await world.pause();
  }
  for (const piece of inPieces(world.members)) {
    add(piece.map(({ membership: { id, status, orgRole }, fate }) => [id, status, orgRole, fate]));
    await world.pause();
  }
  add([...invitations, ...links].map(({ id }) => id));
  return hash.digest('hex');
}

const personFacts = (outcome: PersonOutcome) => {
  const { person, rule, reason, member, status, orgRole, gains, losses } = outcome;
  const { id, userName, shadow } = person.user;
  return [
    [id, userName, shadow, rule, reason, member?.id ?? null],
    [status, orgRole, gains, losses],
  ];
};
