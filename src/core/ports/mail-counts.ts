/** What core asks of storage about mails that were sent lately: a mailbox belongs to no organization. */
import type { MailCount } from '../entities/mail-count.ts';

/** GLOBAL: one mailbox is filled by all organizations together. */
export interface MailCountRepository {
  /** The slots of the key that begin after `since`, oldest first. */
  list(key: string, since: number): Promise<readonly MailCount[]>;
  /** One more in the slot, in one write; the first makes it. */
  claim(key: string, slotAt: number): Promise<void>;
  /** Removes every slot of the key; answers how many. */
  remove(key: string): Promise<number>;
  /** Removes slots that begin at `before` or earlier; answers how many. */
  removeExpired(before: number): Promise<number>;
}
