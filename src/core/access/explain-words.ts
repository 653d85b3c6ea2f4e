/** The words of an explanation: what a grant came from, who began and ended it, told with the names things had then. */
import { type OrganizationId, parseId } from '../../kernel/ids.ts';
import type { MappingGrant, MappingMatch } from '../entities/directory.ts';
import type { PastValues, Trace, TracedGrant } from '../entities/history.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import type { Grant } from './roles.ts';

/** Where and when an explanation looks. */
export interface LookingBack {
  readonly from: Queries | Repositories;
  readonly organizationId: OrganizationId;
  /** Epoch ms. */
  readonly at: number;
}

export interface ToldSource {
  readonly sentence: string;
  /** Names beside the ids of the source; null for what had none left to tell. */
  readonly names: Readonly<Record<string, unknown>>;
}

/** One plain sentence about where a grant came from. */
export async function tellSource(
  look: LookingBack,
  { grant, begunBy }: Pick<TracedGrant, 'grant' | 'begunBy'>,
): Promise<ToldSource> {
  const { source } = grant;
  switch (source.kind) {
    case 'default':
      return { sentence: tellDefault(grant), names: {} };
    case 'manual':
      return { sentence: `Given by ${await tellGiver(look, source.actor, begunBy)}.`, names: {} };
    case 'invitation':
      return { sentence: 'Given by the invitation this person accepted.', names: {} };
    case 'directory_group':
      return tellGroup(look, source);
    case 'sso_claim':
      return tellClaim(look, source);
  }
}

const tellDefault = ({ scope }: Grant): string =>
  scope.kind === 'team'
    ? 'The default team: everybody is in it under a plan with one team.'
    : 'The default role of this organization.';

async function tellGroup(
  look: LookingBack,
  source: Extract<Grant['source'], { kind: 'directory_group' }>,
): Promise<ToldSource> {
  const groupName = await groupNameOf(look, source.groupId);
  const directoryName = await directoryNameOf(look, source.directoryId);
  const rule = await ruleOf(look, source.mappingId);
  return {
    sentence: `Directory group "${groupName ?? source.groupId}" of ${directoryName ?? 'the directory'}, through a group mapping.`,
    names: { groupName, directoryName, rule },
  };
}

async function tellClaim(
  look: LookingBack,
  source: Extract<Grant['source'], { kind: 'sso_claim' }>,
): Promise<ToldSource> {
  const connectionName = await nameOf(look, source.connectionId, async ({ from, organizationId }) => {
    const id = parseId('con', source.connectionId);
    return id && (await from.connections.find(organizationId, id))?.name;
  });
  const rule = await ruleOf(look, source.mappingId);
  return {
    sentence: `${connectionName ?? 'The identity provider'} said ${source.claim} = "${source.value}" at the last sign-in.`,
    names: { connectionName, rule },
  };
}

/** Somebody who has gone, and whom the history does not know any more, is known from the beginning of what they gave. */
async function tellGiver(look: LookingBack, giver: string, begunBy: Trace | null): Promise<string> {
  if (giver === 'operator') return 'the operator of this gateway';
  const { from, organizationId } = look;
  const id = parseId('mem', giver);
  const member = id && (await from.memberships.find(organizationId, id));
  const told = member ?? (await valueAt(look, 'membership', giver)) ?? (await lastFacts(look, giver));
  const asThen = begunBy?.actor.kind === 'member' ? begunBy.actor.email : null;
  return told?.email ?? told?.name ?? asThen ?? 'a former member';
}

/** The value that ended after the instant; undefined when what holds now held then. */
async function valueAt<Kind extends keyof PastValues>(
  { from, organizationId, at }: LookingBack,
  kind: Kind,
  id: string,
): Promise<PastValues[Kind] | undefined> {
  const past = await from.pastValues.find(organizationId, { kind, id }, at);
  return past?.value;
}

const lastFacts = (look: LookingBack, id: string) => valueAt({ ...look, at: -1 }, 'membership', id);

async function nameOf(
  look: LookingBack,
  id: string,
  now: (look: LookingBack) => Promise<string | undefined>,
): Promise<string | null> {
  return (await valueAt(look, 'name', id)) ?? (await now(look)) ?? null;
}

/** What a team was called; null when nobody knows. */
export const teamNameOf = (look: LookingBack, id: string): Promise<string | null> =>
  nameOf(look, id, async ({ from, organizationId }) => {
    const teamId = parseId('team', id);
    return teamId && (await from.teams.find(organizationId, teamId))?.name;
  });

const groupNameOf = (look: LookingBack, id: string): Promise<string | null> =>
  nameOf(look, id, async ({ from, organizationId }) => {
    const groupId = parseId('dg', id);
    return groupId && (await from.directoryGroups.findInOrganization(organizationId, groupId))?.displayName;
  });

const directoryNameOf = (look: LookingBack, id: string): Promise<string | null> =>
  nameOf(look, id, async ({ from, organizationId }) => {
    const directoryId = parseId('dir', id);
    return directoryId && (await from.directories.find(organizationId, directoryId))?.name;
  });

/** What the rule said, in words; null when nobody knows. */
async function ruleOf(look: LookingBack, id: string): Promise<string | null> {
  const { from, organizationId } = look;
  const mappingId = parseId('map', id);
  const rule =
    (await valueAt(look, 'mapping', id)) ??
    (mappingId && (await from.groupMappings.find(organizationId, mappingId)));
  if (rule === undefined) return null;
  const gives: string[] = [];
  for (const grant of rule.grants) gives.push(await tellGift(look, grant));
  return `${await tellMatch(look, rule.match)}: ${gives.join(', ')}`;
}

async function tellMatch(look: LookingBack, match: MappingMatch): Promise<string> {
  switch (match.kind) {
    case 'group_id':
      return `group "${(await groupNameOf(look, match.groupId)) ?? match.groupId}"`;
    case 'group_name':
      return `groups called "${match.groupName}"`;
    case 'group_pattern':
      return `groups like "${match.groupPattern}"`;
    case 'claim':
      return `${match.claim} = "${match.value}"`;
  }
}

async function tellGift(look: LookingBack, grant: MappingGrant): Promise<string> {
  switch (grant.scope) {
    case 'org':
      return grant.role;
    case 'team':
      return `${grant.role} of team "${(await teamNameOf(look, grant.teamId)) ?? grant.teamId}"`;
    case 'resource':
      return `${grant.role} of ${grant.resource.type} ${grant.resource.id}`;
  }
}

/** Who did it, for a sentence: `directory token "Okta"`, `ada@example.com`, `the operator of this gateway`. */
export function tellActor({ actor }: Trace): string {
  switch (actor.kind) {
    case 'member':
      return actor.email ?? 'a member';
    case 'operator':
      return 'the operator of this gateway';
    case 'directory':
      return `the directory, with the token "${actor.tokenName}"`;
    case 'connection':
      return 'a sign-in';
    case 'invitee':
      return 'the person, by an invitation';
    case 'api_key':
      return `the API key "${actor.name}"`;
    case 'anonymous':
      return 'somebody not signed in';
    case 'system':
      return 'the gateway itself';
  }
}
