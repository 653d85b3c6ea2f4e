/** Errors of the management API: problem+json (RFC 9457) with a stable `code`. */
import type { NextFunction, Request, Response } from 'express';
import { entryOf, toGatehouseError } from './error-table.ts';
import { reportError } from './report.ts';
import { tellRetryAfter } from './retry-after.ts';

/** Express error handler. The body: type, title, status, detail, code, instance (request id), `field` where one is at fault (`errors`: each of them), and `url` where to go on. */
export function renderProblem(thrown: unknown, _req: Request, res: Response, next: NextFunction): void {
  if (res.headersSent) {
    next(thrown);
    return;
  }
  const error = toGatehouseError(thrown);
  reportError(res, error);
  const { status, title, whatToDo: usualWay } = entryOf(error.code);
  tellRetryAfter(res, error);
  if (status === 401) res.setHeader('WWW-Authenticate', 'Bearer realm="gatehouse"');
  res
    .status(status)
    .type('application/problem+json')
    .send(
      JSON.stringify({
        type: `urn:gatehouse:error:${error.code}`,
        title,
        status,
        detail: error.detail,
        code: error.code,
        whatToDo: error.whatToDo ?? usualWay,
        ...(error.field === undefined ? {} : { field: error.field }),
        ...(error.faults.length === 0 ? {} : { errors: error.faults }),
        ...(error.url === undefined ? {} : { url: error.url }),
        instance: `urn:uuid:${String(res.getHeader('X-Request-Id'))}`,
      }),
    );
}
