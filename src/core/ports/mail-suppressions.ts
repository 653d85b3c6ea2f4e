/** What core asks of storage about addresses that get no mail: they belong to no organization. */
import type { MailSuppressionId } from '../../kernel/ids.ts';
import type { MailSuppression } from '../entities/mail-suppression.ts';
import type { PageRequest } from './paging.ts';

/** GLOBAL: an address that bounces, bounces whoever writes to it. */
export interface MailSuppressionRepository {
  /** Unique: the address, `already_exists` with field `address`. */
  insert(suppression: MailSuppression): Promise<void>;
  findByAddress(addressKey: string): Promise<MailSuppression | undefined>;
  list(page: PageRequest): Promise<readonly MailSuppression[]>;
  remove(id: MailSuppressionId): Promise<boolean>;
}
