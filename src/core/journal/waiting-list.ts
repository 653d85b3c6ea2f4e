/** What of one organization waits to be stored: as much as its store would keep, and nothing that the store would trim at once. */

/** What is kept: the newest so many, whatever they are, and beyond those the newest so many of either outcome. */
export interface Bounds {
  readonly newest: number;
  readonly ok: number;
  readonly failed: number;
}

export interface WaitingList<Seen> {
  length(): number;
  /** Answers what it pushed out: the oldest that went beyond the bounds, in the extreme what was added; undefined while there is room. */
  add(seen: Seen): Seen | undefined;
  /** Everything that waits. */
  all(): readonly Seen[];
}

/** Starts empty. */
export function createWaitingList<Seen>(
  bounds: Bounds,
  isFailed: (seen: Seen) => boolean,
): WaitingList<Seen> {
  const newest = createRing<Seen>(bounds.newest);
  const ok = createRing<Seen>(bounds.ok);
  const failed = createRing<Seen>(bounds.failed);
  return {
    length: () => newest.items.length + ok.items.length + failed.items.length,
    add(seen) {
      const older = pushInto(newest, seen);
      return older === undefined ? undefined : pushInto(isFailed(older) ? failed : ok, older);
    },
    all: () => [...inOrder(failed), ...inOrder(ok), ...inOrder(newest)],
  };
}

interface Ring<Item> {
  readonly items: Item[];
  readonly limit: number;
  /** Where the oldest stands once the ring is full. */
  oldest: number;
}

const createRing = <Item>(limit: number): Ring<Item> => ({ items: [], limit, oldest: 0 });

/** Answers what had to give way. */
function pushInto<Item>(ring: Ring<Item>, item: Item): Item | undefined {
  const { items, limit, oldest } = ring;
  if (limit === 0) return item;
  if (items.length < limit) {
    items.push(item);
    return undefined;
  }
  const out = items[oldest];
  items[oldest] = item;
  ring.oldest = oldest + 1 === limit ? 0 : oldest + 1;
  return out;
}

const inOrder = <Item>({ items, oldest }: Ring<Item>): readonly Item[] => [
  ...items.slice(oldest),
  ...items.slice(0, oldest),
];
