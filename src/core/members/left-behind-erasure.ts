/** Takes a former member out of what is kept for a while only: members as a cut-over remembers them, jobs, and mails (S217). */
import type { MembershipId, OrganizationId } from '../../kernel/ids.ts';
import { foldKey } from '../../kernel/text.ts';
import type { Deps } from '../deps.ts';
import type { Cutover } from '../entities/cutover.ts';
import { eraseFromMails } from '../journal/outbox.ts';
import { eraseFromJobs } from './job-erasure.ts';
import { ERASED } from './mentions.ts';

interface Erasure {
  readonly organizationId: OrganizationId;
  readonly member: MembershipId;
  readonly emailKeys: ReadonlySet<string>;
  readonly pause: () => Promise<unknown>;
}

/**
 * The copy of the person from before a switch goes, so that its way back leaves them alone, and their address among the invitations
 * it voided; jobs lose their rows. Mails to their addresses that wait are not sent, those to others lose the addresses; the files of
 * mails to them go where no mail server is configured, and mails that were sent are kept nowhere.
 */
export async function eraseLeftBehind(
  deps: Pick<Deps, 'storage' | 'mailer'>,
  erasure: Erasure,
): Promise<void> {
  const { organizationId, member, emailKeys, pause } = erasure;
  const { storage } = deps;
  for (const { id } of await storage.directories.list(organizationId)) {
    await storage.transact(async (tx) => {
      await tx.cutoverMembers.erase(organizationId, id, member);
      const cutover = await tx.cutovers.find(organizationId, id);
      const next = cutover && withoutAddresses(cutover, emailKeys);
      if (next !== undefined) await tx.cutovers.erase(organizationId, next, next.version);
    });
  }
  await eraseFromJobs(deps, erasure);
  await eraseFromMails(deps, { organizationId, emailKeys, pause });
  await deps.mailer.forget?.(emailKeys);
}

/** Undefined when it names none of them. */
function withoutAddresses(cutover: Cutover, emailKeys: ReadonlySet<string>): Cutover | undefined {
  const isTheirs = (email: string | null) => email !== null && emailKeys.has(foldKey(email));
  if (!cutover.voided.some(({ email }) => isTheirs(email))) return undefined;
  const voided = cutover.voided.map((one) => (isTheirs(one.email) ? { ...one, email: ERASED } : one));
  return { ...cutover, voided };
}
