/** Connections: the SAML and OIDC identity providers of an organization, as configuration. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { ConnectionId, OrganizationId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import { keepPast } from '../access/history.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Connection, OidcSettings, SamlSettings } from '../entities/connection.ts';
import type { Cause } from '../entities/journal.ts';
import { record } from '../journal/audit.ts';
import { forgetClaimsOf } from '../mapping/claim-grants.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import { endSessions } from '../sign-in/session-endings.ts';
import { dueAtOf } from './connection-schedule.ts';
import { publicFacts, tellOwnersOfTrust } from './connection-trust.ts';
import { untieDomains } from './domains.ts';
import { assertNotLastConnection } from './sso-enforcement.ts';

/** Everything of a connection that an admin chooses. */
export interface ConnectionInput {
  readonly name: string;
  readonly status: Connection['status'];
  readonly preset: Connection['preset'];
  readonly settings: SamlSettings | OidcSettings;
  readonly jit: boolean;
  readonly idpInitiated: boolean;
  readonly attributes: Connection['attributes'];
  readonly userNameClaim: string | null;
}

interface ConnectionRequest {
  readonly organizationId: OrganizationId;
  readonly cause: Cause;
}

/** The addresses of one connection: what the customer's IdP must be told. All under the configured base URL. */
export const connectionUrls = (baseUrl: string, id: string) => ({
  acsUrl: `${baseUrl}/saml/${id}/acs`,
  logoutUrl: `${baseUrl}/saml/${id}/logout`,
  spEntityId: `${baseUrl}/saml/${id}/metadata`,
  metadataUrl: `${baseUrl}/saml/${id}/metadata`,
  redirectUri: `${baseUrl}/oidc-callback/${id}`,
  backchannelLogoutUri: `${baseUrl}/oidc-backchannel-logout/${id}`,
  postLogoutRedirectUri: `${baseUrl}/signed-out/${id}`,
  jwksUri: `${baseUrl}/oidc-keys/${id}`,
  initiateLoginUri: `${baseUrl}/sign-in?connection=${id}`,
});

/** The connection, or `not_found`. */
export async function getConnection(
  from: Queries | Repositories,
  organizationId: OrganizationId,
  id: ConnectionId,
): Promise<Connection> {
  const connection = await from.connections.find(organizationId, id);
  if (connection === undefined) throw new GatehouseError('not_found', 'No such connection.');
  return connection;
}

/** The addresses a connection makes Gatehouse or a browser call; each must pass the egress guard as written. */
function assertAddresses(deps: Pick<Deps, 'fetcher'>, settings: SamlSettings | OidcSettings): void {
  deps.fetcher.checkUrl(settings.protocol === 'saml' ? settings.ssoUrl : settings.issuer);
  if (settings.protocol !== 'saml') return;
  for (const url of [settings.sloUrl, settings.sloResponseUrl]) if (url !== null) deps.fetcher.checkUrl(url);
}

/** Adds a connection. Calls nobody. Throws `plan_lacks`, `egress_refused`, `not_found`. */
export async function createConnection(
  deps: Pick<Deps, 'storage' | 'clock' | 'fetcher'>,
  input: ConnectionRequest & { readonly connection: ConnectionInput },
): Promise<Connection> {
  const { organizationId, cause } = input;
  assertAddresses(deps, input.connection.settings);
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    await assertPlanHasSso(tx, organizationId);
    const connection: Connection = {
      id: newId('con', context.now),
      version: 1,
      organizationId,
      ...input.connection,
      dueAt: dueAtOf(input.connection),
      createdAt: context.now,
      updatedAt: context.now,
    };
    await tx.connections.insert(organizationId, connection);
    await record(tx, context, {
      type: 'connection.created',
      target: { kind: 'connection', id: connection.id },
      details: publicFacts(connection),
    });
    return connection;
  });
}

/**
 * Changes a connection; `change` is given the stored one. The protocol stays. One that is active no more ends the sessions
 * it opened (law 6); owners are told of what is believed from now on (S62). Throws `not_found`, `egress_refused`.
 */
export async function updateConnection(
  deps: Pick<Deps, 'storage' | 'clock' | 'fetcher'>,
  input: ConnectionRequest & {
    readonly id: ConnectionId;
    readonly change: (current: Connection) => ConnectionInput;
  },
): Promise<Connection> {
  const { organizationId, cause, id } = input;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const before = await getConnection(tx, organizationId, id);
    const changed = { ...before, ...input.change(before), updatedAt: context.now };
    const after: Connection = { ...changed, dueAt: dueAtOf(changed) };
    assertAddresses(deps, after.settings);
    if (after.status === 'active' && before.status !== 'active') await assertPlanHasSso(tx, organizationId);
    if (after.status !== 'active')
      await assertNotLastConnection(tx, await getOrganization(tx, organizationId), id);
    await tx.connections.update(organizationId, after, before.version);
    if (after.name !== before.name) await keepPast(tx, context, { kind: 'name', id, value: before.name });
    if (after.status !== 'active')
      await endSessions(tx, context, {
        which: { by: 'connection', connectionId: id },
        reason: 'connection_disabled',
      });
    await record(tx, context, {
      type: 'connection.updated',
      target: { kind: 'connection', id },
      details: { before: publicFacts(before), after: publicFacts(after) },
    });
    await tellOwnersOfTrust(tx, context, { before, after });
    return { ...after, version: before.version + 1 };
  });
}

async function assertPlanHasSso(tx: Repositories, organizationId: OrganizationId): Promise<void> {
  const { plan } = await getOrganization(tx, organizationId);
  if (!plan.sso) throw new GatehouseError('plan_lacks', `The plan ${plan.preset} has no single sign-on.`);
}

/** Removes a connection with the identities bound, the sessions opened and the roles given through it. Throws `not_found`, `last_connection`. */
export async function removeConnection(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: ConnectionRequest & { readonly id: ConnectionId },
): Promise<void> {
  const { organizationId, cause, id } = input;
  await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const connection = await getConnection(tx, organizationId, id);
    await assertNotLastConnection(tx, await getOrganization(tx, organizationId), id);
    await forgetClaimsOf(tx, context, id);
    await untieDomains(tx, context, id);
    await endSessions(tx, context, {
      which: { by: 'connection', connectionId: id },
      reason: 'connection_removed',
    });
    await tx.connections.remove(organizationId, id);
    await keepPast(tx, context, { kind: 'name', id, value: connection.name });
    await record(tx, context, {
      type: 'connection.removed',
      target: { kind: 'connection', id },
      details: publicFacts(connection),
    });
  });
}
