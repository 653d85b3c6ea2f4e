/** Starts Gatehouse as users run it, over a data folder, and makes an organization with a directory through its API. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { property } from '../answers.ts';
import { type ServerProcess, startServer } from '../server-process.ts';
import type { Peer } from '../subject.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** A data folder, and what is known about the directory in it. */
export interface GatehouseStore {
  readonly folder: string;
  readonly operatorKey: string;
  /** The directory that is measured; absent until the first start. */
  readonly directory?: { readonly path: string; readonly bearer: string };
}

export const newStore = (folder: string): GatehouseStore => ({
  folder,
  operatorKey: randomBytes(32).toString('base64url'),
});

/**
 * Starts the gateway over that store, rate limits off unless told, calling no private address but `egressAllow`; the first
 * start makes the organization. Throws when the API refuses.
 */
export async function startGatehouse(
  store: GatehouseStore,
  {
    rateLimits = 'off',
    egressAllow = '',
  }: { readonly rateLimits?: 'on' | 'off'; readonly egressAllow?: string } = {},
): Promise<{ readonly peer: Peer; readonly store: GatehouseStore }> {
  const server = await startServer({
    parameters: startParameters(),
    workingFolder: ROOT,
    readyPath: '/readyz',
    environment: (port) => ({
      PORT: String(port),
      GATEHOUSE_HOST: '127.0.0.1',
      GATEHOUSE_BASE_URL: `http://127.0.0.1:${port}`,
      GATEHOUSE_DATA_DIR: store.folder,
      GATEHOUSE_STORAGE: 'sqlite:',
      GATEHOUSE_OPERATOR_KEY: store.operatorKey,
      GATEHOUSE_RATE_LIMITS: rateLimits,
      GATEHOUSE_EGRESS_ALLOW: egressAllow,
      GATEHOUSE_LOG_LEVEL: 'warn',
    }),
  });
  try {
    const directory = store.directory ?? (await createDirectory(server, store, 'measured'));
    const { pid, readyMs, cost, stop } = server;
    const settle = () => storeRecorded(server.origin, store.operatorKey);
    const peer = {
      base: server.origin + directory.path,
      bearer: directory.bearer,
      pid,
      readyMs,
      cost,
      settle,
      stop,
    };
    return { peer, store: { ...store, directory } };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Whoever reads the recorder waits until it is stored. Throws when the API refuses. */
async function storeRecorded(origin: string, operatorKey: string): Promise<void> {
  const answer = await fetch(`${origin}/api/v1/organizations/measured/recorder?limit=1`, {
    headers: { authorization: `Bearer ${operatorKey}` },
  });
  await answer.arrayBuffer();
  if (answer.status !== 200) throw new Error(`The recorder answered ${answer.status}.`);
}

/** What `npm start` hands to node, flags included. */
function startParameters(): readonly string[] {
  const project: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const [exec, program, ...parameters] = text(property(project, 'scripts'), 'start').split(' ');
  if (exec !== 'exec' || program !== 'node') throw new Error('npm start no longer starts node itself.');
  return parameters;
}

/** An organization with one directory and its token: what an operator does before an identity provider is pointed here. */
export async function createDirectory(
  { origin }: Pick<ServerProcess, 'origin'>,
  { operatorKey }: GatehouseStore,
  slug: string,
): Promise<{ readonly path: string; readonly bearer: string }> {
  const post = (path: string, body: object) => postJson(`${origin}/api/v1${path}`, operatorKey, body);
  await post('/organizations', { name: slug, slug });
  const directory = await post(`/organizations/${slug}/directories`, { kind: 'generic' });
  const made = await post(`/organizations/${slug}/directories/${text(directory, 'id')}/tokens`, {
    name: 'bench',
  });
  return { path: new URL(text(directory, 'scimBaseUrl')).pathname, bearer: text(made, 'token') };
}

/** Asks the management API to make something. Throws unless it answers 201. */
export async function postJson(url: string, operatorKey: string, body: object): Promise<unknown> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (answer.status !== 201) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

/** A text of an answer. Throws where there is none. */
export function text(value: unknown, name: string): string {
  const found = property(value, name);
  if (typeof found !== 'string') throw new Error(`There is no ${name}.`);
  return found;
}
