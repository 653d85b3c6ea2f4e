/** Mapping drafts: the whole set of rules of an organization as somebody would have it, before anybody's roles follow it. */
import type { GroupMappingId, MappingDraftId, OrganizationId } from '../../kernel/ids.ts';
import type { ConflictPolicy } from '../access/roles.ts';
import type { GroupMapping } from './directory.ts';

/** A rule of a draft. Its id is that of the rule it would change, or the one it would get. */
export type DraftedRule = Pick<GroupMapping, 'match' | 'grants' | 'rank'> & { readonly id: GroupMappingId };

/** A whole set of rules. */
export interface RuleBook {
  readonly rules: readonly DraftedRule[];
  readonly policy: ConflictPolicy;
}

export interface MappingDraft {
  readonly id: MappingDraftId;
  readonly version: number;
  readonly organizationId: OrganizationId;
  readonly name: string | null;
  readonly rules: readonly DraftedRule[];
  /** Null: as it is when the draft is applied. */
  readonly policy: ConflictPolicy | null;
  /** The mark of the rules it was begun from: tells whether they have changed since. */
  readonly basis: string;
  /** As the ledger names callers. */
  readonly createdBy: string;
  /** The applied draft whose rules it would take back. */
  readonly undoes: MappingDraftId | null;
  /** Null while it is open; then when, by whom, and what was in force before. */
  readonly applied: { readonly at: number; readonly by: string; readonly before: RuleBook } | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}
