/** Schema extensions of a directory, as its identity provider meets them: served, stored, filtered, patched, unique. */
import { describe, expect, test } from '@jest/globals';
import { directoryApi } from '../../support/directory-api.ts';
import { aScimUser, ENTERPRISE_URN, patchOf, USER_URN } from '../../support/scim.ts';
import { dumpOf, type ScimWorld, scimSuite } from '../../support/scim-suite.ts';

const suite = scimSuite();

const URN = 'urn:acme:scim:schemas:2.0:Badge';

const ATTRIBUTES = [
  { name: 'badge', uniqueness: 'server' },
  { name: 'serial', type: 'integer', uniqueness: 'server' },
  { name: 'code', caseExact: true, uniqueness: 'server' },
  { name: 'floor', type: 'integer' },
  { name: 'isContractor', type: 'boolean' },
  { name: 'since', type: 'dateTime' },
  { name: 'hiredBy', mutability: 'immutable' },
  { name: 'score', mutability: 'readOnly' },
  { name: 'pin', mutability: 'writeOnly', returned: 'never' },
  { name: 'note', returned: 'request' },
  { name: 'tags', multiValued: true },
  {
    name: 'locker',
    type: 'complex',
    subAttributes: [
      { name: 'room', required: true },
      { name: 'secret', returned: 'never' },
    ],
  },
  {
    name: 'cars',
    type: 'complex',
    multiValued: true,
    subAttributes: [{ name: 'value' }, { name: 'type' }],
  },
] as const;

async function extended(attributes: readonly object[] = ATTRIBUTES) {
  const world = await suite.world();
  const api = directoryApi(suite.gateway, world);
  const { status, body } = await api.post('/extensions', { urn: URN, name: 'Badge', attributes });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return { ...world, api };
}

const badge = (values: object) => ({ schemas: [USER_URN, URN], [URN]: values });
const found = async ({ scim }: ScimWorld, filter: string): Promise<number> => {
  const answer = await scim.get(`/Users?filter=${encodeURIComponent(filter)}`);
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.body.totalResults;
};

describe('discovery', () => {
  test('L107, L108: /Schemas and /ResourceTypes of that directory serve it, those of no other do', async () => {
    const { scim, organizationId } = await extended();
    const sibling = await suite.worldIn({ id: organizationId });
    const stranger = await suite.world();
    const schemas = await scim.get('/Schemas');
    const served = schemas.body.Resources.find(({ id }: { readonly id: string }) => id === URN);
    expect(served).toMatchObject({ name: 'Badge', meta: { resourceType: 'Schema' } });
    expect(served.attributes).toContainEqual({
      name: 'badge',
      type: 'string',
      multiValued: false,
      description: '',
      required: false,
      caseExact: false,
      mutability: 'readWrite',
      returned: 'default',
      uniqueness: 'server',
    });
    expect((await scim.get(`/Schemas/${URN.toUpperCase()}`)).body).toEqual(served);
    const { body: user } = await scim.get('/ResourceTypes/User');
    expect(user.schemaExtensions).toEqual([
      { schema: ENTERPRISE_URN, required: false },
      { schema: URN, required: false },
    ]);
    for (const other of [sibling, stranger]) {
      expect((await other.scim.get(`/Schemas/${URN}`)).status).toBe(404);
      expect((await other.scim.get('/Schemas')).text).not.toContain(URN);
      expect((await other.scim.get('/ResourceTypes')).text).not.toContain(URN);
    }
  });

  test('L108: no nulls, and every characteristic in its own spelling', async () => {
    const { scim } = await extended();
    expect((await scim.get(`/Schemas/${URN}`)).text).not.toContain('null');
  });

  test('L34: another directory ignores and reports the same attributes', async () => {
    await extended();
    const { scim } = await suite.world();
    const answer = await scim.post('/Users', aScimUser(badge({ badge: 'B-1' })));
    expect([answer.status, Object.hasOwn(answer.body, URN)]).toEqual([201, false]);
  });
});

describe('values', () => {
  test('L18: stored, given back as sent, and named in schemas', async () => {
    const { scim } = await extended();
    const values = {
      badge: 'B-1',
      floor: 3,
      isContractor: false,
      since: '2026-01-01T00:00:00Z',
      tags: ['a', 'b'],
      locker: { room: 'R1' },
      cars: [{ value: 'AB 12', type: 'work' }],
    };
    const made = await scim.post('/Users', aScimUser(badge(values)));
    expect(made.body).toMatchObject({ schemas: [USER_URN, URN], [URN]: values });
    expect((await scim.get(`/Users/${made.body.id}`)).body).toEqual(made.body);
    expect((await scim.get('/Users')).body.Resources).toEqual([made.body]);
  });

  test('L19, L20: names and URN in any letters', async () => {
    const { scim } = await extended();
    const made = await scim.post('/Users', aScimUser({ [URN.toUpperCase()]: { BADGE: 'B-1' } }));
    expect(made.body[URN]).toEqual({ badge: 'B-1' });
  });

  const wrong: readonly [title: string, values: object, field: string][] = [
    ['L30: a text for an integer', { floor: 'three' }, 'floor'],
    ['L30: a fraction for an integer', { floor: 1.5 }, 'floor'],
    ['L30: a number for a text', { badge: 7 }, 'badge'],
    ['L30: a text for a boolean', { isContractor: 'maybe' }, 'isContractor'],
    ['L30: no time', { since: 'yesterday' }, 'since'],
    ['L30: a text for a complex value', { locker: 'R1' }, 'locker'],
    ['L27: a required sub-attribute missing', { locker: { secret: 'x' } }, 'locker'],
  ];
  test.each(wrong)('%s is 400 invalidValue on POST, PUT and PATCH, and nothing changes', async (...row) => {
    const [, values, field] = row;
    const world = await extended();
    const id = await world.addUser();
    const before = await dumpOf(world.scim);
    const answers = [
      await world.scim.post('/Users', aScimUser({ userName: 'eve', ...badge(values) })),
      await world.scim.put(`/Users/${id}`, aScimUser(badge(values))),
      await world.scim.patch(`/Users/${id}`, patchOf({ op: 'add', value: { [URN]: values } })),
    ];
    for (const { status, body } of answers) {
      expect([status, body.scimType]).toEqual([400, 'invalidValue']);
      expect(body.detail).toContain(field);
    }
    expect(await dumpOf(world.scim)).toEqual(before);
  });

  test('L27: a required attribute is required of whoever has the extension at all', async () => {
    const { scim } = await extended([{ name: 'badge', required: true }, { name: 'floor' }]);
    expect((await scim.post('/Users', aScimUser())).status).toBe(201);
    const answer = await scim.post('/Users', aScimUser({ userName: 'b', ...badge({ floor: 'x' }) }));
    expect([answer.status, answer.body.scimType]).toEqual([400, 'invalidValue']);
  });
});

describe('characteristics', () => {
  test('L23, S121: readOnly is ignored in bodies and 400 mutability in a path', async () => {
    const { scim } = await extended();
    const made = await scim.post('/Users', aScimUser(badge({ badge: 'B', score: 'x' })));
    expect(made.body[URN]).toEqual({ badge: 'B' });
    const path = `${URN}:score`;
    const answer = await scim.patch(`/Users/${made.body.id}`, patchOf({ op: 'add', path, value: 'x' }));
    expect([answer.status, answer.body.scimType]).toEqual([400, 'mutability']);
  });

  test('L24: immutable may be set once, kept by PUT, never changed', async () => {
    const { scim, addUser } = await extended();
    const id = await addUser(badge({ hiredBy: 'grace' }));
    const change = await scim.put(`/Users/${id}`, aScimUser(badge({ hiredBy: 'alan' })));
    expect([change.status, change.body.scimType]).toEqual([400, 'mutability']);
    expect((await scim.put(`/Users/${id}`, aScimUser(badge({ hiredBy: 'grace' })))).status).toBe(200);
    expect((await scim.put(`/Users/${id}`, aScimUser())).body[URN]).toEqual({ hiredBy: 'grace' });
  });

  test('L25, L26, S133: never shown, not even when asked for; request shown only then; always cannot be hidden', async () => {
    const { scim, addUser } = await extended([...ATTRIBUTES, { name: 'grade', returned: 'always' }]);
    const id = await addUser(
      badge({ pin: '1234', note: 'n', grade: 'g', badge: 'B', locker: { room: 'R', secret: 's' } }),
    );
    const whole = await scim.get(`/Users/${id}`);
    expect(whole.body[URN]).toEqual({ badge: 'B', grade: 'g', locker: { room: 'R' } });
    const asked = await scim.get(
      `/Users/${id}?attributes=${URN}:pin,${URN}:note,${URN}:locker.secret,${URN.toLowerCase()}:BADGE`,
    );
    expect(asked.body[URN]).toEqual({ note: 'n', badge: 'B', grade: 'g' });
    const hidden = await scim.get(`/Users/${id}?excludedAttributes=${URN}`);
    expect(hidden.body[URN]).toEqual({ grade: 'g' });
    for (const answer of [whole, asked, hidden]) expect(answer.text).not.toMatch(/1234|"s"/);
    for (const term of ['pin eq "1234"', 'locker.secret eq "s"']) {
      const answer = await scim.get(`/Users?filter=${encodeURIComponent(`${URN}:${term}`)}`);
      expect([answer.status, answer.body.scimType]).toEqual([400, 'invalidFilter']);
    }
  });
});

describe('PATCH', () => {
  const steps: readonly [title: string, operation: object, after: object | undefined][] = [
    ['add by path', { op: 'add', path: `${URN}:floor`, value: 4 }, { badge: 'B', floor: 4, tags: ['a'] }],
    [
      'replace by path in other letters',
      { op: 'Replace', path: `${URN.toLowerCase()}:Badge`, value: 'C' },
      { badge: 'C', tags: ['a'] },
    ],
    ['add to a list', { op: 'add', path: `${URN}:tags`, value: ['b'] }, { badge: 'B', tags: ['a', 'b'] }],
    ['remove one attribute', { op: 'remove', path: `${URN}:badge` }, { tags: ['a'] }],
    ['remove the whole extension', { op: 'remove', path: URN }, undefined],
    ['without a path', { op: 'add', value: { [URN]: { floor: 1 } } }, { badge: 'B', floor: 1, tags: ['a'] }],
    [
      '2.B-25 with a key of URN and name',
      { op: 'replace', value: { [`${URN}:floor`]: 2 } },
      { badge: 'B', floor: 2, tags: ['a'] },
    ],
    [
      '2.B-31 a sub-attribute behind the dot of 2.0',
      { op: 'add', path: `${URN}:locker.room`, value: 'R' },
      { badge: 'B', tags: ['a'], locker: { room: 'R' } },
    ],
    [
      '2.B-28 a filtered path that builds its element',
      { op: 'add', path: `${URN}:cars[type eq "work"].value`, value: 'AB' },
      { badge: 'B', tags: ['a'], cars: [{ type: 'work', value: 'AB' }] },
    ],
  ];
  test.each(steps)('%s', async (_title, operation, after) => {
    const { scim, addUser } = await extended();
    const id = await addUser(badge({ badge: 'B', tags: ['a'] }));
    const answer = await scim.patch(`/Users/${id}`, patchOf(operation));
    expect([answer.status, answer.body[URN]]).toEqual([200, after]);
    expect(answer.body.schemas.includes(URN)).toBe(after !== undefined);
    expect((await scim.get(`/Users/${id}`)).body).toEqual(answer.body);
  });
});

describe('uniqueness', () => {
  const writes: readonly [
    title: string,
    write: (world: ScimWorld, values: object) => Promise<{ status: number; body: { scimType?: string } }>,
  ][] = [
    ['POST', ({ scim }, values) => scim.post('/Users', aScimUser({ userName: 'eve', ...badge(values) }))],
    [
      'PUT',
      async ({ scim, addUser }, values) =>
        scim.put(
          `/Users/${await addUser({ userName: 'eve' })}`,
          aScimUser({ userName: 'eve', ...badge(values) }),
        ),
    ],
    [
      'PATCH',
      async ({ scim, addUser }, values) =>
        scim.patch(
          `/Users/${await addUser({ userName: 'eve' })}`,
          patchOf({ op: 'add', value: { [URN]: values } }),
        ),
    ],
  ];
  const clashes: readonly [held: object, wanted: object][] = [
    [{ badge: 'B-1' }, { badge: 'B-1' }],
    [{ badge: 'B-1' }, { badge: ' b-1 ' }],
    [{ badge: 'Ｂ\u200b1' }, { badge: 'b1' }],
    [{ serial: 7 }, { serial: 7 }],
    [{ code: 'X' }, { code: 'X', badge: 'free' }],
  ];
  const cases = writes.flatMap(([title, write]) =>
    clashes.map(([held, wanted]) => [title, held, wanted, write] as const),
  );
  test.each(cases)(
    'L28, S134: %s: %j, then %j is 409 uniqueness and leaves no trace',
    async (_title, held, wanted, write) => {
      const world = await extended();
      await world.addUser(badge(held));
      const { status, body } = await write(world, wanted);
      expect([status, body.scimType]).toEqual([409, 'uniqueness']);
      expect(await found(world, `${URN}:badge eq "free"`)).toBe(0);
    },
  );

  test('L28: a caseExact value of other letters is another value', async () => {
    const { addUser } = await extended();
    await addUser(badge({ code: 'X' }));
    expect(await addUser({ userName: 'b', ...badge({ code: 'x' }) })).toMatch(/^du_/);
  });

  test('L40: a value is free again when its holder drops it, changes it, or is deleted', async () => {
    const { scim, addUser } = await extended();
    const first = await addUser(badge({ badge: 'B-1' }));
    await scim.patch(`/Users/${first}`, patchOf({ op: 'replace', path: `${URN}:badge`, value: 'B-2' }));
    const second = await addUser({ userName: 'b', ...badge({ badge: 'B-1' }) });
    await scim.put(`/Users/${second}`, aScimUser({ userName: 'b' }));
    const third = await addUser({ userName: 'c', ...badge({ badge: 'b-1' }) });
    await scim.delete(`/Users/${third}`);
    expect(await addUser({ userName: 'd', ...badge({ badge: 'B-1' }) })).toMatch(/^du_/);
  });

  test('S115: directories are apart: the same value in each', async () => {
    const here = await extended();
    const there = await extended();
    await here.addUser(badge({ badge: 'B-1' }));
    expect(await there.addUser(badge({ badge: 'B-1' }))).toMatch(/^du_/);
  });

  test('R9: of 50 POSTs with one badge, one is 201 and all others are 409', async () => {
    const { scim } = await extended();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        scim.post('/Users', aScimUser({ userName: `u${index}`, ...badge({ badge: index % 2 ? 'B' : 'b' }) })),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(49);
    expect((await scim.get('/Users')).body.totalResults).toBe(1);
  });
});

describe('filters', () => {
  const rows: readonly [filter: string, count: number][] = [
    [`${URN}:badge eq "b-1"`, 1],
    [`${URN.toUpperCase()}:BADGE eq "B-1"`, 1],
    [`${URN}:badge eq "B-3"`, 0],
    [`${URN}:badge ne "B-1"`, 2],
    [`${URN}:badge sw "b"`, 2],
    [`${URN}:badge pr`, 2],
    [`not (${URN}:badge eq "B-1")`, 2],
    [`${URN}:code eq "x"`, 0],
    [`${URN}:code eq "X"`, 1],
    [`${URN}:serial eq 7`, 1],
    [`${URN}:serial gt 6`, 1],
    [`${URN}:floor ge 3`, 1],
    [`${URN}:isContractor eq true`, 1],
    [`${URN}:locker.room eq "R1"`, 1],
    [`${URN}:cars[type eq "work" and value eq "AB"]`, 1],
    [`${URN}:badge eq "B-1" or userName eq "c"`, 2],
    [`${URN}:badge eq "B-1" and userName eq "c"`, 0],
  ];
  test('L29: attributes of an extension are filtered by their type and caseExact, indexed or not', async () => {
    const world = await extended();
    await world.addUser(badge({ badge: 'B-1', code: 'X', serial: 7, floor: 3, isContractor: true }));
    await world.addUser({
      userName: 'b',
      ...badge({ badge: 'B-2', locker: { room: 'R1' }, cars: [{ value: 'AB', type: 'work' }] }),
    });
    await world.addUser({ userName: 'c' });
    const counts = [];
    for (const [filter] of rows) counts.push([filter, await found(world, filter)]);
    expect(counts).toEqual(rows);
  });

  test('a filter on what the directory does not have is 400 invalidFilter', async () => {
    const { scim } = await suite.world();
    const answer = await scim.get(`/Users?filter=${encodeURIComponent(`${URN}:badge eq "b"`)}`);
    expect([answer.status, answer.body.scimType]).toEqual([400, 'invalidFilter']);
  });
});
