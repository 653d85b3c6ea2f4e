/** bulkIds: references to resources that the same Bulk request creates, in any order and in circles (RFC 7644 §3.7.1, §3.7.2). */
import { describe, expect, test } from '@jest/globals';
import { type BulkAnswer, bulk, idAt, postGroup, postUser, statusesOf } from '../../support/bulk.ts';
import { ENTERPRISE_URN, patchOf } from '../../support/scim.ts';
import { dumpOf, type ScimWorld, scimSuite } from '../../support/scim-suite.ts';

const suite = scimSuite();

const managed = (bulkId: string, manager: unknown) =>
  postUser(bulkId, { [ENTERPRISE_URN]: { department: 'Eng', manager } });

const membersOf = async ({ scim }: ScimWorld, answer: BulkAnswer | undefined) => {
  const { body } = await scim.get(`/Groups/${idAt(answer)}`);
  return (body.members ?? []).map(({ value }: { readonly value: string }) => value).toSorted();
};

const managerOf = async ({ scim }: ScimWorld, answer: BulkAnswer | undefined) =>
  (await scim.get(`/Users/${idAt(answer)}`)).body[ENTERPRISE_URN]?.manager?.value;

describe('places of a reference', () => {
  test('L94: members, manager, a manager as text and the path become the id', async () => {
    const world = await suite.world();
    const answers = await bulk(world.scim, [
      postUser('boss'),
      managed('ada', { value: 'bulkId:boss' }),
      managed('grace', 'bulkId:boss'),
      postGroup('g', ['bulkId:ada', 'bulkId:grace']),
      { method: 'PATCH', path: '/Users/bulkId:ada', data: patchOf({ op: 'add', path: 'title', value: 'x' }) },
      { method: 'DELETE', path: '/Users/bulkId:grace' },
    ]);
    expect(statusesOf(answers)).toEqual(['201', '201', '201', '201', '200', '204']);
    const [boss, ada, grace, group, patched, gone] = answers;
    expect(await managerOf(world, ada)).toBe(idAt(boss));
    expect(await membersOf(world, group)).toEqual([idAt(ada)]);
    expect([patched?.location, gone?.location]).toEqual([ada?.location, grace?.location]);
    expect((await world.scim.get(`/Users/${idAt(ada)}`)).body.title).toBe('x');
  });

  test.each([
    ['an operation', { op: 'add', path: 'members', value: [{ value: 'bulkId:new' }] }, ['old', 'new']],
    ['a path-less operation', { op: 'replace', value: { members: [{ value: 'bulkId:new' }] } }, ['new']],
    [
      '$ref beside value',
      { op: 'add', path: 'members', value: [{ value: 'bulkId:new', $ref: '../Users/bulkId:new' }] },
      ['old', 'new'],
    ],
    ['a filter', { op: 'remove', path: 'members[value eq "bulkId:new"]' }, ['old']],
  ])('L94: in the data of a PATCH: %s', async (_name, operation, expected) => {
    const world = await suite.world();
    const old = await world.addUser();
    const group = await world.addGroup({ members: [{ value: old }] });
    const [created, patched] = await bulk(world.scim, [
      postUser('new'),
      { method: 'PATCH', path: `/Groups/${group}`, data: patchOf(operation) },
    ]);
    expect(patched?.status).toBe('204');
    const ids = expected.map((name) => (name === 'old' ? old : idAt(created)));
    expect(await membersOf(world, { location: group, status: '' })).toEqual(ids.toSorted());
  });
});

describe('order', () => {
  test('L95: forward references resolve, results come as sent', async () => {
    const world = await suite.world();
    const answers = await bulk(world.scim, [
      {
        method: 'PATCH',
        path: '/Groups/bulkId:outer',
        data: patchOf({ op: 'replace', value: { displayName: 'x' } }),
      },
      postGroup('outer', ['bulkId:inner', 'bulkId:ada']),
      postGroup('inner', ['bulkId:grace']),
      managed('ada', { value: 'bulkId:grace' }),
      postUser('grace'),
    ]);
    expect(answers.map(({ bulkId, status }) => [bulkId, status])).toEqual([
      ...[
        [undefined, '204'],
        ['outer', '201'],
        ['inner', '201'],
        ['ada', '201'],
        ['grace', '201'],
      ],
    ]);
    const [, outer, inner, ada, grace] = answers;
    expect(await membersOf(world, outer)).toEqual([idAt(inner), idAt(ada)].toSorted());
    expect(await membersOf(world, inner)).toEqual([idAt(grace)]);
    expect(await managerOf(world, ada)).toBe(idAt(grace));
  });

  test('L95: a chain of 300 sent backwards resolves', async () => {
    const world = await suite.world();
    const chain = Array.from({ length: 300 }, (_, index) =>
      index === 299 ? postUser('u299') : managed(`u${index}`, { value: `bulkId:u${index + 1}` }),
    );
    const answers = await bulk(world.scim, chain);
    expect(new Set(statusesOf(answers))).toEqual(new Set(['201']));
    expect(await managerOf(world, answers[0])).toBe(idAt(answers[1]));
  });
});

describe('circles', () => {
  test('L96: group A in group B and back, with others in them', async () => {
    const world = await suite.world();
    const answers = await bulk(world.scim, [
      postGroup('A', ['bulkId:B', 'bulkId:ada']),
      postGroup('B', ['bulkId:A']),
      postUser('ada'),
      {
        method: 'PATCH',
        path: '/Groups/bulkId:A',
        data: patchOf({ op: 'add', path: 'externalId', value: 'e' }),
      },
    ]);
    expect(statusesOf(answers)).toEqual(['201', '201', '201', '204']);
    const [a, b, ada] = answers;
    expect(await membersOf(world, a)).toEqual([idAt(b), idAt(ada)].toSorted());
    expect(await membersOf(world, b)).toEqual([idAt(a)]);
    const { headers } = await world.scim.get(`/Groups/${idAt(b)}`);
    expect(headers.etag).toBe(b?.version);
  });

  test('L96: people who manage each other, and one who manages themself', async () => {
    const world = await suite.world();
    const answers = await bulk(world.scim, [
      managed('a', { value: 'bulkId:c' }),
      managed('b', 'bulkId:a'),
      managed('c', { value: 'bulkId:b' }),
      managed('self', { value: 'bulkId:self' }),
    ]);
    expect(statusesOf(answers)).toEqual(['201', '201', '201', '201']);
    const [a, b, c, self] = answers;
    expect(await managerOf(world, a)).toBe(idAt(c));
    expect(await managerOf(world, b)).toBe(idAt(a));
    expect(await managerOf(world, self)).toBe(idAt(self));
  });

  test('L96: a circle that cannot be closed leaves nothing of itself, the others run', async () => {
    const world = await suite.world();
    const answers = await bulk(world.scim, [
      postGroup('A', ['bulkId:B']),
      postGroup('B', ['bulkId:A', 'du_00000000000000000000000000']),
      postGroup('C'),
    ]);
    expect(statusesOf(answers)).toEqual(['400', '400', '201']);
    expect(answers[0]?.response?.detail).toContain('circle');
    expect(answers[1]?.response?.detail).toContain('du_00000000000000000000000000');
    expect((await world.scim.get('/Groups')).body.totalResults).toBe(1);
  });

  test('L96: a failed circle leaves no audit row either', async () => {
    const world = await suite.world();
    const { auditEvents } = suite.gateway.storage;
    const count = async () => (await auditEvents.list(world.organizationId, {}, { limit: 100 })).length;
    const before = await count();
    await bulk(world.scim, [
      managed('a', 'bulkId:b'),
      managed('b', 'bulkId:a'),
      postGroup('g', ['bulkId:g']),
    ]);
    const created = await count();
    expect(created).toBeGreaterThan(before);
    await bulk(world.scim, [
      managed('a', 'bulkId:x'),
      { ...managed('x', 'bulkId:a'), data: { userName: 7, x: 'bulkId:a' } },
    ]);
    expect(await count()).toBe(created);
  });

  test('L113, S127: a group that contains itself is refused and not created', async () => {
    const world = await suite.world();
    expect(statusesOf(await bulk(world.scim, [postGroup('A', ['bulkId:A'])]))).toEqual(['400']);
    expect((await world.scim.get('/Groups')).body.totalResults).toBe(0);
  });

  test('S127: a circle of more than 200 is refused, one of 200 is made', async () => {
    const world = await suite.world();
    const circle = (count: number, name: string) =>
      Array.from({ length: count }, (_, index) =>
        managed(`${name}${index}`, `bulkId:${name}${(index + 1) % count}`),
      );
    expect(new Set(statusesOf(await bulk(world.scim, circle(201, 'x'))))).toEqual(new Set(['400']));
    expect(new Set(statusesOf(await bulk(world.scim, circle(200, 'y'))))).toEqual(new Set(['201']));
    expect((await world.scim.get('/Users?count=0')).body.totalResults).toBe(200);
  });
});

describe('references to nothing', () => {
  test('L97: an unknown bulkId and one whose POST failed refuse their operation, the others run', async () => {
    const world = await suite.world();
    const answers = await bulk(world.scim, [
      postUser('bad', { userName: '' }),
      postGroup('a', ['bulkId:bad']),
      postGroup('b', ['bulkId:nobody']),
      managed('c', 'bulkId:nobody'),
      { method: 'DELETE', path: '/Users/bulkId:nobody' },
      { method: 'PUT', path: '/Groups/bulkId:a', data: postGroup('z').data },
      postUser('good'),
    ]);
    expect(statusesOf(answers)).toEqual(['400', '400', '400', '400', '400', '400', '201']);
    expect(answers[2]?.response).toMatchObject({ scimType: 'invalidValue' });
    expect(answers[4]).not.toHaveProperty('location');
    expect((await world.scim.get('/Groups')).body.totalResults).toBe(0);
  });

  test('L97: the bulkId of an operation that is no POST names nothing', async () => {
    const world = await suite.world();
    const id = await world.addUser();
    const before = await dumpOf(world.scim);
    const answers = await bulk(world.scim, [
      { method: 'PATCH', path: `/Users/${id}`, bulkId: 'x', data: patchOf({ op: 'remove', path: 'title' }) },
      postGroup('g', ['bulkId:x']),
    ]);
    expect(statusesOf(answers)).toEqual(['200', '400']);
    expect(await dumpOf(world.scim)).toEqual(before);
  });
});
