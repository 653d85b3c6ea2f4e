/** Roles from what the identity provider says at sign-in: claim rules of the organization, projected on one member. */
import type { ChangeContext } from './deps.ts';
import type { GroupMapping } from './entities/directory.ts';
import type { Membership } from './entities/people.ts';
import type { WantedGrant } from './grants.ts';
import { syncGrants } from './grants.ts';
import { getOrganization } from './organization-lookup.ts';
import type { Repositories } from './ports/storage.ts';
import { scopeOf } from './role-projection.ts';
import type { Grant } from './roles.ts';
import type { UpstreamIdentity } from './upstream-identity.ts';

/** Pure: the grants these claims amount to, and the claim names that were sent at all. */
export function wantedClaimGrants(
  mappings: readonly GroupMapping[],
  identity: Pick<UpstreamIdentity, 'connectionId' | 'claims'>,
): readonly WantedGrant[] {
  return mappings.flatMap((mapping) => {
    const { match } = mapping;
    if (match.kind !== 'claim' || !(identity.claims.get(match.claim) ?? []).includes(match.value)) return [];
    return mapping.grants.map((grant) => ({
      scope: scopeOf(grant),
      source: {
        kind: 'sso_claim' as const,
        connectionId: identity.connectionId,
        claim: match.claim,
        value: match.value,
        mappingId: mapping.id,
      },
      rank: mapping.rank,
    }));
  });
}

/** Makes this connection's claim grants what the claims say; a claim that was not sent leaves its grants alone. */
export async function syncClaimGrants(
  tx: Repositories,
  context: ChangeContext,
  input: { readonly membership: Membership; readonly identity: UpstreamIdentity },
): Promise<Membership> {
  const { membership, identity } = input;
  const mappings = (await tx.groupMappings.list(context.organizationId)).filter(
    ({ match }) => match.kind === 'claim',
  );
  const owns = ({ source }: Grant): boolean =>
    source.kind === 'sso_claim' &&
    source.connectionId === identity.connectionId &&
    identity.claims.has(source.claim);
  return syncGrants(tx, context, {
    membership,
    owns,
    wanted: wantedClaimGrants(mappings, identity),
    rules: await getOrganization(tx, context.organizationId),
  });
}
