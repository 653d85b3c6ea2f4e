/** Goes through the whole ledger of an organization: for the few changes whose grants no group and no team leads to. */
import type { ChangeContext } from '../deps.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Repositories } from '../ports/storage.ts';
import type { WantedGrant } from './grants.ts';
import { syncGrants } from './grants.ts';
import type { Grant } from './roles.ts';

const PAGE = 500;

/**
 * Replaces, for every member, the grants that `owns` picks by what `instead` answers for them (absent: by nothing), and
 * re-resolves the roles of those it touched. Cost follows the number of members.
 */
export async function sweepLedger(
  tx: Repositories,
  context: ChangeContext,
  sweep: {
    readonly owns: (grant: Grant) => boolean;
    readonly instead?: (owned: readonly Grant[]) => readonly WantedGrant[];
  },
): Promise<void> {
  const { organizationId } = context;
  const rules = await getOrganization(tx, organizationId);
  for (let after: string | undefined; ; ) {
    const page = await tx.memberships.list(organizationId, {}, { after, limit: PAGE });
    for (const membership of page) {
      const owned = (await tx.grants.listByMembership(organizationId, membership.id)).filter(sweep.owns);
      if (owned.length === 0) continue;
      const wanted = sweep.instead?.(owned) ?? [];
      await syncGrants(tx, context, { membership, owns: sweep.owns, wanted, rules });
    }
    if (page.length < PAGE) return;
    after = page.at(-1)?.id;
  }
}
