/** Drivers of cut-overs. */
import { aDirectory } from '../support/builders.ts';
import { aCutover } from '../support/cutover-builders.ts';
import type { RowKind } from './row-kind.ts';

/** Their kind; each of a directory of its own, which has one at most. */
export const cutovers: RowKind = {
  name: 'cutovers',
  make: ({ organization: { id } }, text) => {
    const directory = aDirectory(id);
    const voided = [{ kind: 'invitation' as const, id: text, email: text }];
    const value = aCutover(directory, { reportHash: text, voided, rolledBackAt: 7 });
    return {
      value,
      insert: async (tx) => {
        await tx.directories.insert(id, directory);
        await tx.cutovers.insert(id, value);
      },
      find: (store) => store.cutovers.find(id, directory.id),
      update: (tx, reportHash, version) => tx.cutovers.update(id, { ...value, reportHash }, version),
      remove: (tx) => tx.cutovers.remove(id, directory.id),
    };
  },
};
