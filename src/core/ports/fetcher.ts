/** The port for outbound HTTP to addresses a customer chose; the guard behind it decides what may be called. */

/** What a call may set. Redirects are never followed, whatever is asked. */
export interface FetchInit {
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | URLSearchParams | Uint8Array | null | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Fetcher {
  /**
   * Calls `url` and answers with the whole, size-limited body already read.
   * Throws `egress_refused` (address, scheme, port or redirect not allowed) or `upstream_unreachable`
   * (anything else: one text for every cause, so that errors are no port scanner, S197).
   */
  readonly fetch: (url: string, init?: FetchInit) => Promise<Response>;
  /**
   * Judges the URL as written, without calling anybody: throws `egress_refused` with a text for the person who
   * typed it. A name that resolves to a forbidden address is found later, at `fetch`.
   */
  readonly checkUrl: (url: string) => void;
  /** True when the operator's allow list lets this URL be plain http. */
  readonly permitsHttp: (url: string) => boolean;
  /**
   * The same for an address that browsers are sent to: nobody resolves it here, so only what stands in it counts, a name
   * or a literal address that the list holds.
   */
  readonly permitsHttpAsWritten: (url: string) => boolean;
}
