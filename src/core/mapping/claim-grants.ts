/** Roles from what the identity provider says at sign-in: claim rules of the organization, projected on one member. */
import type { ConnectionId } from '../../kernel/ids.ts';
import type { WantedGrant } from '../access/grants.ts';
import { syncGrants } from '../access/grants.ts';
import { sweepLedger } from '../access/ledger-sweep.ts';
import { scopeOf } from '../access/role-projection.ts';
import type { Grant } from '../access/roles.ts';
import type { ChangeContext } from '../deps.ts';
import type { GroupMapping, MappingMatch } from '../entities/directory.ts';
import type { Organization } from '../entities/organization.ts';
import type { Membership } from '../entities/people.ts';
import type { Repositories } from '../ports/storage.ts';
import type { UpstreamIdentity } from '../sign-in/upstream-identity.ts';

/** Pure: the grants these claims amount to. */
export function wantedClaimGrants(
  mappings: readonly GroupMapping[],
  identity: Pick<UpstreamIdentity, 'connectionId' | 'claims'>,
): readonly WantedGrant[] {
  return mappings.flatMap((mapping) => {
    const { match } = mapping;
    if (match.kind !== 'claim' || !(identity.claims.get(match.claim) ?? []).includes(match.value)) return [];
    return grantsThrough(mapping, match, identity.connectionId);
  });
}

const grantsThrough = (
  mapping: GroupMapping,
  { claim, value }: Extract<MappingMatch, { kind: 'claim' }>,
  connectionId: string,
): readonly WantedGrant[] =>
  mapping.grants.map((grant) => ({
    scope: scopeOf(grant),
    source: { kind: 'sso_claim' as const, connectionId, claim, value, mappingId: mapping.id },
    rank: mapping.rank,
  }));

/**
 * Pure: what the rules say now to somebody who holds `grants` through claims. What was said is known by the rule it spoke
 * to: one that has gone, or speaks of another claim or value, says nothing until the next sign-in.
 */
export function carriedClaimGrants(
  mappings: readonly GroupMapping[],
  grants: readonly Grant[],
): readonly WantedGrant[] {
  return grants.flatMap(({ source }) => {
    if (source.kind !== 'sso_claim') return [];
    const mapping = mappings.find(({ id }) => id === source.mappingId);
    const match = mapping?.match;
    if (mapping === undefined || match?.kind !== 'claim') return [];
    const isSame = match.claim === source.claim && match.value === source.value;
    return isSame ? grantsThrough(mapping, match, source.connectionId) : [];
  });
}

/**
 * Makes this connection's claim grants what the claims say. A claim that was not sent leaves its grants alone, unless the
 * organization is strict; one that the provider could not send leaves them alone always.
 */
export async function syncClaimGrants(
  tx: Repositories,
  context: ChangeContext,
  input: {
    readonly membership: Membership;
    /** As this transaction found it. */
    readonly organization: Organization;
    readonly identity: UpstreamIdentity;
  },
): Promise<Membership> {
  const { membership, organization, identity } = input;
  const mappings = (await tx.groupMappings.list(context.organizationId)).filter(
    ({ match }) => match.kind === 'claim',
  );
  const isTold = (claim: string): boolean =>
    identity.claims.has(claim) || (organization.strictClaims && identity.untold?.includes(claim) !== true);
  const owns = ({ source }: Grant): boolean =>
    source.kind === 'sso_claim' && source.connectionId === identity.connectionId && isTold(source.claim);
  const wanted = wantedClaimGrants(mappings, identity);
  return syncGrants(tx, context, { membership, owns, wanted, rules: organization });
}

/**
 * Carries a changed claim rule over to everybody who holds a role through it, or, with `after` absent, takes those
 * roles away. A rule that speaks of another claim or value now says nothing until the next sign-in.
 */
export async function reprojectClaimRule(
  tx: Repositories,
  context: ChangeContext,
  rule: { readonly before: GroupMapping; readonly after?: GroupMapping },
): Promise<void> {
  const { before, after } = rule;
  if (before.match.kind !== 'claim') return;
  await sweepLedger(tx, context, {
    owns: ({ source }) => source.kind === 'sso_claim' && source.mappingId === before.id,
    instead: (owned) => carriedClaimGrants(after === undefined ? [] : [after], owned),
  });
}

/** Takes away every role that holds because this connection said something. */
export async function forgetClaimsOf(
  tx: Repositories,
  context: ChangeContext,
  connectionId: ConnectionId,
): Promise<void> {
  await sweepLedger(tx, context, {
    owns: ({ source }) => source.kind === 'sso_claim' && source.connectionId === connectionId,
  });
}
