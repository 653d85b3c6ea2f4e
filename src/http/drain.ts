/** Ends a server without cutting anybody off: requests under way are answered, connections close with their answer. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/**
 * Watches the server from now on; call it before the first request. The answer stops the server (R41): it takes no new
 * connections, every answer that has not begun says `Connection: close` so that a load balancer moves on, and it resolves
 * with the last answer, or after `limitMs` milliseconds by closing what is left. A server that never listened is done at once.
 */
export function createDrain(server: Server, limitMs: number): () => Promise<void> {
  const underWay: ServerResponse[] = [];
  let isDraining = false;
  // Before the application's own listener, which may answer at once.
  server.prependListener('request', (_req: IncomingMessage, res: ServerResponse) => {
    if (isDraining) sayGoodbye(res);
    underWay.push(res);
    res.on('close', leave);
  });
  // One function for all answers: it is called once for each.
  function leave(this: ServerResponse): void {
    takeOut(underWay, this);
  }
  return () => {
    isDraining = true;
    for (const res of underWay) sayGoodbye(res);
    return server.listening ? closeGently(server, limitMs) : Promise.resolve();
  };
}

/**
 * Of a list, not of a set: each table that a set outgrows names the one in its place, so that one which the old generation still
 * holds carries all later exchanges into it, until the next full collection.
 */
function takeOut(underWay: ServerResponse[], res: ServerResponse): void {
  const at = underWay.indexOf(res);
  const last = underWay.pop();
  if (at !== -1 && last !== undefined && last !== res) underWay[at] = last;
}

function sayGoodbye(res: ServerResponse): void {
  if (!res.headersSent) res.setHeader('Connection', 'close');
}

function closeGently(server: Server, limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    // A kept-alive connection that turns idle after `close` would otherwise hold the process for its whole timeout.
    const sweep = setInterval(() => server.closeIdleConnections(), 50);
    const limit = setTimeout(() => server.closeAllConnections(), limitMs);
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(limit);
      resolve();
    });
    server.closeIdleConnections();
  });
}
