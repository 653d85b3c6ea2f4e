/** How many mails went under one key in one slot of time: what limits on mails are counted by. */
export interface MailCount {
  /** What is counted, such as an organization or the hash of a mailbox. */
  readonly key: string;
  /** Where the slot begins, epoch milliseconds. */
  readonly slotAt: number;
  readonly count: number;
}
