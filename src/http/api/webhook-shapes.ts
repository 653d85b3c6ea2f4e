/** What the management API answers about webhooks, and how it is made. Secrets stand in the answer that makes them, and nowhere else. */
import { z } from 'zod';
import {
  DISABLED_BECAUSE,
  WEBHOOK_OUTCOMES,
  WEBHOOK_STATUSES,
  type Webhook,
} from '../../core/entities/webhook.ts';
import { INSTALLATION } from '../../core/journal/audit.ts';
import { isoTime, isoTimeOrNull } from './present.ts';
import { timeShape } from './shapes.ts';

/** What became of a request. */
export const outcomeShape = z
  .enum(WEBHOOK_OUTCOMES)
  .describe(
    'accepted: 2xx. gone: 410. rejected: another answer, redirects included. unreachable: none within 5 seconds. not_allowed: the name leads where the gateway may not call.',
  );

export const webhookShape = z.object({
  id: z.string(),
  url: z.string(),
  organization: z.string().nullable().describe('Whose events it gets; null: those of all.'),
  types: z.array(z.string()).nullable().describe('The only types it gets; null: all.'),
  status: z
    .enum(WEBHOOK_STATUSES)
    .describe('pending: waits for a ping that is answered with 2xx. disabled: gets nothing.'),
  disabledBecause: z
    .enum(DISABLED_BECAUSE)
    .nullable()
    .describe(
      'gone: answered 410. failing: for days. unreadable: its stored secret is damaged; make a new one.',
    ),
  failures: z.int().describe('Tries in a row that the next event was not taken.'),
  failingSince: timeShape.nullable(),
  nextTryAt: timeShape.nullable().describe('After a failure; null: nothing waits for a time.'),
  setAside: z
    .array(z.object({ id: z.string(), type: z.string(), since: timeShape, nextTryAt: timeShape }))
    .describe('Events it did not take for an hour while it took others: tried on their own for three days.'),
  lastResult: z.object({ outcome: outcomeShape, at: timeShape }).nullable(),
  previousSecretEndsAt: timeShape.nullable().describe('Until when the secret before signs along.'),
  createdAt: timeShape,
  updatedAt: timeShape,
});

const secretShape = z
  .string()
  .describe('`whsec_` and the key in base64 (Standard Webhooks). The only time it is shown.');

export const webhookWithSecretShape = webhookShape.extend({ secret: secretShape });

/** Without its secrets. */
export const presentWebhook = (webhook: Webhook): z.infer<typeof webhookShape> => {
  const { id, organizationId, url, types, status, disabledBecause, failures, lastResult } = webhook;
  return {
    ...{ id, url, status, disabledBecause, failures },
    organization: organizationId === INSTALLATION ? null : organizationId,
    types: types === null ? null : [...types],
    failingSince: isoTimeOrNull(webhook.failingSince),
    nextTryAt: isoTimeOrNull(failures === 0 ? null : webhook.dueAt),
    setAside: webhook.setAside.map((one) => ({
      ...{ id: one.id, type: one.type },
      ...{ since: isoTime(one.since), nextTryAt: isoTime(one.dueAt) },
    })),
    lastResult: lastResult && { outcome: lastResult.outcome, at: isoTime(lastResult.at) },
    previousSecretEndsAt: isoTimeOrNull(webhook.previousSecret?.endsAt ?? null),
    createdAt: isoTime(webhook.createdAt),
    updatedAt: isoTime(webhook.updatedAt),
  };
};

/** With the present one. */
export const presentWithSecret = (webhook: Webhook): z.infer<typeof webhookWithSecretShape> => ({
  ...presentWebhook(webhook),
  secret: webhook.secret,
});
