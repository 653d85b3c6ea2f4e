/** Sends SCIM answers: media type by Accept, ETag and Location beside the resource, large ones piece by piece. */
import { setImmediate } from 'node:timers/promises';
import type { Response } from 'express';
import { scimMediaType } from '../scim-media-type.ts';
import { etagOf } from './preconditions.ts';

/** Sends a JSON body. */
export function sendScim(res: Response, status: number, body: object): void {
  sendText(res, status, JSON.stringify(body));
}

/** Sends a body that is JSON text already, and leaves it in `res.locals.answer` for the recorder. */
export function sendText(res: Response, status: number, text: string): void {
  begin(res, status);
  res.locals.answer = text;
  // In one string with the headers: one write, where `res.send` would make two. One byte a character needs no encoding.
  res.end(text, Buffer.byteLength(text) === text.length ? 'latin1' : 'utf8');
}

function begin(res: Response, status: number): void {
  res.statusCode = status;
  res.setHeader('Content-Type', `${scimMediaType(res.req)}; charset=utf-8`);
}

/** Bytes that are sent at once; what is shorter goes out whole, with its length. */
const PIECE_BYTES = 256 * 1024;

/** Characters that are turned into bytes at once: V8 keeps longer texts apart, and takes several times as long with them. */
const TEXT_LENGTH = 16 * 1024;

/** An answer whose body is made while it is sent. */
export interface OpenAnswer {
  /**
   * Adds to the body. What it answers is to be awaited before more is added: the SCIM client has to take a piece first.
   * Texts of some kilobytes are best.
   */
  add(text: string): Promise<void> | undefined;
  /** True when the SCIM client went away: nothing more need be made. */
  readonly isGone: boolean;
  end(text: string): void;
}

/**
 * Opens an answer that leaves in pieces, whole if it is short; other requests have their turn between pieces. Until the
 * first piece has left, an error can still be answered; after that the connection breaks off.
 */
export function openAnswer(res: Response, status: number): OpenAnswer {
  let text = '';
  let bytes = createBytes();
  let hasBegun = false;
  return {
    add(more) {
      text += more;
      if (text.length < TEXT_LENGTH) return undefined;
      bytes.add(text);
      text = '';
      if (bytes.length < PIECE_BYTES) return undefined;
      if (!hasBegun) begin(res, status);
      hasBegun = true;
      const piece = bytes.taken();
      bytes = createBytes();
      return write(res, piece);
    },
    get isGone() {
      return res.destroyed;
    },
    end(rest) {
      text += rest;
      if (!hasBegun && bytes.length === 0) {
        sendText(res, status, text);
        return;
      }
      bytes.add(text);
      const whole = bytes.taken();
      if (!hasBegun) {
        begin(res, status);
        res.locals.answer = whole;
      }
      res.end(whole);
    },
  };
}

/** Bytes that grow. */
function createBytes() {
  let buffer = Buffer.alloc(0);
  let length = 0;
  return {
    get length() {
      return length;
    },
    add(text: string): void {
      const most = length + text.length * 3;
      if (most > buffer.length) {
        const larger = Buffer.allocUnsafe(Math.max(most, buffer.length * 2, TEXT_LENGTH * 4));
        buffer.copy(larger, 0, 0, length);
        buffer = larger;
      }
      length += buffer.write(text, length);
    },
    taken: (): Buffer => buffer.subarray(0, length),
  };
}

async function write(res: Response, piece: Buffer): Promise<void> {
  // Without a connection nobody takes anything: such an answer is kept, not waited for.
  if (res.write(piece) || res.socket === null) return setImmediate();
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
  res.setHeader('ETag', etagOf(version));
  if (location !== undefined) res.setHeader('Location', location);
}

/** Sends 204 with the ETag of the resource as it is now. */
export function sendNoContent(res: Response, version?: number): void {
  if (version !== undefined) tagResource(res, version);
  res.status(204).end();
}

/** Sends 304: the SCIM client has this version already. */
export function sendNotModified(res: Response, version: number): void {
  tagResource(res, version);
  res.status(304).end();
}
