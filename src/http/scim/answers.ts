/** Sends SCIM answers: media type by Accept, ETag and Location beside the resource, large ones piece by piece. */
import { setImmediate } from 'node:timers/promises';
import type { Response } from 'express';
import { RESPONSE_EXCERPT } from '../../core/journal/recorder.ts';
import { type Excerpt, excerptOfAnswer } from '../../core/journal/recorder-redaction.ts';
import { scimMediaType } from '../scim-media-type.ts';
import { addHeader, headersOf } from './exchange.ts';
import { etagOf } from './preconditions.ts';

/** Sends a JSON body. */
export function sendScim(res: Response, status: number, body: object): void {
  sendText(res, status, JSON.stringify(body));
}

/** Sends a body that is JSON text already, and leaves its beginning for the recorder. */
export function sendText(res: Response, status: number, text: string): void {
  const length = Buffer.byteLength(text);
  begin(res, status, length);
  noteAnswer(res, text);
  // In one string with the headers: one write, where `res.send` would make two. One byte a character needs no encoding.
  res.end(text, length === text.length ? 'latin1' : 'utf8');
}

/** Leaves in `res.locals.answer` as much of a body as the recorder keeps. */
export function noteAnswer(res: Response, body: string | Buffer): void {
  const excerpt: Excerpt = excerptOfAnswer(body, RESPONSE_EXCERPT);
  res.locals.answer = excerpt;
}

/** Writes the header of an answer with a body of so many bytes; undefined when it is not known yet. */
function begin(res: Response, status: number, length?: number): void {
  const headers = headersOf(res);
  headers.push('Content-Type', `${scimMediaType(res.req)}; charset=utf-8`);
  if (length !== undefined) headers.push('Content-Length', String(length));
  res.writeHead(status, headers);
}

/** Bytes that are sent at once; what is shorter goes out whole, with its length. */
const PIECE_BYTES = 256 * 1024;

/** Characters that are turned into bytes at once: V8 keeps longer texts apart, and takes several times as long with them. */
const TEXT_LENGTH = 16 * 1024;

/**
 * An answer whose body is made while it is sent. No accessor in it: V8 keeps those of each object literal in a hidden class
 * of its own, which carries whatever they see, here the whole exchange, into the old generation.
 */
export interface OpenAnswer {
  /**
   * Adds to the body. What it answers is to be awaited before more is added: the SCIM client has to take a piece first.
   * Texts of some kilobytes are best.
   */
  add(text: string): Promise<void> | undefined;
  /** True when the SCIM client went away: nothing more need be made. */
  isGone(): boolean;
  end(text: string): void;
}

/**
 * Opens an answer that leaves in pieces, whole if it is short; other requests have their turn between pieces. Until the
 * first piece has left, an error can still be answered; after that the connection breaks off.
 */
export function openAnswer(res: Response, status: number): OpenAnswer {
  let text = '';
  let bytes: Bytes | undefined;
  let hasBegun = false;
  return {
    add(more) {
      text += more;
      if (text.length < TEXT_LENGTH) return undefined;
      bytes ??= createBytes();
      bytes.add(text);
      text = '';
      if (bytes.length() < PIECE_BYTES) return undefined;
      if (!hasBegun) begin(res, status);
      hasBegun = true;
      const piece = bytes;
      bytes = undefined;
      return write(res, piece);
    },
    isGone: () => res.destroyed,
    end(rest) {
      text += rest;
      if (!hasBegun && bytes === undefined) {
        sendText(res, status, text);
        return;
      }
      bytes ??= createBytes();
      bytes.add(text);
      const whole = bytes.taken();
      if (!hasBegun) {
        begin(res, status, whole.length);
        noteAnswer(res, whole);
      }
      res.once('finish', bytes.release);
      res.end(whole);
    },
  };
}

/** Bytes that grow: in a buffer that is used again when they are on their way, because each one asks for a collection. */
function createBytes() {
  const own = spare.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES + TEXT_LENGTH * 3);
  let buffer = own;
  let length = 0;
  return {
    length: () => length,
    add(text: string): void {
      const most = length + text.length * 3;
      if (most > buffer.length) {
        const larger = Buffer.allocUnsafeSlow(Math.max(most, buffer.length * 2));
        buffer.copy(larger, 0, 0, length);
        buffer = larger;
      }
      length += buffer.write(text, length);
    },
    taken: (): Buffer => buffer.subarray(0, length),
    /** To be called once, and never while the bytes are still to be sent. */
    release(): void {
      if (spare.length < SPARE_BUFFERS) spare.push(own);
    },
  };
}

type Bytes = ReturnType<typeof createBytes>;

const SPARE_BUFFERS = 4;
/** Buffers that nobody uses at the moment; what was in them is overwritten before it is read. */
const spare: Buffer[] = [];

async function write(res: Response, bytes: Bytes): Promise<void> {
  const isTaken = res.write(bytes.taken(), (error) => {
    if (!error) bytes.release();
  });
  // Without a connection nobody takes anything: such an answer is kept, not waited for.
  if (isTaken || res.socket === null) return setImmediate();
  await new Promise<void>((resolve) => {
    const go = () => {
      res.off('drain', go);
      res.off('close', go);
      resolve();
    };
    res.once('drain', go);
    res.once('close', go);
  });
}

/** Sets what goes beside a resource: its ETag (RFC 7644 §3.14) and, when it is new, its Location (§3.3). */
export function tagResource(res: Response, version: number, location?: string): void {
  addHeader(res, 'ETag', etagOf(version));
  if (location !== undefined) addHeader(res, 'Location', location);
}

/** Sends 204 with the ETag of the resource as it is now. */
export function sendNoContent(res: Response, version?: number): void {
  if (version !== undefined) tagResource(res, version);
  res.writeHead(204, headersOf(res)).end();
}

/** Sends 304: the SCIM client has this version already. */
export function sendNotModified(res: Response, version: number): void {
  tagResource(res, version);
  res.writeHead(304, headersOf(res)).end();
}
