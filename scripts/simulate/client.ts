/** Speaks SCIM over HTTP in the manner of one identity provider, and hands back what was asked beside what was answered. */
import { request } from 'undici';

/** How an identity provider writes its requests, whatever they are about. */
export interface Manner {
  /** Sent with every request, names in lower case. Without `user-agent` none is sent. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of requests with a body. */
  readonly contentType: string;
  /** How a blank is written in the query: `%20`, or `+` as forms do. */
  readonly blank: '%20' | '+';
}

export interface Sending {
  /** In this order. Values are encoded, names are sent as they are. */
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Win over those of the manner and over the authorization. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly requestBody: unknown;
  /** 0 when no answer came; `text` then says why. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The answer as JSON; undefined when it is empty or not JSON. */
  readonly body: unknown;
  /** From the first byte sent to the last one received. */
  readonly ms: number;
}

export interface ScimCaller {
  /** Never throws: an answer that does not come is an exchange with status 0. `path` begins with a slash. */
  send(method: string, path: string, sending?: Sending): Promise<Exchange>;
  /** How many requests have been sent. */
  sent(): number;
}

export interface Endpoint {
  /** SCIM base URL, with or without a slash at its end. */
  readonly base: string;
  /** Sent as `Authorization: Bearer`. */
  readonly token: string;
}

/** A caller for one endpoint. Each answer is waited for at most 60 s, as Okta does. */
export function createScimCaller(endpoint: Endpoint, manner: Manner): ScimCaller {
  let count = 0;
  return {
    sent: () => count,
    async send(method, path, sending = {}) {
      count += 1;
      const requestHeaders = {
        authorization: `Bearer ${endpoint.token}`,
        ...manner.headers,
        ...(sending.body === undefined ? {} : { 'content-type': manner.contentType }),
        ...sending.headers,
      };
      const asked = {
        method,
        url: endpoint.base.replace(/\/$/, '') + path + writeQuery(sending.query ?? {}, manner.blank),
        requestHeaders,
        requestBody: sending.body,
      };
      const startedAt = performance.now();
      const answered = await ask(asked);
      return { ...asked, ...answered, ms: performance.now() - startedAt };
    },
  };
}

type Asked = Pick<Exchange, 'method' | 'url' | 'requestHeaders' | 'requestBody'>;
type Answered = Pick<Exchange, 'status' | 'headers' | 'text' | 'body'>;

async function ask({ method, url, requestHeaders, requestBody }: Asked): Promise<Answered> {
  try {
    const answer = await request(url, {
      method,
      headers: requestHeaders,
      body: requestBody === undefined ? null : JSON.stringify(requestBody),
      headersTimeout: 60_000,
      bodyTimeout: 60_000,
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, headers: readHeaders(answer.headers), text, body: parseJson(text) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { status: 0, headers: {}, text: `no answer: ${reason}`, body: undefined };
  }
}

function readHeaders(
  source: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(source).map(([name, value]) => [name, [value ?? []].flat().join(', ')]),
  );
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

function writeQuery(query: Readonly<Record<string, string>>, blank: string): string {
  const pairs = Object.entries(query).map(
    ([name, value]) => `${name}=${encodeURIComponent(value).replaceAll('%20', blank)}`,
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}
