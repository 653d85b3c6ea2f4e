/** Reads JSON bodies strictly: size, UTF-8, depth, no doubled and no dangerous keys (S120, S129). */
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import express from 'express';
import { GatehouseError, isGatehouseError } from '../kernel/errors.ts';
import { parsePlainJson } from '../kernel/json.ts';
import { settled } from './run-middleware.ts';

interface JsonBodyOptions {
  readonly limit: number;
  /** Media types accepted, without parameters; anything else with a body answers `unsupported_media_type`. */
  readonly types: readonly string[];
  /** Media types left for another reader. */
  readonly alsoAccept?: readonly string[];
  /** What a name like `__proto__` answers: `invalid_syntax` unless it is SCIM's `invalid_path`. */
  readonly forbiddenName?: 'invalid_syntax' | 'invalid_path';
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/** Reads the body of one request. Throws what two parsers could read differently, what is too large or of another type. */
export type ReadJson = (req: Request, res: Response) => Promise<void>;

/** Puts the parsed value into `req.body`; leaves it undefined when the request has no body. */
export function jsonReader({ limit, types, alsoAccept = [], forbiddenName }: JsonBodyOptions): ReadJson {
  const isOurs = (type: string) => types.includes(type);
  const read = express.raw({
    limit,
    type: (req) => isOurs(mediaType(req.headers['content-type'])),
    inflate: false,
  });
  return async (req, res) => {
    if (hasBody(req)) {
      const type = mediaType(req.headers['content-type']);
      if (!isOurs(type) && !alsoAccept.includes(type)) {
        throw new GatehouseError('unsupported_media_type', `Send the body as ${types.join(' or ')}.`);
      }
      await settled(read, req, res);
    }
    if (!Buffer.isBuffer(req.body)) return;
    const bytes: Buffer = req.body;
    // The recorder shows what was sent, also when it cannot be read.
    res.locals.bodyBytes = bytes;
    req.body = parseStrict(bytes, forbiddenName);
  };
}

/** The same as middleware. */
export function strictJson(options: JsonBodyOptions): RequestHandler {
  const read = jsonReader(options);
  return async (req: Request, res: Response, next: NextFunction): Promise<void> => {
    await read(req, res);
    next();
  };
}

const mediaType = (header: string | undefined): string =>
  (header ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

function hasBody(req: Request): boolean {
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
}

/** Parses bytes as JSON. Throws `invalid_syntax` for anything two parsers could read differently. */
function parseStrict(
  bytes: Buffer,
  forbiddenName: 'invalid_syntax' | 'invalid_path' = 'invalid_syntax',
): unknown {
  if (bytes.length === 0) return undefined;
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch (cause) {
    throw new GatehouseError('invalid_syntax', 'The body is not valid UTF-8.', { cause });
  }
  try {
    return parsePlainJson(text);
  } catch (error) {
    if (forbiddenName === 'invalid_path' || !isGatehouseError(error, 'invalid_path')) throw error;
    throw new GatehouseError(
      'invalid_syntax',
      error.detail,
      error.field === undefined ? {} : { field: error.field },
    );
  }
}
