/** Changing users: PUT and PATCH on the live endpoint, what stays, what moves, what is refused without a trace. */
import { describe, expect, test } from '@jest/globals';
import { aScimUser, ENTERPRISE_URN, patchOf, USER_URN } from '../../support/scim.ts';
import { dumpOf, scimSuite } from '../../support/scim-suite.ts';

const suite = scimSuite();
const NOBODY = 'du_00000000000000000000000000';

describe('GET', () => {
  test('L35: attributes and excludedAttributes are honoured', async () => {
    const { scim, addUser } = await suite.world();
    const id = await addUser();
    const only = await scim.get(`/Users/${id}?attributes=NAME.givenname,emails.value`);
    expect(only.body).toEqual({
      schemas: [USER_URN],
      id,
      name: { givenName: 'Ada' },
      emails: [{ value: 'ada@acme.example' }],
    });
    const except = await scim.get(`/Users/${id}?excludedAttributes=emails,name.familyName,meta`);
    expect(except.body).toMatchObject({ id, name: { givenName: 'Ada' } });
    for (const name of ['emails', 'meta', 'name.familyName']) expect(except.body).not.toHaveProperty(name);
  });

  test.each(['00919288221112222', 'admin', '-1', '1e400', NOBODY, '..', "' OR 1=1--", 'du_%00'])(
    '2.A-19, S116: the id %s answers 404',
    async (id) => {
      const { scim, addUser } = await suite.world();
      await addUser({ externalId: id });
      const answer = await scim.get(`/Users/${encodeURIComponent(id)}`);
      expect(answer.status).toBe(404);
    },
  );

  test('L42: an inactive user stays readable and findable', async () => {
    const { scim, addUser } = await suite.world();
    const id = await addUser({ active: false });
    expect((await scim.get(`/Users/${id}`)).body.active).toBe(false);
    expect((await scim.get('/Users?filter=active%20eq%20false')).body.totalResults).toBe(1);
  });

  test('L21: an answer never holds null', async () => {
    const { scim, addUser } = await suite.world();
    const id = await addUser({ title: null, emails: [], nickName: '', name: { formatted: null } });
    const answer = await scim.get(`/Users/${id}`);
    expect(answer.text).not.toContain('null');
    for (const name of ['title', 'emails', 'nickName', 'name']) expect(answer.body).not.toHaveProperty(name);
  });

  test('a manager who is nobody here stays as sent', async () => {
    const { scim, addUser } = await suite.world();
    const id = await addUser({ [ENTERPRISE_URN]: { manager: { value: '26118915' } } });
    expect((await scim.get(`/Users/${id}`)).body[ENTERPRISE_URN].manager).toEqual({ value: '26118915' });
  });
});

describe('PUT', () => {
  test('L36: omitted attributes are cleared, what the server owns is kept', async () => {
    const { scim, addUser } = await suite.world();
    const id = await addUser({ title: 'Countess', [ENTERPRISE_URN]: { department: 'Eng' } });
    const before = await scim.get(`/Users/${id}`);
    suite.gateway.clock.advance(1000);
    const answer = await scim.put(`/Users/${id}`, { schemas: [USER_URN], userName: 'ada@acme.example' });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      schemas: [USER_URN],
      id,
      userName: 'ada@acme.example',
      active: true,
      meta: {
        ...before.body.meta,
        version: 'W/"2"',
        lastModified: new Date(suite.gateway.clock.now()).toISOString(),
      },
    });
    expect(answer.headers.etag).toBe('W/"2"');
  });

  test('2.A-9, L15, L22: the whole body sent back changes nothing', async () => {
    const { scim, addUser, addGroup } = await suite.world();
    const id = await addUser();
    await addGroup({ members: [{ value: id }] });
    const { body } = await scim.get(`/Users/${id}`);
    expect(body.groups).toHaveLength(1);
    suite.gateway.clock.advance(1000);
    const answer = await scim.put(`/Users/${id}`, { ...body, id: 'other', meta: { version: 'W/"7"' } });
    expect(answer.body).toEqual(body);
  });

  test('L37: without active a suspended person stays suspended', async () => {
    const { scim, addUser } = await suite.world();
    const id = await addUser({ active: false });
    const { active: _left, ...body } = aScimUser({ title: 'x' });
    expect((await scim.put(`/Users/${id}`, body)).body).toMatchObject({ active: false, title: 'x' });
    expect((await scim.put(`/Users/${id}`, { ...body, active: null })).body.active).toBe(false);
  });

  test('L36: PUT never creates', async () => {
    const { scim } = await suite.world();
    expect((await scim.put(`/Users/${NOBODY}`, aScimUser())).status).toBe(404);
    expect((await scim.get('/Users')).body.totalResults).toBe(0);
  });

  test('L41: attributes shape the answer', async () => {
    const { scim, addUser } = await suite.world();
    const id = await addUser();
    const answer = await scim.put(`/Users/${id}?attributes=userName`, aScimUser());
    expect(answer.body).toEqual({ schemas: [USER_URN], id, userName: 'ada@acme.example' });
  });

  test.each([
    ['no userName', { userName: undefined }],
    ['active as a word', { active: 'maybe' }],
    ['emails as a word', { emails: 'x' }],
  ])('L27, L30: %s answers 400 and changes nothing', async (_name, overrides) => {
    const { scim, addUser } = await suite.world();
    const id = await addUser();
    const before = await dumpOf(scim);
    expect((await scim.put(`/Users/${id}`, aScimUser(overrides))).body.scimType).toBe('invalidValue');
    expect(await dumpOf(scim)).toEqual(before);
  });

  test("L28: another user's userName is refused on PUT and PATCH, one's own in other letters is not", async () => {
    const { scim, addUser } = await suite.world();
    const id = await addUser();
    await addUser({ userName: 'grace' });
    const before = await dumpOf(scim);
    const put = await scim.put(`/Users/${id}`, aScimUser({ userName: 'GRACE' }));
    const patch = await scim.patch(
      `/Users/${id}`,
      patchOf({ op: 'replace', path: 'userName', value: 'Grace' }),
    );
    expect([put.status, patch.status]).toEqual([409, 409]);
    expect([put.body.scimType, patch.body.scimType]).toEqual(['uniqueness', 'uniqueness']);
    expect(await dumpOf(scim)).toEqual(before);
    const own = await scim.put(`/Users/${id}`, aScimUser({ userName: 'ADA@acme.example' }));
    expect([own.status, own.body.userName]).toEqual([200, 'ADA@acme.example']);
  });
});

describe('PATCH', () => {
  test('L41, L89: a user is answered with 200 and the whole body, or shaped by attributes', async () => {
    const { scim, addUser } = await suite.world();
    const id = await addUser();
    const whole = await scim.patch(`/Users/${id}`, patchOf({ op: 'add', path: 'title', value: 'Countess' }));
    expect([whole.status, whole.headers.etag]).toEqual([200, 'W/"2"']);
    expect(whole.body).toMatchObject({ ...aScimUser(), title: 'Countess', meta: { version: 'W/"2"' } });
    const body = patchOf({ op: 'remove', path: 'title' });
    const shaped = await scim.patch(`/Users/${id}?attributes=displayName`, body);
    expect(shaped.body).toEqual({ schemas: [USER_URN], id, displayName: 'Ada Lovelace' });
  });

  test.each([
    ['the same value', { op: 'replace', path: 'displayName', value: 'Ada Lovelace' }],
    ['the same element', { op: 'add', path: 'emails', value: aScimUser().emails }],
    ['the same object', { op: 'replace', value: { name: aScimUser().name } }],
    ['removing what is not there', { op: 'remove', path: 'title' }],
    ['an unknown attribute (87)', { op: 'replace', path: 'shoeSize', value: 42 }],
    ['null for an absent one (88)', { op: 'add', path: 'title', value: null }],
  ])('L22: %s keeps version and lastModified', async (_name, operation) => {
    const { scim, addUser } = await suite.world();
    const id = await addUser();
    const { body } = await scim.get(`/Users/${id}`);
    suite.gateway.clock.advance(1000);
    expect((await scim.patch(`/Users/${id}`, patchOf(operation))).body).toEqual(body);
  });

  test.each([
    ['no Operations', { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'] }, 'invalidSyntax'],
    ['empty Operations', { Operations: [] }, 'invalidSyntax'],
    ['an unknown op', patchOf({ op: 'move', path: 'title' }), 'invalidSyntax'],
    ['add without value', patchOf({ op: 'add', path: 'title' }), 'invalidValue'],
    ['remove without path (83)', patchOf({ op: 'remove' }), 'noTarget'],
    ['removing userName (83)', patchOf({ op: 'remove', path: 'userName' }), 'invalidValue'],
    ['a malformed path (86)', patchOf({ op: 'add', path: 'emails[', value: 1 }), 'invalidPath'],
    ['a broken filter (86)', patchOf({ op: 'remove', path: 'emails[type foo]' }), 'invalidFilter'],
    ['no match (82)', patchOf({ op: 'replace', path: 'emails[value sw "z"].type', value: 'x' }), 'noTarget'],
    ['id (23, S121)', patchOf({ op: 'replace', path: 'id', value: 'x' }), 'mutability'],
    ['meta.version (S121)', patchOf({ op: 'replace', path: 'meta.version', value: 'x' }), 'mutability'],
    ['groups (S121)', patchOf({ op: 'add', path: 'groups', value: [{ value: 'x' }] }), 'mutability'],
    ['__proto__ in a path (S120)', patchOf({ op: 'add', path: '__proto__.x', value: 1 }), 'invalidPath'],
    [
      'constructor.prototype (S120)',
      patchOf({ op: 'add', path: 'constructor.prototype.x', value: 1 }),
      'invalidPath',
    ],
    [
      'constructor in a value (S120)',
      patchOf({ op: 'add', value: { constructor: { prototype: { x: 1 } } } }),
      'invalidPath',
    ],
    ['a dotted prototype key (S120)', patchOf({ op: 'add', value: { 'name.__proto__': 1 } }), 'invalidPath'],
    [
      'a prototype under a URN (S120)',
      patchOf({ op: 'add', path: `${ENTERPRISE_URN}:__proto__`, value: 1 }),
      'invalidPath',
    ],
    [
      'an object for a word (S122)',
      patchOf({ op: 'replace', path: 'title', value: { $ne: 1 } }),
      'invalidValue',
    ],
    ['$where (S122)', patchOf({ op: 'replace', path: '$where', value: 'x' }), 'invalidPath'],
    ['active as a word (S130)', patchOf({ op: 'replace', path: 'active', value: 'on' }), 'invalidValue'],
    ['active as a list (S130)', patchOf({ op: 'replace', path: 'active', value: [true] }), 'invalidValue'],
    ['1001 operations', patchOf(...Array(1001).fill({ op: 'remove', path: 'title' })), 'tooMany'],
  ])('L75, L85: %s answers 400, nothing of the request remains', async (_name, body, scimType) => {
    const { scim, addUser } = await suite.world();
    const id = await addUser();
    const before = await dumpOf(scim);
    const answer = await scim.patch(`/Users/${id}`, body);
    expect([answer.status, answer.body.scimType]).toEqual([400, scimType]);
    const { Operations: wrong = [] } = body as { Operations?: readonly object[] };
    if (wrong.length === 1) {
      const mixed = patchOf({ op: 'replace', path: 'title', value: 'never' }, ...wrong);
      expect((await scim.patch(`/Users/${id}`, mixed)).status).toBe(400);
    }
    expect(await dumpOf(scim)).toEqual(before);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  test('L85: an error says which operation it is about', async () => {
    const { scim, addUser } = await suite.world();
    const good = { op: 'replace', path: 'title', value: 'x' };
    const answer = await scim.patch(`/Users/${await addUser()}`, patchOf(good, { op: 'remove', path: 'id' }));
    expect(answer.body.detail).toContain('Operation 2');
  });

  test('L82, 2.B-28: Entra builds an element by two operations on a filter that matches nothing', async () => {
    const { scim, addUser } = await suite.world();
    const id = await addUser({ addresses: undefined });
    const path = 'addresses[type eq "work"]';
    const answer = await scim.patch(
      `/Users/${id}`,
      patchOf(
        { op: 'Add', path: `${path}.locality`, value: 'London' },
        { op: 'Replace', path: `${path}.country`, value: 'GB' },
      ),
    );
    expect(answer.body.addresses).toEqual([{ type: 'work', locality: 'London', country: 'GB' }]);
  });

  test('L32: a new primary demotes the old one', async () => {
    const { scim, addUser } = await suite.world();
    const value = [{ value: 'b@acme.example', type: 'home', primary: true }];
    const answer = await scim.patch(
      `/Users/${await addUser()}`,
      patchOf({ op: 'add', path: 'emails', value }),
    );
    const primaries = answer.body.emails.filter((email: { primary?: boolean }) => email.primary === true);
    expect(primaries).toEqual(value);
  });

  test('L88, L90: null unassigns, and the last extension attribute takes its URN along', async () => {
    const { scim, addUser } = await suite.world();
    const id = await addUser();
    const path = `${ENTERPRISE_URN}:department`;
    const set = await scim.patch(`/Users/${id}`, patchOf({ op: 'add', path, value: 'Eng' }));
    expect(set.body.schemas).toEqual([USER_URN, ENTERPRISE_URN]);
    const gone = await scim.patch(`/Users/${id}`, patchOf({ op: 'replace', path, value: null }));
    expect(gone.body.schemas).toEqual([USER_URN]);
    expect(gone.body).not.toHaveProperty([ENTERPRISE_URN]);
  });

  test('L36: PATCH of nobody answers 404', async () => {
    const { scim } = await suite.world();
    const answer = await scim.patch(`/Users/${NOBODY}`, patchOf({ op: 'remove', path: 'title' }));
    expect(answer.status).toBe(404);
  });
});

describe('DELETE', () => {
  test('L39: 204 without a body; afterwards 404 for every verb, gone from lists, groups and managers', async () => {
    const { scim, addUser, addGroup } = await suite.world();
    const id = await addUser();
    const report = await addUser({ userName: 'r', [ENTERPRISE_URN]: { manager: { value: id } } });
    const group = await addGroup({ members: [{ value: id }, { value: report }] });
    const managed = await scim.get(`/Users/${report}`);
    expect(managed.body[ENTERPRISE_URN].manager).toMatchObject({ value: id, displayName: 'Ada Lovelace' });
    const answer = await scim.delete(`/Users/${id}`);
    expect([answer.status, answer.text]).toEqual([204, '']);
    const again = [
      await scim.get(`/Users/${id}`),
      await scim.put(`/Users/${id}`, aScimUser()),
      await scim.patch(`/Users/${id}`, patchOf({ op: 'remove', path: 'title' })),
      await scim.delete(`/Users/${id}`),
    ];
    expect(again.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
    expect((await scim.get('/Users')).body.totalResults).toBe(1);
    const left = await scim.get(`/Groups/${group}`);
    expect(left.body.members.map((member: { value: string }) => member.value)).toEqual([report]);
    expect((await scim.get(`/Users/${report}`)).body).not.toHaveProperty([ENTERPRISE_URN]);
    const probe = encodeURIComponent(`id eq "${report}" and manager eq "${id}"`);
    expect((await scim.get(`/Users?filter=${probe}`)).body.totalResults).toBe(0);
  });
});
