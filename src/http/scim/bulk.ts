/** POST /Bulk: many operations in one request, each of them run by the routes that single requests go through (RFC 7644 §3.7). */
import type { Request, Response } from 'express';
import { GatehouseError } from '../../kernel/errors.ts';
import { type BulkEntry, parseBulk } from '../../protocols/scim/bulk.ts';
import { type BulkUnit, orderBulk } from '../../protocols/scim/bulk-order.ts';
import { referencesOf } from '../../protocols/scim/bulk-references.ts';
import { factsOf } from '../request-facts.ts';
import { sendScim } from './answers.ts';
import { runCircle } from './bulk-circle.ts';
import { type BulkRun, refuse, runOperation } from './bulk-operation.ts';
import type { ScimContext, ScimHandler } from './context.ts';
import type { Dispatch } from './dispatch.ts';
import { innerRequests } from './inner-requests.ts';
import { noteTolerances } from './noted-tolerances.ts';

const BULK_RESPONSE_URN = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse';

/** Creations handed to storage at a time: they share commits, and the writer takes them in the order sent. */
const TOGETHER = 64;

/** After this long no further operation is begun: identity providers wait 60 s for an answer (S127). */
const BUDGET_MS = 30_000;

/**
 * The handler of POST /Bulk. `routes` are those of single requests, without their guard. Every operation is a transaction of
 * its own, or one together with those it refers to in a circle; the answer leaves when all that were begun are durable, so
 * what a lost answer left behind is whole operations. `budgetMs`: 30 s if absent; operations not begun by then answer 429.
 */
export function bulkHandler(routes: Dispatch, budgetMs: number = BUDGET_MS): ScimHandler {
  const inside = innerRequests(routes);
  return async (context: ScimContext, req: Request, res: Response): Promise<void> => {
    const { entries, failOnErrors, tolerances } = parseBulk(req.body);
    const run: BulkRun = {
      ...{ entries, inside, facts: factsOf(res), ids: new Map(), results: new Map() },
      context: { ...context, isAnswerUnread: true },
      references: entries.map((entry) => (entry.kind === 'operation' ? referencesOf(entry) : new Set())),
      ...{ tolerances: new Set(tolerances), unknownAttributes: new Set() },
    };
    const { clock } = context.deps;
    const startedAt = clock();
    await runAll(run, { failOnErrors, isLate: () => clock() - startedAt >= budgetMs });
    noteTolerances(res, {
      tolerances: [...run.tolerances],
      unknownAttributes: [...run.unknownAttributes],
    });
    const Operations = entries.flatMap((_entry, index) => run.results.get(index)?.shown ?? []);
    sendScim(res, 200, { schemas: [BULK_RESPONSE_URN], Operations });
  };
}

interface Bounds {
  readonly failOnErrors: number;
  readonly isLate: () => boolean;
}

async function runAll(run: BulkRun, { failOnErrors, isLate }: Bounds): Promise<void> {
  const units = orderBulk(dependenciesOf(run));
  let errors = 0;
  for (let next = 0; next < units.length && errors < failOnErrors; ) {
    // No more at a time than may still fail: an operation beyond the limit must not even be begun.
    const room = Math.min(TOGETHER, failOnErrors - errors);
    const together = leadingCreations(run, units.slice(next, next + room));
    const runOne = isLate() ? refuseLate : runUnit;
    await Promise.all(together.map((unit) => runOne(run, unit)));
    const settled = together.flatMap(({ members }) => members);
    errors += settled.filter((index) => run.results.get(index)?.isFailure === true).length;
    next += together.length;
  }
}

/** For each operation the creations whose bulkIds it names; a bulkId that nobody has is no dependency. */
function dependenciesOf({ entries, references }: BulkRun): readonly ReadonlySet<number>[] {
  const creations = new Map(
    entries.flatMap((entry, index) => (isCreation(entry) ? [[entry.bulkId, index] as const] : [])),
  );
  return references.map((named) => new Set([...named].flatMap((bulkId) => creations.get(bulkId) ?? [])));
}

const isCreation = (entry: BulkEntry | undefined): boolean =>
  entry?.kind === 'operation' && entry.method === 'POST';

/**
 * The units that may run side by side: creations that wait for nothing, from the front on. Everything else may concern the
 * same resource as its neighbour, so it runs alone.
 */
function leadingCreations(run: BulkRun, units: readonly BulkUnit[]): readonly BulkUnit[] {
  const isFree = ({ members, isCircle, dependencies }: BulkUnit): boolean =>
    !isCircle &&
    members.every((index) => isCreation(run.entries[index])) &&
    [...dependencies].every((index) => run.results.has(index));
  const end = units.findIndex((unit) => !isFree(unit));
  return units.slice(0, end === -1 ? units.length : Math.max(end, 1));
}

async function runUnit(run: BulkRun, { members, isCircle }: BulkUnit): Promise<void> {
  if (isCircle) await runCircle(run, members);
  else await Promise.all(members.map((index) => runOperation(run, index)));
}

async function refuseLate(run: BulkRun, { members }: BulkUnit): Promise<void> {
  const detail = 'This Bulk request has taken too long: send what was not done again.';
  for (const index of members) refuse(run, index, new GatehouseError('too_many_requests', detail));
}
