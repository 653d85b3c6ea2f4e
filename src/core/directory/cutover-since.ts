/** What people did to one member since a switch, as the history tells it: a roll-back leaves that alone. */

import { type Grant, type GrantScope, resourceKey } from '../access/roles.ts';
import type { ChangeContext } from '../deps.ts';
import type { Cutover, CutoverMember } from '../entities/cutover.ts';
import type { PastMembership, PastValue, Trace } from '../entities/history.ts';
import type { MembershipStatus } from '../entities/people.ts';
import type { Repositories } from '../ports/storage.ts';

/** The end of one life of the membership: it was removed then, and may be there again. */
interface LifeEnd {
  /** Epoch ms. */
  readonly until: number;
  readonly isByPeople: boolean;
}

/** What became of a member since a switch. */
export interface SinceSwitch {
  /** What people made of the person last, whatever the directory did then; undefined: nothing. */
  readonly word: MembershipStatus | 'removed' | undefined;
  /** Oldest first. */
  readonly ends: readonly LifeEnd[];
}

/** Admins, the operator and their keys; not the directory, a sign-in or Gatehouse itself. */
const isByPeople = (trace: Trace | null): boolean =>
  trace !== null && ['operator', 'member', 'api_key'].includes(trace.actor.kind);

/** Reads the history from the moment of the switch on; the switch itself does not count. `current` absent: no member now. */
export async function sinceSwitch(
  tx: Pick<Repositories, 'pastValues'>,
  { organizationId, switchedAt }: Cutover,
  member: Pick<CutoverMember, 'membershipId'> & {
    readonly current: Pick<PastMembership, 'status' | 'createdAt'> | undefined;
  },
): Promise<SinceSwitch> {
  const subject = { kind: 'membership', id: member.membershipId } as const;
  const rows: PastValue<'membership'>[] = [];
  for (let at = switchedAt; ; ) {
    const row = await tx.pastValues.find(organizationId, subject, at);
    if (row === undefined) return judgeSince(rows, member.current);
    rows.push(row);
    at = row.until;
  }
}

/** Pure: what the rows amount to, oldest first. A row ends a life when what follows it began at another time. */
function judgeSince(
  rows: readonly PastValue<'membership'>[],
  current: Pick<PastMembership, 'status' | 'createdAt'> | undefined,
): SinceSwitch {
  let word: SinceSwitch['word'];
  const ends: LifeEnd[] = [];
  for (const [index, { value, until, endedBy }] of rows.entries()) {
    const next = rows[index + 1]?.value ?? current;
    const after = next?.createdAt === value.createdAt ? next.status : 'removed';
    if (after === 'removed') ends.push({ until, isByPeople: isByPeople(endedBy) });
    if (isByPeople(endedBy)) word = after;
  }
  return { word, ends };
}

/**
 * The grants that a removal by the directory took: those of the switch, with what people gave and took since. What they gave
 * in a later life stands in place of what was given by hand before in the same organization, team or resource.
 */
export async function grantsTaken(
  tx: Pick<Repositories, 'grants'>,
  { organizationId }: ChangeContext,
  subject: { readonly cutover: Cutover; readonly member: CutoverMember; readonly since: SinceSwitch },
): Promise<readonly Grant[]> {
  const { cutover, member, since } = subject;
  let taken = member.grants;
  for (const [life, { until, isByPeople }] of since.ends.entries()) {
    const stood = await tx.grants.listAsOf(organizationId, member.membershipId, until - 1);
    const held = stood.map(({ grant }) => grant).filter((grant) => !isOfDirectory(cutover, grant));
    if (isByPeople) taken = [];
    else taken = life === 0 ? held : [...withoutReplaced(taken, held), ...held.filter(isByHand)];
  }
  return taken;
}

/** Pure: whether a group of the switched directory gives it. */
export const isOfDirectory = ({ directoryId }: Pick<Cutover, 'directoryId'>, { source }: Grant): boolean =>
  source.kind === 'directory_group' && source.directoryId === directoryId;

const isByHand = ({ source }: Grant): boolean => source.kind === 'manual' || source.kind === 'invitation';

/** Pure: `grants` without those given by hand where a later one by hand is. */
export function withoutReplaced(grants: readonly Grant[], later: readonly Grant[]): readonly Grant[] {
  const replaced = new Set(later.filter(isByHand).map(({ scope }) => placeOf(scope)));
  return grants.filter((grant) => !isByHand(grant) || !replaced.has(placeOf(grant.scope)));
}

function placeOf(scope: GrantScope): string {
  if (scope.kind === 'resource') return resourceKey(scope.resource);
  return scope.kind === 'team' ? `team:${scope.teamId}` : scope.kind;
}
