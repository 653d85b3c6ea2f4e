/** Several invitations in one go: each stands for itself, and together they promise no more seats than there are. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { OrganizationId, OutboxEventId } from '../../kernel/ids.ts';
import type { Caller } from '../access/access.ts';
import type { ChangeContext } from '../deps.ts';
import type { Cause } from '../entities/journal.ts';
import type { Organization } from '../entities/organization.ts';
import { deliverMails } from '../journal/outbox.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Repositories } from '../ports/storage.ts';
import { assertMayInvite, assertSeatToPromise, freeSeats } from './invitation-rules.ts';
import type { CreatedInvitation, InvitationDeps, InvitationInput, Invited } from './invitations.ts';
import { announced, countMail, inviteWithin } from './invitations.ts';

/** What one invitation of several came to. */
export type BulkOutcome<Good> = { readonly invited: Good } | { readonly refusal: GatehouseError };

export interface Bulk {
  readonly caller: Caller;
  readonly invitations: readonly InvitationInput[];
  /** Seats that earlier parts of a dry run have promised already. */
  readonly promised?: number;
}

/** Refusals that are about one invitation; everything else ends the whole. */
const OF_ONE: ReadonlySet<string> = new Set([
  'invitations_disabled',
  'plan_lacks',
  'forbidden',
  'already_member',
  'already_invited',
  'seats_exhausted',
  'too_many_requests',
  'invalid',
]);

/** Why not, before anything is written: a refusal in the middle would leave half an invitation. */
async function refusalOf(check: () => Promise<void>): Promise<GatehouseError | undefined> {
  try {
    await check();
    return undefined;
  } catch (error) {
    if (error instanceof GatehouseError && OF_ONE.has(error.code)) return error;
    throw error;
  }
}

/**
 * Invites as many as may be, in order, inside the caller's transaction; invitations that wait count as taken seats here.
 * Mails are queued, not sent.
 */
export function inviteMany(
  tx: Repositories,
  context: ChangeContext,
  input: Bulk & { readonly deps: Pick<InvitationDeps, 'baseUrl' | 'hashToken' | 'mailLimits'> },
): Promise<readonly BulkOutcome<Invited>[]> {
  const { deps } = input;
  const invite: Invite<Invited> = (organization, invitation) =>
    inviteWithin(tx, context, { organization, invitation, deps });
  return each(tx, context, {
    ...input,
    invite,
    count: (invitation) => countMail(tx, deps, { context, invitation }),
  });
}

/** What `inviteMany` would come to, limits on mails left out; writes and counts nothing. */
export function tryMany(
  tx: Repositories,
  context: ChangeContext,
  input: Bulk,
): Promise<readonly BulkOutcome<undefined>[]> {
  return each(tx, context, { ...input, invite: async () => undefined, count: async () => undefined });
}

type Invite<Good> = (organization: Organization, invitation: InvitationInput) => Promise<Good>;

interface Acts<Good> {
  readonly invite: Invite<Good>;
  /** Before it is invited; throws when there is no room for its mail. */
  readonly count: (invitation: InvitationInput) => Promise<void>;
}

async function each<Good>(
  tx: Repositories,
  context: ChangeContext,
  { caller, invitations, promised = 0, invite, count }: Bulk & Acts<Good>,
): Promise<readonly BulkOutcome<Good>[]> {
  const organization = await getOrganization(tx, context.organizationId);
  let free = (await freeSeats(tx, organization, context.now)) - promised;
  const outcomes: BulkOutcome<Good>[] = [];
  for (const invitation of invitations) {
    const refusal = await refusalOf(async () => {
      await assertMayInvite(tx, { organization, caller, invitation, now: context.now });
      assertSeatToPromise(organization, free);
      await count(invitation);
    });
    if (refusal === undefined) free -= 1;
    outcomes.push(refusal ? { refusal } : { invited: await invite(organization, invitation) });
  }
  return outcomes;
}

/**
 * Invites several addresses, each as `createInvitation` would: what is wrong with one changes nothing for the others. The
 * answers stand in the order of the wishes. Mails are handed over before this answers.
 */
export async function createInvitations(
  deps: InvitationDeps,
  input: Bulk & { readonly organizationId: OrganizationId; readonly cause: Cause },
): Promise<readonly BulkOutcome<CreatedInvitation>[]> {
  const { organizationId, cause } = input;
  const outcomes = await deps.storage.transact((tx) =>
    inviteMany(tx, { organizationId, cause, now: deps.clock() }, { ...input, deps }),
  );
  const sent = await deliverMails(deps, { organizationId, ids: mailsOf(outcomes) });
  return outcomes.map((outcome) =>
    'refusal' in outcome
      ? outcome
      : { invited: announced(deps, outcome.invited, sent.get(outcome.invited.mailId ?? '')) },
  );
}

/** The mails that the good ones of them queued. */
export const mailsOf = (outcomes: readonly BulkOutcome<Invited>[]): readonly OutboxEventId[] =>
  outcomes.flatMap((outcome) =>
    'invited' in outcome && outcome.invited.mailId !== undefined ? [outcome.invited.mailId] : [],
  );
