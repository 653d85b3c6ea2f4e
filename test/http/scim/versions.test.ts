/** Versions as conditions: If-None-Match answers 304, a stale If-Match answers 412 and changes nothing. */
import { describe, expect, test } from '@jest/globals';
import { aScimGroup, aScimUser, ERROR_URN, patchOf } from '../../support/scim.ts';
import { dumpOf, scimSuite } from '../../support/scim-suite.ts';

const suite = scimSuite();

const kinds = [
  { path: '/Users', body: aScimUser({ title: 'x' }), operation: { op: 'add', path: 'title', value: 'x' } },
  {
    path: '/Groups',
    body: aScimGroup({ displayName: 'x' }),
    operation: { op: 'replace', path: 'displayName', value: 'x' },
  },
] as const;

describe.each(kinds)('$path', ({ path, body, operation }) => {
  /** A resource in version 2. */
  async function second() {
    const world = await suite.world();
    const id = path === '/Users' ? await world.addUser() : await world.addGroup();
    const item = `${path}/${id}`;
    await world.scim.patch(item, patchOf({ op: 'add', path: 'externalId', value: 'v2' }));
    return { ...world, item };
  }

  test('L102: ETag equals meta.version on GET, PUT and PATCH', async () => {
    const { scim, item } = await second();
    const answers = [
      await scim.get(item),
      await scim.put(item, body),
      await scim.patch(`${item}?attributes=meta`, patchOf({ op: 'add', path: 'externalId', value: 'v4' })),
    ];
    expect(answers.map(({ headers }) => headers.etag)).toEqual(['W/"2"', 'W/"3"', 'W/"4"']);
    for (const { body: shown, headers } of answers) expect(shown.meta.version).toBe(headers.etag);
  });

  test.each([
    ['W/"2"', 304],
    ['"2"', 304],
    ['*', 304],
    ['W/"1", W/"2"', 304],
    ['W/"1"', 200],
    ['nonsense', 200],
  ])('L103, L104, S131: If-None-Match %s on GET answers %i', async (tag, status) => {
    const { scim, item } = await second();
    const answer = await scim.get(item, { 'If-None-Match': tag });
    expect([answer.status, answer.headers.etag]).toEqual([status, 'W/"2"']);
    if (status === 304) expect(answer.text).toBe('');
  });

  test.each([
    ['W/"2"', true],
    ['"2"', true],
    ['*', true],
    ['"9", W/"2"', true],
    ['W/"1"', false],
    ['"1", "3"', false],
    ['2', false],
    ['', false],
  ])('L103, L104, S131: If-Match %s passes: %s', async (tag, passes) => {
    const { scim, item } = await second();
    const headers = { 'If-Match': tag };
    const before = await dumpOf(scim);
    const patched = await scim.patch(`${item}?attributes=id`, patchOf(operation), headers);
    expect(patched.status).toBe(passes ? 200 : 412);
    if (passes) return;
    const refused = [patched, await scim.put(item, body, headers), await scim.delete(item, headers)];
    for (const answer of refused) {
      expect(answer.body).toEqual({ schemas: [ERROR_URN], status: '412', detail: expect.any(String) });
    }
    expect(await dumpOf(scim)).toEqual(before);
  });

  test('L103: PUT and DELETE pass with the current version', async () => {
    const { scim, item } = await second();
    expect((await scim.put(item, body, { 'If-Match': 'W/"2"' })).headers.etag).toBe('W/"3"');
    expect((await scim.delete(item, { 'If-Match': 'W/"3"' })).status).toBe(204);
  });

  test('If-None-Match * refuses to change what is there', async () => {
    const { scim, item } = await second();
    expect((await scim.put(item, body, { 'If-None-Match': '*' })).status).toBe(412);
    expect((await scim.get(item)).headers.etag).toBe('W/"2"');
  });

  test('of 10 writers who saw the same version one wins', async () => {
    const { scim, item } = await second();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        scim.patch(item, patchOf({ op: 'replace', path: 'externalId', value: `w${index}` }), {
          'If-Match': 'W/"2"',
        }),
      ),
    );
    expect(answers.filter(({ status }) => status < 300)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 412)).toHaveLength(9);
  });
});
