/** The body of a Bulk request (RFC 7644 §3.7): from untrusted JSON to operations, each one understood or refused by itself. Pure. */
import { GatehouseError } from '../../kernel/errors.ts';
import { isJsonObject, type JsonObject, requireJsonObject } from './input-guard.ts';
import type { Tolerance } from './tolerances.ts';

/** Advertised in ServiceProviderConfig and enforced. */
export const MAX_BULK_OPERATIONS = 1000;

/** Of the whole body; advertised as `maxPayloadSize` and enforced by whoever reads the body. */
export const MAX_BULK_BYTES = 1024 * 1024;

/** One operation whose form is right; whether it fits the resource, the single request it stands for tells. */
export interface BulkOperation {
  readonly kind: 'operation';
  readonly method: BulkMethod;
  readonly endpoint: '/Users' | '/Groups';
  /** What follows the endpoint: an id, or `bulkId:` and the bulkId of a POST; undefined for POST. */
  readonly target: string | undefined;
  /** Undefined when absent; never for POST. */
  readonly bulkId: string | undefined;
  /** The version the resource must have, as for If-Match. */
  readonly version: string | undefined;
  /** The body of the single request, as sent. */
  readonly data: unknown;
}

/** One operation that cannot be run; the others are not touched by that. */
export interface RefusedOperation {
  readonly kind: 'refused';
  /** To be echoed, as far as they are there and texts. */
  readonly method: string | undefined;
  readonly bulkId: string | undefined;
  readonly error: GatehouseError;
}

export type BulkMethod = (typeof METHODS)[number];
export type BulkEntry = BulkOperation | RefusedOperation;

/** A Bulk request as understood. */
export interface BulkRequest {
  /** In the order sent. */
  readonly entries: readonly BulkEntry[];
  /** The number of failed operations after which no further one is begun; Infinity when absent. */
  readonly failOnErrors: number;
  readonly tolerances: readonly Tolerance[];
}

const BULK_URN = 'urn:ietf:params:scim:api:messages:2.0:bulkrequest';
const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE'] as const;
const MAX_BULK_ID = 256;

/**
 * Reads a Bulk body: `Operations` with 1 to 1000 entries, `failOnErrors` a whole number from 1 on. Throws
 * `invalid_syntax` (no such body), `invalid_value` (failOnErrors), `payload_too_large` (more operations).
 */
export function parseBulk(body: unknown): BulkRequest {
  const envelope = readObject(requireJsonObject(body));
  const operations = envelope.value('Operations');
  if (!Array.isArray(operations) || operations.length === 0) {
    throw syntax('A Bulk body needs "Operations", a list with at least one entry.', 'Operations');
  }
  if (operations.length > MAX_BULK_OPERATIONS) {
    throw new GatehouseError(
      'payload_too_large',
      `A Bulk request holds at most ${MAX_BULK_OPERATIONS} operations.`,
      { field: 'Operations' },
    );
  }
  const failOnErrors = readFailOnErrors(envelope.value('failOnErrors'));
  const tolerances = new Set<Tolerance>(schemasTolerances(envelope.value('schemas')));
  const entries = operations.map((entry: unknown) => readEntry(entry, tolerances));
  for (const tolerance of envelope.tolerances) tolerances.add(tolerance);
  return { entries: withoutDoubles(entries), failOnErrors, tolerances: [...tolerances] };
}

function readFailOnErrors(value: unknown): number {
  if (value === undefined || value === null) return Number.POSITIVE_INFINITY;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return value;
  throw new GatehouseError('invalid_value', 'failOnErrors must be a whole number from 1 on.', {
    field: 'failOnErrors',
  });
}

function schemasTolerances(value: unknown): readonly Tolerance[] {
  if (value === undefined || value === null) return ['schemas_missing'];
  if (!Array.isArray(value) || value.some((urn) => typeof urn !== 'string')) {
    throw syntax('"schemas" must be a list of texts.', 'schemas');
  }
  return value.some((urn) => String(urn).toLowerCase() === BULK_URN) ? [] : ['schemas_missing'];
}

function readEntry(entry: unknown, tolerances: Set<Tolerance>): BulkEntry {
  if (!isJsonObject(entry)) {
    return refused({}, syntax('An operation must be an object.', 'Operations'));
  }
  const reader = readObject(entry);
  const echo = { method: textOf(reader.value('method')), bulkId: textOf(reader.value('bulkId')) };
  try {
    const operation = readOperation(reader);
    if (operation.method !== echo.method) tolerances.add('op_case');
    for (const tolerance of reader.tolerances) tolerances.add(tolerance);
    return operation;
  } catch (error) {
    if (error instanceof GatehouseError) return refused(echo, error);
    throw error;
  }
}

function refused(
  echo: Partial<Pick<RefusedOperation, 'method' | 'bulkId'>>,
  error: GatehouseError,
): RefusedOperation {
  return { kind: 'refused', method: echo.method, bulkId: echo.bulkId, error };
}

function readOperation(reader: Reader): BulkOperation {
  const method = readMethod(reader.value('method'));
  const bulkId = readBulkId(reader.value('bulkId'), method);
  const version = reader.value('version') ?? undefined;
  if (version !== undefined && typeof version !== 'string') {
    throw syntax('"version" must be the version of the resource, a text.', 'version');
  }
  return {
    kind: 'operation',
    ...{ method, bulkId, version, data: reader.value('data') },
    ...readPath(reader.value('path'), method),
  };
}

function readMethod(value: unknown): BulkMethod {
  const name = typeof value === 'string' ? value.toUpperCase() : undefined;
  const method = METHODS.find((known) => known === name);
  if (method === undefined) throw syntax('"method" must be POST, PUT, PATCH or DELETE.', 'method');
  return method;
}

function readBulkId(value: unknown, method: BulkMethod): string | undefined {
  if (value === undefined || value === null) {
    if (method !== 'POST') return undefined;
    throw syntax('A POST needs a "bulkId", so that its result can be told.', 'bulkId');
  }
  if (typeof value === 'string' && value !== '' && value.length <= MAX_BULK_ID) return value;
  throw syntax(`"bulkId" must be a text of 1 to ${MAX_BULK_ID} characters.`, 'bulkId');
}

/** Users and groups are all there is: above all no Bulk inside Bulk, and no search (S127). */
function readPath(value: unknown, method: BulkMethod): Pick<BulkOperation, 'endpoint' | 'target'> {
  if (typeof value !== 'string') throw syntax('"path" must be a text.', 'path');
  const [, name, target] = /^\/?(Users|Groups)(?:\/([^/?#]+))?$/s.exec(value) ?? [];
  if (name === undefined) {
    throw pathError('The path of a Bulk operation is /Users, /Groups, or one of their resources.');
  }
  if ((method === 'POST') !== (target === undefined)) {
    throw pathError(method === 'POST' ? 'A POST goes to /Users or /Groups.' : `${method} needs an id.`);
  }
  return { endpoint: name === 'Users' ? '/Users' : '/Groups', target };
}

/** The first POST of a bulkId keeps it; nobody could tell whom a reference to a doubled one means (RFC 7644 §3.7). */
function withoutDoubles(entries: readonly BulkEntry[]): readonly BulkEntry[] {
  const seen = new Set<string>();
  return entries.map((entry) => {
    if (entry.kind === 'refused' || entry.method !== 'POST' || entry.bulkId === undefined) return entry;
    if (seen.has(entry.bulkId)) {
      return refused(
        entry,
        new GatehouseError('invalid_value', 'Another POST of this request has this bulkId.', {
          field: 'bulkId',
        }),
      );
    }
    seen.add(entry.bulkId);
    return entry;
  });
}

interface Reader {
  /** The member of that name in any letter case; the exact spelling wins. */
  value(name: string): unknown;
  readonly tolerances: ReadonlySet<Tolerance>;
}

function readObject(object: JsonObject): Reader {
  const tolerances = new Set<Tolerance>();
  return {
    tolerances,
    value(name) {
      if (Object.hasOwn(object, name)) return object[name];
      const wanted = name.toLowerCase();
      const key = Object.keys(object).find((candidate) => candidate.toLowerCase() === wanted);
      if (key === undefined) return undefined;
      tolerances.add('attribute_case');
      return object[key];
    },
  };
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value.slice(0, MAX_BULK_ID) : undefined;

const syntax = (detail: string, field: string): GatehouseError =>
  new GatehouseError('invalid_syntax', detail, { field });

const pathError = (detail: string): GatehouseError =>
  new GatehouseError('invalid_value', detail, { field: 'path' });
