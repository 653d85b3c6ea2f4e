/** The part of the isolation table about links that admins pass on. */
import { nextId } from '../support/builders.ts';
import {
  absent,
  bug,
  claimedBy,
  conflict,
  global,
  type IsolationTable,
  nothing,
  PAGE,
  untouched,
} from './tenant-isolation-entries.ts';

/** Their entries. */
export const links: Pick<IsolationTable, 'shareableLinks'> = {
  shareableLinks: {
    insert: {
      ...bug,
      call: (tx, b, a) => tx.shareableLinks.insert(b, { ...a.shareableLink, id: nextId('lnk') }),
    },
    find: { ...absent, call: (store, b, a) => store.shareableLinks.find(b, a.shareableLink.id) },
    list: { answersOwn: 1, call: (store, b) => store.shareableLinks.list(b, PAGE) },
    listOpen: { answersOwn: 1, call: (store, b) => store.shareableLinks.listOpen(b, 1) },
    update: {
      ...conflict,
      call: (tx, b, a) => tx.shareableLinks.update(b, claimedBy(b, a.shareableLink), 1),
    },
    claim: {
      ...untouched,
      call: (tx, b, a) =>
        tx.shareableLinks.claim(b, a.shareableLink.id, {
          ...{ membershipId: a.membership.id, email: 'a@example.com', usedAt: 1 },
        }),
    },
    listUses: {
      ...nothing,
      call: (store, b, a) => store.shareableLinks.listUses(b, a.shareableLink.id, PAGE),
    },
    eraseUse: {
      ...untouched,
      call: (tx, b, a) => tx.shareableLinks.eraseUse(b, a.shareableLink.id, a.membership.id),
    },
    findByTokenHash: global,
  },
};
