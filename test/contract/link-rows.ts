/** Driver of the rows of links that admins pass on. */
import { nextId } from '../support/builders.ts';
import { aShareableLink } from '../support/link-builders.ts';
import type { RowKind } from './row-kind.ts';

/** Links; `uses` is not what an update writes. */
export const shareableLinks: RowKind = {
  name: 'shareableLinks',
  make: ({ organization: { id } }, text) => {
    const value = aShareableLink(id, {
      ...{ tokenHash: text, domains: [text, 'example.com'], role: 'viewer', revokedAt: 5, askedAt: 6 },
      teams: [{ teamId: nextId('team'), role: 'owner' }],
      createdBy: { kind: 'connection', connectionId: text },
    });
    return {
      value,
      insert: (tx) => tx.shareableLinks.insert(id, value),
      find: (store) => store.shareableLinks.find(id, value.id),
      update: (tx, domain, version) => tx.shareableLinks.update(id, { ...value, domains: [domain] }, version),
    };
  },
};
