/** The recorder: takes exchanges in memory, stores them in batches outside the request, and keeps a bounded number. */
import { days, seconds } from '../../kernel/clock.ts';
import type { DirectoryId, OrganizationId, RecorderEntryId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import type { Deps } from '../deps.ts';
import type { AuditEvent } from '../entities/journal.ts';
import type { RecordedChange, RecordedFailure, RecorderEntry } from '../entities/recorder.ts';
import type { Repositories } from '../ports/storage.ts';
import type { Excerpt } from './recorder-redaction.ts';
import { redactBody, redactNote, redactPath } from './recorder-redaction.ts';
import { createRecordingQueue } from './recording-queue.ts';

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
  readonly change: RecordedChange | null;
  readonly failure: RecordedFailure | null;
}

export interface Recorder {
  /** Takes an exchange; never waits, never throws. When the memory set aside is full the exchange is dropped and counted. */
  add(exchange: RecordedExchange): void;
  /** Resolves when everything added before is stored, or dropped because the store would not take it. To be awaited before what is stored is read. */
  flush(): Promise<void>;
  /** Stores what waits, but an organization that is flooded only every four seconds: the most of it is pushed out before. */
  storeDue(): Promise<void>;
  /** Exchanges lost since the start. */
  dropped(): number;
}

/** How much of a request and of an answer is kept: bytes, characters. */
export const REQUEST_EXCERPT = 16 * 1024;
export const RESPONSE_EXCERPT = 4 * 1024;

/** 2,000 entries per organization, those since the last trim included; 500 of them for failures that a full synchronization would push out. */
const KEEP = { newest: 1400, failed: 500 };
/** Entries are removed when they are this old. */
const RETENTION_MS = days(30);

/** Refusals at the door come as fast as a sender likes: of each kind and directory one in this time is kept. */
const DOOR_REFUSALS = ['too_many_requests', 'unauthenticated', 'forbidden'];
const DOOR_INTERVAL_MS = seconds(10);
const DOORS_REMEMBERED = 1000;

interface RecorderDeps extends Pick<Deps, 'storage'> {
  /** Told how many exchanges were lost: by the error of the store, or without one because memory was full. */
  readonly onLoss: (count: number, reason: unknown) => void;
}

/** Starts empty. `storeDue` is to be called by a timer of 250 ms. */
export function createRecorder({ storage, onLoss }: RecorderDeps): Recorder {
  const isRepeated = createDoorkeeper();
  const queue = createRecordingQueue<RecordedExchange, RecorderEntry>({
    storage,
    onLoss,
    bounds: { ...KEEP, ok: 0 },
    isFailed: ({ failure }) => failure !== null,
    sizeOf,
    toKept: toEntry,
    append: (tx, organizationId, own) => tx.recorderEntries.append(organizationId, own),
    trim: (tx, organizationId) => tx.recorderEntries.trim(organizationId, KEEP),
  });
  return {
    add: (exchange) => {
      if (!isRepeated(exchange)) queue.add(exchange);
    },
    flush: queue.flush,
    storeDue: queue.storeDue,
    dropped: queue.lost,
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

function toEntry(exchange: RecordedExchange): RecorderEntry {
  const { request, response, failure, path, unknownAttributes, ...rest } = exchange;
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

/** What the audit rows that were committed tell; null for none. Many exchanges wait: they hold this, not the rows. */
export function changeOf(events: readonly AuditEvent[]): RecordedChange | null {
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
