/** What core asks of storage about mapping drafts. */
import type { MappingDraftId, OrganizationId } from '../../kernel/ids.ts';
import type { MappingDraft } from '../entities/mapping-draft.ts';
import type { PageRequest } from './paging.ts';

export interface MappingDraftRepository {
  insert(organizationId: OrganizationId, draft: MappingDraft): Promise<void>;
  find(organizationId: OrganizationId, id: MappingDraftId): Promise<MappingDraft | undefined>;
  /** Newest first. */
  list(organizationId: OrganizationId, page: PageRequest): Promise<readonly MappingDraft[]>;
  update(organizationId: OrganizationId, next: MappingDraft, expectedVersion: number): Promise<void>;
  remove(organizationId: OrganizationId, id: MappingDraftId): Promise<boolean>;
}
