/** The two links of an invitation: the one the inviter is shown, and the mailed one, which also proves the address (S151, S161). */
import { parseId } from '../../kernel/ids.ts';
import type { HashToken } from '../../kernel/tokens.ts';
import { constantTimeEqual } from '../../kernel/tokens.ts';
import type { Invitation } from '../entities/invitation.ts';
import type { Queries } from '../ports/storage.ts';

/** What a link carries: the invitation's token, and whether it came out of the invited address's own mailbox. */
export interface InvitationLink {
  readonly token: string;
  readonly provesAddress: boolean;
}

/** 66 bits are plenty against guessing at our door, and keep the mailed link on one line of a mail. */
const PROOF_LENGTH = 11;

const proofOf = (hashToken: HashToken, token: string): string =>
  hashToken(`mailed:${token}`).slice(0, PROOF_LENGTH);

/** The link the inviter may copy. Whoever opens it is in, but has not shown that the address is theirs. */
export const copiedLink = (baseUrl: string, token: string): string => `${baseUrl}/invitations/${token}`;

/** The link that only the mail holds. */
export const mailedLink = (baseUrl: string, token: string, hashToken: HashToken): string =>
  `${baseUrl}/invitations/${token}.${proofOf(hashToken, token)}`;

/** Reads the last part of either link. A proof that does not fit makes a token that fits nothing. */
function readInvitationLink(hashToken: HashToken, text: string): InvitationLink {
  const dot = text.indexOf('.');
  if (dot < 0) return { token: text, provesAddress: false };
  const token = text.slice(0, dot);
  if (!constantTimeEqual(text.slice(dot + 1), proofOf(hashToken, token)))
    return { token: text, provesAddress: false };
  return { token, provesAddress: true };
}

/** 132 bits, more than S158 asks for. */
const COPY_LENGTH = 22;

const copyProofOf = (hashToken: HashToken, tokenHash: string): string =>
  hashToken(`copied:${tokenHash}`).slice(0, COPY_LENGTH);

/**
 * The link of a pending invitation as often as somebody asks for it, although no token is stored: it names the invitation and
 * is signed with the key that hashes tokens. It dies with the token it goes with, and proves no address.
 */
export function linkCopiedAgain(baseUrl: string, hashToken: HashToken, invitation: Invitation): string {
  const { organizationId, id, tokenHash } = invitation;
  return `${baseUrl}/invitations/${organizationId}-${id}-${copyProofOf(hashToken, tokenHash)}`;
}

/** The invitation that the last part of a link opens, whatever its status; undefined for anything else. */
export async function findByLink(
  from: { readonly invitations: Pick<Queries['invitations'], 'find' | 'findByTokenHash'> },
  hashToken: HashToken,
  text: string,
): Promise<{ readonly invitation: Invitation; readonly link: InvitationLink } | undefined> {
  const [organization = '', invitation = '', ...rest] = text.split('-');
  const organizationId = parseId('org', organization);
  const id = parseId('inv', invitation);
  if (organizationId === undefined || id === undefined) {
    const link = readInvitationLink(hashToken, text);
    const found = await from.invitations.findByTokenHash(hashToken(link.token));
    return found && { invitation: found, link };
  }
  const found = await from.invitations.find(organizationId, id);
  const isOurs =
    found !== undefined && constantTimeEqual(rest.join('-'), copyProofOf(hashToken, found.tokenHash));
  return isOurs ? { invitation: found, link: { token: text, provesAddress: false } } : undefined;
}
