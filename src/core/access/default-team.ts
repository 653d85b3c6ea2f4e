/** The one team of a plan that has one: everybody is in it, whatever door they came through; and what another plan makes of that. */
import type { OrganizationId } from '../../kernel/ids.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Cause } from '../entities/journal.ts';
import type { Organization } from '../entities/organization.ts';
import type { Membership } from '../entities/people.ts';
import { placeInDefaultTeam } from '../members/memberships.ts';
import { insertTeam } from '../members/teams.ts';
import type { Repositories } from '../ports/storage.ts';
import type { WantedGrant } from './grants.ts';
import { syncGrants } from './grants.ts';
import type { Grant } from './roles.ts';

/** Whether this is somebody's place in the default team, which no person, directory or rule gave. */
const isDefaultPlace = ({ scope, source }: Pick<Grant, 'scope' | 'source'>): boolean =>
  source.kind === 'default' && scope.kind === 'team';

/**
 * After a change of plan, inside its transaction. To one team: it is made if need be, and everybody is in it. To several:
 * everybody stays, and may be taken out by hand. To none: nobody is in it by the plan any more. Cost follows the number of members.
 */
export async function settleDefaultTeam(
  tx: Repositories,
  context: ChangeContext,
  { before, after }: { readonly before: Organization; readonly after: Organization },
): Promise<void> {
  const { teams } = after.plan;
  if (teams === before.plan.teams) return;
  const known = (await tx.teams.list(after.id)).find(({ isDefault }) => isDefault);
  if (known === undefined && teams === 'none') return;
  const team = known ?? (await insertTeam(tx, context, { name: DEFAULT_TEAM_NAME, isDefault: true }));
  if (teams === 'many') return;
  const wanted = teams === 'one' ? [placeInDefaultTeam(team)] : [];
  await placeEverybody(tx, context, { organization: after, wanted });
}

const SETTLED = 'default-teams.settled';

/**
 * Once in the life of a store, at a start: puts everybody of an organization whose plan has one team into it, as it was before
 * membership alone gave the place. One transaction for each organization; cut off in the middle, the next start does the rest.
 */
export async function settleKnownDefaultTeams({
  storage,
  clock,
}: Pick<Deps, 'storage' | 'clock'>): Promise<void> {
  if ((await storage.installation.find(SETTLED)) !== undefined) return;
  let page: readonly Organization[] = [];
  do {
    page = await storage.organizations.list({ after: page.at(-1)?.id, limit: PAGE });
    for (const { id, plan } of page)
      if (plan.teams === 'one') await storage.transact((tx) => settleOneTeam(tx, id, clock()));
  } while (page.length === PAGE);
  await storage.transact((tx) => tx.installation.insert(SETTLED, String(clock())));
}

async function settleOneTeam(tx: Repositories, organizationId: OrganizationId, now: number): Promise<void> {
  const after = await tx.organizations.find(organizationId);
  if (after === undefined) return;
  const context: ChangeContext = { organizationId, cause: AT_START, now };
  const before = { ...after, plan: { ...after.plan, teams: 'none' as const } };
  await settleDefaultTeam(tx, context, { before, after });
}

const AT_START: Cause = { actor: { kind: 'system' }, requestId: 'start' };

/** What the default team is called until somebody renames it. */
export const DEFAULT_TEAM_NAME = 'Everyone';

const PAGE = 500;

async function placeEverybody(
  tx: Repositories,
  context: ChangeContext,
  place: { readonly organization: Organization; readonly wanted: readonly WantedGrant[] },
): Promise<void> {
  const { organization: rules, wanted } = place;
  let page: readonly Membership[] = [];
  do {
    page = await tx.memberships.list(rules.id, {}, { after: page.at(-1)?.id, limit: PAGE });
    for (const membership of page)
      await syncGrants(tx, context, { membership, owns: isDefaultPlace, wanted, rules });
  } while (page.length === PAGE);
}
