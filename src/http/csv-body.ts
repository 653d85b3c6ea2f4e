/** Reads a CSV body as text: bounded, uncompressed, UTF-8 and nothing else; what it says is the route's business. */
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import express from 'express';
import { GatehouseError } from '../kernel/errors.ts';

/** Programs that know no type for `.csv` files send them as plain text. */
const TYPES = ['text/csv', 'text/plain'];

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/**
 * Puts the text into `req.body`, a byte order mark taken off; leaves it undefined when there is no body. Answers
 * `unsupported_media_type` for another type or charset, `payload_too_large`, `invalid_syntax` for what is not UTF-8.
 */
export function csvBody(limit: number): readonly RequestHandler[] {
  return [refuseOtherTypes, express.raw({ limit, type: TYPES, inflate: false }), decode];
}

function refuseOtherTypes(req: Request, _res: Response, next: NextFunction): void {
  const header = req.headers['content-type'];
  const [type = '', ...parameters] = (header ?? 'text/csv')
    .split(';')
    .map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length);
  const isUtf8 = charset === undefined || /^"?utf-?8"?$/.test(charset);
  if (!TYPES.includes(type) || !isUtf8)
    throw new GatehouseError('unsupported_media_type', 'Send the file as text/csv in UTF-8.');
  next();
}

function decode(req: Request, _res: Response, next: NextFunction): void {
  if (!Buffer.isBuffer(req.body)) {
    req.body = undefined;
    next();
    return;
  }
  try {
    req.body = decoder.decode(req.body);
  } catch (cause) {
    const detail = 'The file is not UTF-8. Save it as “CSV UTF-8”.';
    throw new GatehouseError('invalid_syntax', detail, { cause });
  }
  next();
}
