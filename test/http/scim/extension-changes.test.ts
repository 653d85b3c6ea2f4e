/** Changing an extension under the people who have values in it: never a person who does not fit, never a value lost unseen. */
import { describe, expect, test } from '@jest/globals';
import { directoryApi } from '../../support/directory-api.ts';
import { aScimUser, patchOf, USER_URN } from '../../support/scim.ts';
import { dumpOf, scimSuite } from '../../support/scim-suite.ts';

const suite = scimSuite();

const URN = 'urn:acme:scim:schemas:2.0:Badge';
const AT = `/extensions/${encodeURIComponent(URN)}`;
const badge = (values: object) => ({ schemas: [USER_URN, URN], [URN]: values });

async function extended(attributes: readonly object[]) {
  const world = await suite.world();
  const api = directoryApi(suite.gateway, world);
  const { status } = await api.post('/extensions', { urn: URN, attributes });
  if (status !== 201) throw new Error(String(status));
  return { ...world, api };
}

/** Two people hold these values by the first rules; the second rules would break them. */
const TIGHTER: readonly [
  title: string,
  before: object,
  values: readonly unknown[],
  after: object,
  code: string,
][] = [
  ['another type', {}, ['seven', 'eight'], { type: 'integer' }, 'invalid'],
  ['text that reads like the new type', {}, ['true', 'false'], { type: 'boolean' }, 'invalid'],
  ['one value instead of many', { multiValued: true }, [['a'], ['b']], {}, 'invalid'],
  ['many values instead of one', {}, ['a', 'b'], { multiValued: true }, 'invalid'],
  ['unique, where two hold one value', {}, ['a', 'a'], { uniqueness: 'server' }, 'already_exists'],
  [
    'unique, where two hold one value in other letters',
    {},
    ['a', 'A'],
    { uniqueness: 'server' },
    'already_exists',
  ],
  [
    'case ignored, where letters made the difference',
    { uniqueness: 'server', caseExact: true },
    ['a', 'A'],
    { uniqueness: 'server' },
    'already_exists',
  ],
  ['a complex value', {}, ['a', 'b'], { type: 'complex', subAttributes: [{ name: 'x' }] }, 'invalid'],
  [
    'a required sub-attribute',
    { type: 'complex', subAttributes: [{ name: 'x' }, { name: 'y' }] },
    [{ x: '1' }, { x: '2' }],
    { type: 'complex', subAttributes: [{ name: 'x' }, { name: 'y', required: true }] },
    'invalid',
  ],
  [
    'a sub-attribute less',
    { type: 'complex', subAttributes: [{ name: 'x' }, { name: 'y' }] },
    [{ x: '1', y: '1' }, { x: '2' }],
    { type: 'complex', subAttributes: [{ name: 'x' }] },
    'invalid',
  ],
];

describe('PUT', () => {
  test.each(TIGHTER)('refused, and everything as before: %s', async (_title, before, values, after, code) => {
    const { api, scim, addUser } = await extended([{ name: 'value', ...before }]);
    for (const [index, value] of values.entries())
      await addUser({ userName: `u${index}`, ...badge({ value }) });
    const stored = [await dumpOf(scim), (await api.get(AT)).body, (await scim.get(`/Schemas/${URN}`)).body];
    const answer = await api.put(AT, { attributes: [{ name: 'value', ...after }] });
    expect([answer.status, answer.body.code]).toEqual([code === 'invalid' ? 422 : 409, code]);
    expect(answer.body.field).toBe('attributes');
    expect(answer.body.detail).toMatch(/u[01]/);
    expect([await dumpOf(scim), (await api.get(AT)).body, (await scim.get(`/Schemas/${URN}`)).body]).toEqual(
      stored,
    );
  });

  test('a required attribute is refused while somebody with the extension lacks it', async () => {
    const { api, addUser } = await extended([{ name: 'value' }, { name: 'other' }]);
    await addUser(badge({ other: 'x' }));
    const attributes = [{ name: 'value', required: true }, { name: 'other' }];
    expect((await api.put(AT, { attributes })).status).toBe(422);
  });

  test('L28: made unique, what is stored counts from that moment on', async () => {
    const { api, scim, addUser } = await extended([{ name: 'value' }]);
    const id = await addUser(badge({ value: 'A' }));
    expect((await api.put(AT, { attributes: [{ name: 'value', uniqueness: 'server' }] })).status).toBe(200);
    const clash = await scim.post('/Users', aScimUser({ userName: 'b', ...badge({ value: 'a' }) }));
    expect([clash.status, clash.body.scimType]).toEqual([409, 'uniqueness']);
    const found = await scim.get(`/Users?filter=${encodeURIComponent(`${URN}:value eq "a"`)}`);
    expect(found.body.Resources.map((user: { readonly id: string }) => user.id)).toEqual([id]);
  });

  test('what is stored may become read-only, in a part as well', async () => {
    const parts = (mutability: string) => ({
      name: 'parts',
      type: 'complex',
      subAttributes: [{ name: 'x', mutability }, { name: 'y' }],
    });
    const { api, addUser } = await extended([{ name: 'value' }, parts('readWrite')]);
    await addUser(badge({ value: 'A', parts: { x: '1', y: '2' } }));
    const attributes = [{ name: 'value', mutability: 'readOnly' }, parts('readOnly')];
    expect((await api.put(AT, { attributes })).status).toBe(200);
  });

  test('no longer unique: the same value for two', async () => {
    const { api, addUser } = await extended([{ name: 'value', uniqueness: 'server' }]);
    await addUser(badge({ value: 'A' }));
    expect((await api.put(AT, { attributes: [{ name: 'value' }] })).status).toBe(200);
    expect(await addUser({ userName: 'b', ...badge({ value: 'A' }) })).toMatch(/^du_/);
  });

  test('an attribute left out is hidden at once, and gone after the next change of the person', async () => {
    const { api, scim, addUser } = await extended([{ name: 'value' }, { name: 'other' }]);
    const kept = await addUser(badge({ value: 'a', other: 'x' }));
    const changed = await addUser({ userName: 'b', ...badge({ value: 'b', other: 'y' }) });
    expect((await api.put(AT, { attributes: [{ name: 'value' }] })).status).toBe(200);
    for (const id of [kept, changed]) {
      expect((await scim.get(`/Users/${id}`)).body[URN]).not.toHaveProperty('other');
    }
    await scim.patch(`/Users/${changed}`, patchOf({ op: 'add', path: 'title', value: 'Countess' }));
    await api.put(AT, { attributes: [{ name: 'value' }, { name: 'other' }] });
    expect((await scim.get(`/Users/${kept}`)).body[URN]).toEqual({ value: 'a', other: 'x' });
    expect((await scim.get(`/Users/${changed}`)).body[URN]).toEqual({ value: 'b' });
  });
});

describe('DELETE', () => {
  test('hides the values, drops them with the next change, and frees what was unique', async () => {
    const { api, scim, addUser, gateway } = {
      ...(await extended([{ name: 'value', uniqueness: 'server' }])),
      gateway: suite.gateway,
    };
    const kept = await addUser(badge({ value: 'a' }));
    const changed = await addUser({ userName: 'b', ...badge({ value: 'b' }) });
    const before = await scim.get(`/Users/${kept}`);
    expect((await api.delete(AT)).status).toBe(204);
    const hidden = await scim.get(`/Users/${kept}`);
    expect(hidden.body).toEqual({ ...before.body, schemas: [USER_URN], [URN]: undefined });
    expect((await scim.get(`/Schemas/${URN}`)).status).toBe(404);
    gateway.clock.advance(1000);
    await scim.patch(`/Users/${changed}`, patchOf({ op: 'add', path: 'title', value: 'Countess' }));
    expect((await api.post('/extensions', { urn: URN, attributes: [{ name: 'value' }] })).status).toBe(201);
    expect((await scim.get(`/Users/${kept}`)).body[URN]).toEqual({ value: 'a' });
    expect((await scim.get(`/Users/${changed}`)).body).not.toHaveProperty([URN]);
  });

  test('L22: a push that changes nothing is no change, although something is hidden', async () => {
    const { api, scim, addUser } = await extended([{ name: 'value' }]);
    const id = await addUser(badge({ value: 'a' }));
    await api.delete(AT);
    const before = await scim.get(`/Users/${id}`);
    suite.gateway.clock.advance(1000);
    expect((await scim.put(`/Users/${id}`, aScimUser())).body).toEqual(before.body);
  });

  test('added again under rules that left-over values break: refused by name', async () => {
    const { api, addUser } = await extended([{ name: 'value' }]);
    await addUser(badge({ value: 'seven' }));
    await api.delete(AT);
    const answer = await api.post('/extensions', {
      urn: URN,
      attributes: [{ name: 'value', type: 'integer' }],
    });
    expect([answer.status, answer.body.field]).toEqual([422, 'attributes']);
    expect((await api.get('/extensions')).body.items).toEqual([]);
  });
});

describe('with pushes under way', () => {
  test('R20: whatever comes first, no two people end with one unique value', async () => {
    const { api, scim } = await extended([{ name: 'value' }]);
    const pushes = Array.from({ length: 20 }, (_, index) =>
      scim.post(
        '/Users',
        aScimUser({ userName: `u${index}`, ...badge({ value: index < 2 ? 'same' : `v${index}` }) }),
      ),
    );
    const tightened = api.put(AT, { attributes: [{ name: 'value', uniqueness: 'server' }] });
    const answers = await Promise.all(pushes);
    const { status } = await tightened;
    for (const answer of answers) expect([201, 409]).toContain(answer.status);
    const { body } = await scim.get('/Users?count=100');
    const values = body.Resources.map((user: Record<string, { readonly value: string }>) => user[URN]?.value);
    if (status === 200) expect(new Set(values).size).toBe(values.length);
    else expect(status).toBe(409);
  });
});
