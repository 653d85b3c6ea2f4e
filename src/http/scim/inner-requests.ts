/** Requests inside a request: an operation of a Bulk runs through the same routes as a request of its own. */
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Express } from 'express';
import express from 'express';
import type { GatehouseError } from '../../kernel/errors.ts';
import type { RequestFacts } from '../request-facts.ts';
import type { ScimContext } from './context.ts';
import { type Dispatch, dispatching } from './dispatch.ts';
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
  /** The text sent; undefined when there was none. */
  readonly text: string | undefined;
  readonly etag: string | undefined;
  readonly location: string | undefined;
  readonly tolerated: NotedTolerances | undefined;
  readonly failure: GatehouseError | undefined;
}

export type RunInside = (request: InnerRequest) => Promise<InnerAnswer>;

interface Job {
  readonly request: InnerRequest;
  readonly resolve: (answer: InnerAnswer) => void;
}

/** Runs requests through `dispatch`, which expects `res.locals.scim` to be there. Nothing is sent, recorded or counted. */
export function innerRequests(dispatch: Dispatch): RunInside {
  const jobs = new WeakMap<IncomingMessage, Job>();
  const app = quietApp();
  app.use((req, res, next) => {
    const job = jobs.get(req);
    if (job === undefined) throw new Error('an inner request came from outside');
    const { context, facts, body } = job.request;
    Object.assign(res.locals, { facts, scim: context });
    req.body = body;
    let text: string | undefined;
    res.send = (sent?: unknown) => {
      if (typeof sent === 'string') text = sent;
      return res.end();
    };
    res.end = () => {
      const { tolerated, failure, answer } = res.locals;
      text ??= answer;
      const { statusCode: status } = res;
      const [etag, location] = [res.get('ETag'), res.get('Location')];
      job.resolve({ status, text, etag, location, tolerated, failure });
      return res;
    };
    next();
  });
  app.use(...dispatching(dispatch));
  // Nothing is read from it or written to it, so one serves all.
  const socket = new Socket();
  return (request) => {
    const req = new IncomingMessage(socket);
    req.method = request.method;
    req.url = request.url;
    Object.assign(req.headers, request.headers);
    return new Promise((resolve) => {
      jobs.set(req, { request, resolve });
      app(req, new ServerResponse(req));
    });
  };
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
