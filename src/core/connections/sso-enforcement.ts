/** Requiring single sign-on: only after somebody who answers for the organization has really come in that way, and at once. */
import { hours } from '../../kernel/clock.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { ConnectionId } from '../../kernel/ids.ts';
import type { HashToken } from '../../kernel/tokens.ts';
import type { ChangeContext } from '../deps.ts';
import type { Connection } from '../entities/connection.ts';
import type { Organization } from '../entities/organization.ts';
import type { TestSignIn } from '../entities/sso-policy.ts';
import { record } from '../journal/audit.ts';
import type { Repositories } from '../ports/storage.ts';
import { endSessions } from '../sign-in/session-endings.ts';
import { awaitsSecondFactor, lackOfKey, sessionFits } from './sso-policy.ts';

/** How long a passed test counts. */
const TEST_COUNTS_MS = hours(24);
/** Of one connection, so many of the newest tests are looked at. */
const LOOK_BACK = 50;

/**
 * What a connection trusts and how it reads people, as one keyed hash: while it stays the same, what a test showed holds. Name,
 * status and joining are not part of it, nor are keys of ours and what was only noted about the identity provider.
 */
export function settingsMark(
  hashToken: HashToken,
  { settings, attributes, userNameClaim }: Pick<Connection, 'settings' | 'attributes' | 'userNameClaim'>,
): string {
  const noted = new Set(['spKeys', 'metadata', 'expiryWarnings', 'outage', 'wantsSignedRequests']);
  const trust = Object.entries(settings).filter(([key]) => !noted.has(key));
  const ordered = [...trust, ...Object.entries(attributes), ['userNameClaim', userNameClaim] as const];
  return hashToken(`settings:${JSON.stringify(ordered.toSorted(([a], [b]) => (a < b ? -1 : 1)))}`);
}

/** Pure: whether this test still speaks for the connection. */
const testCounts = (test: TestSignIn, mark: string, now: number): boolean =>
  test.status === 'passed' &&
  test.settingsMark === mark &&
  test.finishedAt !== null &&
  now - test.finishedAt < TEST_COUNTS_MS;

/**
 * Throws `sso_test_required` unless an active connection, as it is set up now, has been passed by a test sign-in within the
 * last 24 hours; `plan_lacks` without single sign-on in the plan.
 */
export async function assertMayRequireSso(
  tx: Repositories,
  { organizationId, now }: ChangeContext,
  input: { readonly organization: Organization; readonly hashToken: HashToken },
): Promise<void> {
  const { plan } = input.organization;
  if (!plan.sso) throw new GatehouseError('plan_lacks', `The plan ${plan.preset} has no single sign-on.`);
  const connections = await tx.connections.list(organizationId);
  let isPassedInactive = false;
  for (const connection of connections) {
    const mark = settingsMark(input.hashToken, connection);
    const tests = await tx.testSignIns.list(organizationId, connection.id, LOOK_BACK);
    if (!tests.some((test) => testCounts(test, mark, now))) continue;
    if (connection.status === 'active') return;
    isPassedInactive = true;
  }
  throw new GatehouseError(
    'sso_test_required',
    isPassedInactive
      ? 'The connection that passed its test sign-in is not active yet. Activate it first.'
      : 'Nobody has passed a test sign-in through a connection of this organization, as it is set up now, within 24 hours. POST .../connections/{id}/test-sign-in and open the address it answers.',
    { field: 'ssoPolicy' },
  );
}

/**
 * Ends what the organization's policy has just made worthless, in the transaction that made it so: where a connection is required, every
 * session and every personal key made without one (law 6, S157), where a second factor is, every session opened without and every
 * personal key made in one. They do not come back when it is required no more.
 */
export async function endUnfitSessions(
  tx: Repositories,
  context: ChangeContext,
  organization: Organization,
): Promise<void> {
  const which = { by: 'organization' } as const;
  await endSessions(tx, context, {
    ...{ which, reason: 'sso_required' },
    only: (session) => !sessionFits(organization, session),
  });
  await endSessions(tx, context, {
    ...{ which, reason: 'second_factor_required' },
    only: (session) => awaitsSecondFactor(organization, session),
  });
  for (const key of await tx.apiKeys.list(organization.id)) {
    const reason = lackOfKey(organization, key);
    if (reason === undefined) continue;
    await tx.apiKeys.remove(organization.id, key.id);
    await record(tx, context, {
      type: 'api_key.removed',
      target: { kind: 'api_key', id: key.id },
      details: { name: key.name, kind: key.kind, reason },
    });
  }
}

/** Throws `last_connection` when single sign-on is required and this would be the end of the only connection people come in by. */
export async function assertNotLastConnection(
  tx: Repositories,
  organization: Pick<Organization, 'id' | 'ssoPolicy'>,
  id: ConnectionId,
): Promise<void> {
  if (organization.ssoPolicy !== 'required') return;
  const connections = await tx.connections.list(organization.id);
  const isActive = (connection: Connection) => connection.status === 'active';
  const others = connections.filter((connection) => connection.id !== id && isActive(connection));
  const isLast = connections.some((connection) => connection.id === id && isActive(connection));
  if (!isLast || others.length > 0) return;
  throw new GatehouseError(
    'last_connection',
    'Members come in through this connection only, because the organization requires single sign-on. Set ssoPolicy to optional first.',
  );
}
