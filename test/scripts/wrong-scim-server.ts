/** A small SCIM server that is wrong on purpose, in ways that servers in the field are: for proving that a simulator notices. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

export interface WrongScimServer {
  readonly base: string;
  close(): Promise<void>;
}

type Resource = Record<string, unknown> & { id: string };

const LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

/**
 * Starts it. Wrong: no authentication; errors in plain text; a look-up compares case and hides inactive people; create
 * never refuses and gives the password back; PATCH overwrites whole attributes and replaces members on every addition;
 * PUT is not there; totals count the page.
 */
export async function startWrongScimServer(): Promise<WrongScimServer> {
  const store = new Map<string, Resource[]>([
    ['Users', []],
    ['Groups', []],
  ]);
  const server = createServer((request, response) => void answer(store, request, response));
  const port = await listen(server);
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { base: `http://127.0.0.1:${port}`, close };
}

async function answer(
  store: ReadonlyMap<string, Resource[]>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://local');
  const [, collection = '', id] = pathname.split('/');
  const resources = store.get(collection);
  const found = resources?.find((resource) => resource.id === id);
  const send = (status: number, body: unknown) =>
    response.writeHead(status, { 'content-type': 'application/scim+json' }).end(JSON.stringify(body));
  const body = await readBody(request);
  if (resources === undefined || (id !== undefined && found === undefined)) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('Not Found');
  } else if (found === undefined && request.method === 'POST') {
    const made = {
      ...body,
      id: String(resources.length + 1),
      meta: { resourceType: collection.slice(0, -1) },
    };
    resources.push(made);
    send(201, made);
  } else if (found === undefined) {
    send(200, page(resources, searchParams));
  } else if (request.method === 'PATCH') {
    patch(found, body);
    send(200, found);
  } else if (request.method === 'DELETE') {
    resources.splice(resources.indexOf(found), 1);
    response.writeHead(204).end();
  } else {
    send(request.method === 'GET' ? 200 : 501, found);
  }
}

function page(resources: readonly Resource[], query: URLSearchParams): object {
  const [, attribute = '', value] = /^(\w+) eq "(.*)"$/.exec(query.get('filter') ?? '') ?? [];
  const matching = resources.filter(
    (resource) => attribute === '' || (resource[attribute] === value && resource.active !== false),
  );
  const from = Number(query.get('startIndex') ?? 1) - 1;
  const shown = matching.slice(from, from + Number(query.get('count') ?? 100));
  return { schemas: [LIST], totalResults: shown.length, Resources: shown };
}

function patch(resource: Resource, body: Record<string, unknown>): void {
  const operations = Array.isArray(body.Operations) ? body.Operations : [];
  for (const { path, value } of operations) {
    if (path === undefined) Object.assign(resource, value);
    else resource[String(path)] = value;
  }
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  const value: unknown = text === '' ? {} : JSON.parse(text);
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}
