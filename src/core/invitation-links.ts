/** The two links of an invitation: the one the inviter is shown, and the mailed one, which also proves the address (S151, S161). */
import type { HashToken } from '../kernel/tokens.ts';
import { constantTimeEqual } from '../kernel/tokens.ts';

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
export function readInvitationLink(hashToken: HashToken, text: string): InvitationLink {
  const dot = text.indexOf('.');
  if (dot < 0) return { token: text, provesAddress: false };
  const token = text.slice(0, dot);
  if (!constantTimeEqual(text.slice(dot + 1), proofOf(hashToken, token)))
    return { token: text, provesAddress: false };
  return { token, provesAddress: true };
}
