/** Requests inside a request: an operation of a Bulk runs through the same routes as a request of its own. */
import type { Express, Request, Response } from 'express';
import express from 'express';
import type { GatehouseError } from '../../kernel/errors.ts';
import { toGatehouseError } from '../errors/error-table.ts';
import { reportError } from '../errors/report.ts';
import type { RequestFacts } from '../request-facts.ts';
import type { ScimContext } from './context.ts';
import { type Dispatch, pathOf } from './dispatch.ts';
import { newExchange } from './exchange.ts';
import type { NotedTolerances } from './noted-tolerances.ts';

/** One request below a directory, already authenticated. */
export interface InnerRequest {
  readonly context: ScimContext;
  readonly facts: RequestFacts;
  readonly method: string;
  /** Below the directory, query included, as it would be sent. */
  readonly url: string;
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  /** A parsed body. */
  readonly body: unknown;
}

/** What came of it. */
export interface InnerAnswer {
  readonly status: number;
  readonly etag: string | undefined;
  readonly location: string | undefined;
  readonly tolerated: NotedTolerances | undefined;
  readonly failure: GatehouseError | undefined;
}

export type RunInside = (request: InnerRequest) => Promise<InnerAnswer>;

/**
 * Runs requests through `dispatch`. Nothing is sent, recorded or counted. Never rejects: what a handler throws is the `failure` of its answer.
 */
export function innerRequests(dispatch: Dispatch): RunInside {
  const app = quietApp();
  // Never on a wire: what handlers ask of a request and its answer, and nothing of the streams under them.
  const requests: object = Object.create(app.request, { headers: { value: {}, writable: true } });
  const answers: object = Object.assign(Object.create(app.response), {
    writeHead: beginNothing,
    end: sendNothing,
  });
  return async ({ context, facts, method, url, headers, body }) => {
    const req: Request = Object.create(requests);
    const res: Response = Object.create(answers);
    const exchange = newExchange(facts, 0, []);
    exchange.scim = context;
    Object.assign(req, { method, url, headers, body, res });
    Object.assign(res, { req, locals: exchange });
    const failure = await dispatch(pathOf(url), req, res).then(() => undefined, toGatehouseError);
    if (failure !== undefined) reportError(res, failure);
    const [etag, location] = [valueIn(exchange.headers, 'ETag'), valueIn(exchange.headers, 'Location')];
    return { status: res.statusCode, etag, location, tolerated: exchange.tolerated, failure };
  };
}

function valueIn(headers: readonly string[], name: string): string | undefined {
  const at = headers.indexOf(name);
  return at === -1 ? undefined : headers[at + 1];
}

function beginNothing(this: Response, status: number): Response {
  this.statusCode = status;
  return this;
}

/** One for all answers: with a function of its own each would stay in memory until a full collection. */
function sendNothing(this: Response): Response {
  return this;
}

/** Paths and queries are read as they are for requests from outside. */
function quietApp(): Express {
  const app = express();
  app.set('query parser', 'simple');
  app.set('case sensitive routing', true);
  app.set('strict routing', true);
  app.disable('x-powered-by');
  app.disable('etag');
  return app;
}
