/** What a speed target is, and the verdict on it. The targets themselves are in `target-list.ts`. */
import type { Figures } from './runner.ts';
import type { StageResult } from './stages/stage.ts';
import { ratio } from './statistics.ts';

/** `CPU per unit`: of the server, divided by what one operation moves. */
export type Measure = 'rate' | 'CPU' | 'CPU per unit';

/** One scenario on one server. */
export interface Point {
  readonly scenario: string;
  readonly subject: string;
}

/** A bound on `of / to`, or on one fact. */
export interface Target {
  /** As the project counts its targets. */
  readonly number: number;
  readonly promise: string;
  readonly value:
    | { readonly by: Measure; readonly of: Point; readonly to: Point }
    | { readonly fact: string; readonly minus?: string; readonly over?: string };
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface Verdict {
  readonly number: number;
  readonly promise: string;
  readonly bound: string;
  /** NaN when it was not measured. */
  readonly value: number;
  readonly verdict: 'reached' | 'missed' | 'not measured';
}

/** Holds every target against what was measured. */
export function judge(targets: readonly Target[], stages: readonly StageResult[]): Verdict[] {
  return targets.map(({ number, promise, value, atLeast, atMost }) => {
    const found = foundFor(value, stages);
    const isReached =
      found >= (atLeast ?? Number.NEGATIVE_INFINITY) && found <= (atMost ?? Number.POSITIVE_INFINITY);
    const verdict = Number.isNaN(found) ? 'not measured' : isReached ? 'reached' : 'missed';
    return {
      number,
      promise,
      bound: atLeast === undefined ? `<= ${atMost}` : `>= ${atLeast}`,
      value: found,
      verdict,
    };
  });
}

function foundFor(value: Target['value'], stages: readonly StageResult[]): number {
  if ('by' in value) return ratio(figure(value.of, value.by, stages), figure(value.to, value.by, stages));
  const factOf = (name: string) =>
    stages.map(({ facts }) => facts[name]).find((found) => found !== undefined) ?? Number.NaN;
  const difference = factOf(value.fact) - (value.minus === undefined ? 0 : factOf(value.minus));
  return value.over === undefined ? difference : ratio(difference, factOf(value.over));
}

function figure({ scenario, subject }: Point, by: Measure, stages: readonly StageResult[]): number {
  const found = stages
    .flatMap(({ results }) => results)
    .find((result) => result.scenario === scenario && result.subject === subject);
  if (found?.figures === undefined) return Number.NaN;
  return measured(found.figures, by, found.unitsPerOperation);
}

function measured({ rate, cpuMs }: Figures, by: Measure, units: number): number {
  return by === 'rate' ? rate : by === 'CPU' ? cpuMs : cpuMs / units;
}
