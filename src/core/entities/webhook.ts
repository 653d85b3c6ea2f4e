/** Webhooks: addresses that events are sent to as they happen, each with its own place in the order of events. */
import type { OrganizationId, OutboxEventId, WebhookId } from '../../kernel/ids.ts';

/** `pending`: not proved yet, a ping has to be answered. `disabled`: gets nothing until it is made active again. */
export const WEBHOOK_STATUSES = ['pending', 'active', 'disabled'] as const;
export type WebhookStatus = (typeof WEBHOOK_STATUSES)[number];

/** Why a webhook is disabled: `gone`: it answered 410. `failing`: for days. `unreadable`: its stored secret does not open any more. */
export const DISABLED_BECAUSE = ['by_hand', 'gone', 'failing', 'unreadable'] as const;
export type DisabledBecause = (typeof DISABLED_BECAUSE)[number];

/**
 * What became of a request, said in no more words than a tenant may hear (S197). `accepted`: 2xx. `gone`: 410. `rejected`: any other
 * answer, redirects included. `unreachable`: none in time. `not_allowed`: the name leads where this gateway may not call.
 */
export const WEBHOOK_OUTCOMES = ['accepted', 'gone', 'rejected', 'unreachable', 'not_allowed'] as const;
export type WebhookOutcome = (typeof WEBHOOK_OUTCOMES)[number];

/** An event that a webhook did not take while it took others: it holds up none of them, and is tried on its own for three days. */
export interface SetAside {
  readonly id: OutboxEventId;
  readonly type: string;
  readonly position: number;
  /** When it was refused first. */
  readonly since: number;
  readonly failures: number;
  /** When it is tried next. */
  readonly dueAt: number;
}

export interface Webhook {
  readonly id: WebhookId;
  readonly version: number;
  /** Whose events it gets; `INSTALLATION`: the operator's, which gets those of everybody. */
  readonly organizationId: OrganizationId;
  readonly url: string;
  /** `member.removed`, or `member.*`; null: all. */
  readonly types: readonly string[] | null;
  readonly status: WebhookStatus;
  /** Null while it is not. */
  readonly disabledBecause: DisabledBecause | null;
  /** `whsec_…`, sealed at rest; empty: what is stored does not open any more, and nothing can be signed. */
  readonly secret: string;
  /** The one before, which signs along until then; sealed at rest. */
  readonly previousSecret: { readonly value: string; readonly endsAt: number } | null;
  /** The position of the last event that it has behind it. */
  readonly position: number;
  /** Tries of the next event so far. */
  readonly failures: number;
  readonly failingSince: number | null;
  /** When to look for events, epoch ms; in the future while a worker holds it and between tries. Null unless active. */
  readonly dueAt: number | null;
  readonly setAside: readonly SetAside[];
  readonly lastResult: { readonly outcome: WebhookOutcome; readonly at: number } | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}
