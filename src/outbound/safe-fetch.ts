/** The one door for outbound HTTP: resolves once, judges every address, connects only to what it judged. */
import { lookup as systemLookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import type { Agent, buildConnector, Dispatcher } from 'undici';
import type { Fetcher, FetchInit } from '../core/ports/fetcher.ts';
import { GatehouseError, isGatehouseError } from '../kernel/errors.ts';
import {
  type EgressRefusal,
  type EgressRules,
  httpPermission,
  isExemptAsWritten,
  judgeAddress,
  judgeUrl,
  parseEgressRules,
} from './egress-rules.ts';
import { ReadAnswer } from './read-answer.ts';

/** One resolved address. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** Answers every address of a name; injected in tests. */
export type Resolve = (host: string) => Promise<readonly ResolvedAddress[]>;

export interface SafeFetchOptions {
  /** Hosts or CIDRs that may be private, plain http and on any port (`GATEHOUSE_EGRESS_ALLOW`). */
  readonly allow: readonly string[];
  readonly lookup?: Resolve;
  /** Milliseconds for the whole call: name, connection, headers and body. 3,000 if absent. */
  readonly timeoutMs?: number;
  /** Bytes of decoded body. 524,288 if absent. */
  readonly maxBytes?: number;
}

/** One text for everything that happens after the URL was found acceptable: no port scanner for tenants (S197). */
const UNREACHABLE = 'The address gave no usable answer.';
const FORBIDDEN = 'The address is not one this gateway may call.';

const REFUSAL_TEXTS: Readonly<Record<EgressRefusal, string>> = {
  malformed: 'This is not an absolute URL.',
  scheme: 'The address must start with https://.',
  userinfo: 'The address must not contain a user name or password.',
  port: 'The address must use port 443 or 8443.',
  local_name: FORBIDDEN,
  address: FORBIDDEN,
  redirect: FORBIDDEN,
};

/**
 * Builds the guarded fetch (S194-S197): https only, ports 443 and 8443, public addresses only, resolved once and
 * pinned, no redirects, no proxies from the environment, caps on time and size. The allow list lifts scheme,
 * port and address rules, never the caps.
 */
export function createSafeFetch(options: SafeFetchOptions): Fetcher {
  const rules = parseEgressRules(options.allow);
  const timeoutMs = options.timeoutMs ?? 3000;
  const maxBytes = options.maxBytes ?? 512 * 1024;
  const resolve = options.lookup ?? resolveWithSystem;
  let agent: Promise<Agent> | undefined;
  const judge = (url: string): URL => {
    const verdict = judgeUrl(url, rules);
    if (!verdict.allowed) throw refusal(verdict.refusal);
    return verdict.url;
  };
  return {
    checkUrl(url) {
      judge(url);
    },
    permitsHttp: httpPermission(rules),
    permitsHttpAsWritten: (url) => isExemptAsWritten(url, rules),
    async fetch(url, init = {}) {
      const target = judge(url);
      try {
        agent ??= openAgent({ rules, resolve, timeoutMs });
        return await fetchWithinLimits(target, init, { agent: await agent, timeoutMs, maxBytes });
      } catch (cause) {
        throw refusalWithin(cause) ?? unreachable(cause);
      }
    },
  };
}

/** Loaded with the first call: 10 MB that a gateway which calls nobody does without. */
const library = () => import('undici');

/** A dispatcher of our own: the global one may have been told to use a proxy. */
async function openAgent(options: ConnectorOptions): Promise<Agent> {
  const { Agent, buildConnector } = await library();
  return new Agent({
    connect: createGuardedConnector(options, buildConnector),
    maxHeaderSize: 16 * 1024,
    keepAliveTimeout: 4000,
  });
}

interface Limits {
  readonly agent: Agent;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/** One request and its whole answer. */
async function fetchWithinLimits(url: URL, init: FetchInit, limits: Limits): Promise<Response> {
  const { status, headers, body } = await wholeAnswer(url, init, limits);
  const bytes = [204, 205, 304].includes(status) ? null : decoded(body, headers, limits.maxBytes);
  return new ReadAnswer(bytes, { status, headers: headersOf(headers) });
}

interface WholeAnswer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body: Uint8Array<ArrayBuffer>;
}

const isRedirect = (status: number): boolean => status >= 300 && status < 400 && status !== 304;

/**
 * Asks, and collects what comes. Neither `fetch` nor the streams of `undici.request`, which take several times the CPU for an answer that
 * is read as a whole anyway. Rejects when it redirects, is too large or late, or the caller gives up; the connection ends with it.
 */
function wholeAnswer(
  url: URL,
  init: FetchInit,
  { agent, timeoutMs, maxBytes }: Limits,
): Promise<WholeAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<WholeAnswer>();
  const { handler, giveUp } = createCollector({ maxBytes, resolve, reject });
  const end = deadline(timeoutMs, init.signal, giveUp);
  const request = { origin: url.origin, path: url.pathname + url.search, method: init.method ?? 'GET' };
  try {
    agent.dispatch({ ...request, ...payloadOf(init) }, handler);
  } catch (error) {
    giveUp(error);
  }
  return promise.finally(end);
}

interface Collecting {
  readonly maxBytes: number;
  readonly resolve: (answer: WholeAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** What an answer is told to, and how to end it before it is whole: a connection that is still being made ends as soon as it is. */
function createCollector({ maxBytes, resolve, reject }: Collecting) {
  let connection: Dispatcher.DispatchController | undefined;
  let failure: Error | undefined;
  let answer: Omit<WholeAnswer, 'body'> = { status: 0, headers: {} };
  const chunks: Uint8Array[] = [];
  let size = 0;
  const giveUp = (error: unknown): void => {
    failure ??= error instanceof Error ? error : new Error(String(error));
    connection?.abort(failure);
    reject(failure);
  };
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(controller) {
      connection = controller;
      if (failure !== undefined) controller.abort(failure);
    },
    onResponseStart(_controller, status, headers) {
      answer = { status, headers };
      if (isRedirect(status)) giveUp(refusal('redirect'));
    },
    onResponseData(_controller, chunk) {
      size += chunk.byteLength;
      if (size > maxBytes) return giveUp(new Error('answer is larger than allowed'));
      chunks.push(chunk);
    },
    onResponseEnd: () => resolve({ ...answer, body: new Uint8Array(Buffer.concat(chunks, size)) }),
    onResponseError: (_controller, error) => giveUp(error),
  };
  return { handler, giveUp };
}

/** Gives up after so long, or when the caller says so; answers how to take that back: most calls are over long before. */
function deadline(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  giveUp: (error: unknown) => void,
): () => void {
  const abort = () => giveUp(new Error('the caller gave up', { cause: signal?.reason }));
  const timer = setTimeout(() => giveUp(new Error('no answer in time')), timeoutMs).unref();
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort);
  return () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  };
}

const FORM = 'application/x-www-form-urlencoded;charset=UTF-8';

function payloadOf({ headers = {}, body }: FetchInit) {
  const own = { 'user-agent': 'Gatehouse', 'accept-encoding': 'identity', ...headers };
  if (!(body instanceof URLSearchParams)) return { headers: own, body: body ?? null };
  return { headers: { 'content-type': FORM, ...own }, body: body.toString() };
}

/** Some servers compress although nobody asked. */
const DECODERS: ReadonlyMap<string, typeof gunzipSync> = new Map([
  ['gzip', gunzipSync],
  ['x-gzip', gunzipSync],
  ['deflate', inflateSync],
  ['br', brotliDecompressSync],
]);

type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** The body in plain, at most `maxBytes` of it. Throws for more, and for an encoding that is none of the usual. */
function decoded(body: Uint8Array<ArrayBuffer>, headers: AnswerHeaders, maxBytes: number) {
  const encoding = String(headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding === 'identity' || body.byteLength === 0) return body;
  const decode = DECODERS.get(encoding);
  if (decode === undefined) throw new Error('answer is encoded in a way that was not asked for');
  return new Uint8Array(decode(body, { maxOutputLength: maxBytes }));
}

function headersOf(answered: AnswerHeaders): [name: string, value: string][] {
  const headers: [string, string][] = [];
  for (const [name, values = []] of Object.entries(answered))
    if (name !== 'content-encoding') for (const value of [values].flat()) headers.push([name, value]);
  return headers;
}

interface ConnectorOptions {
  readonly rules: EgressRules;
  readonly resolve: Resolve;
  readonly timeoutMs: number;
}

/** Resolves, judges every answer, and hands the socket only the judged addresses: a second look-up cannot happen (S195). */
function createGuardedConnector(
  options: ConnectorOptions,
  build: typeof buildConnector,
): buildConnector.connector {
  return (target, callback) => {
    judgedAddresses(target, options).then(
      (addresses) => {
        const connect = build({
          allowH2: false,
          timeout: options.timeoutMs,
          lookup: lookupAnswering(addresses),
        });
        connect(target, callback);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
    );
  };
}

async function judgedAddresses(
  target: buildConnector.Options,
  { rules, resolve }: ConnectorOptions,
): Promise<readonly ResolvedAddress[]> {
  const host = target.hostname.replace(/^\[|\]$/g, '');
  // The socket does not look literals up, so they must not be judged by what a look-up says.
  const addresses = isIP(host) === 0 ? await resolve(host) : [{ address: host, family: isIP(host) }];
  if (addresses.length === 0) throw new Error('the name has no address');
  const place = { host: target.hostname, protocol: target.protocol, port: target.port };
  // One bad address spoils the set: a public A beside a private AAAA is an attack or a mistake (S195).
  for (const { address } of addresses) {
    const reason = judgeAddress(address, place, rules);
    if (reason !== undefined) throw refusal(reason, FORBIDDEN);
  }
  return addresses;
}

function lookupAnswering(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_host, lookupOptions, callback) => {
    const [first] = addresses;
    if (first === undefined) return callback(new Error('no address'), '', 0);
    if (lookupOptions.all === true) return callback(null, [...addresses]);
    return callback(null, first.address, first.family);
  };
}

const resolveWithSystem: Resolve = (host) => systemLookup(host, { all: true, verbatim: true });

function refusal(reason: EgressRefusal, text: string = REFUSAL_TEXTS[reason]): GatehouseError {
  return new GatehouseError('egress_refused', text, { context: { reason } });
}

function unreachable(cause: unknown): GatehouseError {
  return new GatehouseError('upstream_unreachable', UNREACHABLE, { cause });
}

/** What the connector threw may come wrapped; the refusal inside must come out as itself. */
function refusalWithin(error: unknown): GatehouseError | undefined {
  let current = error;
  for (let depth = 0; depth < 5 && current instanceof Error; depth += 1) {
    if (isGatehouseError(current)) return current;
    current = current.cause;
  }
  return undefined;
}
