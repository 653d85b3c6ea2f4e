/** What both recorders share: things seen wait in memory, are stored in batches outside the request, and are kept in bounded number. */
import type { OrganizationId } from '../../kernel/ids.ts';
import type { Deps } from '../deps.ts';
import type { Repositories } from '../ports/storage.ts';

/** An organization is trimmed again after this many more. */
const TRIM_EVERY = 100;
/** So many are stored together: other writers wait about a millisecond for them, not several. */
const STEP = 50;
const WAITING_LIMIT = 5000;

export interface RecordingQueue<Seen> {
  /** How many wait. */
  length(): number;
  /** Never waits, never throws. False beyond 5,000 waiting: then it is lost and counted. */
  add(seen: Seen): boolean;
  /** Counts one as lost that was not added. */
  lose(): void;
  /** Resolves when everything added before is stored, or lost because the store would not take it. */
  flush(): Promise<void>;
  /** Lost since the start. */
  lost(): number;
}

export interface RecordingQueueOptions<Seen, Kept> extends Pick<Deps, 'storage'> {
  /** As it is stored; runs outside the request. */
  readonly toKept: (seen: Seen) => Kept;
  readonly append: (tx: Repositories, organizationId: OrganizationId, own: readonly Kept[]) => Promise<void>;
  readonly trim: (tx: Repositories, organizationId: OrganizationId) => Promise<unknown>;
  /** Told how many were lost: by the error of the store, or without one because there was no room. */
  readonly onLoss: (count: number, reason: unknown) => void;
  /** Told of what leaves the queue, stored or not. */
  readonly onTaken?: (batch: readonly Seen[]) => void;
  /** Of so many organizations it is known how far they are from their next trim; for tests. */
  readonly organizationsRemembered?: number;
}

/** Starts empty. `flush` is to be called by a timer. */
export function createRecordingQueue<Seen, Kept extends { readonly organizationId: OrganizationId }>(
  options: RecordingQueueOptions<Seen, Kept>,
): RecordingQueue<Seen> {
  const { storage, toKept, onLoss, onTaken } = options;
  const waiting: Seen[] = [];
  const untrimmed = new Map<OrganizationId, number>();
  let lost = 0;
  let unreported = 0;
  let running: Promise<void> | undefined;

  const lose = (): void => {
    lost += 1;
    unreported += 1;
  };
  const storeBatch = async (): Promise<void> => {
    const batch = waiting.splice(0, STEP);
    onTaken?.(batch);
    try {
      const kept = Map.groupBy(batch.map(toKept), ({ organizationId }) => organizationId);
      await storage.transact((tx) => appendAll(tx, kept, { ...options, untrimmed }), 'relaxed');
      noteAppended(untrimmed, kept, options.organizationsRemembered);
    } catch (error) {
      lost += batch.length;
      onLoss(batch.length, error);
    }
  };
  const drain = async (): Promise<void> => {
    while (waiting.length > 0) await storeBatch();
    running = undefined;
    if (unreported > 0) onLoss(unreported, undefined);
    unreported = 0;
  };
  return {
    length: () => waiting.length,
    add(seen) {
      if (waiting.length < WAITING_LIMIT) return waiting.push(seen) > 0;
      lose();
      return false;
    },
    lose,
    async flush() {
      if (waiting.length > 0) running ??= drain();
      await running;
    },
    lost: () => lost,
  };
}

type Grouped<Kept> = ReadonlyMap<OrganizationId, readonly Kept[]>;

type Appending<Kept> = Pick<RecordingQueueOptions<never, Kept>, 'append' | 'trim'> & {
  readonly untrimmed: ReadonlyMap<OrganizationId, number>;
};

async function appendAll<Kept>(
  tx: Repositories,
  kept: Grouped<Kept>,
  { append, trim, untrimmed }: Appending<Kept>,
): Promise<void> {
  for (const [organizationId, own] of kept) {
    // It may have been removed since; what was recorded of it goes with it.
    if ((await tx.organizations.find(organizationId)) === undefined) continue;
    await append(tx, organizationId, own);
    // Nothing known of it in this process: it may have been full when the process before stopped.
    const since = untrimmed.get(organizationId) ?? TRIM_EVERY;
    if (since + own.length >= TRIM_EVERY) await trim(tx, organizationId);
  }
}

/** Forgetting them means one trim of each that was not needed yet. */
const ORGANIZATIONS_REMEMBERED = 10_000;

/** After the commit, because a transaction may run twice. */
function noteAppended<Kept>(
  untrimmed: Map<OrganizationId, number>,
  kept: Grouped<Kept>,
  remembered = ORGANIZATIONS_REMEMBERED,
): void {
  if (untrimmed.size >= remembered) untrimmed.clear();
  for (const [organizationId, own] of kept) {
    const since = (untrimmed.get(organizationId) ?? TRIM_EVERY) + own.length;
    untrimmed.set(organizationId, since >= TRIM_EVERY ? 0 : since);
  }
}
