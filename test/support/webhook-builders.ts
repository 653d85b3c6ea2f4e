/** Webhooks for tests. */
import type { Webhook } from '../../src/core/entities/webhook.ts';
import type { OrganizationId } from '../../src/kernel/ids.ts';
import { BUILT_AT, nextId } from './builders.ts';

/** One that gets everything and is due. */
export function aWebhook(organizationId: OrganizationId, overrides: Partial<Webhook> = {}): Webhook {
  return {
    ...{ id: nextId('whk'), version: 1, organizationId, createdAt: BUILT_AT, updatedAt: BUILT_AT },
    ...{ url: 'https://product.example/hooks', types: null, status: 'active', disabledBecause: null },
    ...{ secret: 'whsec_cmVjb3ZlcmFibGUtc2VjcmV0', previousSecret: null, position: 0 },
    ...{ failures: 0, failingSince: null, dueAt: BUILT_AT, lastResult: null, setAside: [] },
    ...overrides,
  };
}
