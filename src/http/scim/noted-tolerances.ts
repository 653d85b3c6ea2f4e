/** Keeps what was tolerated in a request, so that an admin can be shown what the directory really sends. */
import type { Response } from 'express';
import type { Tolerance } from '../../protocols/scim/tolerances.ts';
import { loggerOf } from '../request-facts.ts';

/** What one request made use of. */
export interface NotedTolerances {
  readonly tolerances: readonly Tolerance[];
  /** Ignored attributes as the directory spelled them. */
  readonly unknownAttributes: readonly string[];
}

/** Leaves the tolerances in `res.locals.tolerated` and logs them with their counts; attribute names are not logged. */
export function noteTolerances(res: Response, noted: NotedTolerances): void {
  const { tolerances, unknownAttributes } = noted;
  if (tolerances.length === 0) return;
  const tolerated: NotedTolerances = { tolerances, unknownAttributes };
  res.locals.tolerated = tolerated;
  loggerOf(res).debug('scim tolerances', {
    tolerances,
    toleranceCount: tolerances.length,
    unknownAttributeCount: unknownAttributes.length,
  });
}
