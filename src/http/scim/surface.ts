/**
 * Answers everything below /scim/v2: guard first, then method, then body; all errors in SCIM's own form. Express's router
 * is not asked: a look-up takes less time than the walk through its layers.
 */
import type { RequestListener } from 'node:http';
import type { Express, Request, Response } from 'express';
import { GatehouseError } from '../../kernel/errors.ts';
import type { HttpDeps } from '../deps.ts';
import { toGatehouseError } from '../errors/error-table.ts';
import { renderScimError } from '../errors/scim.ts';
import { refuseOddPath } from '../odd-paths.ts';
import { logAnswered, newFacts } from '../request-facts.ts';
import { directoryGuard } from './context.ts';
import { decoded, pathOf } from './dispatch.ts';
import { newExchange } from './exchange.ts';
import { admitDirectories } from './rate-limiting.ts';
import { recordExchanges } from './recording.ts';
import { dispatchUnguarded } from './router.ts';

/** Where every SCIM address begins. */
export const SCIM_PATH = '/scim/v2/';

interface Edge {
  /** Whose settings requests are read with. */
  readonly app: Express;
  /** What every answer of the gateway carries, names and values in turn. */
  readonly headers: readonly string[];
}

/** What answers requests for addresses that begin with `SCIM_PATH`: recorded, guarded, held to the rate limit. */
export function createScimSurface(deps: HttpDeps, { app, headers }: Edge): RequestListener {
  const record = recordExchanges(deps);
  const guard = directoryGuard(deps);
  const admit = deps.rateLimits && admitDirectories(deps.rateLimits, deps.clock);
  const serve = async (req: Request, res: Response): Promise<void> => {
    try {
      refuseOddPath(req.url);
      const { directoryId, path } = addressIn(req.url);
      await guard(directoryId, req, res);
      if (admit !== undefined) await admit(res);
      await dispatchUnguarded(path, req, res);
    } catch (thrown) {
      answerFailure(thrown, req, res);
    }
  };
  // One function for all: a closure and a wrapper for each exchange cost as much as the header of its answer.
  function end(this: Response): void {
    if (this.writableFinished) logAnswered(this.req, this);
    record(this.req, this);
  }
  const everyHeader = [...headers, 'Cache-Control', 'no-store'];
  return (incoming, outgoing) => {
    const req: Request = Object.setPrototypeOf(incoming, app.request);
    const res: Response = Object.setPrototypeOf(outgoing, app.response);
    req.res = res;
    req.originalUrl = req.url;
    req.baseUrl = MOUNT;
    req.url = req.url.slice(MOUNT.length);
    res.req = req;
    const facts = newFacts(deps.logger, req);
    res.locals = newExchange(facts, deps.clock(), [...everyHeader, 'X-Request-Id', facts.requestId]);
    res.on('close', end);
    void serve(req, res);
  };
}

/** Throws nothing. An answer that has begun cannot become another one: it breaks off. */
function answerFailure(thrown: unknown, req: Request, res: Response): void {
  const breakOff = () => req.socket.destroy();
  try {
    res.locals.failure = toGatehouseError(thrown);
    renderScimError(thrown, req, res, breakOff);
  } catch {
    breakOff();
  }
}

const MOUNT = SCIM_PATH.slice(0, -1);

/** `/{directoryId}{path}?query` taken apart. Throws `not_found` when there is no directory in it. */
function addressIn(url: string): { readonly directoryId: string; readonly path: string } {
  const path = pathOf(url);
  const slash = path.indexOf('/', 1);
  const end = slash === -1 ? path.length : slash;
  if (end <= 1) throw new GatehouseError('not_found', 'There is nothing at this address.');
  return { directoryId: decoded(path.slice(1, end)), path: path.slice(end) };
}
