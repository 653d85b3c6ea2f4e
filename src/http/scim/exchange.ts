/**
 * What a SCIM exchange gathers in `res.locals` until it is over: all of it in one shape from the start, because looking up
 * what was added later, in whatever order, costs more than making it.
 */
import type { Response } from 'express';
import type { AuditEvent } from '../../core/entities/journal.ts';
import type { Excerpt } from '../../core/journal/recorder-redaction.ts';
import type { GatehouseError } from '../../kernel/errors.ts';
import type { RequestFacts } from '../request-facts.ts';
import type { ScimContext } from './context.ts';
import type { NotedTolerances } from './noted-tolerances.ts';

export interface Exchange {
  readonly facts: RequestFacts;
  /** When it began, in epoch milliseconds. */
  readonly at: number;
  /** Names and values in turn, as `writeHead` takes them: every header of the answer but those of its body. */
  readonly headers: string[];
  /** What the guard found out; undefined until it has. */
  scim: ScimContext | undefined;
  failure: GatehouseError | undefined;
  /** The audit rows that were committed. */
  committed: readonly AuditEvent[] | undefined;
  tolerated: NotedTolerances | undefined;
  bodyBytes: Buffer | undefined;
  answer: Excerpt | undefined;
}

/** An exchange that has just begun. */
export const newExchange = (facts: RequestFacts, at: number, headers: string[]): Exchange => ({
  facts,
  at,
  headers,
  scim: undefined,
  failure: undefined,
  committed: undefined,
  tolerated: undefined,
  bodyBytes: undefined,
  answer: undefined,
});

/** Adds a header to the answer; it is written when the answer begins. */
export function addHeader(res: Response, name: string, value: string): void {
  headersOf(res).push(name, value);
}

/** The headers gathered so far, names and values in turn. Requests inside requests begin with none. */
export function headersOf(res: Response): string[] {
  res.locals.headers ??= [];
  return res.locals.headers;
}
