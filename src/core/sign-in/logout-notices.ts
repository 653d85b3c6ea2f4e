/** Telling applications that a session is over: a row that commits with the end itself, delivered and tried again (S102). */
import { minutes, seconds } from '../../kernel/clock.ts';
import type { ApplicationId, OrganizationId, OutboxEventId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import type { Deps } from '../deps.ts';
import type { Application, ApplicationGrant } from '../entities/application.ts';
import type { OutboxEvent } from '../entities/journal.ts';
import type { Repositories } from '../ports/storage.ts';

/** Who is out of what. `sid` is the session's public id. */
export interface LogoutNotice {
  readonly applicationId: ApplicationId;
  readonly sub: string;
  readonly sid: string;
}

/** Signs the logout token of a notice for its application (OIDC Back-Channel Logout 1.0 §2.4). */
export type SignLogoutToken = (notice: LogoutNotice, application: Application) => Promise<string>;

const LEASE_MS = minutes(1);
/** Over half a day of tries. */
const MAX_ATTEMPTS = 14;
const retryDelay = (attempts: number): number => Math.min(seconds(5) * 2 ** (attempts - 1), minutes(120));

/** Stores a notice for the application of this grant, if it wants to be told; inside the transaction that ends it. */
export async function enqueueLogoutNotice(
  tx: Pick<Repositories, 'applications' | 'outbox'>,
  context: { readonly organizationId: OrganizationId; readonly now: number },
  grant: Pick<ApplicationGrant, 'applicationId' | 'userId' | 'sessionId'>,
): Promise<void> {
  const application = await tx.applications.find(grant.applicationId);
  if (application === undefined || application.backchannelLogoutUri === null) return;
  const notice: LogoutNotice = {
    applicationId: grant.applicationId,
    sub: grant.userId,
    sid: grant.sessionId,
  };
  const { organizationId, now } = context;
  await tx.outbox.append(organizationId, {
    id: newId('evt', now),
    organizationId,
    kind: 'logout',
    type: 'logout',
    payload: JSON.stringify(notice),
    createdAt: now,
    attempts: 0,
    dueAt: now,
    deliveredAt: null,
    lastError: null,
  });
}

type NoticeDeps = Pick<Deps, 'storage' | 'clock' | 'fetcher'> & { readonly signLogoutToken: SignLogoutToken };

/** Delivers one notice if it is due and nobody else holds it. Never throws for the application's faults. */
export async function deliverLogoutNotice(
  deps: NoticeDeps,
  input: { readonly organizationId: OrganizationId; readonly id: OutboxEventId },
): Promise<void> {
  const { organizationId, id } = input;
  const event = await deps.storage.transact((tx) =>
    tx.outbox.claim(organizationId, id, deps.clock(), LEASE_MS),
  );
  if (event === undefined) return;
  const lastError = await send(deps, noticeOf(event)).then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const isOver = lastError === null || event.attempts >= MAX_ATTEMPTS;
  await deps.storage.transact((tx) =>
    tx.outbox.settle(organizationId, event, {
      deliveredAt: lastError === null ? deps.clock() : null,
      dueAt: isOver ? null : deps.clock() + retryDelay(event.attempts),
      lastError,
    }),
  );
}

// Only `enqueueLogoutNotice` writes payloads of this kind.
const noticeOf = (event: OutboxEvent): LogoutNotice => JSON.parse(event.payload) as LogoutNotice;

/** An application that is gone, or wants no notices any more, has been told everything. */
async function send(deps: NoticeDeps, notice: LogoutNotice): Promise<void> {
  const application = await deps.storage.applications.find(notice.applicationId);
  const uri = application?.backchannelLogoutUri ?? null;
  if (application === undefined || uri === null) return;
  const body = new URLSearchParams({ logout_token: await deps.signLogoutToken(notice, application) });
  const { status } = await deps.fetcher.fetch(uri, { method: 'POST', body });
  // §2.8: 200, or 204 as some frameworks have it.
  if (status !== 200 && status !== 204) throw new Error(`The application answered ${status}.`);
}
