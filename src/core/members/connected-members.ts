/** Who comes in through single sign-on and who would be cut off if it were required, read before anybody requires it. */
import type { OrganizationId } from '../../kernel/ids.ts';
import type { Deps } from '../deps.ts';
import type { Organization } from '../entities/organization.ts';
import type { Membership } from '../entities/people.ts';
import type { Connectedness, MemberFilter } from '../ports/people.ts';

/** Some milliseconds of looking. */
const STEP = 5_000;
/** Counted as far as that: whoever cuts off more knows enough. */
const MOST_COUNTED = 1_000;

type Reading = Pick<Deps, 'storage'> & {
  /** Lets others have their turn; awaited between two steps. */
  readonly pause: () => Promise<unknown>;
};

/**
 * Pure: what being connected means here. Where people are looked after by hand: an identity at an active connection. In a
 * directory-managed organization: being held, as active, by an active directory, which says itself who is who.
 */
export const connectedness = (
  { provisioning }: Pick<Organization, 'provisioning'>,
  isConnected: boolean,
): Connectedness => ({ isConnected, by: provisioning === 'directory' ? 'directory' : 'identity' });

/** At most `limit` members that fit, oldest first, behind `after`; however many there are, nobody waits longer than a step takes. */
export async function listInSteps(
  { storage: { memberships }, pause }: Reading,
  organizationId: OrganizationId,
  ask: {
    readonly filter: MemberFilter;
    readonly page: { readonly after?: string | undefined; readonly limit: number };
    /** How many people one step looks at; 5,000 if absent. */
    readonly stepSize?: number | undefined;
  },
): Promise<readonly Membership[]> {
  const { filter, page, stepSize = STEP } = ask;
  const found: Membership[] = [];
  let after = page.after;
  for (;;) {
    const upTo = await memberships.findNth(organizationId, after, stepSize);
    const left = { after, limit: page.limit - found.length };
    found.push(...(await memberships.list(organizationId, { ...filter, upTo }, left)));
    if (upTo === undefined || found.length >= page.limit) return found;
    after = upTo;
    await pause();
  }
}

/** How many active members would be cut off; `isMore`: there are more than those counted, a thousand. */
export async function countNotConnected(
  deps: Reading,
  organization: Pick<Organization, 'id' | 'provisioning'>,
): Promise<{ readonly count: number; readonly isMore: boolean }> {
  const filter = { status: 'active', connected: connectedness(organization, false) } as const;
  const page = { limit: MOST_COUNTED + 1 };
  const found = await listInSteps(deps, organization.id, { filter, page });
  return { count: Math.min(found.length, MOST_COUNTED), isMore: found.length > MOST_COUNTED };
}
