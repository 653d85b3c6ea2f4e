/** Sends events to webhooks: several at a time, one request each, and none so many that the others wait for it (S200). */
import type { Deps } from '../core/deps.ts';
import type { Webhook } from '../core/entities/webhook.ts';
import { deliverToWebhook, hasWork } from '../core/journal/webhook-delivery.ts';
import type { WebhookId } from '../kernel/ids.ts';
import type { Logger } from '../kernel/log.ts';

const PAGE = 200;

/** How many may be under way: in all, of one organization, and of those that failed the last time. */
const MOST = { all: 48, ofOne: 4, failing: 16 } as const;

type WorkerDeps = Pick<Deps, 'storage' | 'clock' | 'webhookFetcher'> & {
  readonly logger: Pick<Logger, 'error' | 'warn'>;
};

/**
 * `run` starts what is due and does not wait for it: an endpoint that takes its time holds up nobody else's. `stop` begins no further
 * request and resolves when none is under way; `settled` only waits.
 */
export function createWebhookWorker(deps: WorkerDeps) {
  const underWay = new Map<WebhookId, { readonly webhook: Webhook; readonly done: Promise<void> }>();
  let isStopping = false;
  /** Where the next round begins, so that nobody is first every time. */
  let last = '';

  const start = (webhook: Webhook): void => {
    last = webhook.id;
    const done = deliverToWebhook(deps, webhook, () => isStopping)
      .then(({ disabled, lost }) => {
        const { id, organizationId } = webhook;
        // The operator has no address that a mail could go to: the log is where they look.
        if (disabled !== null)
          deps.logger.error('webhook disabled', { webhook: id, organizationId, because: disabled });
        for (const { id: event, type } of lost)
          deps.logger.warn('webhook event given up', { webhook: id, organizationId, event, type });
      })
      .catch((error: unknown) => deps.logger.error('webhook delivery failed', { webhook: webhook.id, error }))
      .finally(() => underWay.delete(webhook.id));
    underWay.set(webhook.id, { webhook, done });
  };
  const settled = async (): Promise<void> => {
    while (underWay.size > 0) await Promise.all([...underWay.values()].map(({ done }) => done));
  };
  return {
    run: async (): Promise<void> => {
      for await (const webhook of dueInTurn(deps, last)) {
        if (isStopping) return;
        const others = [...underWay.values()].map((one) => one.webhook);
        if (mayStart(webhook, others) && (await hasWork(deps, webhook, deps.clock()))) start(webhook);
      }
    },
    settled,
    stop: (): Promise<void> => {
      isStopping = true;
      return settled();
    },
  };
}

/** Pure: whether this one may be sent to beside the others. */
function mayStart(webhook: Webhook, others: readonly Webhook[]): boolean {
  const ofOne = others.filter(({ organizationId }) => organizationId === webhook.organizationId);
  const failing = others.filter(({ failures }) => failures > 0);
  return (
    others.every(({ id }) => id !== webhook.id) &&
    others.length < MOST.all &&
    ofOne.length < MOST.ofOne &&
    (webhook.failures === 0 || failing.length < MOST.failing)
  );
}

/** All that are due, those behind `from` first, then the others. */
async function* dueInTurn({ storage, clock }: WorkerDeps, from: string): AsyncGenerator<Webhook> {
  const now = clock();
  for (let after = from; ; ) {
    const page = await storage.webhooks.listDue(now, { after, limit: PAGE });
    yield* page;
    after = page.at(-1)?.id ?? '';
    if (page.length < PAGE) break;
  }
  for (let after = ''; after < from; ) {
    const page = await storage.webhooks.listDue(now, { after, limit: PAGE });
    for (const webhook of page) {
      if (webhook.id > from) return;
      yield webhook;
    }
    if (page.length < PAGE) return;
    after = page.at(-1)?.id ?? '';
  }
}
