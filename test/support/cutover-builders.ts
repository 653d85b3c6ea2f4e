/** Cut-overs for tests. */
import type { Cutover, CutoverMember } from '../../src/core/entities/cutover.ts';
import type { Directory } from '../../src/core/entities/directory.ts';
import type { Membership } from '../../src/core/entities/people.ts';
import { BUILT_AT } from './builders.ts';

type Place = Pick<Directory, 'organizationId' | 'id'>;

/** A small one that can be taken back for a day. */
export function aCutover({ organizationId, id }: Place, overrides: Partial<Cutover> = {}): Cutover {
  return {
    organizationId,
    directoryId: id,
    version: 1,
    status: 'switched',
    reportHash: 'hash',
    unmatched: 'keep',
    jobId: null,
    counts: { members: 9, adopted: 1, added: 2, waiting: 3, suspended: 4, kept: 5 },
    voided: [{ kind: 'link', id: 'lnk_1', email: null }],
    switchedAt: BUILT_AT,
    rollbackUntil: BUILT_AT + 86_400_000,
    rolledBackAt: null,
    ...overrides,
  };
}

/** What the cut-over of this directory remembers of the member. */
export function aCutoverMember(
  { id }: Pick<Directory, 'id'>,
  membership: Membership,
  overrides: Partial<CutoverMember> = {},
): CutoverMember {
  return {
    organizationId: membership.organizationId,
    directoryId: id,
    membershipId: membership.id,
    membership,
    grants: [],
    expiresAt: BUILT_AT + 86_400_000,
    ...overrides,
  };
}
