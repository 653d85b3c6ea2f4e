/** /openapi.json: public, complete, and the same as the file in schemas/. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import errors from '../../../schemas/errors.json' with { type: 'json' };
import { PERMISSIONS } from '../../../src/core/access/roles.ts';
import { apiRoutes } from '../../../src/http/api/routes.ts';
import { type ApiWorld, startApiWorld } from './api-world.ts';

let world: ApiWorld;
// biome-ignore lint/suspicious/noExplicitAny: a JSON document that the tests walk through
let document: any;
beforeAll(async () => {
  world = await startApiWorld();
  document = (await world.send(world.nobody, 'get /openapi.json')).body;
});
afterAll(() => world.close());

/** Every object of the document, depth first. */
function* objectsIn(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, unknown>;
  for (const inner of Object.values(value)) yield* objectsIn(inner);
}

describe('the OpenAPI document', () => {
  test('is the committed file', () => {
    const path = new URL('../../../schemas/console-api.openapi.json', import.meta.url);
    expect(document).toEqual(JSON.parse(readFileSync(path, 'utf8')));
  });

  test('has every route once, with a unique operation id', () => {
    const described = Object.entries<Record<string, { operationId: string }>>(document.paths).flatMap(
      ([path, methods]) =>
        Object.entries(methods).map(([method, { operationId }]) => `${method} ${path} ${operationId}`),
    );
    const routed = apiRoutes.map(
      ({ method, path, operationId }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')} ${operationId}`,
    );
    expect(described.sort()).toEqual(routed.sort());
    expect(new Set(apiRoutes.map(({ operationId }) => operationId)).size).toBe(apiRoutes.length);
    expect(apiRoutes.length).toBeGreaterThanOrEqual(50);
  });

  test('every reference leads somewhere', () => {
    const references = [...objectsIn(document)].flatMap(({ $ref }) =>
      typeof $ref === 'string' ? [$ref] : [],
    );
    expect(references.length).toBeGreaterThan(200);
    for (const reference of references) {
      const [, , kind = '', name = ''] = reference.split('/');
      expect(document.components[kind]).toHaveProperty([name]);
    }
  });

  test('every code a route may answer is in the error table, and at its status', () => {
    const table: Readonly<Record<string, { readonly status: number }>> = errors;
    for (const methods of Object.values<Record<string, { responses: Record<string, { $ref?: string }> }>>(
      document.paths,
    )) {
      for (const { responses } of Object.values(methods)) {
        for (const [status, { $ref }] of Object.entries(responses)) {
          const codes = $ref?.split('/').at(-1)?.split('.') ?? [];
          for (const code of codes) expect(table[code]?.status).toBe(Number(status));
        }
      }
    }
  });

  test('every route that is not public names its credentials, every path parameter is declared', () => {
    for (const route of apiRoutes) {
      const operation = document.paths[route.path.replace(/:(\w+)/g, '{$1}')][route.method];
      expect(operation.security.length > 0).toBe(route.guard.kind !== 'public');
      const declared = (operation.parameters ?? []).filter((one: { in: string }) => one.in === 'path');
      expect(declared.map((one: { name: string }) => one.name)).toEqual(
        [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name),
      );
    }
  });

  test('S193: no answer is a stream without an end: every body has one type, and none is of events', () => {
    const types = [...objectsIn(document.paths)].flatMap(({ content }) => Object.keys(Object(content)));
    expect(types).toContain('application/json');
    expect(types.filter((type) => /event-stream|mixed-replace/.test(type))).toEqual([]);
  });

  /** Words for doing something in somebody else's name. */
  const IN_ANOTHER_NAME =
    /impersonat|masquerad|act[-_]?as\b|on[-_]?behalf|assume|sudo|support[-_]?(?:access|login)/i;

  test('S148: no route, field, parameter or permission lets anybody act as somebody else', () => {
    const names = [...objectsIn(document)].flatMap(({ properties, operationId, name, enum: words }) => [
      ...Object.keys(Object(properties)),
      ...[operationId, name, words].flat().map(String),
    ]);
    const all = [...names, ...Object.keys(document.paths), ...PERMISSIONS];
    expect(all.length).toBeGreaterThan(1000);
    expect(all.filter((name) => IN_ANOTHER_NAME.test(name))).toEqual([]);
  });

  test('S148: whoever names somebody else beside their own session stays who they are', async () => {
    const organization = await world.newOrganization();
    const [owner, member] = [
      await world.newPerson(organization, 'owner'),
      await world.newPerson(organization),
    ];
    const { userId, id } = member.membership;
    const headers = ['x-impersonate-user', 'x-act-as', 'x-user-id', 'x-on-behalf-of', 'x-forwarded-user'];
    const named = Object.fromEntries(headers.map((header) => [header, userId]));
    const as = { headers: { ...owner.headers, ...named } };
    for (const query of ['', `?user=${userId}`, `?as=${id}`, `?membershipId=${id}`]) {
      const { status, body } = await world.send(as, `get /session${query}`);
      expect([status, body.user?.id ?? owner.membership.userId]).toEqual([status, owner.membership.userId]);
      expect([200, 422]).toContain(status);
    }
  });

  test('404: beside the table there is nothing; 405 with Allow for another method', async () => {
    const rows = [
      ['get /nothing', 404],
      ['get /organizations/', 404],
      ['get /Session', 404],
      ['post /session', 405],
      ['delete /openapi.json', 405],
    ] as const;
    for (const [request, status] of rows) {
      const answer = await world.send(world.operator, request);
      expect([request, answer.status, answer.headers['content-type']]).toEqual([
        request,
        status,
        expect.stringContaining('application/problem+json'),
      ]);
    }
    expect((await world.send(world.operator, 'post /session')).headers.allow).toBe('GET, PATCH, HEAD');
  });
});
