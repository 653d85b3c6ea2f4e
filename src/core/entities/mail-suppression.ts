/** An address that gets no mail any more: its mailbox does not exist, or its owner complained. */
import type { MailSuppressionId } from '../../kernel/ids.ts';

export interface MailSuppression {
  readonly id: MailSuppressionId;
  readonly address: string;
  /** Folded; one suppression for each. */
  readonly addressKey: string;
  readonly reason: 'bounce' | 'complaint' | 'other';
  readonly createdAt: number;
}
