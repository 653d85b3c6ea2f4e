/** An answer to a call of ours that has been read as a whole; it does what every Response does. */

/**
 * Reading text or JSON takes the bytes as they are: the stream that a Response makes of its body costs several times as much
 * as what is read. Whoever asks for anything else is served by a plain Response, made then.
 */
export class ReadAnswer extends Response {
  readonly #bytes: Uint8Array<ArrayBuffer> | null;
  #isRead = false;
  #plain: Response | undefined;

  constructor(bytes: Uint8Array<ArrayBuffer> | null, init: ResponseInit) {
    super(null, init);
    this.#bytes = bytes;
  }

  override get bodyUsed(): boolean {
    return this.#isRead || this.#plain?.bodyUsed === true;
  }

  override get body(): Response['body'] {
    return this.#asPlain().body;
  }

  override async text(): Promise<string> {
    if (this.#plain !== undefined || this.#isRead) return this.#asPlain().text();
    this.#isRead = this.#bytes !== null;
    return new TextDecoder().decode(this.#bytes ?? undefined);
  }

  override async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    return this.#asPlain().arrayBuffer();
  }

  override async bytes(): ReturnType<Response['bytes']> {
    return this.#asPlain().bytes();
  }

  override async blob(): ReturnType<Response['blob']> {
    return this.#asPlain().blob();
  }

  override async formData(): ReturnType<Response['formData']> {
    return this.#asPlain().formData();
  }

  override clone(): ReadAnswer {
    if (this.bodyUsed) throw new TypeError('The answer has been read.');
    return new ReadAnswer(this.#bytes, this);
  }

  #asPlain(): Response {
    if (this.#isRead) throw new TypeError('The answer has been read.');
    this.#plain ??= new Response(this.#bytes, this);
    return this.#plain;
  }
}
