/** Sends one mail to one person. The only caller is the outbox delivery, never a transaction. */

export interface Mail {
  /** Exactly one address. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** The same as HTML that loads nothing; absent from mails that an older version queued. */
  readonly html?: string | undefined;
  /** Whose name stands beside our address; absent: Gatehouse. */
  readonly fromName?: string | undefined;
}

/** What really happened: handed to a mail server, or written as a file because none is configured, or refused for good. */
export type MailReceipt =
  | { readonly channel: 'smtp'; readonly messageId: string }
  | { readonly channel: 'file'; readonly path: string }
  /** The server will never take it (RFC 5321 §4.2.1): trying again is in vain. `reply`: its code, such as `550 5.1.1`. */
  | { readonly channel: 'refused'; readonly reply: string };

export interface Mailer {
  /**
   * Rejects when the server refuses for now or cannot be reached; the caller keeps the mail for another try. Answers within 45
   * seconds whatever the server does, and does not go on sending after that: then somebody else may try.
   */
  send(mail: Mail): Promise<MailReceipt>;
  /** Removes what it keeps of mails to these addresses (folded), whoever had them sent. Absent: it keeps nothing. */
  readonly forget?: (emailKeys: ReadonlySet<string>) => Promise<void>;
}
