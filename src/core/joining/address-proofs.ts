/** Proving an address on the way in: a mail to it carries a value that, shown together with what brought the person, says the mailbox is theirs. */
import { hours } from '../../kernel/clock.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { InvitationId, OrganizationId, ShareableLinkId, UserId } from '../../kernel/ids.ts';
import { foldKey } from '../../kernel/text.ts';
import { newToken } from '../../kernel/tokens.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { OneTimeRecord } from '../entities/credentials.ts';
import type { Organization } from '../entities/organization.ts';
import { enqueueMail } from '../journal/outbox.ts';
import { layOut } from '../mail/mail-layout.ts';
import { assertRequestedMail } from '../mail/mail-limit.ts';
import { addressProofMail } from '../mail/member-mails.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import type { JoiningAddress } from './joining-people.ts';

/** How long a mailed proof works. */
const PROOF_TTL_MS = hours(1);

/** What somebody wants to come in through. */
interface Door {
  readonly organizationId: OrganizationId;
  readonly id: InvitationId | ShareableLinkId;
}

/**
 * Queues the mail with the proof, in the caller's transaction, and answers its outbox row. `path` is that of the page which
 * the proof is appended to. `askedBy` is who asked while signed in by themselves, or null: the proof lets that account join
 * with an address that is not its own (S160). Throws `too_many_requests` (S171).
 */
export async function mailAddressProof(
  tx: Repositories,
  deps: Pick<Deps, 'hashToken' | 'baseUrl' | 'mailLimits'>,
  input: {
    readonly context: ChangeContext;
    readonly organization: Organization;
    readonly door: Door;
    readonly email: string;
    readonly askedBy: UserId | null;
    readonly path: string;
  },
) {
  const { context, organization, door, email, askedBy, path } = input;
  const asked = { kind: 'joining', emailKey: foldKey(email) } as const;
  await assertRequestedMail(tx, { limits: deps.mailLimits, now: context.now }, asked);
  // As short as a link in a mail should be.
  const proof = newToken('ghp', 128);
  await tx.oneTimeRecords.insert({
    tokenHash: deps.hashToken(proof),
    purpose: 'joining',
    userId: askedBy,
    bindingHash: null,
    data: { door: door.id, email, emailKey: foldKey(email) },
    triesLeft: 1,
    createdAt: context.now,
    expiresAt: context.now + PROOF_TTL_MS,
  });
  const content = addressProofMail({ organization, url: `${deps.baseUrl}${path}/${proof}` });
  const mail = layOut(email, content, organization.branding);
  return { organizationId: context.organizationId, id: await enqueueMail(tx, context, mail) };
}

/** The address that a proof for this door proves; looking consumes nothing (S164). Undefined for any other value. */
export async function findProvedAddress(
  from: Queries,
  deps: Pick<Deps, 'clock' | 'hashToken'>,
  { door, proof }: { readonly door: Door; readonly proof: string },
): Promise<JoiningAddress | undefined> {
  const found = await from.oneTimeRecords.find('joining', deps.hashToken(proof));
  return addressOf(found, door, deps.clock());
}

/** Takes the proof for one of any number of callers (law 5). Throws `not_found` to the others, and for a proof of another door. */
export async function consumeProof(
  tx: Repositories,
  deps: Pick<Deps, 'hashToken'>,
  { door, proof, now }: { readonly door: Door; readonly proof: string; readonly now: number },
): Promise<void> {
  const found = await tx.oneTimeRecords.consume('joining', deps.hashToken(proof));
  if (addressOf(found, door, now) === undefined) throw noProof();
}

/** What anybody is told whose proof is spent, over, of something else or of nothing. */
export const noProof = (): GatehouseError =>
  new GatehouseError('not_found', 'This proof of an address does not work any more. Ask for a new mail.');

function addressOf(
  found: OneTimeRecord | undefined,
  { organizationId, id }: Door,
  now: number,
): JoiningAddress | undefined {
  const { door, email, emailKey } = found?.data ?? {};
  if (found === undefined || found.expiresAt <= now || door !== id) return undefined;
  if (email == null || emailKey == null) return undefined;
  return { organizationId, email, emailKey, provesAddress: true, askedBy: found.userId ?? undefined };
}
