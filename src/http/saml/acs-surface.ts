/**
 * Answers `POST /saml/{connectionId}/acs` in front of Express's router, whose walk takes a tenth of what a sign-in costs the
 * thread that answers. Every other method and spelling of the address goes through the router, to the same handlers.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Express, Request, Response } from 'express';
import type { HttpDeps } from '../deps.ts';
import { renderPageError } from '../errors/page.ts';
import { attachFacts } from '../request-facts.ts';
import { settled } from '../run-middleware.ts';
import { ACS_DOOR, refuseUnread } from '../unread.ts';
import { postAcs, readPosted } from './acs.ts';

const DOOR = /^\/saml\/(con_[0-9a-z]+)\/acs$/;

interface Edge {
  /** Whose settings requests are read with. */
  readonly app: Express;
  /** What every answer of the gateway carries. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** True when it has taken the request. */
export type Surface = (incoming: IncomingMessage, outgoing: ServerResponse) => boolean;

export function createAcsSurface(deps: HttpDeps, { app, headers }: Edge): Surface {
  const attach = attachFacts(deps.logger);
  const post = postAcs(deps);
  const serve = async (req: Request, res: Response): Promise<void> => {
    const breakOff = () => req.socket.destroy();
    try {
      attach(req, res);
      for (const [name, value] of headers) res.setHeader(name, value);
      try {
        for (const read of readPosted) await settled(read, req, res);
        await post(req, res, breakOff);
      } catch (thrown) {
        await refuseUnread(deps, { req, res }, { door: ACS_DOOR, thrown });
      }
    } catch (thrown) {
      renderPageError(thrown, req, res, breakOff);
    }
  };
  return (incoming, outgoing) => {
    const connectionId = incoming.method === 'POST' ? DOOR.exec(incoming.url ?? '')?.[1] : undefined;
    if (connectionId === undefined) return false;
    const req: Request = Object.setPrototypeOf(incoming, app.request);
    const res: Response = Object.setPrototypeOf(outgoing, app.response);
    req.res = res;
    res.req = req;
    req.originalUrl = req.url;
    req.baseUrl = '/saml';
    req.url = req.url.slice(req.baseUrl.length);
    req.params = { connectionId };
    req.route = { path: '/:connectionId/acs' };
    res.locals = {};
    serve(req, res).catch(() => req.socket.destroy());
    return true;
  };
}
