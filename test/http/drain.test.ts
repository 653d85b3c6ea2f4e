/** Stopping a server under load: nobody is cut off, and everybody is told to go elsewhere (R41). */
import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createDrain } from '../../src/http/drain.ts';

let server: Server;
let agent: Agent;
let drain: () => Promise<void>;
/** Requests that wait for their answer, oldest first. */
let waiting: ServerResponse[];

beforeEach(async () => {
  waiting = [];
  agent = new Agent({ keepAlive: true, maxSockets: 1 });
  server = createServer((req, res) => {
    if (req.url === '/slow') waiting.push(res);
    else res.end();
  });
  drain = createDrain(server, 60_000);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  agent.destroy();
  server.closeAllConnections();
  server.close();
});

async function ask(path: string): Promise<string | undefined> {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const [res]: IncomingMessage[] = await once(get({ host: '127.0.0.1', port, path, agent }), 'response');
  res?.resume();
  return res?.headers.connection;
}

describe('drain', () => {
  test('before it, connections are kept alive', async () => {
    expect(await ask('/')).toBe('keep-alive');
  });

  test('R41 a request under way is answered with Connection: close, and only then the drain is over', async () => {
    const answer = ask('/slow');
    while (waiting.length === 0) await once(server, 'request');
    let isOver = false;
    const drained = drain().then(() => {
      isOver = true;
    });
    await new Promise(setImmediate);
    expect(isOver).toBe(false);
    waiting[0]?.end();
    expect(await answer).toBe('close');
    await drained;
  });

  test('R41 a request that arrives during it on an open connection is told to close too', async () => {
    const first = ask('/slow');
    while (waiting.length === 0) await once(server, 'request');
    const headers = new Map<string, string>();
    const res = {
      headersSent: false,
      setHeader: (name: string, value: string) => headers.set(name, value),
      on: () => undefined,
      end: () => undefined,
    };
    const drained = drain();
    server.emit('request', { url: '/' }, res);
    expect(headers.get('Connection')).toBe('close');
    waiting[0]?.end();
    await Promise.all([first, drained]);
  });

  test('of a server that does not listen is over at once', async () => {
    const never = createServer();
    await expect(createDrain(never, 60_000)()).resolves.toBeUndefined();
  });
});
