/** Anything at any door: a typed refusal, never a 5xx, never HTML, and every answer as documented. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { apiRoutes } from '../../../src/http/api/routes.ts';
import { type ApiWorld, startApiWorld } from './api-world.ts';

let world: ApiWorld;
let org = '';
beforeAll(async () => {
  world = await startApiWorld();
  org = (await world.newOrganization()).id;
});
afterAll(() => world.close());

const WORDS = [
  'active',
  'org',
  'team',
  'owner',
  'saml',
  'oidc',
  'okta',
  'a@example.com',
  '7d',
  'email',
  'link',
  'team_',
];
const KEYS = [
  ...new Set(
    apiRoutes.flatMap(({ body }) => {
      const sample = body?.safeParse({ nothing: true });
      return sample?.error?.issues.flatMap((issue) => issue.path.map(String)) ?? [];
    }),
  ),
  ...[
    'match',
    'grants',
    'scope',
    'role',
    'attributes',
    'plan',
    'preset',
    'seats',
    'teams',
    'certificates',
    'replaces',
  ],
];

const leaf = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(...WORDS),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...KEYS), fc.string({ maxLength: 10 })), tie('value'), {
      maxKeys: 6,
    }),
  ),
}));

const segment = fc.oneof(
  fc.constantFrom('__proto__', 'org_', '%zz', '%F0', 'x'.repeat(300)),
  // Dot segments, slashes and NULs never reach a router: the server's own tests are about those.
  fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    .map(encodeURIComponent)
    .filter((text) => !/^\.+$|%(?:2f|5c|00|2e)|;/i.test(text)),
);
const query = fc.dictionary(
  fc.constantFrom('limit', 'cursor', 'status', 'role', 'q', 'team', 'type', 'grants', '__proto__', 'x'),
  fc.string({ unit: 'binary', maxLength: 20 }),
  { maxKeys: 4 },
);

const pathOf = (path: string, other: string) => path.replace(/:org/, org).replace(/:\w+/g, other);
const isFine = ({ status, headers }: { status: number; headers: Readonly<Record<string, string>> }) => {
  expect(status).toBeLessThan(500);
  if (status !== 204) expect(headers['content-type']).toMatch(/json|^text\/csv/);
};

// The organization itself must outlive the fuzz.
const routes = apiRoutes.filter(({ operationId }) => operationId !== 'removeOrganization');
const withBody = routes.filter(({ body }) => body !== undefined);

describe('fuzz', () => {
  test.each(withBody.map((route) => [route.operationId, route] as const))(
    '%s takes any body without falling over',
    async (_name, route) => {
      await fc.assert(
        fc.asyncProperty(value, async (body) => {
          const path = pathOf(route.path, `team_${'0'.repeat(26)}`);
          isFine(await world.send(world.operator, `${route.method} ${path}`, body ?? undefined));
        }),
        { numRuns: 25 },
      );
    },
  );

  test('any path parameter and any query, on every route', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(routes.length - 1), segment, query, async (index, other, parameters) => {
        const route = routes[index];
        if (route === undefined) return;
        const search = new URLSearchParams(
          Object.entries(parameters).map(([key, text]): [string, string] => [key, text.toWellFormed()]),
        );
        const path = pathOf(route.path, other);
        isFine(await world.send(world.operator, `${route.method} ${path}?${search}`));
      }),
      { numRuns: 250 },
    );
  });

  test('any bytes as JSON', async () => {
    const sender = { headers: { ...world.operator.headers, 'content-type': 'application/json' } };
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }), async (text) => {
        isFine(await world.send(sender, `post /organizations/${org}/teams`, text.toWellFormed()));
      }),
      { numRuns: 100 },
    );
  });

  test('the organization is still itself', async () => {
    const { status, body } = await world.send(world.operator, `get /organizations/${org}`);
    expect([status, body.id]).toEqual([200, org]);
  });
});
