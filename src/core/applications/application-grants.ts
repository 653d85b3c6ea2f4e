/** What a person lets an application know: given at sign-in, over with the session, or with the person's membership. */
import { days } from '../../kernel/clock.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { ApplicationGrantId, SessionId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Application, ApplicationGrant } from '../entities/application.ts';
import type { Cause } from '../entities/journal.ts';
import type { Session } from '../entities/session.ts';
import { record } from '../journal/audit.ts';
import type { Repositories } from '../ports/storage.ts';
import { enqueueLogoutNotice } from '../sign-in/logout-notices.ts';

/** The scope whose refresh tokens outlive a sign-out (OIDC Core §11). */
export const OFFLINE = 'offline_access';
/** The end of all refreshing, however often it was done. */
export const OFFLINE_MS = days(90);

/** True when it outlives the session it was given in. What an emergency code opened is over when its hour is. */
const isOffline = ({ scopes, emergency }: Pick<ApplicationGrant, 'scopes' | 'emergency'>): boolean =>
  scopes.includes(OFFLINE) && !emergency;

/** Whether people of this organization may sign in to the application (S95). */
export const servesOrganization = (
  { organizationIds }: Pick<Application, 'organizationIds'>,
  organizationId: Session['organizationId'],
): boolean => organizationIds === null || organizationIds.includes(organizationId);

/**
 * The grant of this session for the application, with these scopes besides those it has; made if there is none. Throws
 * `unauthenticated` when session or membership ended in the meantime, `forbidden` when the application does not serve the
 * organization; the audit tells that.
 */
export async function openApplicationGrant(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: {
    readonly session: Session;
    readonly application: Application;
    readonly scopes: readonly string[];
    readonly cause: Cause;
  },
): Promise<ApplicationGrant> {
  const { session, application, scopes, cause } = input;
  const { organizationId } = session;
  const grant = await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    await assertStillIn(tx, session);
    if (!servesOrganization(application, organizationId)) {
      await record(tx, context, {
        type: 'application_grant.refused',
        target: { kind: 'application', id: application.id },
        details: { reason: 'organization_not_served', membershipId: session.membershipId },
      });
      return undefined;
    }
    const given = await tx.applicationGrants.listBySession(organizationId, session.id);
    const before = given.find(({ applicationId }) => applicationId === application.id);
    if (before === undefined) return give(tx, context, { session, application, scopes });
    return widen(tx, context, { before, session, scopes });
  });
  if (grant === undefined)
    throw new GatehouseError('forbidden', 'This application is not for people of your organization.', {
      whatToDo: 'Ask the operator to open the application to your organization.',
    });
  return grant;
}

async function assertStillIn(tx: Repositories, { organizationId, id, membershipId }: Session): Promise<void> {
  const session = await tx.sessions.find(organizationId, id);
  const membership = await tx.memberships.find(organizationId, membershipId);
  if (session === undefined || membership?.status !== 'active')
    throw new GatehouseError('unauthenticated', 'This session has ended.');
}

const endOf = (session: Session, scopes: readonly string[], now: number): number =>
  isOffline({ scopes, emergency: session.emergency }) ? now + OFFLINE_MS : session.expiresAt;

async function give(
  tx: Repositories,
  context: ChangeContext,
  input: {
    readonly session: Session;
    readonly application: Application;
    readonly scopes: readonly string[];
  },
): Promise<ApplicationGrant> {
  const { session, application, scopes } = input;
  const { organizationId, now } = context;
  const grant: ApplicationGrant = {
    id: newId('agr', now),
    version: 1,
    organizationId,
    membershipId: session.membershipId,
    userId: session.userId,
    applicationId: application.id,
    sessionId: session.id,
    scopes,
    authTime: session.authTime,
    amr: session.amr,
    connectionId: session.connectionId,
    emergency: session.emergency,
    createdAt: now,
    expiresAt: endOf(session, scopes, now),
  };
  await tx.applicationGrants.insert(organizationId, grant);
  await record(tx, context, {
    type: 'application_grant.created',
    target: { kind: 'application', id: application.id },
    details: { grantId: grant.id, membershipId: grant.membershipId, sessionId: session.id, scopes },
  });
  return grant;
}

async function widen(
  tx: Repositories,
  { organizationId, now }: ChangeContext,
  input: {
    readonly before: ApplicationGrant;
    readonly session: Session;
    readonly scopes: readonly string[];
  },
): Promise<ApplicationGrant> {
  const { before, session } = input;
  const scopes = [...new Set([...before.scopes, ...input.scopes])];
  if (scopes.length === before.scopes.length) return before;
  const expiresAt = Math.max(before.expiresAt, endOf(session, scopes, now));
  const after: ApplicationGrant = { ...before, scopes, expiresAt };
  await tx.applicationGrants.update(organizationId, after, before.version);
  return { ...after, version: before.version + 1 };
}

/** Why a grant was withdrawn before its time, for the audit. */
export type Withdrawal =
  | 'code_reused'
  | 'refresh_token_reused'
  | 'shown_by_another_application'
  | 'revoked_by_application';

/** Withdraws a grant with every code and token that hangs on it; nothing happens when it is gone already (S91, S92). */
export async function withdrawGrant(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: { readonly id: ApplicationGrantId; readonly reason: Withdrawal; readonly cause: Cause },
): Promise<void> {
  const found = await deps.storage.applicationGrants.findById(input.id);
  if (found === undefined) return;
  const { organizationId, id } = found;
  await deps.storage.transact(async (tx) => {
    if (!(await tx.applicationGrants.remove(organizationId, id))) return;
    const context: ChangeContext = { organizationId, cause: input.cause, now: deps.clock() };
    await recordRevoked(tx, context, { grant: found, reason: input.reason });
  });
}

const recordRevoked = (
  tx: Repositories,
  context: ChangeContext,
  { grant, reason }: { readonly grant: ApplicationGrant; readonly reason: string },
): Promise<void> =>
  record(tx, context, {
    type: 'application_grant.revoked',
    target: { kind: 'application', id: grant.applicationId },
    details: { grantId: grant.id, membershipId: grant.membershipId, reason },
  });

/**
 * For the end of a session, in its transaction: every application of it is told, and what was given for the session alone
 * is over. `keepsOffline`: what was given for offline access stays, as after a sign-out.
 */
export async function endGrantsOfSession(
  tx: Repositories,
  context: ChangeContext,
  ended: { readonly sessionId: SessionId; readonly keepsOffline: boolean },
): Promise<void> {
  const { organizationId } = context;
  for (const grant of await tx.applicationGrants.listBySession(organizationId, ended.sessionId)) {
    await enqueueLogoutNotice(tx, context, grant);
    if (!(ended.keepsOffline && isOffline(grant)))
      await tx.applicationGrants.remove(organizationId, grant.id);
  }
}

/** Ends a grant whose session is over, in the transaction that cuts the way in; its application is told once more (S94, S189). */
export async function endGrantLeft(
  tx: Repositories,
  context: ChangeContext,
  { grant, reason }: { readonly grant: ApplicationGrant; readonly reason: string },
): Promise<void> {
  await enqueueLogoutNotice(tx, context, grant);
  await tx.applicationGrants.remove(context.organizationId, grant.id);
  await recordRevoked(tx, context, { grant, reason });
}
