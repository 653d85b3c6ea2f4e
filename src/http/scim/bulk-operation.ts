/** One operation of a Bulk request: its references become ids, it runs as a request of its own, its answer becomes a result. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { BulkEntry, BulkOperation } from '../../protocols/scim/bulk.ts';
import { type IdOf, resolveReferences, resolveText } from '../../protocols/scim/bulk-references.ts';
import type { Tolerance } from '../../protocols/scim/tolerances.ts';
import { scimErrorBody } from '../errors/scim.ts';
import type { RequestFacts } from '../request-facts.ts';
import type { ScimContext } from './context.ts';
import type { InnerAnswer, RunInside } from './inner-requests.ts';

/** One Bulk request on its way. */
export interface BulkRun {
  readonly context: ScimContext;
  readonly facts: RequestFacts;
  readonly inside: RunInside;
  readonly entries: readonly BulkEntry[];
  /** The bulkIds each operation names, by index. */
  readonly references: readonly ReadonlySet<string>[];
  /** What the bulkIds of finished POSTs have become. */
  readonly ids: Map<string, string>;
  /** Finished operations by index. */
  readonly results: Map<number, BulkResult>;
  readonly tolerances: Set<Tolerance>;
  readonly unknownAttributes: Set<string>;
}

/** How one operation ended (RFC 7644 §3.7: an entry of BulkResponse). */
export interface BulkResult {
  readonly isFailure: boolean;
  readonly shown: object;
}

/** An answer beside what it says about the resource. */
interface Ended {
  /** Undefined for a creation that failed. */
  readonly location: string | undefined;
  readonly version: string | undefined;
  readonly status: number;
  readonly failure: GatehouseError | undefined;
}

/** Runs the operation and keeps its result. Never throws: a refusal is a result. */
export async function runOperation(run: BulkRun, index: number): Promise<void> {
  const entry = run.entries[index];
  if (entry === undefined) return;
  if (entry.kind === 'refused') {
    refuse(run, index, entry.error);
    return;
  }
  const references = run.references[index] ?? NONE;
  const missing = [...references].find((bulkId) => !run.ids.has(bulkId));
  if (missing !== undefined) {
    refuse(run, index, unresolved(missing));
    return;
  }
  const idOf: IdOf = (bulkId) => run.ids.get(bulkId);
  // Most operations name nobody: their data goes on as it came, without a copy.
  settle(run, index, await send(run, references.size === 0 ? entry : resolveOperation(entry, idOf)));
}

const NONE: ReadonlySet<string> = new Set();

function unresolved(bulkId: string): GatehouseError {
  return new GatehouseError(
    'invalid_value',
    `bulkId ${bulkId} names no POST of this request that succeeded.`,
    {
      field: 'bulkId',
    },
  );
}

/** The operation with ids in place of bulkIds; what has no id yet is left out of its data. */
export function resolveOperation(operation: BulkOperation, idOf: IdOf): BulkOperation {
  const { target, data } = operation;
  return {
    ...operation,
    target: target === undefined ? undefined : resolveText(target, idOf),
    data: resolveReferences(data, idOf),
  };
}

/** Runs a resolved operation through the routes of single requests, in the given context or in that of the Bulk request. */
export function send(
  run: BulkRun,
  { method, endpoint, target, version, data }: BulkOperation,
  context: ScimContext = run.context,
): Promise<InnerAnswer> {
  const path = target === undefined ? endpoint : `${endpoint}/${encodeURIComponent(target)}`;
  return run.inside({
    ...{ context, facts: run.facts, method },
    url: path,
    headers: version === undefined || method === 'POST' ? {} : { 'if-match': version },
    body: method === 'DELETE' ? undefined : data,
  });
}

/** Keeps the result of an answer; a creation that succeeded gives its bulkId an id. */
export function settle(run: BulkRun, index: number, answer: InnerAnswer): void {
  const { status, etag, failure, tolerated, location } = answer;
  for (const tolerance of tolerated?.tolerances ?? []) run.tolerances.add(tolerance);
  for (const name of tolerated?.unknownAttributes ?? []) run.unknownAttributes.add(name);
  const entry = run.entries[index];
  const bulkId = entry?.method === 'POST' ? entry.bulkId : undefined;
  if (bulkId !== undefined && location !== undefined && status < 400) run.ids.set(bulkId, idIn(location));
  const known = location ?? locationOf(run, index);
  keep(run, index, { status, failure, version: failure === undefined ? etag : undefined, location: known });
}

/** The last segment of a location. */
export const idIn = (location: string): string => location.slice(location.lastIndexOf('/') + 1);

/** Keeps a refusal that no route gave. */
export function refuse(run: BulkRun, index: number, failure: GatehouseError): void {
  keep(run, index, { status: 0, failure, version: undefined, location: locationOf(run, index) });
}

function locationOf(run: BulkRun, index: number): string | undefined {
  const entry = run.entries[index];
  if (entry?.kind !== 'operation' || entry.target === undefined) return undefined;
  const id = resolveText(entry.target, (bulkId) => run.ids.get(bulkId));
  return id === undefined ? undefined : `${run.context.baseUrl}${entry.endpoint}/${encodeURIComponent(id)}`;
}

function keep(run: BulkRun, index: number, { location, version, status, failure }: Ended): void {
  const entry = run.entries[index];
  const response = failure === undefined ? undefined : scimErrorBody(failure);
  run.results.set(index, {
    isFailure: response !== undefined,
    // Members without a value are left out by JSON.
    shown: {
      ...{ location, method: entry?.method, bulkId: entry?.bulkId, version },
      status: response?.status ?? String(status),
      response,
    },
  });
}
