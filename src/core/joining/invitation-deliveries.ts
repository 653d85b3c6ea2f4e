/** What became of the mail of an invitation, and what to do when it does not arrive. */
import type { Deps } from '../deps.ts';
import type { Invitation } from '../entities/invitation.ts';
import { type DeliveryOutcome, outcomeOf } from '../journal/outbox.ts';

/** `unknown`: the mail is older than what is kept about mails. */
export type InvitationMailState =
  | { readonly channel: 'link' }
  | { readonly channel: 'email'; readonly status: 'unknown' }
  | ({ readonly channel: 'email' } & DeliveryOutcome);

/** What became of it so far. */
export async function deliveryOf(
  storage: Deps['storage'],
  { organizationId, delivery, mailId }: Invitation,
): Promise<InvitationMailState> {
  if (delivery === 'link') return { channel: 'link' };
  const mail = mailId === null ? undefined : await storage.outbox.find(organizationId, mailId);
  return mail === undefined
    ? { channel: 'email', status: 'unknown' }
    : { channel: 'email', ...outcomeOf(mail) };
}

const HAND_OVER = 'copy its link and hand it over yourself.';
const ADVICE: Readonly<Record<Exclude<InvitationMailState, { channel: 'link' }>['status'], string>> = {
  sent: `Not there? Let them look among spam, check the address for typing errors, or have their company allow mails of this gateway. Then send it again, or ${HAND_OVER}`,
  written: `No mail server is set, so nothing left this machine: ${HAND_OVER}`,
  queued: `It is tried again by itself. If it is urgent, ${HAND_OVER}`,
  failed: `Check the address for typing errors and invite the right one, or ${HAND_OVER}`,
  suppressed: `Invite another address of theirs, or ${HAND_OVER} The operator can lift the stop.`,
  unknown: `Send it again, or ${HAND_OVER}`,
};

/** What an admin can do; undefined for a link that they hand over anyway. */
export const adviceFor = (state: InvitationMailState): string | undefined =>
  state.channel === 'link' ? undefined : ADVICE[state.status];
