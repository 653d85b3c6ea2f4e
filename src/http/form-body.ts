/** Reads posted HTML forms: bounded, uncompressed, and a field sent twice is no text (S27, S223). */
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import express from 'express';
import { GatehouseError } from '../kernel/errors.ts';

const FORM_TYPE = 'application/x-www-form-urlencoded';

/** True when the request carries a form, whatever the parameters of its media type. */
export const isForm = (req: Request): boolean =>
  (req.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() === FORM_TYPE;

/** Parses a form of at most `limit` bytes into `req.body`; other media types are left alone. */
export const parseForm = (limit: number): RequestHandler =>
  express.urlencoded({ extended: false, limit, parameterLimit: 20, inflate: false });

/** Middleware for doors that take forms only. Answers 415 for a body of another type, 413 for a larger one. */
export const requireForm = (limit: number): readonly RequestHandler[] => [
  (req: Request, _res: Response, next: NextFunction): void => {
    if (req.headers['content-type'] !== undefined && !isForm(req))
      throw new GatehouseError('unsupported_media_type', `Send the body as ${FORM_TYPE}.`);
    next();
  },
  parseForm(limit),
];

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
  const value: unknown = Object.hasOwn(req.query, name) ? req.query[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}
