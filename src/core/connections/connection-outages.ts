/** A provider that is out of order: told once when it begins and once when it is over, however many people try meanwhile. */

import type { ChangeContext, Deps } from '../deps.ts';
import type { Connection, Outage } from '../entities/connection.ts';
import type { Cause } from '../entities/journal.ts';
import { record } from '../journal/audit.ts';
import type { Repositories } from '../ports/storage.ts';

type OutageDeps = Pick<Deps, 'storage' | 'clock'>;

/** Reasons of a start that say the provider's own description could not be had, or is none. Nobody outside can bring them about. */
const OUTAGES: readonly unknown[] = ['oidc.unreachable', 'oidc.discovery'];

/**
 * Notes what asking an OpenID provider for its description found: null when it answered, else the reason. Events
 * `connection.unreachable` and `connection.reachable`, each once for an outage; nothing is written while it lasts, or when
 * the reason is of another kind. A SAML provider is asked nothing: for it this does nothing.
 */
export async function noteAnswerOfProvider(
  deps: OutageDeps,
  found: { readonly connection: Connection; readonly reason: unknown; readonly cause: Cause },
): Promise<void> {
  const { reason, connection, cause } = found;
  if (connection.settings.protocol !== 'oidc') return;
  const outage = OUTAGES.find((one) => one === reason);
  const isDown = connection.settings.outage !== undefined;
  if (typeof outage === 'string' && !isDown)
    return change(deps, { connection, cause, outage: { reason: outage, since: deps.clock() } });
  if (reason === null && isDown) return change(deps, { connection, cause, outage: undefined });
}

/** Notes that somebody came back from a SAML provider, with whatever answer: it is there. Writes only what ends an outage. */
export async function noteReturn(
  deps: OutageDeps,
  { connection, cause }: { readonly connection: Connection; readonly cause: Cause },
): Promise<void> {
  if (connection.settings.protocol !== 'saml' || connection.settings.outage === undefined) return;
  await change(deps, { connection, cause, outage: undefined });
}

interface Change {
  readonly connection: Connection;
  readonly cause: Cause;
  readonly outage: Outage | undefined;
}

async function change(deps: OutageDeps, { connection, cause, outage }: Change): Promise<void> {
  const { organizationId, id } = connection;
  await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const before = await tx.connections.find(organizationId, id);
    if (before !== undefined) await setOutage(tx, context, { connection: before, outage });
  });
}

/**
 * Begins (`outage`) or ends (undefined) the outage of a connection as this transaction found it, and tells. One outage is one,
 * whatever became of its reason: answers false, and changes nothing, where it stands as it should.
 */
export async function setOutage(
  tx: Repositories,
  context: ChangeContext,
  { connection, outage }: Pick<Change, 'connection' | 'outage'>,
): Promise<boolean> {
  const { outage: before, ...settings } = connection.settings;
  if ((before === undefined) === (outage === undefined)) return false;
  const next = outage === undefined ? settings : { ...settings, outage };
  const { organizationId, version, id, name } = connection;
  await tx.connections.update(organizationId, { ...connection, settings: next }, version);
  const issuer = settings.protocol === 'saml' ? settings.idpEntityId : settings.issuer;
  await record(tx, context, {
    type: outage === undefined ? 'connection.reachable' : 'connection.unreachable',
    target: { kind: 'connection', id },
    details: { name, issuer, ...(outage && detailsOf(outage)) },
  });
  return true;
}

/** Of silence also how much of it there was: that is all anybody knows of it. */
const detailsOf = ({ reason, since, sent }: Outage) => ({
  reason,
  ...(sent === undefined ? {} : { since: new Date(since).toISOString(), sent }),
});
