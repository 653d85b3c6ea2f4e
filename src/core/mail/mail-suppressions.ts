/** Addresses that get no mail any more, as the operator's mail provider reports them: bounces and complaints (S171). */
import { GatehouseError } from '../../kernel/errors.ts';
import { type MailSuppressionId, newId } from '../../kernel/ids.ts';
import { foldKey } from '../../kernel/text.ts';
import type { Deps } from '../deps.ts';
import type { Cause } from '../entities/journal.ts';
import type { MailSuppression } from '../entities/mail-suppression.ts';
import { INSTALLATION, record } from '../journal/audit.ts';

/** No mail leaves for this address from now on, whatever organization it is from. Telling it twice changes nothing. */
export async function suppressMail(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: { readonly address: string; readonly reason: MailSuppression['reason']; readonly cause: Cause },
): Promise<MailSuppression> {
  const { address, reason, cause } = input;
  const now = deps.clock();
  const addressKey = foldKey(address);
  return deps.storage.transact(async (tx) => {
    const known = await tx.mailSuppressions.findByAddress(addressKey);
    if (known !== undefined) return known;
    const row = { id: newId('sup', now), address, addressKey, reason, createdAt: now };
    await tx.mailSuppressions.insert(row);
    await record(
      tx,
      { organizationId: INSTALLATION, cause, now },
      {
        type: 'mail_suppression.created',
        target: { kind: 'mail_suppression', id: row.id },
        details: { address, reason },
      },
    );
    return row;
  });
}

/** Mail may go there again. Throws `not_found`. */
export async function allowMail(
  deps: Pick<Deps, 'storage' | 'clock'>,
  { id, cause }: { readonly id: MailSuppressionId; readonly cause: Cause },
): Promise<void> {
  await deps.storage.transact(async (tx) => {
    if (!(await tx.mailSuppressions.remove(id)))
      throw new GatehouseError('not_found', 'No such suppression.');
    await record(
      tx,
      { organizationId: INSTALLATION, cause, now: deps.clock() },
      { type: 'mail_suppression.removed', target: { kind: 'mail_suppression', id } },
    );
  });
}
