/** What core asks of storage about webhooks. */
import type { OrganizationId, WebhookId } from '../../kernel/ids.ts';
import type { Webhook } from '../entities/webhook.ts';
import type { PageRequest } from './paging.ts';

export interface WebhookRepository {
  insert(organizationId: OrganizationId, webhook: Webhook): Promise<void>;
  find(organizationId: OrganizationId, id: WebhookId): Promise<Webhook | undefined>;
  list(organizationId: OrganizationId, page: PageRequest): Promise<readonly Webhook[]>;
  update(organizationId: OrganizationId, next: Webhook, expectedVersion: number): Promise<void>;
  /**
   * Moves `dueAt` to `leaseEndsAt` in one conditional write, so that two workers never hold the same one; the version stays. Answers it
   * as leased; undefined when it is not due or gone.
   */
  claim(
    organizationId: OrganizationId,
    id: WebhookId,
    lease: { readonly now: number; readonly endsAt: number },
  ): Promise<Webhook | undefined>;
  remove(organizationId: OrganizationId, id: WebhookId): Promise<boolean>;
  /** GLOBAL: the operator names a webhook by its id alone. */
  findById(id: WebhookId): Promise<Webhook | undefined>;
  /** GLOBAL: those of everybody. */
  listAll(page: PageRequest): Promise<readonly Webhook[]>;
  /** GLOBAL: those that may look for events now, ordered by id, which is also what `after` means. */
  listDue(now: number, page: PageRequest): Promise<readonly Webhook[]>;
}
