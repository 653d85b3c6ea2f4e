/** The recorder: takes exchanges in memory, stores them in batches outside the request, and keeps a bounded number. */
import { days, seconds } from '../kernel/clock.ts';
import type { DirectoryId, OrganizationId, RecorderEntryId } from '../kernel/ids.ts';
import { newId } from '../kernel/ids.ts';
import type { Deps } from './deps.ts';
import type { AuditEvent } from './entities/journal.ts';
import type { RecordedChange, RecordedFailure, RecorderEntry } from './entities/recorder.ts';
import type { Repositories } from './ports/storage.ts';
import type { Excerpt } from './recorder-redaction.ts';
import { redactBody, redactNote, redactPath } from './recorder-redaction.ts';

/** An exchange as the edge saw it, secrets and all; it stays in memory until it is redacted. */
export interface RecordedExchange {
  readonly organizationId: OrganizationId;
  readonly directoryId: DirectoryId;
  readonly tokenName: string | null;
  readonly replayOf: RecorderEntryId | null;
  readonly at: number;
  readonly ms: number;
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly request: Excerpt | null;
  readonly response: Excerpt | null;
  readonly tolerances: readonly string[];
  readonly unknownAttributes: readonly string[];
  /** The audit rows that were committed. */
  readonly events: readonly AuditEvent[];
  readonly failure: RecordedFailure | null;
}

export interface Recorder {
  /** Takes an exchange; never waits, never throws. When the memory set aside is full the exchange is dropped and counted. */
  add(exchange: RecordedExchange): void;
  /** Resolves when everything added before is stored, or dropped because the store would not take it. */
  flush(): Promise<void>;
  /** Exchanges lost since the start. */
  dropped(): number;
}

/** How much of a request and of an answer is kept: bytes, characters. */
export const REQUEST_EXCERPT = 16 * 1024;
export const RESPONSE_EXCERPT = 4 * 1024;

/** 2,000 entries per organization, those since the last trim included; 500 of them for failures that a full synchronization would push out. */
const KEEP = { newest: 1400, failed: 500 };
/** An organization is trimmed again after this many more entries. */
const TRIM_EVERY = 100;
/** Entries are removed when they are this old. */
const RETENTION_MS = days(30);

/** A flush starts at once when this many wait. */
const FULL_BATCH = 200;
/** So many are stored together: other writers wait about a millisecond for them, not several. */
const STEP = 50;
const WAITING_LIMIT = 5000;
const WAITING_CHARACTERS = 32 * 1024 * 1024;

/** Refusals at the door come as fast as a sender likes: of each kind and directory one in this time is kept. */
const DOOR_REFUSALS = ['too_many_requests', 'unauthenticated', 'forbidden'];
const DOOR_INTERVAL_MS = seconds(10);
const DOORS_REMEMBERED = 1000;

interface RecorderDeps extends Pick<Deps, 'storage'> {
  /** Told how many exchanges were lost: by the error of the store, or without one because memory was full. */
  readonly onLoss: (count: number, reason: unknown) => void;
}

/** Starts empty. `flush` is to be called by a timer; a full batch is stored at once. */
export function createRecorder({ storage, onLoss }: RecorderDeps): Recorder {
  const waiting: RecordedExchange[] = [];
  const untrimmed = new Map<OrganizationId, number>();
  const isRepeated = createDoorkeeper();
  let size = 0;
  let dropped = 0;
  let unreported = 0;
  let running: Promise<void> | undefined;

  const storeBatch = async (): Promise<void> => {
    const batch = waiting.splice(0, STEP);
    for (const exchange of batch) size -= sizeOf(exchange);
    try {
      const entries = Map.groupBy(batch.map(toEntry), (entry) => entry.organizationId);
      await storage.transact((tx) => appendAll(tx, entries, untrimmed), 'relaxed');
      noteAppended(untrimmed, entries);
    } catch (error) {
      dropped += batch.length;
      onLoss(batch.length, error);
    }
  };
  const drain = async (): Promise<void> => {
    while (waiting.length > 0) await storeBatch();
    running = undefined;
    if (unreported > 0) onLoss(unreported, undefined);
    unreported = 0;
  };
  const flush = async (): Promise<void> => {
    if (waiting.length > 0) running ??= drain();
    await running;
  };
  return {
    add: (exchange) => {
      if (isRepeated(exchange)) return;
      if (waiting.length >= WAITING_LIMIT || size >= WAITING_CHARACTERS) {
        dropped += 1;
        unreported += 1;
        return;
      }
      waiting.push(exchange);
      size += sizeOf(exchange);
      if (waiting.length >= FULL_BATCH) void flush();
    },
    flush,
    dropped: () => dropped,
  };
}

/** Removes what is older than 30 days, of every organization; answers how many. */
export function removeOldEntries(tx: Repositories, now: number): Promise<number> {
  return tx.recorderEntries.removeExpired(now - RETENTION_MS);
}

const sizeOf = ({ request, response, path }: RecordedExchange): number =>
  path.length + (request?.text.length ?? 0) + (response?.text.length ?? 0);

/** True for the refusals at the door that follow another of their kind too closely. */
function createDoorkeeper(): (exchange: RecordedExchange) => boolean {
  const seen = new Map<string, number>();
  return ({ failure, directoryId, at }) => {
    if (failure === null || !DOOR_REFUSALS.includes(failure.code)) return false;
    const key = `${failure.code} ${directoryId}`;
    const last = seen.get(key);
    if (last !== undefined && at - last < DOOR_INTERVAL_MS) return true;
    if (seen.size >= DOORS_REMEMBERED) seen.clear();
    seen.set(key, at);
    return false;
  };
}

type Entries = ReadonlyMap<OrganizationId, readonly RecorderEntry[]>;

async function appendAll(
  tx: Repositories,
  entries: Entries,
  untrimmed: ReadonlyMap<OrganizationId, number>,
): Promise<void> {
  for (const [organizationId, own] of entries) {
    // It may have been removed since; its entries go with it.
    if ((await tx.organizations.find(organizationId)) === undefined) continue;
    await tx.recorderEntries.append(organizationId, own);
    // Nothing known of it in this process: it may have been full when the process before stopped.
    const since = untrimmed.get(organizationId) ?? TRIM_EVERY;
    if (since + own.length >= TRIM_EVERY) await tx.recorderEntries.trim(organizationId, KEEP);
  }
}

/** After the commit, because a transaction may run twice. */
function noteAppended(untrimmed: Map<OrganizationId, number>, entries: Entries): void {
  for (const [organizationId, own] of entries) {
    const since = (untrimmed.get(organizationId) ?? TRIM_EVERY) + own.length;
    untrimmed.set(organizationId, since >= TRIM_EVERY ? 0 : since);
  }
}

function toEntry(exchange: RecordedExchange): RecorderEntry {
  const { request, response, events, failure, path, unknownAttributes, ...rest } = exchange;
  const sent = request === null ? undefined : redactBody(request);
  const secrets = sent?.secrets ?? [];
  return {
    ...rest,
    id: newId('rec', exchange.at),
    kind: 'scim',
    path: redactPath(path),
    requestBody: sent?.text ?? null,
    responseBody: response === null ? null : withoutSecrets(redactBody(response).text, secrets),
    isRequestWhole: sent?.isWhole ?? true,
    unknownAttributes: unknownAttributes.map((name) => redactNote(name, secrets)),
    change: changeOf(events),
    failure: failure === null ? null : withoutSecretsIn(failure, secrets),
  };
}

const withoutSecretsIn = (failure: RecordedFailure, secrets: readonly string[]): RecordedFailure => ({
  ...failure,
  detail: redactNote(failure.detail, secrets),
  field: failure.field === null ? null : redactNote(failure.field, secrets),
});

const withoutSecrets = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text);

const IDS_SHOWN = 50;

function changeOf(events: readonly AuditEvent[]): RecordedChange | null {
  const main = events.find(({ target }) => target.kind.startsWith('directory_')) ?? events[0];
  if (main === undefined) return null;
  return {
    type: main.type,
    targetId: main.target.id,
    auditEventIds: events.slice(0, IDS_SHOWN).map((event) => event.id),
    auditEventCount: events.length,
    ...(main.details.shadow === true ? { shadow: true } : {}),
  };
}
