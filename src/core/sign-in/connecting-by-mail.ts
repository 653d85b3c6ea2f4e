/**
 * A member whom single sign-on knows only by address confirms from their own mailbox that the identity is theirs (S156): the sign-in stays
 * refused and alike for everybody, and only the link in the mail, with a button behind it, binds anything.
 */
import { hours } from '../../kernel/clock.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import { foldKey } from '../../kernel/text.ts';
import { isProvedAddress } from '../connections/domains.ts';
import { dropCredentials } from '../credentials/local-entry.ts';
import { endUnderWay } from '../credentials/password-change.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Connection } from '../entities/connection.ts';
import type { OneTimeRecord } from '../entities/credentials.ts';
import type { Cause } from '../entities/journal.ts';
import type { Organization } from '../entities/organization.ts';
import type { Membership, User } from '../entities/people.ts';
import { record } from '../journal/audit.ts';
import { enqueueMail } from '../journal/outbox.ts';
import { layOut } from '../mail/mail-layout.ts';
import { countRequestedMail } from '../mail/mail-limit.ts';
import { connectingMail } from '../mail/member-mails.ts';
import { issueOneTime } from '../members/person-records.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import { stillRestsOn, type VerdictBasis } from './judged-connection.ts';
import { bindIdentity } from './sign-in-admission.ts';
import type { UpstreamIdentity } from './upstream-identity.ts';

const LINK_TTL_MS = hours(1);

type OfferDeps = Pick<Deps, 'storage' | 'clock' | 'hashToken' | 'baseUrl' | 'mailLimits' | 'afterwards'>;

interface Refused {
  readonly connection: Connection;
  /** What the answer was believed by: the link ends with it (S142). */
  readonly basis: VerdictBasis | undefined;
  readonly identity: UpstreamIdentity;
  readonly cause: Cause;
}

/**
 * Does the work of a sign-in. When it is refused because the address is taken, and by a member who may connect this identity,
 * queues a mail to that member; the refusal stays as it is, and takes no longer: what was found is looked into when it has left (S155).
 */
export async function offeringToConnect<T>(
  deps: OfferDeps,
  refused: Refused,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isGatehouseError(error, 'sign_in_refused') && error.context?.reason === 'identity.address_taken')
      await deps.afterwards(() => deps.storage.transact((tx) => offer(tx, deps, refused)));
    throw error;
  }
}

/** The mail goes to the account's own address; a second one voids the first, and past the limit none goes. */
async function offer(
  tx: Repositories,
  deps: OfferDeps,
  { connection, basis, identity, cause }: Refused,
): Promise<void> {
  const { organizationId, id: connectionId } = connection;
  if (identity.email === null) return;
  const emailKey = foldKey(identity.email);
  const user = await tx.users.findByEmail(emailKey);
  if (user === undefined) return;
  const membership = await tx.memberships.findByUser(organizationId, user.id);
  if (membership === undefined) return;
  const { issuer, subject } = identity;
  const wanted = { connectionId, emailKey, basis };
  const parties = await findParties(tx, { user, membership, wanted });
  if (parties === undefined || user.email === null) return;
  const context: ChangeContext = { organizationId, cause, now: deps.clock() };
  const counting = { limits: deps.mailLimits, now: context.now };
  if ((await countRequestedMail(tx, counting, { kind: 'connecting', emailKey })) > 0) return;
  await tx.oneTimeRecords.removeByUser(user.id, { purposes: ['identity_connection'] });
  const token = await issueOneTime(tx, deps, {
    ...{ purpose: 'identity_connection', userId: user.id, now: context.now, ttlMs: LINK_TTL_MS },
    data: {
      ...{ organizationId, connectionId, emailKey, issuer, subject, membershipId: membership.id },
      basis: JSON.stringify(basis),
    },
  });
  const url = `${deps.baseUrl}/connect/${token}`;
  const { organization } = parties;
  const content = connectingMail({ organization, connection, subject, url });
  await enqueueMail(tx, context, layOut(user.email, content, organization.branding));
}

/** What is to be connected, and to whom. */
interface Candidate {
  readonly user: User;
  readonly membership: Membership;
  readonly wanted: {
    readonly connectionId: string;
    readonly emailKey: string;
    readonly basis: VerdictBasis | undefined;
  };
}

interface Parties {
  readonly organization: Organization;
  readonly connection: Connection;
  readonly membership: Membership;
}

/**
 * Undefined unless all of it holds now: the organization is looked after by hand and has proved the domain, the member is active
 * and their account has this address as its own; the connection is active and would believe the answer by the same (S142), and the
 * member is not bound at it. That the subject is nobody else's is for the store to say: it keeps each once (`bindIdentity`).
 */
async function findParties(
  from: Queries | Repositories,
  { user, membership, wanted }: Candidate,
): Promise<Parties | undefined> {
  const { organizationId } = membership;
  const { emailKey } = wanted;
  const organization = await from.organizations.find(organizationId);
  if (organization?.provisioning !== 'manual' || membership.status !== 'active') return undefined;
  if (user.emailKey !== emailKey) return undefined;
  if (!(await isProvedAddress(from, organizationId, emailKey))) return undefined;
  const connections = await from.connections.list(organizationId);
  const connection = connections.find(({ id }) => id === wanted.connectionId);
  if (connection?.status !== 'active' || !stillRestsOn(wanted.basis, connection)) return undefined;
  const own = await from.identities.findByMembership(organizationId, connection.id, membership.id);
  return own === undefined ? { organization, connection, membership } : undefined;
}

/** What a link would connect. */
export interface OfferedConnection extends Parties {
  readonly issuer: string;
  readonly subject: string;
  readonly user: User;
}

type LinkDeps = Pick<Deps, 'storage' | 'clock' | 'hashToken'>;

/** What this link would connect now; asking consumes nothing (S164). Undefined for a link that does not work. */
export async function findOfferedConnection(
  deps: LinkDeps,
  token: string,
): Promise<OfferedConnection | undefined> {
  const found = await deps.storage.oneTimeRecords.find('identity_connection', deps.hashToken(token));
  return offeredIn(deps.storage, found, deps.clock());
}

async function offeredIn(
  from: Queries | Repositories,
  found: OneTimeRecord | undefined,
  now: number,
): Promise<OfferedConnection | undefined> {
  if (found?.userId == null || found.expiresAt <= now) return undefined;
  const { membershipId, connectionId, emailKey, issuer, subject } = found.data;
  if (connectionId == null || emailKey == null || issuer == null || subject == null) return undefined;
  const user = await from.users.find(found.userId);
  const memberships = await from.memberships.listByUser(found.userId);
  const membership = memberships.find(({ id }) => id === membershipId);
  if (user === undefined || membership === undefined) return undefined;
  const wanted = { connectionId, emailKey, basis: basisIn(found) };
  const parties = await findParties(from, { user, membership, wanted });
  return parties && { ...parties, issuer, subject, user };
}

/** What `offer` wrote; absent in a link that a release before this one mailed. */
const basisIn = ({ data: { basis } }: OneTimeRecord): VerdictBasis | undefined =>
  basis == null ? undefined : JSON.parse(basis);

/**
 * Consumes the link (one winner, law 5) and binds the identity to its member, in this organization and nowhere else (law 3).
 * Whoever had only claimed the address loses what they had put in (S151): the link proves the mailbox. Answers the organization; opens
 * no session. Throws `not_found` for a link that does not work any more.
 */
export function connectByMail(
  deps: LinkDeps,
  { token, cause }: { readonly token: string; readonly cause: Cause },
): Promise<Organization> {
  return deps.storage.transact(async (tx) => {
    const now = deps.clock();
    const found = await tx.oneTimeRecords.consume('identity_connection', deps.hashToken(token));
    const offered = await offeredIn(tx, found, now);
    if (offered === undefined) throw new GatehouseError('not_found', 'This link does not work any more.');
    const { organization, connection, membership, issuer, subject } = offered;
    const context: ChangeContext = { organizationId: organization.id, cause, now };
    await takeBack(tx, context, offered.user);
    await bindIdentity(tx, context, { connection, identity: { issuer, subject }, membership });
    await record(tx, context, {
      type: 'identity.connected',
      target: { kind: 'membership', id: membership.id },
      details: { connectionId: connection.id, issuer, subject },
    });
    return organization;
  });
}

async function takeBack(tx: Repositories, context: ChangeContext, user: User): Promise<void> {
  if (user.emailVerifiedAt !== null) return;
  const { now } = context;
  await dropCredentials(tx, user.id);
  await tx.users.update({ ...user, passwordHash: null, emailVerifiedAt: now, updatedAt: now }, user.version);
  await endUnderWay(tx, context, { user });
}
