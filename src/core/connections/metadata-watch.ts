/** Metadata at an address, read again and again: what is new waits for somebody's yes, unless it is vouched for (S64). */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import type { ConnectionId, OrganizationId } from '../../kernel/ids.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type {
  MetadataWatch,
  SamlConnection,
  SamlSettings,
  WatchedDescription,
} from '../entities/connection.ts';
import type { AuditType, Cause } from '../entities/journal.ts';
import { record } from '../journal/audit.ts';
import { stagedMetadataMail } from '../mail/mails.ts';
import { mailOwners } from '../mail/owner-mails.ts';
import type { MetadataReading } from '../ports/metadata-reader.ts';
import type { Repositories } from '../ports/storage.ts';
import { dueAtOf } from './connection-schedule.ts';
import { tellOwnersOfTrust, trustFacts } from './connection-trust.ts';
import { getSamlConnection } from './sp-keys.ts';

type WatchDeps = Pick<Deps, 'storage' | 'clock' | 'readMetadata'>;

interface WatchRequest {
  readonly organizationId: OrganizationId;
  readonly connectionId: ConnectionId;
  readonly cause: Cause;
}

/** Names what is staged, so that a yes is to exactly that. */
export const stagedId = (staged: WatchedDescription): string =>
  createHash('sha256').update(JSON.stringify(staged)).digest('base64url').slice(0, 22);

/** What was read, or why nothing was. */
type Reading = MetadataReading | { readonly problem: string };

type MetadataEvent = Extract<AuditType, `connection.metadata_${string}`>;

/**
 * Pure: what a reading makes of the settings. The same description changes nothing but the time; another entity id is never
 * taken over; anything else is applied where a pinned key signed it or the owner opted in, and waits otherwise.
 */
function judgeMetadata(
  settings: SamlSettings,
  { watch, reading, now }: { readonly watch: MetadataWatch; readonly reading: Reading; readonly now: number },
): { readonly settings: SamlSettings; readonly event: MetadataEvent | undefined } {
  const seen: MetadataWatch = { ...watch, checkedAt: now, problem: null };
  const unchanged = (metadata: MetadataWatch) => ({ settings: { ...settings, metadata }, event: undefined });
  if ('problem' in reading) return unchanged({ ...seen, problem: reading.problem });
  const { idpEntityId, ssoUrl, ssoPostUrl, certificates } = reading.description;
  const description: WatchedDescription = { idpEntityId, ssoUrl, ssoPostUrl, certificates };
  if (description.idpEntityId !== settings.idpEntityId)
    return unchanged({ ...seen, problem: 'The metadata describes another identity provider.' });
  // Whether it takes unsigned requests is no matter of trust: it counts at once.
  const { wantsSignedRequests = false } = reading.description;
  const known = { ...settings, wantsSignedRequests };
  if (isPinned(settings, description))
    return { settings: { ...known, metadata: { ...seen, staged: null } }, event: undefined };
  if (watch.isTrusted || reading.isSigned) {
    const metadata = { ...seen, staged: null };
    return { settings: { ...known, ...description, metadata }, event: 'connection.metadata_applied' };
  }
  const staged = { ...seen, staged: description };
  const isNew = !isDeepStrictEqual(watch.staged, description);
  return {
    settings: { ...known, metadata: staged },
    event: isNew ? 'connection.metadata_staged' : undefined,
  };
}

/** Whether all of it is what the settings say already; the order of certificates means nothing. */
function isPinned(settings: SamlSettings, description: WatchedDescription): boolean {
  const { idpEntityId, ssoUrl, ssoPostUrl, certificates } = settings;
  return isDeepStrictEqual(
    { idpEntityId, ssoUrl, ssoPostUrl, certificates: certificates.toSorted() },
    { ...description, certificates: description.certificates.toSorted() },
  );
}

/**
 * Reads the metadata of a connection now, if it has an address. Never throws for what is at the address: that stands in
 * `problem`. Throws `not_found`.
 */
export async function refreshMetadata(deps: WatchDeps, request: WatchRequest): Promise<SamlConnection> {
  const { organizationId, connectionId, cause } = request;
  const known = await getSamlConnection(deps.storage, organizationId, connectionId);
  const { metadata, certificates } = known.settings;
  if (metadata === null) return known;
  // Asked before the transaction: nothing in it may wait for the network.
  const reading = await read(deps, metadata.url, certificates);
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const before = await getSamlConnection(tx, organizationId, connectionId);
    const watch = before.settings.metadata;
    // Whoever changed the trust meanwhile knows better than this reading.
    const isSame =
      watch?.url === metadata.url && isDeepStrictEqual(before.settings.certificates, certificates);
    if (watch === null || !isSame) return before;
    const { settings, event } = judgeMetadata(before.settings, { watch, reading, now: context.now });
    return store(tx, context, { before, settings, event });
  });
}

async function read(deps: WatchDeps, url: string, certificates: readonly string[]): Promise<Reading> {
  try {
    return await deps.readMetadata({ url, certificates });
  } catch (error) {
    if (isGatehouseError(error)) return { problem: error.detail };
    throw error;
  }
}

/**
 * Pins what is staged. `id` says what the caller has seen. Throws `not_found` when nothing is staged, `version_conflict`
 * when it is something else by now.
 */
export function applyStagedMetadata(
  deps: Pick<Deps, 'storage' | 'clock'>,
  { id, ...request }: WatchRequest & { readonly id: string },
): Promise<SamlConnection> {
  const { organizationId, connectionId, cause } = request;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const before = await getSamlConnection(tx, organizationId, connectionId);
    const watch = before.settings.metadata;
    if (watch === null || watch.staged === null)
      throw new GatehouseError('not_found', 'No metadata is waiting.');
    if (stagedId(watch.staged) !== id)
      throw new GatehouseError('version_conflict', 'The metadata has changed since it was looked at.');
    const settings = { ...before.settings, ...watch.staged, metadata: { ...watch, staged: null } };
    return store(tx, context, { before, settings, event: 'connection.metadata_applied' });
  });
}

interface Outcome {
  readonly before: SamlConnection;
  readonly settings: SamlSettings;
  readonly event: MetadataEvent | undefined;
}

async function store(
  tx: Repositories,
  context: ChangeContext,
  { before, settings, event }: Outcome,
): Promise<SamlConnection> {
  const changed: SamlConnection = { ...before, settings, updatedAt: context.now };
  const after: SamlConnection = { ...changed, dueAt: dueAtOf(changed) };
  await tx.connections.update(before.organizationId, after, before.version);
  if (event !== undefined) await tell(tx, context, { before, after, event });
  return { ...after, version: before.version + 1 };
}

async function tell(
  tx: Repositories,
  context: ChangeContext,
  {
    before,
    after,
    event,
  }: { readonly before: SamlConnection; readonly after: SamlConnection; readonly event: MetadataEvent },
): Promise<void> {
  const { metadata } = after.settings;
  const staged = metadata?.staged ?? null;
  const then = staged === null ? after : { ...after, settings: { ...after.settings, ...staged } };
  await record(tx, context, {
    type: event,
    target: { kind: 'connection', id: after.id },
    details: { before: trustFacts(before), after: trustFacts(then) },
  });
  if (staged === null) await tellOwnersOfTrust(tx, context, { before, after });
  else
    await mailOwners(tx, context, (organization) =>
      stagedMetadataMail({ organization, name: after.name, url: metadata?.url ?? '' }),
    );
}
