/** E-mail domains an organization has proved to own: they decide which addresses its connections may speak for. */
import { randomBytes } from 'node:crypto';
import { GatehouseError } from '../../kernel/errors.ts';
import type { ConnectionId, DomainId, OrganizationId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Domain } from '../entities/domain.ts';
import type { Cause } from '../entities/journal.ts';
import { record } from '../journal/audit.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import { canonicalDomain, domainOf } from './domain-names.ts';

/** Where the proof goes: a TXT record of this name with this value. */
export const challengeRecord = (domain: Domain) => ({
  type: 'TXT' as const,
  name: `_gatehouse-challenge.${domain.domain}`,
  value: `gatehouse-domain-verification=${domain.challenge}`,
});

/** True when `organizationId` has proved the domain of this address. */
export async function isProvedAddress(
  from: Queries | Repositories,
  organizationId: OrganizationId,
  email: string,
): Promise<boolean> {
  const domain = domainOf(email);
  if (domain === '') return false;
  return (await from.domains.findVerified(domain))?.organizationId === organizationId;
}

interface DomainRequest {
  readonly organizationId: OrganizationId;
  readonly cause: Cause;
}

/** Claims a domain; `vouched` (operator only) makes it proved at once, one that was claimed before too. Throws `invalid` (fields `domain`, `connection`), `already_exists` (field `domain`). */
export async function addDomain(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: DomainRequest & {
    readonly domain: string;
    readonly vouched: boolean;
    /** The connection its people sign in through; any if absent. */
    readonly connectionId?: ConnectionId | null | undefined;
  },
): Promise<Domain> {
  const name = canonicalDomain(input.domain);
  const { organizationId, cause, vouched } = input;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    await getOrganization(tx, organizationId);
    const connectionId = input.connectionId ?? null;
    await assertOwnConnection(tx, organizationId, connectionId);
    const claimed = vouched ? await findClaimed(tx, organizationId, name) : undefined;
    if (claimed !== undefined) {
      const isTied = input.connectionId !== undefined;
      return vouch(tx, context, isTied ? await tie(tx, context, { domain: claimed, connectionId }) : claimed);
    }
    const domain: Domain = {
      id: newId('dom', context.now),
      version: 1,
      organizationId,
      domain: name,
      status: 'pending',
      challenge: randomBytes(20).toString('hex'),
      proof: null,
      verifiedAt: null,
      checkedAt: null,
      missingSince: null,
      unansweredMs: 0,
      connectionId,
      createdAt: context.now,
    };
    await tx.domains.insert(organizationId, domain);
    const target = { kind: 'domain', id: domain.id };
    await record(tx, context, { type: 'domain.created', target, details: { domain: name, connectionId } });
    return vouched ? vouch(tx, context, domain) : domain;
  });
}

/** What the organization has claimed, and not proved. */
const findClaimed = async (tx: Repositories, organizationId: OrganizationId, name: string) =>
  (await tx.domains.list(organizationId)).find(
    ({ domain, status }) => domain === name && status !== 'verified',
  );

/** The operator's word in place of the record. Throws `already_exists` (field `domain`) when another organization has proved it. */
async function vouch(tx: Repositories, context: ChangeContext, domain: Domain): Promise<Domain> {
  const proof = {
    status: 'verified',
    proof: 'operator',
    verifiedAt: context.now,
    missingSince: null,
    unansweredMs: 0,
  } as const;
  await tx.domains.update(context.organizationId, { ...domain, ...proof }, domain.version);
  await record(tx, context, {
    type: 'domain.verified',
    target: { kind: 'domain', id: domain.id },
    details: { domain: domain.domain, by: 'operator' },
  });
  return { ...domain, ...proof, version: domain.version + 1 };
}

/**
 * The operator vouches for a domain that the organization has claimed; one that is proved stays as it is. Throws `not_found`,
 * `already_exists` (field `domain`) when another organization has proved it.
 */
export async function vouchForDomain(
  deps: Pick<Deps, 'storage' | 'clock'>,
  { organizationId, cause, id }: DomainRequest & { readonly id: DomainId },
): Promise<Domain> {
  return deps.storage.transact(async (tx) => {
    const domain = await getDomain(tx, organizationId, id);
    if (domain.status === 'verified') return domain;
    return vouch(tx, { organizationId, cause, now: deps.clock() }, domain);
  });
}

/** Throws `invalid` (field `connection`) for one this organization does not have: another's looks like none (law 1). */
async function assertOwnConnection(
  tx: Repositories,
  organizationId: OrganizationId,
  id: ConnectionId | null,
): Promise<void> {
  if (id === null || (await tx.connections.find(organizationId, id)) !== undefined) return;
  throw new GatehouseError('invalid', 'No connection of this organization has this id.', {
    field: 'connection',
  });
}

/** Says through which connection people of the domain sign in; null: any. Throws `not_found`, `invalid` (field `connection`). */
export async function tieDomain(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: DomainRequest & { readonly id: DomainId; readonly connectionId: ConnectionId | null },
): Promise<Domain> {
  const { organizationId, cause, id, connectionId } = input;
  return deps.storage.transact(async (tx) => {
    const domain = await getDomain(tx, organizationId, id);
    await assertOwnConnection(tx, organizationId, connectionId);
    return tie(tx, { organizationId, cause, now: deps.clock() }, { domain, connectionId });
  });
}

async function tie(
  tx: Repositories,
  context: ChangeContext,
  change: { readonly domain: Domain; readonly connectionId: ConnectionId | null },
): Promise<Domain> {
  const { domain, connectionId } = change;
  if (domain.connectionId === connectionId) return domain;
  await tx.domains.update(context.organizationId, { ...domain, connectionId }, domain.version);
  await record(tx, context, {
    type: 'domain.updated',
    target: { kind: 'domain', id: domain.id },
    details: { domain: domain.domain, before: domain.connectionId, after: connectionId },
  });
  return { ...domain, connectionId, version: domain.version + 1 };
}

/** Before a connection goes: its domains go on with any other. */
export async function untieDomains(
  tx: Repositories,
  context: ChangeContext,
  connectionId: ConnectionId,
): Promise<void> {
  for (const domain of await tx.domains.list(context.organizationId)) {
    if (domain.connectionId === connectionId) await tie(tx, context, { domain, connectionId: null });
  }
}

/** The domain, or `not_found`. */
export async function getDomain(
  from: Queries | Repositories,
  organizationId: OrganizationId,
  id: DomainId,
): Promise<Domain> {
  const domain = await from.domains.find(organizationId, id);
  if (domain === undefined) throw new GatehouseError('not_found', 'No such domain.');
  return domain;
}

/** Gives a domain up. Throws `not_found`. */
export async function removeDomain(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: DomainRequest & { readonly id: DomainId },
): Promise<void> {
  const { organizationId, cause, id } = input;
  await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const domain = await getDomain(tx, organizationId, id);
    await tx.domains.remove(organizationId, id);
    await record(tx, context, {
      type: 'domain.removed',
      target: { kind: 'domain', id },
      details: { domain: domain.domain },
    });
  });
}
