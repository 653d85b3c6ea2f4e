/** "Why does she have this?": every role of a member, traced to the grants behind it, in words a person can read. */
import type { MembershipId, OrganizationId } from '../kernel/ids.ts';
import type { Deps } from './deps.ts';
import type { Membership } from './entities/people.ts';
import { getMembership } from './memberships.ts';
import { getOrganization } from './organization-lookup.ts';
import type { Queries } from './ports/storage.ts';
import type { Grant, OrgRole, Resource, ResourceRole, TeamRole } from './roles.ts';
import { resolveRoles } from './roles.ts';

/** One grant as told to a person. */
export interface ExplainedGrant {
  readonly id: string;
  readonly scope: 'org' | 'team' | 'resource';
  readonly team?: { readonly id: string; readonly name: string };
  readonly resource?: Resource;
  readonly role: string;
  readonly source: Readonly<Record<string, unknown>> & { readonly kind: Grant['source']['kind'] };
  /** One plain sentence, such as `Directory group "Engineering" (okta) through a group mapping.` */
  readonly sentence: string;
  /** Whether this grant decides the role; the others are outranked. */
  readonly decides: boolean;
  readonly at: number;
}

export interface Explanation {
  readonly membership: Membership;
  readonly orgRole: { readonly role: OrgRole; readonly because: readonly ExplainedGrant[] };
  readonly teams: readonly {
    readonly id: string;
    readonly name: string;
    readonly role: TeamRole;
    readonly because: readonly ExplainedGrant[];
  }[];
  readonly resources: readonly {
    readonly resource: Resource;
    readonly role: ResourceRole;
    readonly because: readonly ExplainedGrant[];
  }[];
  readonly grants: readonly ExplainedGrant[];
}

/** Explains every role of one member. Throws `not_found`. */
export async function explainMember(
  deps: Pick<Deps, 'storage'>,
  input: { readonly organizationId: OrganizationId; readonly id: MembershipId },
): Promise<Explanation> {
  const { organizationId, id } = input;
  const membership = await getMembership(deps.storage, organizationId, id);
  const { conflictPolicy } = await getOrganization(deps.storage, organizationId);
  const grants = await deps.storage.grants.listByMembership(organizationId, id);
  const resolved = resolveRoles(grants, conflictPolicy);
  const deciding = new Set(
    [resolved.org, ...resolved.teams, ...resolved.resources].flatMap(
      (role) => role?.because.map((grant) => grant.id) ?? [],
    ),
  );
  const explained = new Map<string, ExplainedGrant>();
  for (const grant of grants) {
    explained.set(grant.id, await explainGrant(deps.storage, { grant, decides: deciding.has(grant.id) }));
  }
  const tell = (because: readonly Grant[]) => because.flatMap((grant) => explained.get(grant.id) ?? []);
  return {
    membership,
    orgRole: { role: membership.orgRole, because: tell(resolved.org?.because ?? []) },
    teams: resolved.teams.map((team) => {
      const because = tell(team.because);
      return { id: team.teamId, name: because[0]?.team?.name ?? '', role: team.role, because };
    }),
    resources: resolved.resources.map((one) => ({ ...one, because: tell(one.because) })),
    grants: [...explained.values()],
  };
}

async function explainGrant(
  from: Queries,
  input: { readonly grant: Grant; readonly decides: boolean },
): Promise<ExplainedGrant> {
  const { grant, decides } = input;
  const team =
    grant.scope.kind === 'team' ? await from.teams.find(grant.organizationId, grant.scope.teamId) : undefined;
  const told = await tellSource(from, grant);
  return {
    id: grant.id,
    scope: grant.scope.kind,
    ...(grant.scope.kind === 'team' ? { team: { id: grant.scope.teamId, name: team?.name ?? '' } } : {}),
    ...(grant.scope.kind === 'resource' ? { resource: grant.scope.resource } : {}),
    role: grant.scope.role,
    source: { ...grant.source, ...told.names },
    sentence: told.sentence,
    decides,
    at: grant.createdAt,
  };
}

interface ToldSource {
  readonly sentence: string;
  readonly names: Readonly<Record<string, unknown>>;
}

async function tellSource(from: Queries, grant: Grant): Promise<ToldSource> {
  const { source, organizationId } = grant;
  switch (source.kind) {
    case 'default':
      return { sentence: 'The default role of this organization.', names: {} };
    case 'manual':
      return { sentence: await tellManual(from, grant, source.actor), names: {} };
    case 'invitation':
      return { sentence: 'Given by the invitation this person accepted.', names: {} };
    case 'directory_group': {
      // The ids of the ledger were branded when they were written; a JSON column cannot carry the brand.
      const group = await from.directoryGroups.findInOrganization(organizationId, source.groupId as never);
      const directory = await from.directories.find(organizationId, source.directoryId as never);
      const names = { groupName: group?.displayName ?? null, directoryName: directory?.name ?? null };
      return {
        sentence: `Directory group "${names.groupName ?? source.groupId}" of ${names.directoryName ?? 'the directory'}, through a group mapping.`,
        names,
      };
    }
    case 'sso_claim': {
      const connection = await from.connections.find(organizationId, source.connectionId as never);
      const names = { connectionName: connection?.name ?? null };
      return {
        sentence: `${names.connectionName ?? 'The identity provider'} said ${source.claim} = "${source.value}" at the last sign-in.`,
        names,
      };
    }
  }
}

async function tellManual(from: Queries, grant: Grant, actor: string): Promise<string> {
  if (actor === 'operator') return 'Given by the operator of this gateway.';
  const giver = await from.memberships.find(grant.organizationId, actor as never);
  return `Given by ${giver?.email ?? giver?.name ?? 'a former member'}.`;
}
