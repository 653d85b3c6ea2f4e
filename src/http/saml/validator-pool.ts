/** Judges SAML responses in worker threads, so that nobody waits for somebody else's signature check. */
import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { GatehouseError } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/log.ts';
import { refuse } from '../../protocols/saml/rejections.ts';
import { msSinceTaken, newBeginMark, type Task } from './validation-task.ts';
import type { Verdict } from './validation-worker.ts';
import type { SamlHints, SamlValidator } from './validator.ts';

interface PoolSettings {
  /** Threads, started by `warm` or with the first response. */
  readonly workers: number;
  readonly logger: Logger;
  /** Responses of all connections that may be waiting or judged at once. */
  readonly limit?: number;
  /** For one response, from when a thread takes it, milliseconds. A thread that takes longer is ended. */
  readonly timeLimitMs?: number;
  /** Until a thread takes it, its start included, milliseconds. */
  readonly waitLimitMs?: number;
  /** The module the threads run. */
  readonly module?: URL;
}

const TIME_LIMIT_MS = 10_000;
/** As long as anybody looks at a page that loads: on a busy machine the start of a thread takes seconds. */
const WAIT_LIMIT_MS = 60_000;
const LIMIT_PER_WORKER = 64;
const RETRY_AFTER_SECONDS = 2;

/** A document of 256 KB needs a few megabytes; what needs this much is an attack on memory. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 16 };

/**
 * A validator over threads of its own. One connection may fill half of the places, so that no organization shuts the door
 * on all others. A thread that dies costs the one sign-in it was judging, refused as `saml.validator`; another takes its place.
 */
export function createValidatorPool(settings: PoolSettings): SamlValidator {
  const { workers, logger, limit = workers * LIMIT_PER_WORKER } = settings;
  const places = createPlaces(limit);
  const threads = startedOnce(settings);
  const run = (name: 'facts' | 'hints', input: unknown, transferList: ArrayBuffer[]) => {
    const { begin, signal, stop } = startClock(settings);
    const task: Task<unknown> = { begin, input };
    return threads.started().run(task, { name, signal, transferList }).finally(stop);
  };
  return {
    async facts(input) {
      const { connectionId } = input.connection;
      if (!places.take(connectionId)) throw tooMany();
      try {
        const { value: samlResponse, transferList } = handedOver(input.samlResponse);
        const verdict: Verdict = await run('facts', { ...input, samlResponse }, transferList);
        return 'facts' in verdict ? verdict.facts : rethrow(verdict.refused);
      } catch (error) {
        if (error instanceof GatehouseError) throw error;
        logger.error('a SAML response could not be judged', { connectionId, error });
        return refuse('saml.validator', undefined, error);
      } finally {
        places.leave(connectionId);
      }
    },
    async hints(samlResponse): Promise<SamlHints> {
      if (!places.take('')) return [];
      const { value, transferList } = handedOver(samlResponse);
      return run('hints', value, transferList)
        .catch(() => [])
        .finally(() => places.leave(''));
    },
    warm: threads.warm,
    close: threads.ended,
  };
}

/** Bytes as a copy that moves to the other thread: the caller may have to show them again, and a view would take the whole form along. */
function handedOver(value: unknown): { readonly value: unknown; readonly transferList: ArrayBuffer[] } {
  if (!(value instanceof Uint8Array)) return { value, transferList: [] };
  const copy = new Uint8Array(value);
  return { value: copy, transferList: [copy.buffer] };
}

/**
 * Two limits for one response: until a thread takes it, and from then on. A late start is no slow verdict. To be stopped as soon
 * as it is judged: a timeout that goes on for ten seconds keeps the response that long.
 */
function startClock({ timeLimitMs = TIME_LIMIT_MS, waitLimitMs = WAIT_LIMIT_MS }: PoolSettings) {
  const begin = newBeginMark();
  // What the pool listens to; an AbortController costs several times as much, for every sign-in.
  const limit = new EventEmitter();
  const startedAt = performance.now();
  const look = (): void => {
    const judgedMs = msSinceTaken(begin);
    const leftMs =
      judgedMs === undefined ? waitLimitMs - (performance.now() - startedAt) : timeLimitMs - judgedMs;
    if (leftMs <= 0) limit.emit('abort');
    // Whoever has not been taken yet may be at any moment: looked at again before its verdict can be late.
    else timer = setTimeout(look, Math.min(leftMs, timeLimitMs)).unref();
  };
  let timer = setTimeout(look, Math.min(waitLimitMs, timeLimitMs)).unref();
  return { begin, signal: limit, stop: () => clearTimeout(timer) };
}

/** The threads, from the first time somebody needs them or says that somebody will. */
function startedOnce({ workers, logger, module }: PoolSettings) {
  let pool: Piscina | undefined;
  let soon: NodeJS.Immediate | undefined;
  const start = () => {
    const started = new Piscina({
      filename: fileURLToPath(module ?? new URL('./validation-worker.ts', import.meta.url)),
      minThreads: workers,
      maxThreads: workers,
      resourceLimits: RESOURCE_LIMITS,
      // They get keys and trust with each task, and nothing of what the process was started with.
      env: {},
      atomics: 'disabled',
      recordTiming: false,
      // Where processors are scarce, the thread that answers goes first.
      niceIncrement: 10,
    });
    // A thread that dies between two tasks.
    started.on('error', (error) => logger.error('a SAML thread ended', { error }));
    return started;
  };
  const started = (): Piscina => {
    pool ??= start();
    return pool;
  };
  return {
    started,
    /** After the answer that is being written now, not before it. */
    warm(): void {
      if (pool === undefined) soon ??= setImmediate(started);
    },
    ended: async (): Promise<void> => {
      clearImmediate(soon);
      await pool?.destroy();
      pool = undefined;
    },
  };
}

/** Counts who waits. The pool's own queue has no limit for tasks that can be cancelled. */
function createPlaces(limit: number) {
  const taken = new Map<string, number>();
  let all = 0;
  return {
    take(owner: string): boolean {
      const own = taken.get(owner) ?? 0;
      if (all >= limit || own >= Math.ceil(limit / 2)) return false;
      taken.set(owner, own + 1);
      all += 1;
      return true;
    },
    leave(owner: string): void {
      const own = (taken.get(owner) ?? 1) - 1;
      if (own === 0) taken.delete(owner);
      else taken.set(owner, own);
      all -= 1;
    },
  };
}

const tooMany = () =>
  new GatehouseError('too_many_requests', 'Too many people are signing in at this moment.', {
    context: { reason: 'saml.too_many_waiting', retryAfterSeconds: RETRY_AFTER_SECONDS },
  });

function rethrow({ detail, context, cause }: Extract<Verdict, { refused: unknown }>['refused']): never {
  throw new GatehouseError('sign_in_refused', detail, {
    context,
    ...(cause === undefined ? {} : { cause: new Error(cause) }),
  });
}
