/** An OpenID provider that cannot be reached: told once when it begins and once when it is over, however many people try meanwhile. */

import type { ChangeContext, Deps } from '../deps.ts';
import type { Cause } from '../entities/journal.ts';
import type { Connection, OidcSettings } from '../entities/sign-in.ts';
import { record } from '../journal/audit.ts';

type OutageDeps = Pick<Deps, 'storage' | 'clock'>;

/** Reasons of a start that say the provider's own description could not be had, or is none. Nobody outside can bring them about. */
const OUTAGES: readonly unknown[] = ['oidc.unreachable', 'oidc.discovery'];

/**
 * Notes what asking the provider for its description found: null when it answered, else the reason. Events
 * `connection.unreachable` and `connection.reachable`, each once for an outage; nothing is written while it lasts, or when
 * the reason is of another kind.
 */
export async function noteAnswerOfProvider(
  deps: OutageDeps,
  found: { readonly connection: Connection; readonly reason: unknown; readonly cause: Cause },
): Promise<void> {
  const { reason, connection } = found;
  const outage = OUTAGES.find((one) => one === reason);
  if (typeof outage === 'string') return change(deps, found, { reason: outage, since: deps.clock() });
  if (reason === null && outageOf(connection) !== undefined) return change(deps, found, undefined);
}

const outageOf = ({ settings }: Connection): OidcSettings['outage'] =>
  settings.protocol === 'oidc' ? settings.outage : undefined;

async function change(
  deps: OutageDeps,
  { connection, cause }: { readonly connection: Connection; readonly cause: Cause },
  outage: OidcSettings['outage'],
): Promise<void> {
  const { organizationId, id } = connection;
  if (isSame(outageOf(connection), outage)) return;
  const context: ChangeContext = { organizationId, cause, now: deps.clock() };
  await deps.storage.transact(async (tx) => {
    const before = await tx.connections.find(organizationId, id);
    if (before?.settings.protocol !== 'oidc' || isSame(before.settings.outage, outage)) return;
    const { outage: _over, ...settings } = before.settings;
    const next = outage === undefined ? settings : { ...settings, outage };
    await tx.connections.update(organizationId, { ...before, settings: next }, before.version);
    const { name } = before;
    await record(tx, context, {
      type: outage === undefined ? 'connection.reachable' : 'connection.unreachable',
      target: { kind: 'connection', id },
      details: { name, issuer: settings.issuer, ...(outage && { reason: outage.reason }) },
    });
  });
}

/** One outage is one, whatever became of its reason. */
const isSame = (one: OidcSettings['outage'], other: OidcSettings['outage']): boolean =>
  (one === undefined) === (other === undefined);
