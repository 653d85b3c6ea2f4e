/** Reads posted HTML forms: bounded, uncompressed, and a field sent twice is no text (S27, S223). */
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import express from 'express';
import { GatehouseError } from '../kernel/errors.ts';
import { decodeFormText } from '../kernel/form-text.ts';

const FORM_TYPE = 'application/x-www-form-urlencoded';
const MOST_FIELDS = 20;
const LONGEST_TEXT = 1024;

/** True when the request carries a form, whatever the parameters of its media type. */
export const isForm = (req: Request): boolean =>
  (req.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() === FORM_TYPE;

/** Parses a form of at most `limit` bytes into `req.body`; other media types are left alone. */
export const parseForm = (limit: number): RequestHandler =>
  express.urlencoded({ extended: false, limit, parameterLimit: MOST_FIELDS, inflate: false });

function refuseOtherTypes(req: Request, _res: Response, next: NextFunction): void {
  if (req.headers['content-type'] !== undefined && !isForm(req))
    throw new GatehouseError('unsupported_media_type', `Send the body as ${FORM_TYPE}.`);
  next();
}

/** As `parseForm` does; forms are ASCII, which both of these are. */
function refuseOtherCharsets(req: Request, _res: Response, next: NextFunction): void {
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(req.headers['content-type'] ?? '')?.[1];
  if (charset !== undefined && !['utf-8', 'iso-8859-1'].includes(charset.toLowerCase()))
    throw new GatehouseError('unsupported_media_type', 'Send the form as UTF-8.');
  next();
}

/** Middleware for doors that take forms only. Answers 415 for a body of another type, 413 for a larger one. */
export const requireForm = (limit: number): readonly RequestHandler[] => [refuseOtherTypes, parseForm(limit)];

/**
 * The same for a door that hands what was posted to another thread: a field of more than 1 KB stays the bytes that arrived
 * (a view of the form, percent-encoded), so that a large form is never made into text on this one.
 */
export const requireFormOfBytes = (limit: number): readonly RequestHandler[] => [
  refuseOtherTypes,
  refuseOtherCharsets,
  (req, _res, next): void => {
    const read = async (): Promise<void> => {
      if (isForm(req)) req.body = fieldsIn(await bytesOf(req, limit));
    };
    read().then(() => next(), next);
  },
];

/**
 * The body, uncompressed. What is left of a refused one is read off and dropped, as `parseForm` does, so that the next request
 * on the connection is answered; what never ends falls to the server's limit for a whole request.
 */
function bytesOf(req: Request, limit: number): Promise<Buffer> {
  const { 'content-encoding': encoding = 'identity', 'content-length': length = '0' } = req.headers;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let received = 0;
    const refuse = (...why: ConstructorParameters<typeof GatehouseError>): void => {
      chunks.length = 0;
      req.off('data', take).resume();
      reject(new GatehouseError(...why));
    };
    const take = (chunk: Buffer): void => {
      received += chunk.length;
      if (received > limit) refuse('payload_too_large', 'The form is too large.');
      else chunks.push(chunk);
    };
    if (encoding.toLowerCase() !== 'identity')
      return refuse('unsupported_media_type', 'Send the form uncompressed.');
    if (Number(length) > limit) return refuse('payload_too_large', 'The form is too large.');
    req.on('data', take);
    req.once('end', () => resolve(Buffer.concat(chunks)));
    // Before the end: whoever sent it has gone.
    req.once('close', () => reject(new GatehouseError('invalid_syntax', 'The form did not arrive whole.')));
  });
}

/** The fields of a form (URL standard §5.1); names sent twice have a list. Throws `payload_too_large` for too many fields. */
function fieldsIn(form: Buffer): Record<string, unknown> {
  const fields = new Map<string, unknown[]>();
  let count = 0;
  for (let from = 0; from < form.length; count += 1) {
    if (count === MOST_FIELDS) throw new GatehouseError('payload_too_large', 'The form has too many fields.');
    const found = form.indexOf('&', from);
    const to = found < 0 ? form.length : found;
    const equals = form.subarray(from, to).indexOf('=');
    const middle = equals < 0 ? to : from + equals;
    const name = decodeFormText(form.toString('latin1', from, middle));
    const value = form.subarray(Math.min(middle + 1, to), to);
    const isLong = value.length > LONGEST_TEXT;
    const kept = isLong ? value : decodeFormText(value.toString('latin1'));
    fields.set(name, [...(fields.get(name) ?? []), kept]);
    from = to + 1;
  }
  return Object.fromEntries([...fields].map(([name, kept]) => [name, kept.length === 1 ? kept[0] : kept]));
}

/** The field as received; a list when it was sent more than once; undefined when it was not. */
export function formField(req: Request, name: string): unknown {
  const body: unknown = req.body;
  return typeof body === 'object' && body !== null && Object.hasOwn(body, name)
    ? Object.entries(body).find(([key]) => key === name)?.[1]
    : undefined;
}

/** All fields in the order of their names' first coming; what was sent twice stays so. */
export function formFields(req: Request): [name: string, value: string][] {
  const body: unknown = req.body;
  if (typeof body !== 'object' || body === null) return [];
  return Object.entries(body).flatMap(([name, value]: [string, unknown]) =>
    [value].flat().map((one): [string, string] => [name, String(one)]),
  );
}

/** The field as text; undefined when absent or doubled. */
export function formText(req: Request, name: string): string | undefined {
  const value = formField(req, name);
  return typeof value === 'string' ? value : undefined;
}

/** A query parameter as text; undefined when absent or doubled. */
export function queryText(req: Request, name: string): string | undefined {
  // Express reads the query anew whenever it is asked for it.
  const query = req.url.includes('?') ? req.query : {};
  const value: unknown = Object.hasOwn(query, name) ? query[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}
