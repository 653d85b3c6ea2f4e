/** Runs a recorded request again through the same handlers, as its directory, in the name of the admin who asks for it. */
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Express, Response } from 'express';
import express from 'express';
import { getDirectory } from '../../core/directory/directories.ts';
import type { Directory } from '../../core/entities/directory.ts';
import type { Cause } from '../../core/entities/journal.ts';
import type { RecorderEntry } from '../../core/entities/recorder.ts';
import { record } from '../../core/journal/audit.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { HttpDeps } from '../deps.ts';
import type { RequestFacts } from '../request-facts.ts';
import { placeContext } from './context.ts';
import { dispatching } from './dispatch.ts';
import { exchangeOf } from './recording.ts';
import { dispatchUnguarded } from './router.ts';

/** How a request that was run again was answered. */
export interface ReplayAnswer {
  readonly status: number;
  /** The JSON text of the answer; null when there is none. */
  readonly body: string | null;
}

interface ReplayInput {
  readonly entry: RecorderEntry;
  /** The admin. */
  readonly cause: Cause;
  readonly facts: RequestFacts;
}

const WRITES = ['POST', 'PUT', 'PATCH', 'DELETE'];

/**
 * True for an entry that may be run again: a write that failed and whose body was kept whole. Look-ups change nothing; a
 * failed condition (If-Match) belongs to a version that is gone; a refused token never got as far as its request.
 */
export function isReplayable({ method, path, failure, isRequestWhole, replayOf }: RecorderEntry): boolean {
  if (failure === null || replayOf !== null || !isRequestWhole) return false;
  const isDone = ['precondition_failed', 'unauthenticated', 'forbidden'].includes(failure.code);
  return WRITES.includes(method) && !path.includes('/.search') && !isDone;
}

/**
 * Runs the entry again. The audit names the admin as the actor of every change, and the replay itself
 * (`recorder_entry.replayed`); the recorder gets an entry of its own. Answers also when it fails again. Throws `invalid`
 * when the entry cannot be run again, `not_found` when its directory is gone, `forbidden` when that is not active.
 */
export async function replayEntry(deps: HttpDeps, input: ReplayInput): Promise<ReplayAnswer> {
  const { entry, cause } = input;
  if (!isReplayable(entry)) {
    throw new GatehouseError('invalid', 'Only a failed write whose body was kept whole can be run again.');
  }
  const { organizationId } = entry;
  const directory = await getDirectory(deps.storage, organizationId, entry.directoryId);
  if (directory.status !== 'active') {
    throw new GatehouseError('forbidden', 'The directory is not active: nothing can be run as it.', {
      whatToDo: 'Activate the directory first.',
    });
  }
  const at = deps.clock();
  const startedAt = performance.now();
  const { res, answer } = await runAgain(deps, { ...input, directory });
  deps.recorder.add({
    ...exchangeOf(res),
    ...{ organizationId, directoryId: entry.directoryId, tokenName: null, replayOf: entry.id },
    ...{ at, method: entry.method, path: entry.path },
    ms: Math.round((performance.now() - startedAt) * 10) / 10,
  });
  await deps.storage.transact((tx) =>
    record(
      tx,
      { organizationId, cause, now: deps.clock() },
      {
        type: 'recorder_entry.replayed',
        target: { kind: 'recorder_entry', id: entry.id },
        details: { directoryId: entry.directoryId, status: answer.status },
      },
    ),
  );
  return answer;
}

interface Run {
  readonly res: Response;
  readonly answer: ReplayAnswer;
}

/** A request and an answer without a connection, through the router that real ones go through. */
function runAgain(deps: HttpDeps, input: ReplayInput & { readonly directory: Directory }): Promise<Run> {
  const { entry, cause, facts, directory } = input;
  const req = new IncomingMessage(new Socket());
  req.method = entry.method;
  req.url = entry.path;
  return new Promise((resolve) => {
    const app = quietApp();
    app.use((request, res, next) => {
      res.locals.facts = facts;
      placeContext(request, res, { deps, directory, cause });
      // As if it had been read: a body that is bytes is parsed, and judged, as on the first day.
      if (entry.requestBody !== null) request.body = Buffer.from(entry.requestBody);
      res.end = (body?: unknown) => {
        resolve({ res, answer: { status: res.statusCode, body: isBody(body) ? String(body) : null } });
        return res;
      };
      next();
    });
    app.use(...dispatching(dispatchUnguarded));
    app(req, new ServerResponse(req));
  });
}

const isBody = (body: unknown): body is string | Buffer => typeof body === 'string' || Buffer.isBuffer(body);

function quietApp(): Express {
  const app = express();
  app.set('query parser', 'simple');
  app.set('case sensitive routing', true);
  app.set('strict routing', true);
  app.disable('x-powered-by');
  app.disable('etag');
  return app;
}
