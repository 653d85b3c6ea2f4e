/** The OpenAPI 3.1 document of the management API, made from the route table: what is documented is what runs. */
import { z } from 'zod';
import type { ErrorCode } from '../../kernel/errors.ts';
import { entryOf } from '../errors/error-table.ts';
import type { ApiRoute } from './route.ts';
import { asksForFreshSignIn, plainRoute } from './route.ts';

type Json = Readonly<Record<string, unknown>>;

/** The route that answers the document. It describes itself too. */
export function describingRoute(others: readonly ApiRoute[]): ApiRoute {
  let document: Json | undefined;
  const route = plainRoute({
    method: 'get',
    path: '/openapi.json',
    operationId: 'getOpenApi',
    summary: 'This document.',
    tag: 'about',
    guard: { kind: 'public' },
    status: 200,
    response: z.looseObject({ openapi: z.string() }),
    errors: [],
    handle: async () => {
      document ??= openApiDocument([...others, route]);
      return document;
    },
  });
  return route;
}

/** Builds the document (OpenAPI 3.1.1). The order is that of the table, so that it changes only when the table does. */
export function openApiDocument(routes: readonly ApiRoute[]): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method]: operationOf(route) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Gatehouse management API',
      version: '1',
      description:
        'Organizations, people, directories, connections and invitations. Errors are problem+json (RFC 9457) with a stable code.',
    },
    servers: [{ url: '/api/v1' }],
    paths,
    components: {
      schemas: { Problem: PROBLEM, ...Object.assign({}, ...routes.map(schemasOf)) },
      responses: Object.assign({}, ...routes.map(responsesOf)),
      securitySchemes: {
        operatorKey: { type: 'http', scheme: 'bearer', description: "The operator's key." },
        apiKey: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API key of the organization, within its scopes.',
        },
        sessionCookie: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-gatehouse-session',
          description: "A member's session; unsafe requests need the gateway's own Origin.",
        },
      },
    },
  };
}

const PROBLEM: Json = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'whatToDo', 'instance'],
  properties: {
    type: { type: 'string', description: 'urn:gatehouse:error:{code}' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', description: 'Stable; the codes of a route are listed at its answers.' },
    whatToDo: { type: 'string' },
    field: { type: 'string', description: 'The input at fault, as the caller spelled it.' },
    errors: {
      type: 'array',
      description:
        'Every input at fault with its rule, `field` first; where the body or query broke the rules of its form. At most 20.',
      items: {
        type: 'object',
        required: ['field', 'rule'],
        properties: { field: { type: 'string' }, rule: { type: 'string' } },
      },
    },
    url: { type: 'string', description: 'Where to go on in the browser, when that helps.' },
    instance: { type: 'string', description: 'The request, for the operator to look up.' },
  },
};

const nameOf = (route: ApiRoute, part: 'Request' | 'Answer' | 'Accepted'): string =>
  `${route.operationId.charAt(0).toUpperCase()}${route.operationId.slice(1)}${part}`;

/** Requests are described as they are sent, answers as they arrive: defaults and conversions make the two differ. */
function schemasOf(route: ApiRoute): Json {
  return {
    ...(route.body === undefined ? {} : { [nameOf(route, 'Request')]: jsonSchema(route.body, 'input') }),
    ...(route.response === undefined
      ? {}
      : { [nameOf(route, 'Answer')]: jsonSchema(route.response, 'output') }),
    ...(route.accepted === undefined
      ? {}
      : { [nameOf(route, 'Accepted')]: jsonSchema(route.accepted, 'output') }),
  };
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    // The format says it; zod's pattern for it is longer than everything else.
    override: ({ jsonSchema: part }) => {
      if (part.format === 'date-time') delete part.pattern;
    },
  });
  return rest;
}

const refTo = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });

function operationOf(route: ApiRoute): Json {
  const parameters = [...pathParameters(route.path), ...queryParameters(route)];
  return {
    operationId: route.operationId,
    summary: route.summary,
    tags: [route.tag],
    security: securityOf(route),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: !route.body.safeParse(undefined).success,
            content: { [route.bodyType ?? 'application/json']: { schema: refTo(nameOf(route, 'Request')) } },
          },
        }),
    responses: { [String(route.status)]: answerOf(route), ...acceptedOf(route), ...problemsOf(route) },
  };
}

function answerOf(route: ApiRoute): Json {
  if (route.file !== undefined) {
    const content = route.file.map((type) => [type, { schema: { type: 'string' } }] as const);
    return { description: 'A file to keep.', content: Object.fromEntries(content) };
  }
  if (route.response === undefined) return { description: 'Done; there is no body.' };
  const schema = refTo(nameOf(route, 'Answer'));
  return {
    description: route.status === 201 ? 'Created.' : 'The answer.',
    content: { 'application/json': { schema } },
  };
}

/** The answer of a route that leaves the rest to long work. */
function acceptedOf(route: ApiRoute): Json {
  if (route.accepted === undefined) return {};
  const schema = refTo(nameOf(route, 'Accepted'));
  const description = 'Done; a job carries it over to everybody.';
  return { 202: { description, content: { 'application/json': { schema } } } };
}

function securityOf({ guard }: ApiRoute): readonly Json[] {
  switch (guard.kind) {
    case 'public':
      return [];
    case 'operator':
      return [{ operatorKey: [] }];
    case 'session':
      return [{ sessionCookie: [] }];
    case 'organization':
      return [{ operatorKey: [] }, { apiKey: [] }, { sessionCookie: [] }];
  }
}

const PARAMETER_NOTES: Readonly<Record<string, string>> = { org: 'Id or slug.' };

const pathParameters = (path: string): readonly Json[] =>
  [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    ...(PARAMETER_NOTES[name] === undefined ? {} : { description: PARAMETER_NOTES[name] }),
    schema: { type: 'string' },
  }));

const queryShape = z.looseObject({ properties: z.record(z.string(), z.unknown()) });

const queryParameters = (route: ApiRoute): readonly Json[] =>
  route.query === undefined
    ? []
    : Object.entries(queryShape.parse(jsonSchema(route.query, 'input')).properties).map(([name, schema]) => ({
        name,
        in: 'query',
        required: false,
        schema,
      }));

/** What the guard and the reading of a body answer, whatever the handler does. */
function codesOf(route: ApiRoute): readonly ErrorCode[] {
  const { guard, body, query } = route;
  const guarded: readonly ErrorCode[] = guardedCodes(guard);
  // `invalid_syntax`: a path with a broken percent encoding.
  const placed: readonly ErrorCode[] = route.path.includes(':') ? ['invalid_syntax', 'not_found'] : [];
  const read: readonly ErrorCode[] =
    body === undefined ? [] : ['invalid', 'invalid_syntax', 'payload_too_large', 'unsupported_media_type'];
  const asked: readonly ErrorCode[] = query === undefined ? [] : ['invalid'];
  const sensitive: readonly ErrorCode[] = asksForFreshSignIn(route) ? ['step_up_required'] : [];
  return [
    ...guarded,
    ...sensitive,
    ...placed,
    ...read,
    ...asked,
    ...route.errors,
    'internal',
    'storage_unavailable',
  ];
}

/** What a guard answers; somebody who has yet to set up a second factor is told so, where they are not let in or nobody. */
function guardedCodes(guard: ApiRoute['guard']): readonly ErrorCode[] {
  if (guard.kind === 'public') return [];
  const waits = guard.kind === 'session' ? guard.whoWaits : undefined;
  return ['unauthenticated', 'forbidden', ...(waits === undefined ? ([SETUP] as const) : [])];
}

const SETUP = 'second_factor_setup_required';

interface SharedProblem {
  readonly name: string;
  readonly status: number;
  readonly codes: readonly ErrorCode[];
}

/** One answer per status, each with the codes that share it; the same answer of several routes has one name. */
function sharedProblems(route: ApiRoute): readonly SharedProblem[] {
  const byStatus = Map.groupBy(new Set(codesOf(route)), (code) => entryOf(code).status);
  return [...byStatus]
    .map(([status, codes]) => ({ name: codes.join('.'), status, codes }))
    .sort((left, right) => left.status - right.status);
}

const problemsOf = (route: ApiRoute): Json =>
  Object.fromEntries(
    sharedProblems(route).map(({ name, status }) => [
      String(status),
      { $ref: `#/components/responses/${name}` },
    ]),
  );

const responsesOf = (route: ApiRoute): Json =>
  Object.fromEntries(
    sharedProblems(route).map(({ name, codes }) => [
      name,
      {
        description: codes.map((code) => `\`${code}\`: ${entryOf(code).title}.`).join(' '),
        content: {
          'application/problem+json': {
            schema: { allOf: [refTo('Problem'), { properties: { code: { enum: codes } } }] },
          },
        },
      },
    ]),
  );
