/** Reads a body that is a file as text: bounded, uncompressed, UTF-8 and nothing else; what it says is the route's business. */
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import express from 'express';
import { GatehouseError } from '../kernel/errors.ts';

/** A kind of file. The type it should have comes first, then those that programs give it besides. */
export interface TextKind {
  readonly types: readonly [string, ...string[]];
  /** Of one file. */
  readonly limitBytes: number;
}

/** Programs that know no type for `.csv` files send them as plain text. */
export const CSV: TextKind = { types: ['text/csv', 'text/plain'], limitBytes: 4 * 1024 * 1024 };

/** SAML metadata §4.1.1, and what browsers and curl call an `.xml` file (RFC 7303). As long as the document may be in JSON. */
export const METADATA: TextKind = {
  types: ['application/samlmetadata+xml', 'application/xml', 'text/xml'],
  limitBytes: 512 * 1024,
};

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/**
 * Puts the text into `req.body`, a byte order mark taken off; leaves it undefined when there is no body. Answers
 * `unsupported_media_type` for another type or charset, `payload_too_large`, `invalid_syntax` for what is not UTF-8.
 */
export function textBody(kind: TextKind): readonly RequestHandler[] {
  return [
    refuseOtherTypes(kind),
    express.raw({ limit: kind.limitBytes, type: [...kind.types], inflate: false }),
    decode,
  ];
}

const refuseOtherTypes =
  ({ types }: TextKind): RequestHandler =>
  (req, _res, next) => {
    const header = req.headers['content-type'];
    const [type = '', ...parameters] = (header ?? types[0])
      .split(';')
      .map((part) => part.trim().toLowerCase());
    const charset = parameters
      .find((parameter) => parameter.startsWith('charset='))
      ?.slice('charset='.length);
    const isUtf8 = charset === undefined || /^"?utf-?8"?$/.test(charset);
    if (!types.includes(type) || !isUtf8)
      throw new GatehouseError('unsupported_media_type', `Send the file as ${types[0]} in UTF-8.`);
    next();
  };

function decode(req: Request, _res: Response, next: NextFunction): void {
  if (!Buffer.isBuffer(req.body)) {
    req.body = undefined;
    next();
    return;
  }
  try {
    req.body = decoder.decode(req.body);
  } catch (cause) {
    throw new GatehouseError('invalid_syntax', 'The file is not UTF-8. Save it as UTF-8.', { cause });
  }
  next();
}
