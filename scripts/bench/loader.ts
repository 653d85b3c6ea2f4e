/** Sends requests over kept-alive connections and times them. It judges nothing; `answers.ts` does. */
import { Pool } from 'undici';
import type { ServerCost } from './server-process.ts';

export interface Answer {
  /** 0 when there was no answer; `text` then says why. */
  readonly status: number;
  readonly text: string;
  /** The parsed body; undefined when there is none or it is not JSON. */
  readonly body: unknown;
  readonly ms: number;
}

export interface Loader {
  /** `path` is below the SCIM base address. A failed request is an answer with status 0. */
  call(method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown): Promise<Answer>;
  close(): Promise<void>;
}

const CONNECTIONS = 8;
const TIMEOUT_MS = 60_000;

/** A loader for one server. Throws for any address but 127.0.0.1: this is no tool against other people's machines. */
export function createLoader(base: string, bearer: string): Loader {
  const { hostname, origin, pathname } = new URL(base);
  if (hostname !== '127.0.0.1') throw new Error('The bench loads 127.0.0.1 only.');
  const pool = new Pool(origin, {
    connections: CONNECTIONS,
    pipelining: 1,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });
  const headers = { accept: 'application/scim+json', authorization: `Bearer ${bearer}` };
  const sending = { ...headers, 'content-type': 'application/scim+json' };
  return {
    async call(method, path, body) {
      const options =
        body === undefined ? { method, headers } : { method, headers: sending, body: JSON.stringify(body) };
      const startedAt = performance.now();
      try {
        const answer = await pool.request({ path: pathname + path, ...options });
        const text = await answer.body.text();
        const ms = performance.now() - startedAt;
        return { status: answer.statusCode, text, body: parse(text), ms };
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        return { status: 0, text, body: undefined, ms: performance.now() - startedAt };
      }
    },
    close: () => pool.close(),
  };
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What came of one operation: its time on the wire, and what was wrong with the answers, if anything. */
export interface Operation {
  readonly ms: number;
  readonly fault: string | undefined;
}

export interface Load {
  readonly count: number;
  readonly concurrency: number;
  /** No operation starts after this many milliseconds. */
  readonly budgetMs: number;
  operate(index: number): Promise<Operation>;
  cost(): ServerCost;
  /** Has the server do what it put off: outside the wall time, inside the CPU. */
  settle?: (() => Promise<void>) | undefined;
}

export interface Measured {
  /** Operations begun and ended, from index 0 on without a gap. */
  readonly operations: number;
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly latenciesMs: readonly number[];
  readonly faults: readonly string[];
}

/** A server that answers this many operations wrongly will not be right afterwards. */
const ENOUGH_FAULTS = 5;

/** Runs operations side by side until `count` or the budget is reached, or until too many have gone wrong. */
export async function drive(load: Load): Promise<Measured> {
  const { count, concurrency, budgetMs, operate, cost } = load;
  const latenciesMs: number[] = [];
  const faults: string[] = [];
  let next = 0;
  const before = cost();
  const startedAt = performance.now();
  const work = async () => {
    while (next < count && faults.length < ENOUGH_FAULTS && performance.now() - startedAt < budgetMs) {
      const index = next;
      next += 1;
      const { ms, fault } = await operate(index);
      latenciesMs.push(ms);
      if (fault !== undefined) faults.push(fault);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  // Alone on the line, the time between answers is the bench's own: it reads and checks them.
  const onTheWire = latenciesMs.reduce((sum, ms) => sum + ms, 0);
  const wallMs = concurrency === 1 ? onTheWire : performance.now() - startedAt;
  await load.settle?.();
  return { operations: next, wallMs, cpuMs: cost().cpuMs - before.cpuMs, latenciesMs, faults };
}
