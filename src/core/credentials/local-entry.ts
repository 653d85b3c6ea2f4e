/** Letting somebody in who proved who they are to Gatehouse itself, by password, one-time code or passkey: one place for all. */
import { GatehouseError } from '../../kernel/errors.ts';
import { awaitsSecondFactor, passwordAllowedFor } from '../connections/sso-policy.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Cause } from '../entities/journal.ts';
import type { Organization } from '../entities/organization.ts';
import type { Membership, User } from '../entities/people.ts';
import type { Session } from '../entities/session.ts';
import { record } from '../journal/audit.ts';
import { lastUsedMembership } from '../members/person-records.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import { newSessionToken, startSession } from '../sign-in/sessions.ts';

/** The one text for everybody who is not let in (S177). */
export const refusedEntry = (): GatehouseError =>
  new GatehouseError('unauthenticated', 'E-mail address and password do not fit together.', {
    whatToDo: 'Try again, or have a mail sent that lets you choose a new password.',
  });

/** The organization a local sign-in opens: the one used last of those that allow it; undefined when none does. */
export const openMembership = (
  from: Repositories | Queries,
  user: Pick<User, 'id'>,
): Promise<Membership | undefined> =>
  membershipWhere(from, user, (organization) => passwordAllowedFor(organization, 'enter'));

function membershipWhere(
  from: Repositories | Queries,
  user: Pick<User, 'id'>,
  isOpen: (organization: Organization) => boolean,
): Promise<Membership | undefined> {
  return lastUsedMembership(from, user.id, async ({ organizationId }) => {
    const organization = await from.organizations.find(organizationId);
    return organization !== undefined && isOpen(organization);
  });
}

/**
 * What this proof opens: the organization the person named, as its own policy says; else one that is content with the proof before
 * one that asks for a second factor too, so that no organization stands between a person and the others (law 3). Only those the
 * person is in are looked at: one they name and are not in is as unknown as none (S155).
 */
async function opened(
  tx: Repositories,
  { user, amr, organization: named }: Entrant,
): Promise<{ readonly membership: Membership; readonly mustEnrol: boolean } | undefined> {
  const proof = { connectionId: null, emergency: false, amr };
  const isNamed = ({ id, slug }: Organization) => id === named || slug === named?.toLowerCase();
  const isOpen = (organization: Organization) => passwordAllowedFor(organization, 'enter');
  const isContent = (organization: Organization) => !awaitsSecondFactor(organization, proof);
  const wishes = named === undefined ? [() => true] : [isNamed, () => true];
  for (const isWished of wishes)
    for (const mustEnrol of [false, true]) {
      const membership = await membershipWhere(
        tx,
        user,
        (one) => isWished(one) && isOpen(one) && (mustEnrol || isContent(one)),
      );
      if (membership !== undefined) return { membership, mustEnrol };
    }
  return undefined;
}

/** Why a password alone, of somebody who has a passkey, opens nothing. */
const PASSKEY_WANTED = 'second_factor.passkey_wanted';

/** S182: true when at least one organization the person may enter leaves them a way in that is not its own (a password, a passkey). */
export async function mayObtainEntry(from: Queries | Repositories, user: Pick<User, 'id'>): Promise<boolean> {
  const isOpen = (organization: Organization) => passwordAllowedFor(organization, 'obtain');
  return (await membershipWhere(from, user, isOpen)) !== undefined;
}

/** Where somebody came in, and how they proved who they are (RFC 8176). It outlives the session. */
export type LocalEntry = Pick<Session, 'organizationId' | 'membershipId' | 'amr'>;

export interface Entered {
  /** The cookie value. */
  readonly sessionToken: string;
  readonly entry: LocalEntry;
  /** The session is for setting up a second factor and opens nothing else. */
  readonly mustEnrol: boolean;
}

/** Somebody who has proved who they are to Gatehouse itself. */
interface Entrant {
  readonly user: User;
  readonly amr: readonly string[];
  /** Id or slug of the organization whose sign-in it was, as somebody wrote it; absent: that of none. */
  readonly organization?: string | undefined;
}

/**
 * Opens a session inside the caller's transaction. Throws `unauthenticated` when no organization is open, and
 * `second_factor_required` (reason `PASSKEY_WANTED`) when those that are ask for more than a password and the person has a passkey:
 * whoever knows only the password must not make a second factor beside it.
 */
export async function enter(
  tx: Repositories,
  deps: Pick<Deps, 'clock' | 'hashToken'>,
  input: Entrant & { readonly cause: Cause },
): Promise<Entered> {
  const { user, amr } = input;
  const open = await opened(tx, input);
  if (open === undefined) throw refusedEntry();
  const { membership, mustEnrol } = open;
  if (mustEnrol && (await tx.passkeys.listByUser(user.id)).length > 0) throw passkeyWanted();
  const sessionToken = newSessionToken();
  const cause: Cause = {
    ...input.cause,
    actor: { kind: 'member', userId: user.id, membershipId: membership.id, email: user.email },
  };
  const context: ChangeContext = { organizationId: membership.organizationId, cause, now: deps.clock() };
  await startSession(tx, context, {
    membership,
    tokenHash: deps.hashToken(sessionToken),
    authentication: { connectionId: null, amr },
  });
  await record(tx, context, {
    type: amr.includes('pwd') ? 'password.accepted' : 'passkey.accepted',
    target: { kind: 'membership', id: membership.id },
    details: { amr },
  });
  const { organizationId, id: membershipId } = membership;
  return { sessionToken, mustEnrol, entry: { organizationId, membershipId, amr } };
}

const passkeyWanted = () =>
  new GatehouseError(
    'second_factor_required',
    'A password alone is not enough here. Sign in with your passkey.',
    {
      context: { reason: PASSKEY_WANTED },
    },
  );

/** Takes every credential but the password, and what is under way, from somebody who had only claimed their address (S151). */
export async function dropCredentials(tx: Repositories, userId: User['id']): Promise<void> {
  await tx.secondFactors.remove(userId);
  for (const { id } of await tx.passkeys.listByUser(userId)) await tx.passkeys.remove(userId, id);
  await tx.oneTimeRecords.removeByUser(userId, {});
}
