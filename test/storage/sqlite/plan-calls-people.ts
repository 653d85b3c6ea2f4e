/** What the plans are asked for of members, their grants and their teams, and of mapping drafts. */
import type { MemberFilter } from '../../../src/core/ports/people.ts';
import type { Repositories } from '../../../src/core/ports/storage.ts';
import { anEnding, aPastName } from '../../support/history-builders.ts';
import type { World } from '../../support/world.ts';

type Calls = Readonly<Record<string, (repositories: Repositories) => Promise<unknown>>>;

const PAGE = { limit: 10 };

/** Each look-up and write once. */
export const peopleCalls = ({
  organization: { id },
  user,
  membership,
  team,
  grant,
  review,
  reviewItem,
  mappingDraft,
}: World): Calls => ({
  'mapping drafts': async ({ mappingDrafts }) => [
    await mappingDrafts.find(id, mappingDraft.id),
    await mappingDrafts.list(id, PAGE),
    await mappingDrafts.update(id, mappingDraft, 1),
    await mappingDrafts.remove(id, mappingDraft.id),
  ],
  'access reviews': async ({ accessReviews, reviewItems }) => [
    await accessReviews.find(id, review.id),
    await accessReviews.list(id, PAGE),
    await accessReviews.update(id, review, 1),
    await reviewItems.append(id, [reviewItem]),
    await reviewItems.find(id, review.id, membership.id),
    await reviewItems.list(id, { reviewId: review.id }, PAGE),
    await reviewItems.list(id, { reviewId: review.id, decision: 'pending' }, PAGE),
    await reviewItems.update(id, reviewItem, 1),
    await reviewItems.erase(id, reviewItem, 2),
    await reviewItems.count(id, review.id),
  ],
  'the start of an address': async ({ memberships }) => [
    await memberships.listByEmailStart(id, { text: 'x', status: 'active' }, { limit: 9 }),
    await memberships.listByEmailStart(id, { text: 'x', role: 'admin' }, { limit: 9 }),
    await memberships.findNth(id, undefined, 5_000),
    await memberships.list(id, { text: 'x', isElsewhere: true, status: 'active' }, PAGE),
  ],
  memberships: async ({ memberships, directoryUsers }) => [
    await directoryUsers.findHold(id, membership.id),
    await memberships.find(id, membership.id),
    await memberships.findByUser(id, user.id),
    await memberships.listByEmail(id, 'x'),
    await memberships.listByUser(user.id),
    await memberships.list(id, {}, PAGE),
    await memberships.list(id, { role: 'owner', status: 'active' }, PAGE),
    await memberships.list(id, { source: 'manual' }, PAGE),
    await memberships.list(id, { role: 'admin', status: 'active', teamId: team.id, text: 'x' }, PAGE),
    await memberships.list(id, { text: 'x', isElsewhere: true, upTo: membership.id }, PAGE),
    await memberships.list(id, { connected: { by: 'identity', isConnected: false } }, PAGE),
    await memberships.list(id, { connected: { by: 'directory', isConnected: true } }, PAGE),
    await memberships.update(id, membership, 1),
    await memberships.updateLastActive(id, membership.id, { at: 1, ifUpTo: 1 }),
    await memberships.remove(id, membership.id),
  ],
  'grants and teams': async ({ grants, pastValues, teams, teamMembers }) => [
    await grants.listByMembership(id, membership.id),
    await grants.rerank(id, grant, 7),
    await grants.end(id, grant, anEnding()),
    await grants.endByMembership(id, membership.id, anEnding()),
    await grants.listAsOf(id, membership.id, 1),
    await pastValues.find(id, { kind: 'name', id: team.id }, 1),
    await pastValues.prune(id, 1, 10),
    await pastValues.replace(id, aPastName(id)),
    await grants.prune(id, 1, 10),
    await teams.find(id, team.id),
    await teams.list(id),
    await teams.update(id, team, 1),
    await teams.remove(id, team.id),
    await teamMembers.listByMemberships(id, [membership.id]),
    await teamMembers.listByTeam(id, team.id, PAGE),
    await teamMembers.replace(id, membership.id, []),
  ],
});

/** How members are found from the side that is smaller: a filter, whether its team is said to be large, and the plan's first step. */
export const memberPlans = ({
  team: { id: teamId },
}: World): readonly (readonly [filter: MemberFilter, isLarge: boolean, step: string])[] => [
  [{ source: 'sso' }, false, 'memberships_by_source (organization_id=? AND source=? AND id>?)'],
  [{ role: 'viewer' }, false, 'memberships_by_role (organization_id=? AND org_role=? AND id>?)'],
  [{ role: 'owner' }, false, 'memberships_by_role (organization_id=? AND org_role=? AND id>?)'],
  [{ status: 'suspended' }, false, 'memberships_by_status (organization_id=? AND status=? AND id>?)'],
  [{ teamId }, true, 'team_members USING PRIMARY KEY (organization_id=? AND team_id=? AND membership_id>?)'],
  [{ teamId, role: 'member' }, true, 'team_members USING PRIMARY KEY (organization_id=? AND team_id=? AND'],
  [{ teamId, role: 'admin' }, false, 'memberships_by_role (organization_id=? AND org_role=? AND id=?)'],
  [{ teamId, role: 'admin' }, true, 'memberships_by_role (organization_id=? AND org_role=? AND id>?)'],
];
