/** Holds every answer of the management API to what its OpenAPI document says: status, shape, error codes. */
import { expect } from '@jest/globals';
import { openApiDocument } from '../../../src/http/api/openapi.ts';
import type { ApiRoute } from '../../../src/http/api/route.ts';
import { apiRoutes } from '../../../src/http/api/routes.ts';

interface Answered {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

interface Operation {
  readonly responses: Readonly<Record<string, { readonly $ref?: string }>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

// The document is JSON by nature; the tests read the few places they need.
const document = JSON.parse(JSON.stringify(openApiDocument(apiRoutes))) as Document;

const patternOf = (path: string) => new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}$`);

/** The route that a request such as `get /organizations/acme/teams?x=1` is for; the first that fits, as the router does it. */
function routeOf(request: string): ApiRoute | undefined {
  const [method = '', target = ''] = request.split(' ');
  const path = target.split('?', 1)[0] ?? '';
  return apiRoutes.find((route) => route.method === method.toLowerCase() && patternOf(route.path).test(path));
}

/** Fails the test when the answer is none that the document promises for this request. */
export function expectDocumented(request: string, { status, body, headers }: Answered): void {
  const route = routeOf(request);
  if (route === undefined) return;
  const operation = document.paths[route.path.replace(/:(\w+)/g, '{$1}')]?.[route.method];
  const response = operation?.responses[String(status)];
  if (response === undefined) throw new Error(`${request}: status ${status} is not documented`);
  if (status === 202 && route.accepted !== undefined) expect(route.accepted.parse(body)).toEqual(body);
  else if (status < 300) expectShape(route, body, headers);
  else expectProblem({ request, ref: response.$ref ?? '', status }, body, headers);
}

function expectShape(route: ApiRoute, body: unknown, headers: Answered['headers']): void {
  if (route.file !== undefined) expect(route.file).toContain(headers['content-type']?.split(';', 1)[0]);
  else if (route.response === undefined) expect(body).toBeUndefined();
  // Parsing drops what the shape does not name, so that equality finds a key too many.
  else expect(route.response.parse(body)).toEqual(body);
}

/** How the schema library says what is wrong, where nobody has said it better. */
const RAW_WORDS =
  /Invalid (input|option|key|value|string|number)|, received |Too (big|small):|Unrecognized key/;

function expectProblem(
  { request, ref, status }: { readonly request: string; readonly ref: string; readonly status: number },
  body: unknown,
  headers: Readonly<Record<string, string>>,
): void {
  expect(headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(body).toMatchObject({ status, title: expect.any(String), detail: expect.any(String) });
  expect((body as { readonly detail: string }).detail).not.toMatch(RAW_WORDS);
  const code = (body as { readonly code: string }).code;
  const codes = ref.slice(ref.lastIndexOf('/') + 1).split('.');
  if (!codes.includes(code)) throw new Error(`${request}: code ${code} is not documented for ${status}`);
}
