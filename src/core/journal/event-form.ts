/** An event as the outside sees it, whether it asks (`GET /events`) or is told (webhooks): one form, made here only. */

import type { OutboxEvent } from '../entities/journal.ts';
import { INSTALLATION } from './audit.ts';

/** The JSON of one event; times are ISO 8601. */
export interface EventForm {
  readonly id: string;
  readonly type: string;
  /** Null for what belongs to no organization. */
  readonly organizationId: string | null;
  readonly createdAt: string;
  readonly data: {
    readonly auditEventId: string;
    readonly target: { readonly kind: string; readonly id: string };
    readonly details: Record<string, unknown>;
    readonly audit?: { readonly seq: number; readonly hash: string } | undefined;
  };
}

/** The form of a stored event. */
export const eventForm = (event: OutboxEvent): EventForm => ({
  id: event.id,
  type: event.type,
  organizationId: event.organizationId === INSTALLATION ? null : event.organizationId,
  createdAt: new Date(event.createdAt).toISOString(),
  // Only `record` writes payloads of events.
  data: JSON.parse(event.payload) as EventForm['data'],
});
