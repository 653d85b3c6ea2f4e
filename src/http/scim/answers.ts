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
  // In one string with the headers: one write, where `res.send` would make two.
  res.end(text);
}

function begin(res: Response, status: number): void {
  res.statusCode = status;
  res.setHeader('Content-Type', `${scimMediaType(res.req)}; charset=utf-8`);
}

/** Characters that are sent at once; what is shorter goes out whole, with its length. */
const PIECE_LENGTH = 256 * 1024;

/** An answer whose body is made while it is sent. */
export interface OpenAnswer {
  /** Adds to the body. What it answers is to be awaited before more is added: the SCIM client has to take a piece first. */
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
  let waiting = '';
  let hasBegun = false;
  return {
    add(text) {
      waiting += text;
      if (waiting.length < PIECE_LENGTH) return undefined;
      if (!hasBegun) begin(res, status);
      hasBegun = true;
      const piece = waiting;
      waiting = '';
      return write(res, piece);
    },
    get isGone() {
      return res.destroyed;
    },
    end(text) {
      if (hasBegun) res.end(waiting + text);
      else sendText(res, status, waiting + text);
    },
  };
}

async function write(res: Response, text: string): Promise<void> {
  // Without a connection nobody takes anything: such an answer is kept, not waited for.
  if (res.write(text) || res.socket === null) return setImmediate();
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
