/** What waits to be stored: whatever is added and stored when, the store is left with what storing everything would have left. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Bounds, createWaitingList } from '../../../src/core/journal/waiting-list.ts';

interface Thing {
  readonly place: number;
  readonly isFailed: boolean;
}

/** What the trim of the recorders leaves: see the contract of `recorderEntries.trim` and `signInAttempts.trim`. */
function trimmed(things: readonly Thing[], { newest, ok, failed }: Bounds): readonly Thing[] {
  const ordered = things.toSorted((a, b) => b.place - a.place);
  const older = ordered.slice(newest);
  return [
    ...ordered.slice(0, newest),
    ...older.filter(({ isFailed }) => isFailed).slice(0, failed),
    ...older.filter(({ isFailed }) => !isFailed).slice(0, ok),
  ].toSorted((a, b) => a.place - b.place);
}

const small = fc.nat({ max: 6 });
const bounds = fc.record({ newest: small, ok: small, failed: small });
const steps = fc.array(fc.constantFrom('ok', 'failed', 'store'), { maxLength: 80 });

test('what is stored after any adds and flushes is what storing all of it and trimming would leave', () => {
  fc.assert(
    fc.property(bounds, steps, (keep, sequence) => {
      const everything: Thing[] = [];
      let list = createWaitingList<Thing>(keep, ({ isFailed }) => isFailed);
      let store: readonly Thing[] = [];
      const pushedOut: Thing[] = [];
      for (const step of [...sequence, 'store']) {
        if (step === 'store') {
          expect(list.all()).toHaveLength(list.length());
          store = trimmed([...store, ...list.all()], keep);
          list = createWaitingList<Thing>(keep, ({ isFailed }) => isFailed);
          continue;
        }
        const thing = { place: everything.length, isFailed: step === 'failed' };
        everything.push(thing);
        const out = list.add(thing);
        if (out !== undefined) pushedOut.push(out);
        expect(list.length()).toBeLessThanOrEqual(keep.newest + keep.ok + keep.failed);
      }
      expect(store).toEqual(trimmed(everything, keep));
      expect(pushedOut.filter((out) => store.includes(out))).toEqual([]);
    }),
  );
});

test('what waits is given in the order in which it came, failures that outlive others first', () => {
  const list = createWaitingList<number>({ newest: 2, ok: 0, failed: 2 }, (place) => place % 2 === 1);
  expect([1, 2, 3, 4, 5, 6].map((place) => list.add(place))).toEqual([
    undefined,
    undefined,
    undefined,
    2,
    undefined,
    4,
  ]);
  expect(list.all()).toEqual([1, 3, 5, 6]);
});
