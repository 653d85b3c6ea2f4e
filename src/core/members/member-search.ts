/** Members by what somebody types: addresses that start with it come first, by index; then whoever holds it anywhere, in bounded steps. */
import type { OrganizationId } from '../../kernel/ids.ts';
import type { Deps } from '../deps.ts';
import type { Membership } from '../entities/people.ts';
import type { EmailPlace, MemberFilter } from '../ports/people.ts';
import { type Member, withTeams } from './members.ts';

/** Where the next page goes on: in which part of the answer, and behind whom; absent: from the start of that part. */
export type SearchPlace =
  | { readonly part: 'email_start'; readonly after?: EmailPlace | undefined }
  | { readonly part: 'elsewhere'; readonly after?: string | undefined };

export interface MemberSearch {
  readonly organizationId: OrganizationId;
  readonly filter: MemberFilter & { readonly text: string };
  readonly from: SearchPlace;
  readonly limit: number;
  /** Lets others have their turn; awaited between two steps. */
  readonly pause: () => Promise<unknown>;
  /** How many people one step looks at; 5,000 if absent. */
  readonly stepSize?: number | undefined;
}

export interface FoundMembers {
  readonly members: readonly Member[];
  /** Undefined: there are no more. */
  readonly next: SearchPlace | undefined;
}

/** Some two milliseconds of looking. */
const STEP = 5_000;

interface Found {
  readonly member: Membership;
  readonly place: SearchPlace;
}

/**
 * One page: first those whose e-mail starts with the text, by e-mail, then all others that hold it in name or e-mail, oldest
 * first. However many people there are, nothing else waits longer than one step takes.
 */
export async function searchMembers(
  deps: Pick<Deps, 'storage'>,
  search: MemberSearch,
): Promise<FoundMembers> {
  const { organizationId, limit } = search;
  const found: Found[] = [];
  let from: SearchPlace | undefined = search.from;
  // One more than asked for tells whether there is a next page.
  while (from !== undefined && found.length <= limit) {
    const step = await searchStep(deps, { ...search, from, limit: limit + 1 - found.length });
    found.push(...step.found);
    from = step.next;
    if (from !== undefined) await search.pause();
  }
  const page = found.slice(0, limit);
  const members = page.map(({ member }) => member);
  return {
    members: await withTeams(deps.storage, organizationId, members),
    next: found.length > limit ? page.at(-1)?.place : undefined,
  };
}

interface Step {
  readonly found: readonly Found[];
  readonly next: SearchPlace | undefined;
}

async function searchStep(deps: Pick<Deps, 'storage'>, search: MemberSearch): Promise<Step> {
  const { memberships } = deps.storage;
  const { organizationId, filter, from, limit } = search;
  if (from.part === 'email_start') {
    const members = await memberships.listByEmailStart(organizationId, filter, { after: from.after, limit });
    const found = members.map((member) => ({
      member,
      place: { part: from.part, after: { emailKey: member.emailKey ?? '', id: member.id } },
    }));
    return { found, next: { part: 'elsewhere' } };
  }
  const upTo = await memberships.findNth(organizationId, from.after, search.stepSize ?? STEP);
  const page = { after: from.after, limit };
  const members = await memberships.list(organizationId, { ...filter, isElsewhere: true, upTo }, page);
  return {
    found: members.map((member) => ({ member, place: { part: from.part, after: member.id } })),
    next: upTo === undefined ? undefined : { part: from.part, after: upTo },
  };
}
