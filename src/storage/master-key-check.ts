/** Holds a store to the master key that it was written under. */
import type { Storage } from '../core/ports/storage.ts';
import { GatehouseError } from '../kernel/errors.ts';
import type { Sealer } from '../kernel/sealing.ts';

const KEY_CHECK = { organizationId: '', field: 'master-key.check' };

/** S212: a store that was written under another master key is refused at the start, before anything fails piece by piece. Throws `invalid`. */
export async function assertMasterKeyFits(storage: Storage, sealer: Sealer): Promise<void> {
  const stored = await storage.installation.find(KEY_CHECK.field);
  if (stored === undefined) {
    await storage.transact((tx) =>
      tx.installation.insert(KEY_CHECK.field, sealer.seal('gatehouse', KEY_CHECK)),
    );
    return;
  }
  try {
    sealer.open(stored, KEY_CHECK);
  } catch (cause) {
    throw new GatehouseError(
      'invalid',
      'The master key is not the one this store was made with. Put the right master.key or GATEHOUSE_MASTER_KEY back.',
      { cause },
    );
  }
}
