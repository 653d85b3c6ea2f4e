/** /Groups: membership in every dialect, nesting, derived groups of users, versions, and what never happens by accident. */
import { describe, expect, jest, test } from '@jest/globals';
import { aScimGroup, GROUP_URN, patchOf } from '../../support/scim.ts';
import { dumpOf, type ScimWorld, scimSuite } from '../../support/scim-suite.ts';

const suite = scimSuite();
const AT = '2026-03-01T12:00:00.000Z';
const NOBODY = 'dg_00000000000000000000000000';

/** A group of a and b, and c outside. */
async function trio() {
  const world = await suite.world();
  const [a, b, c] = [
    await world.addUser({ userName: 'a', displayName: 'Ada' }),
    await world.addUser({ userName: 'b', displayName: undefined }),
    await world.addUser({ userName: 'c' }),
  ];
  const group = await world.addGroup({ members: [{ value: a }, { value: b }] });
  return { ...world, a, b, c, group };
}

async function memberIds({ scim }: ScimWorld, id: string): Promise<readonly string[]> {
  const { body } = await scim.get(`/Groups/${id}?attributes=members.value`);
  return (body.members ?? []).map((member: { value: string }) => member.value).sort();
}

describe('POST and GET', () => {
  test('L12, L102, L112: 201 with members completed by the server', async () => {
    const { scim, scimPath, addUser, addGroup } = await suite.world();
    const [user, inner] = [await addUser(), await addGroup({ displayName: 'Inner' })];
    const members = [{ value: user, display: 'forged', $ref: 'https://evil.example' }, { value: inner }];
    const answer = await scim.post('/Groups', aScimGroup({ externalId: 'g1', members }));
    const base = `${suite.gateway.baseUrl}${scimPath}`;
    const location = `${base}/Groups/${answer.body.id}`;
    expect(answer.status).toBe(201);
    expect(answer.headers).toMatchObject({ location, etag: 'W/"1"' });
    expect(answer.body).toEqual({
      schemas: [GROUP_URN],
      id: expect.stringMatching(/^dg_[0-9a-z]{26}$/),
      externalId: 'g1',
      displayName: 'Engineering',
      members: expect.arrayContaining([
        { value: user, $ref: `${base}/Users/${user}`, type: 'User', display: 'Ada Lovelace' },
        { value: inner, $ref: `${base}/Groups/${inner}`, type: 'Group', display: 'Inner' },
      ]),
      meta: { resourceType: 'Group', created: AT, lastModified: AT, location, version: 'W/"1"' },
    });
    expect((await scim.get(`/Groups/${answer.body.id}`)).body).toEqual(answer.body);
  });

  test('2.A-11, 2.B-33: a group with an empty member list, and with Entra its old URN', async () => {
    const { scim } = await suite.world();
    const schemas = [GROUP_URN, 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'];
    for (const body of [aScimGroup({ members: [] }), aScimGroup({ schemas })]) {
      const answer = await scim.post('/Groups', body);
      expect(answer.status).toBe(201);
      expect(answer.body.schemas).toEqual([GROUP_URN]);
      expect(answer.body).not.toHaveProperty('members');
    }
  });

  test('L116: two groups of one displayName are both there', async () => {
    const { scim, addGroup } = await suite.world();
    await addGroup();
    await addGroup();
    const filter = encodeURIComponent('displayName eq "ENGINEERING"');
    expect((await scim.get(`/Groups?filter=${filter}`)).body.totalResults).toBe(2);
  });

  test.each([
    ['no displayName', { displayName: undefined }],
    ['an invisible displayName', { displayName: '\u200b' }],
    ['displayName as an object (S122)', { displayName: { $regex: '.*' } }],
    ['a member that is a word', { members: ['x'] }],
    ['a member without value', { members: [{ display: 'x' }] }],
    ['a member value that is a number', { members: [{ value: 7 }] }],
    ['an unknown member (115)', { members: [{ value: 'du_00000000000000000000000000' }] }],
    ['a member that is no id (115)', { members: [{ value: 'ada' }] }],
  ])('L27, L115: %s answers 400 invalidValue and creates no group', async (_name, overrides) => {
    const { scim } = await suite.world();
    const answer = await scim.post('/Groups', aScimGroup(overrides));
    expect([answer.status, answer.body.scimType]).toEqual([400, 'invalidValue']);
    expect((await scim.get('/Groups')).body.totalResults).toBe(0);
  });

  test('2.B-34: with excludedAttributes=members none are shown, and none are loaded', async () => {
    const { scim, group } = await trio();
    const { groupMembers } = suite.gateway.storage;
    const loads = (['list', 'listNamed', 'listWritten'] as const).map((name) =>
      jest.spyOn(groupMembers, name),
    );
    const one = await scim.get(`/Groups/${group}?excludedAttributes=members`);
    const few = await scim.get('/Groups?attributes=displayName');
    expect([one.body.members, few.body.Resources[0].members]).toEqual([undefined, undefined]);
    for (const load of loads) expect(load).not.toHaveBeenCalled();
    await scim.get(`/Groups/${group}`);
    await scim.get(`/Groups/${group}?attributes=members.value`);
    expect(loads.map((load) => load.mock.calls.length)).toEqual([0, 0, 2]);
    jest.restoreAllMocks();
  });
});

describe('PATCH of members', () => {
  type Trio = Awaited<ReturnType<typeof trio>>;
  const cases: readonly (readonly [
    string,
    (t: Trio) => readonly object[],
    (t: Trio) => readonly string[],
  ])[] = [
    [
      'add one',
      ({ c }) => [{ op: 'add', path: 'members', value: [{ value: c }] }],
      ({ a, b, c }) => [a, b, c],
    ],
    [
      'add a single object',
      ({ c }) => [{ op: 'add', path: 'members', value: { value: c } }],
      ({ a, b, c }) => [a, b, c],
    ],
    [
      'Add with $ref null (2.B-35)',
      ({ c }) => [{ op: 'Add', path: 'members', value: [{ $ref: null, value: c }] }],
      ({ a, b, c }) => [a, b, c],
    ],
    [
      'add one who is in already',
      ({ a }) => [{ op: 'add', path: 'members', value: [{ value: a }] }],
      ({ a, b }) => [a, b],
    ],
    [
      'add without a path',
      ({ c }) => [{ op: 'add', value: { members: [{ value: c }] } }],
      ({ a, b, c }) => [a, b, c],
    ],
    [
      'remove by filter (2.B-37, Okta)',
      ({ a }) => [{ op: 'remove', path: `members[value eq "${a}"]` }],
      ({ b }) => [b],
    ],
    [
      'remove by filter in other letters',
      ({ a }) => [{ op: 'Remove', path: `Members[Value EQ "${a}"]` }],
      ({ b }) => [b],
    ],
    [
      'Remove with a value list (2.B-36)',
      ({ a }) => [{ op: 'Remove', path: 'members', value: [{ $ref: null, value: a }] }],
      ({ b }) => [b],
    ],
    [
      'remove one who is not in',
      ({ c }) => [{ op: 'remove', path: `members[value eq "${c}"]` }],
      ({ a, b }) => [a, b],
    ],
    [
      'remove with an empty list (2.B-38)',
      () => [{ op: 'remove', path: 'members', value: [] }],
      ({ a, b }) => [a, b],
    ],
    ['remove members without a value (2.B-38)', () => [{ op: 'remove', path: 'members' }], () => []],
    [
      'remove an unknown id (115)',
      () => [{ op: 'Remove', path: 'members', value: [{ value: 'gone' }] }],
      ({ a, b }) => [a, b],
    ],
    ['remove by type', () => [{ op: 'remove', path: 'members[type eq "User"]' }], () => []],
    ['remove by display', () => [{ op: 'remove', path: 'members[display eq "ada"]' }], ({ b }) => [b]],
    [
      'remove by a compound filter',
      ({ a }) => [{ op: 'remove', path: `members[type eq "User" and value eq "${a}"]` }],
      ({ b }) => [b],
    ],
    [
      'remove by several ids',
      ({ a, b }) => [{ op: 'remove', path: `members[value eq "${a}" or value eq "${b}"]` }],
      () => [],
    ],
    ['remove by a prefix', () => [{ op: 'remove', path: 'members[value sw "du_"]' }], () => []],
    [
      'replace with a list',
      ({ b, c }) => [{ op: 'replace', path: 'members', value: [{ value: c }, { value: b }] }],
      ({ b, c }) => [b, c],
    ],
    [
      'replace with one object',
      ({ c }) => [{ op: 'replace', path: 'members', value: { value: c } }],
      ({ c }) => [c],
    ],
    ['replace with nothing', () => [{ op: 'replace', path: 'members', value: [] }], () => []],
    [
      'replace without a path (2.A-12)',
      ({ c }) => [{ op: 'replace', value: { members: [{ value: c }] } }],
      ({ c }) => [c],
    ],
    [
      'remove and add in one PATCH (2.A-12)',
      ({ a, c }) => [
        { op: 'remove', path: `members[value eq "${a}"]` },
        { op: 'add', path: 'members', value: [{ value: c }] },
      ],
      ({ b, c }) => [b, c],
    ],
    [
      'add and remove the same one',
      ({ c }) => [
        { op: 'add', path: 'members', value: [{ value: c }] },
        { op: 'remove', path: `members[value eq "${c}"]` },
      ],
      ({ a, b }) => [a, b],
    ],
  ];

  test.each(cases)(
    '2.B-36, 2.B-37, 2.B-38, L84, L89: %s answers 204',
    async (_name, operations, expected) => {
      const world = await trio();
      const answer = await world.scim.patch(`/Groups/${world.group}`, patchOf(...operations(world)));
      expect([answer.status, answer.text]).toEqual([204, '']);
      expect(await memberIds(world, world.group)).toEqual([...expected(world)].sort());
    },
  );

  test.each([
    ['attributes=displayName', { displayName: 'Engineering' }],
    ['excludedAttributes=members,meta', { displayName: 'Engineering' }],
  ])('L41, L89: with %s it answers 200 with that body', async (query, expected) => {
    const { scim, group, c } = await trio();
    const body = patchOf({ op: 'add', path: 'members', value: [{ value: c }] });
    const answer = await scim.patch(`/Groups/${group}?${query}`, body);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ schemas: [GROUP_URN], id: group, ...expected });
  });

  test.each([
    [
      'itself (113)',
      (id: string) => [{ op: 'add', path: 'members', value: [{ value: id }] }],
      'invalidValue',
    ],
    [
      'an unknown id (115)',
      () => [{ op: 'add', path: 'members', value: [{ value: 'du_x' }] }],
      'invalidValue',
    ],
    ['a word', () => [{ op: 'add', path: 'members', value: 'x' }], 'invalidValue'],
    ["a member's parts", () => [{ op: 'replace', path: 'members.value', value: 'x' }], 'mutability'],
    [
      'a member in place',
      () => [{ op: 'replace', path: 'members[value eq "x"]', value: { value: 'y' } }],
      'mutability',
    ],
    ['no displayName', () => [{ op: 'remove', path: 'displayName' }], 'invalidValue'],
    [
      'an invisible displayName',
      () => [{ op: 'replace', path: 'displayName', value: '\u200b' }],
      'invalidValue',
    ],
  ])('L85: %s answers 400 and leaves members and name alone', async (_name, operations, scimType) => {
    const { scim, group, a } = await trio();
    const before = await dumpOf(scim);
    const first = { op: 'remove', path: `members[value eq "${a}"]` };
    const answer = await scim.patch(`/Groups/${group}`, patchOf(first, ...operations(group)));
    expect([answer.status, answer.body.scimType]).toEqual([400, scimType]);
    expect(await dumpOf(scim)).toEqual(before);
  });

  test('2.A-11: Okta renames without a path and with an id: the id is ignored', async () => {
    const { scim, group } = await trio();
    const rename = patchOf({ op: 'replace', value: { id: 'other', displayName: 'Platform' } });
    expect((await scim.patch(`/Groups/${group}`, rename)).status).toBe(204);
    expect((await scim.get(`/Groups/${group}`)).body).toMatchObject({ id: group, displayName: 'Platform' });
    const version = (await scim.get(`/Groups/${group}`)).headers.etag;
    await scim.patch(`/Groups/${group}`, rename);
    expect((await scim.get(`/Groups/${group}`)).headers.etag).toBe(version);
  });
});

describe('PUT', () => {
  test('replaces name and members, and answers with them', async () => {
    const world = await trio();
    const body = aScimGroup({ displayName: 'Platform', members: [{ value: world.c }] });
    const answer = await world.scim.put(`/Groups/${world.group}`, body);
    expect([answer.status, answer.headers.etag]).toEqual([200, 'W/"2"']);
    expect(answer.body).toMatchObject({ displayName: 'Platform', members: [{ value: world.c }] });
  });

  test.each([
    ['members left out', aScimGroup()],
    ['members empty', aScimGroup({ members: [] })],
    ['members null', aScimGroup({ members: null })],
  ])('L38: %s empties the group', async (_name, body) => {
    const world = await trio();
    expect((await world.scim.put(`/Groups/${world.group}`, body)).status).toBe(200);
    expect(await memberIds(world, world.group)).toEqual([]);
  });

  test.each([
    ['a body that does not name its schema', { displayName: 'Engineering' }, 200],
    ['a body without displayName', { schemas: [GROUP_URN] }, 400],
    ['members of another shape', aScimGroup({ members: 'none' }), 400],
    ['a body that is cut off', '{"schemas":', 400],
  ])('L38, 2.I-69: %s empties nothing', async (_name, body, status) => {
    const world = await trio();
    expect((await world.scim.put(`/Groups/${world.group}`, body)).status).toBe(status);
    expect(await memberIds(world, world.group)).toEqual([world.a, world.b].sort());
  });

  test('L115: an unknown member answers 400 and changes nothing', async () => {
    const { scim, group } = await trio();
    const before = await dumpOf(scim);
    const body = aScimGroup({ displayName: 'x', members: [{ value: 'du_x' }] });
    expect((await scim.put(`/Groups/${group}`, body)).body.scimType).toBe('invalidValue');
    expect(await dumpOf(scim)).toEqual(before);
  });

  test('L22: the whole body sent back keeps the version', async () => {
    const { scim, group } = await trio();
    const { body } = await scim.get(`/Groups/${group}`);
    expect((await scim.put(`/Groups/${group}`, body)).body).toEqual(body);
  });

  test('L36: PUT and PATCH of nothing answer 404', async () => {
    const { scim } = await suite.world();
    const patch = await scim.patch(`/Groups/${NOBODY}`, patchOf({ op: 'remove', path: 'members' }));
    expect([(await scim.put(`/Groups/${NOBODY}`, aScimGroup())).status, patch.status]).toEqual([404, 404]);
  });
});

describe('versions', () => {
  test('L105: the version of a group moves with its members, that of a user does not', async () => {
    const { scim, group, a, c } = await trio();
    const version = async (path: string) => (await scim.get(path)).headers.etag;
    const before = await version(`/Users/${a}`);
    await scim.patch(`/Groups/${group}`, patchOf({ op: 'remove', path: `members[value eq "${a}"]` }));
    expect(await version(`/Groups/${group}`)).toBe('W/"2"');
    expect(await version(`/Users/${a}`)).toBe(before);
    await scim.patch(`/Groups/${group}`, patchOf({ op: 'remove', path: `members[value eq "${c}"]` }));
    expect(await version(`/Groups/${group}`)).toBe('W/"2"');
  });

  test('L39, L105: deleting a user moves the version of the groups it was in', async () => {
    const { scim, group, a } = await trio();
    await scim.delete(`/Users/${a}`);
    expect((await scim.get(`/Groups/${group}`)).headers.etag).toBe('W/"2"');
  });
});

describe('nesting', () => {
  test('L113, L114: users see direct and indirect groups, cycles end', async () => {
    const { scim, scimPath, addUser, addGroup } = await suite.world();
    const user = await addUser();
    const inner = await addGroup({ displayName: 'Inner', members: [{ value: user }] });
    const outer = await addGroup({ displayName: 'Outer', members: [{ value: inner }] });
    const cycle = patchOf({ op: 'add', path: 'members', value: [{ value: outer }] });
    expect((await scim.patch(`/Groups/${inner}`, cycle)).status).toBe(204);
    const base = `${suite.gateway.baseUrl}${scimPath}/Groups`;
    expect((await scim.get(`/Users/${user}`)).body.groups).toEqual([
      { value: inner, $ref: `${base}/${inner}`, display: 'Inner', type: 'direct' },
      { value: outer, $ref: `${base}/${outer}`, display: 'Outer', type: 'indirect' },
    ]);
    const filter = encodeURIComponent(`groups[value eq "${outer}" and type eq "indirect"]`);
    expect((await scim.get(`/Users?filter=${filter}`)).body.totalResults).toBe(1);
    expect((await scim.get(`/Users/${user}?excludedAttributes=groups`)).body).not.toHaveProperty('groups');
  });

  test('2.A-13, L39: a deleted group answers 404 and leaves its members and parents', async () => {
    const { scim, addUser, addGroup } = await suite.world();
    const user = await addUser();
    const inner = await addGroup({ displayName: 'Inner', members: [{ value: user }] });
    const outer = await addGroup({ displayName: 'Outer', members: [{ value: inner }] });
    expect((await scim.delete(`/Groups/${inner}`)).status).toBe(204);
    expect((await scim.get(`/Groups/${inner}`)).status).toBe(404);
    expect((await scim.delete(`/Groups/${inner}`)).status).toBe(404);
    expect((await scim.get(`/Users/${user}`)).body).not.toHaveProperty('groups');
    expect((await scim.get(`/Groups/${outer}`)).body).not.toHaveProperty('members');
  });
});

describe('size', () => {
  test('S128: a group of 300 is created, changed by one, and emptied', async () => {
    const world = await suite.world();
    const ids: string[] = [];
    for (let index = 0; index < 300; index += 1) ids.push(await world.addUser({ userName: `u${index}` }));
    const group = await world.addGroup({ members: ids.map((value) => ({ value })) });
    expect(await memberIds(world, group)).toHaveLength(300);
    const body = patchOf({ op: 'remove', path: `members[value eq "${ids[7]}"]` });
    expect((await world.scim.patch(`/Groups/${group}`, body)).status).toBe(204);
    expect(await memberIds(world, group)).toHaveLength(299);
    await world.scim.put(`/Groups/${group}`, aScimGroup());
    expect(await memberIds(world, group)).toEqual([]);
  });
});
