/** Switches a shadow directory on exactly as planned: shadows become members and invitations die in the caller's transaction. */

import { days } from '../../kernel/clock.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { JobId } from '../../kernel/ids.ts';
import { projectUsers } from '../access/role-projection.ts';
import type { ChangeContext } from '../deps.ts';
import { CONFLICT_REASONS } from '../entities/adoption.ts';
import type { Cutover, UnmatchedChoice } from '../entities/cutover.ts';
import type { DirectoryUser } from '../entities/directory.ts';
import type { Membership } from '../entities/people.ts';
import { record } from '../journal/audit.ts';
import { setMembershipStatus } from '../members/memberships.ts';
import type { Repositories } from '../ports/storage.ts';
import { addMember, adoptMember, reviveMember } from './adoption.ts';
import { openConflict } from './adoption-conflicts.ts';
import type { PersonOutcome } from './cutover-outcome.ts';
import type { CutoverPlan } from './cutover-plan.ts';
import { settleProvisioning } from './provisioning.ts';

/** How long a switch can be taken back. */
const ROLLBACK_MS = days(7);

/** A switch that somebody agreed to. */
export interface SwitchOrder {
  readonly plan: CutoverPlan;
  readonly unmatched: UnmatchedChoice;
  readonly jobId: JobId | null;
}

/** Does it, remembering what every member was before. The plan is of this transaction. Throws `seats_exhausted`, `last_owner`. */
export async function switchDirectory(
  tx: Repositories,
  context: ChangeContext,
  order: SwitchOrder,
): Promise<Cutover> {
  const { facts, people, members, hash: reportHash } = order.plan;
  const { directory } = facts;
  const { organizationId, now } = context;
  const cutover = cutoverOf(context, order);
  await tx.cutovers.remove(organizationId, directory.id);
  await tx.cutovers.insert(organizationId, cutover);
  await rememberMembers(tx, context, order);
  if (order.unmatched === 'suspend') {
    const leaving = members.filter(({ fate }) => fate === 'unmatched').map(({ membership }) => membership);
    for (const membership of leaving)
      await setMembershipStatus(tx, context, { membership, status: 'suspended' });
  }
  for (const outcome of freeingFirst(people)) await bringIn(tx, context, outcome);
  const active = { ...directory, status: 'active', isShadow: false, updatedAt: now } as const;
  await tx.directories.update(organizationId, active, directory.version);
  const userIds = people.map(({ person }) => person.user.id);
  await projectUsers(tx, context, { directoryId: directory.id, userIds });
  await settleProvisioning(tx, context);
  await record(tx, context, {
    type: 'directory.switched_on',
    target: { kind: 'directory', id: directory.id },
    details: { reportHash, unmatched: order.unmatched, ...cutover.counts },
  });
  return cutover;
}

/** What is noted of a switch, at once or when its job begins. */
export function cutoverOf({ organizationId, now }: ChangeContext, order: SwitchOrder): Cutover {
  const { plan, unmatched, jobId } = order;
  const { facts, people, members, outcomes } = plan;
  const by = (...rules: PersonOutcome['rule'][]) => people.filter(({ rule }) => rules.includes(rule)).length;
  const out = members.filter(({ fate }) => fate === 'unmatched').length;
  return {
    ...{ organizationId, directoryId: facts.directory.id, version: 1, status: 'switched' },
    ...{ reportHash: plan.hash, unmatched, jobId },
    counts: {
      members: members.length,
      ...{ adopted: by('adopt'), added: by('new', 'returns'), waiting: by('waits') },
      ...{ suspended: outcomes[unmatched].suspended, kept: unmatched === 'keep' ? out : 0 },
    },
    voided: [
      ...facts.invitations.map(({ id, email }) => ({ kind: 'invitation' as const, id, email })),
      ...facts.links.map(({ id }) => ({ kind: 'link' as const, id, email: null })),
    ],
    ...{ switchedAt: now, rollbackUntil: now + ROLLBACK_MS, rolledBackAt: null },
  };
}

/** Everybody, the kept and the matched too: what the directory does to them later can be taken back as well. */
async function rememberMembers(tx: Repositories, context: ChangeContext, order: SwitchOrder): Promise<void> {
  const { organizationId, now } = context;
  const { facts, members } = order.plan;
  for (const { membership } of members) {
    await tx.cutoverMembers.insert(organizationId, {
      ...{ organizationId, directoryId: facts.directory.id, membershipId: membership.id, membership },
      grants: await tx.grants.listByMembership(organizationId, membership.id),
      expiresAt: now + ROLLBACK_MS,
    });
  }
}

/** Members who will be inactive go first: a seat that becomes free is there for who needs one. */
const freeingFirst = (people: readonly PersonOutcome[]): readonly PersonOutcome[] => {
  const frees = ({ rule, person }: PersonOutcome) => rule === 'adopt' && !person.user.isActive;
  return [...people.filter(frees), ...people.filter((one) => !frees(one))];
};

async function bringIn(tx: Repositories, context: ChangeContext, outcome: PersonOutcome): Promise<void> {
  const { user: shadow } = outcome.person;
  const { id: membershipId, userId } = await membershipFor(tx, context, outcome);
  const user: DirectoryUser = { ...shadow, membershipId, userId, shadow: null };
  await tx.directoryUsers.update(context.organizationId, user, shadow.version);
  if (outcome.rule !== 'waits' || outcome.member === undefined) return;
  const reason = CONFLICT_REASONS.find((known) => known === outcome.reason) ?? 'unproved_address';
  await openConflict(tx, context, { user, conflict: { candidateMembershipId: outcome.member.id, reason } });
}

async function membershipFor(
  tx: Repositories,
  context: ChangeContext,
  { rule, person, member }: PersonOutcome,
): Promise<Membership> {
  const { isActive, shadow } = person.user;
  const user = { personName: shadow.name, primaryEmail: shadow.email, isActive };
  const status = isActive ? 'active' : 'suspended';
  switch (rule) {
    case 'adopt':
      if (member !== undefined)
        return adoptMember(tx, context, { membership: member, name: shadow.name, isActive });
      break;
    case 'returns':
      if (person.returning !== undefined)
        return reviveMember(tx, context, { returned: person.returning, user });
      break;
    case 'new':
      return addMember(tx, context, { user, status });
    case 'waits':
      return addMember(tx, context, { user, status: 'suspended' });
    case 'refused':
      break;
  }
  throw new GatehouseError('internal', 'A blocked plan was switched.');
}
