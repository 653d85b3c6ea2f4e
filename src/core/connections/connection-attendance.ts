/** Looks after connections whose time has come: reads their metadata, and warns before a certificate ends. */

import type { ChangeContext, Deps } from '../deps.ts';
import type { Connection, SamlConnection } from '../entities/connection.ts';
import type { Cause } from '../entities/journal.ts';
import { record } from '../journal/audit.ts';
import { certificateMail } from '../mail/mails.ts';
import { mailOwners } from '../mail/owner-mails.ts';
import type { Repositories } from '../ports/storage.ts';
import { dueAtOf, dueWarnings, type ExpiryWarning, REFRESH_EVERY_MS } from './connection-schedule.ts';
import { refreshMetadata } from './metadata-watch.ts';
import { getSamlConnection, isSaml } from './sp-keys.ts';

/** Of one run. */
const BATCH = 200;

type AttendDeps = Pick<Deps, 'storage' | 'clock' | 'readMetadata'>;

const CAUSE: Cause = { actor: { kind: 'system' }, requestId: 'attend-connections' };

/**
 * Attends every connection that is due, soonest first. Events: `connection.metadata_*`, and `connection.certificate_expiring`
 * 60, 30, 14, 7 and 1 days before the end of a certificate, theirs or ours, `connection.certificate_expired` at the end; each
 * once. Answers how many were attended.
 */
export async function attendConnections(deps: AttendDeps): Promise<number> {
  const due = await deps.storage.connections.listDue(deps.clock(), BATCH);
  for (const connection of due) if (isSaml(connection)) await attend(deps, connection);
  return due.length;
}

async function attend(deps: AttendDeps, connection: SamlConnection): Promise<void> {
  const { organizationId, id: connectionId, settings } = connection;
  const isRefreshDue = (settings.metadata?.checkedAt ?? Infinity) + REFRESH_EVERY_MS <= deps.clock();
  if (isRefreshDue) await refreshMetadata(deps, { organizationId, connectionId, cause: CAUSE });
  await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause: CAUSE, now: deps.clock() };
    const before = await getSamlConnection(tx, organizationId, connectionId);
    const { warnings, told } = dueWarnings(before.settings, context.now);
    const changed: SamlConnection = { ...before, settings: { ...before.settings, expiryWarnings: told } };
    const after: SamlConnection = { ...changed, dueAt: dueAtOf(changed) };
    if (warnings.length === 0 && after.dueAt === before.dueAt) return;
    await tx.connections.update(organizationId, after, before.version);
    for (const warning of warnings) await warn(tx, context, { connection: after, warning });
  });
}

async function warn(
  tx: Repositories,
  context: ChangeContext,
  { connection, warning }: { readonly connection: Connection; readonly warning: ExpiryWarning },
): Promise<void> {
  const { id, name } = connection;
  await record(tx, context, {
    type: warning.thresholdDays === 0 ? 'connection.certificate_expired' : 'connection.certificate_expiring',
    target: { kind: 'connection', id },
    details: { name, ...warning },
  });
  await mailOwners(tx, context, (organization) => certificateMail({ organization, name, ...warning }));
}
