/** Remembered places in long lists, so that the next page is a step and not a walk. Only hints: storage says whether they hold. */

/** The row with this id has `offset` rows before and with it. */
export interface Anchor {
  readonly offset: number;
  readonly id: string;
}

/** `list` names one list of one directory; `moves` is storage's own count of changes to its sequence. */
export interface PageAnchors {
  /** The last anchor at or before `offset` that holds while the list is at `moves`. */
  nearest(list: string, moves: number, offset: number): Anchor | undefined;
  note(list: string, moves: number, anchor: Anchor): void;
}

const LISTS_KEPT = 256;
const ANCHORS_KEPT = 64;

interface Known {
  readonly moves: number;
  readonly anchors: Map<number, string>;
}

/** Bounded: the lists and anchors that were noted longest ago are forgotten. */
export function createPageAnchors(): PageAnchors {
  const lists = new Map<string, Known>();
  const at = (list: string, moves: number): Known | undefined => {
    const known = lists.get(list);
    return known?.moves === moves ? known : undefined;
  };
  return {
    nearest(list, moves, offset) {
      let best: Anchor | undefined;
      for (const [place, id] of at(list, moves)?.anchors ?? []) {
        if (place <= offset && (best === undefined || place > best.offset)) best = { offset: place, id };
      }
      return best;
    },
    note(list, moves, { offset, id }) {
      const known = at(list, moves) ?? { moves, anchors: new Map<number, string>() };
      lists.delete(list);
      lists.set(list, known);
      known.anchors.delete(offset);
      known.anchors.set(offset, id);
      dropOldest(known.anchors, ANCHORS_KEPT);
      dropOldest(lists, LISTS_KEPT);
    },
  };
}

function dropOldest<Key>(map: Map<Key, unknown>, kept: number): void {
  const [oldest] = map.keys();
  if (map.size > kept && oldest !== undefined) map.delete(oldest);
}
