/** What has changed about somebody since a review looked: nobody decides on yesterday's picture unawares. */
import type { ReviewItem } from '../entities/access-review.ts';
import type { Membership } from '../entities/people.ts';
import type { Queries } from '../ports/storage.ts';
import { listResourceRoles } from './resource-grants.ts';

export interface ReviewChange {
  readonly what: 'membership' | 'status' | 'orgRole' | 'team' | 'resource';
  /** The team or resource; null for the others. */
  readonly of: string | null;
  /** Null: there was none. */
  readonly was: string | null;
  /** Null: there is none any more. */
  readonly is: string | null;
}

/** Compares what was written down with what holds now; empty when nothing has changed. */
export async function changesSince(from: Queries, item: ReviewItem): Promise<readonly ReviewChange[]> {
  const { organizationId, membershipId, access } = item;
  const member = await from.memberships.find(organizationId, membershipId);
  if (member === undefined) return [{ what: 'membership', of: null, was: access.status, is: null }];
  const teams = await teamsOf(from, member);
  const held = await listResourceRoles(from, organizationId, membershipId);
  const resources = (list: typeof held) =>
    new Map(list.map(({ resource, role }) => [`${resource.type} ${resource.id}`, role]));
  return [
    ...changed('status', access.status, member.status),
    ...changed('orgRole', access.orgRole, member.orgRole),
    ...differing('team', new Map(access.teams.map(({ name, role }) => [name, role])), teams),
    ...differing('resource', resources(access.resources), resources(held)),
  ];
}

async function teamsOf(from: Queries, member: Membership): Promise<ReadonlyMap<string, string>> {
  const rows = await from.teamMembers.listByMemberships(member.organizationId, [member.id]);
  const teams = new Map<string, string>();
  for (const { teamId, role } of rows) {
    const team = await from.teams.find(member.organizationId, teamId);
    teams.set(team?.name ?? teamId, role);
  }
  return teams;
}

const changed = (what: 'status' | 'orgRole', was: string, is: string): readonly ReviewChange[] =>
  was === is ? [] : [{ what, of: null, was, is }];

function differing(
  what: 'team' | 'resource',
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly ReviewChange[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].flatMap((of) => {
    const [was, is] = [before.get(of) ?? null, after.get(of) ?? null];
    return was === is ? [] : [{ what, of, was, is }];
  });
}
