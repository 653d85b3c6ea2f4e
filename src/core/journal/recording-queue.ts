/** What both recorders share: things seen wait in memory, are stored in batches outside the request, and are kept in bounded number. */
import type { OrganizationId } from '../../kernel/ids.ts';
import type { Deps } from '../deps.ts';
import type { Repositories } from '../ports/storage.ts';
import { type Bounds, createWaitingList, type WaitingList } from './waiting-list.ts';

/** An organization is trimmed again after this many more. */
const TRIM_EVERY = 100;
/** So many are stored together: other writers wait about a millisecond for them, not several. */
const STEP = 50;
/** What waits of all organizations together: beyond it the next is lost. */
const WAITING_LIMIT = 5000;
const WAITING_CHARACTERS = 32 * 1024 * 1024;
/** From this share of either on, everything is stored at once. */
const HURRY = 0.75;
/** An organization of which this many wait is flooded: it waits until its bounds have pushed out what need not be stored. */
const FLOOD = 200;
/** So many turns of the timer: 4 seconds of 250 ms. */
const FLOOD_TURNS = 16;

export interface RecordingQueue<Seen> {
  /** Never waits, never throws. Beyond 5,000 waiting, or 32 million characters, it is lost and counted. */
  add(seen: Seen): void;
  /** Counts one as lost that was not added. */
  lose(): void;
  /** Resolves when everything added before is stored, lost because the store would not take it, or pushed out by what is newer. */
  flush(): Promise<void>;
  /** The same of organizations that are not flooded, and of those that are at every sixteenth call. For a timer of 250 ms. */
  storeDue(): Promise<void>;
  /** Lost since the start. What the bounds of its organization pushed out is not. */
  lost(): number;
}

type OfOrganization = { readonly organizationId: OrganizationId };

export interface RecordingQueueOptions<Seen, Kept> extends Pick<Deps, 'storage'> {
  /** What `trim` leaves: more need not be stored of what waits. */
  readonly bounds: Bounds;
  readonly isFailed: (seen: Seen) => boolean;
  /** In characters. */
  readonly sizeOf: (seen: Seen) => number;
  /** As it is stored; runs outside the request. */
  readonly toKept: (seen: Seen) => Kept;
  readonly append: (tx: Repositories, organizationId: OrganizationId, own: readonly Kept[]) => Promise<void>;
  readonly trim: (tx: Repositories, organizationId: OrganizationId) => Promise<unknown>;
  /** Told how many were lost: by the error of the store, or without one because there was no room. */
  readonly onLoss: (count: number, reason: unknown) => void;
  /** Of so many organizations it is known how far they are from their next trim; for tests. */
  readonly organizationsRemembered?: number;
}

/** What waits of one organization, and for how many turns of the timer. */
interface Lane<Seen> {
  readonly list: WaitingList<Seen>;
  turns: number;
}

/** Starts empty. `storeDue` is to be called by a timer. */
export function createRecordingQueue<Seen extends OfOrganization, Kept extends OfOrganization>(
  options: RecordingQueueOptions<Seen, Kept>,
): RecordingQueue<Seen> {
  const { bounds, isFailed, sizeOf, onLoss } = options;
  const lanes = new Map<OrganizationId, Lane<Seen>>();
  const storeBatch = createBatchStore(options);
  /** Taken from the lanes, to be stored next. */
  let taken: Seen[] = [];
  const waiting = { count: 0, characters: 0 };
  const losses = { all: 0, unreported: 0 };
  let running: Promise<void> | undefined;

  const lose = (): void => {
    losses.all += 1;
    losses.unreported += 1;
  };
  const leave = (seen: Seen): void => {
    waiting.count -= 1;
    waiting.characters -= sizeOf(seen);
  };
  const drain = async (): Promise<void> => {
    while (taken.length > 0) {
      const batch = taken.slice(0, STEP);
      taken = taken.slice(STEP);
      batch.forEach(leave);
      const lost = await storeBatch(batch);
      losses.all += lost;
    }
    running = undefined;
    if (losses.unreported > 0) onLoss(losses.unreported, undefined);
    losses.unreported = 0;
  };
  const store = async (isDue: (lane: Lane<Seen>) => boolean): Promise<void> => {
    for (const [organizationId, lane] of lanes) {
      if (!isDue(lane)) continue;
      lanes.delete(organizationId);
      taken.push(...lane.list.all());
    }
    if (taken.length > 0) running ??= drain();
    await running;
  };
  const laneOf = (organizationId: OrganizationId): Lane<Seen> => {
    const known = lanes.get(organizationId);
    if (known !== undefined) return known;
    const lane = { list: createWaitingList(bounds, isFailed), turns: 0 };
    lanes.set(organizationId, lane);
    return lane;
  };
  const flush = (): Promise<void> => store(() => true);
  return {
    add(seen) {
      if (share(waiting) >= 1) {
        lose();
        return;
      }
      waiting.count += 1;
      waiting.characters += sizeOf(seen);
      const out = laneOf(seen.organizationId).list.add(seen);
      if (out !== undefined) leave(out);
      else if (running === undefined && share(waiting) >= HURRY) void flush();
    },
    lose,
    flush,
    storeDue: () =>
      store((lane) => {
        lane.turns += 1;
        return lane.list.length() < FLOOD || lane.turns >= FLOOD_TURNS;
      }),
    lost: () => losses.all,
  };
}

/** How much of the room for what waits is taken; 1 is all of it. */
const share = ({ count, characters }: { readonly count: number; readonly characters: number }): number =>
  Math.max(count / WAITING_LIMIT, characters / WAITING_CHARACTERS);

/** Stores what was seen in one transaction; answers how many were lost because the store would not take them. */
function createBatchStore<Seen, Kept extends OfOrganization>(
  options: RecordingQueueOptions<Seen, Kept>,
): (batch: readonly Seen[]) => Promise<number> {
  const { storage, toKept, onLoss, organizationsRemembered } = options;
  const untrimmed = new Map<OrganizationId, number>();
  return async (batch) => {
    try {
      const kept = Map.groupBy(batch.map(toKept), ({ organizationId }) => organizationId);
      await storage.transact((tx) => appendAll(tx, kept, { ...options, untrimmed }), 'relaxed');
      noteAppended(untrimmed, kept, organizationsRemembered);
      return 0;
    } catch (error) {
      onLoss(batch.length, error);
      return batch.length;
    }
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
