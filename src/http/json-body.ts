/** Reads JSON bodies strictly: size, UTF-8, depth, no doubled and no dangerous keys (S120, S129). */
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import express from 'express';
import { GatehouseError } from '../kernel/errors.ts';
import { assertPlainJson } from '../kernel/json.ts';

interface JsonBodyOptions {
  readonly limit: number;
  /** Media types accepted, without parameters; anything else with a body answers `unsupported_media_type`. */
  readonly types: readonly string[];
  /** What a body that is not an object, or not JSON, answers; `invalid_syntax` unless said otherwise. */
  readonly alsoAccept?: readonly string[];
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/** Puts the parsed value into `req.body`; leaves it undefined when the request has no body. */
export function strictJson({ limit, types, alsoAccept = ['text/csv'] }: JsonBodyOptions): RequestHandler[] {
  const read = express.raw({
    limit,
    type: (req) => types.includes(mediaType(req.headers['content-type'])),
    inflate: false,
  });
  return [
    (req: Request, _res: Response, next: NextFunction): void => {
      const type = mediaType(req.headers['content-type']);
      if (hasBody(req) && !types.includes(type) && !alsoAccept.includes(type)) {
        throw new GatehouseError('unsupported_media_type', `Send the body as ${types.join(' or ')}.`);
      }
      next();
    },
    read,
    (req: Request, res: Response, next: NextFunction): void => {
      if (Buffer.isBuffer(req.body)) {
        const bytes: Buffer = req.body;
        // The recorder shows what was sent, also when it cannot be read.
        res.locals.bodyBytes = bytes;
        req.body = parseStrict(bytes);
      }
      next();
    },
  ];
}

const mediaType = (header: string | undefined): string =>
  (header ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

function hasBody(req: Request): boolean {
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
}

/** Parses bytes as JSON. Throws `invalid_syntax` for anything two parsers could read differently. */
export function parseStrict(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch (cause) {
    throw new GatehouseError('invalid_syntax', 'The body is not valid UTF-8.', { cause });
  }
  assertPlainJson(text);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new GatehouseError('invalid_syntax', 'The body is not valid JSON.', { cause });
  }
}
