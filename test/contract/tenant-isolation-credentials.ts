/** The isolation table's part for credentials: all global, because they are of people and not of organizations. */
import { global, type IsolationTable } from './tenant-isolation-entries.ts';

export const credentials: Pick<
  IsolationTable,
  'oneTimeRecords' | 'secondFactors' | 'recoveryCodes' | 'passkeys'
> = {
  oneTimeRecords: {
    insert: global,
    find: global,
    consume: global,
    claim: global,
    removeByUser: global,
    eraseProofs: global,
    removeExpired: global,
  },
  secondFactors: { insert: global, find: global, update: global, claim: global, remove: global },
  recoveryCodes: { replace: global, consume: global, count: global },
  passkeys: {
    insert: global,
    findByCredential: global,
    listByUser: global,
    update: global,
    claim: global,
    remove: global,
  },
};
