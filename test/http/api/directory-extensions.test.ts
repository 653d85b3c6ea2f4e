/** /organizations/{org}/directories/{id}/extensions: what an admin may say, and what is refused with field and rule. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ApiWorld, startApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());

const URN = 'urn:acme:scim:1.0:Badge';
const attributes = [{ name: 'badge' }];

async function newPlace() {
  const organization = await world.newOrganization();
  const { directory } = await world.gateway.createDirectory(organization, 'okta');
  const path = `/organizations/${organization.id}/directories/${directory.id}/extensions`;
  const send = (method: string, rest: string, body?: object) =>
    world.send(world.operator, `${method} ${path}${rest}`, body);
  return { organization, directory, send };
}

const at = (urn: string) => `/${encodeURIComponent(urn)}`;

describe('POST', () => {
  test('201: absent characteristics have the defaults of RFC 7643 §2.2, an absent name is the end of the URN', async () => {
    const { send } = await newPlace();
    const { status, body } = await send('post', '', { urn: URN, attributes });
    expect([status, body]).toEqual([
      201,
      {
        urn: URN,
        name: 'Badge',
        description: '',
        attributes: [
          {
            name: 'badge',
            type: 'string',
            multiValued: false,
            description: '',
            required: false,
            caseExact: false,
            mutability: 'readWrite',
            returned: 'default',
            uniqueness: 'none',
            subAttributes: [],
          },
        ],
      },
    ]);
    expect((await send('get', '')).body).toEqual({ items: [body], nextCursor: null });
    for (const urn of [URN, URN.toUpperCase()]) expect((await send('get', at(urn))).body).toEqual(body);
  });

  test.each([
    'urn:ietf:params:scim:schemas:extension:CustomExtensionName:2.0:User',
    'urn:okta:onprem_app:1.0:user:custom',
    'urn:scim:x',
  ])('201: %s, as identity providers name theirs, by id as well as by urn', async (id) => {
    const { send } = await newPlace();
    expect((await send('post', '', { id, attributes })).body.urn).toBe(id);
  });

  const complex = { name: 'a', type: 'complex', subAttributes: [{ name: 'x' }] };
  const refused: readonly [title: string, body: object, field: string][] = [
    ['no URN', { attributes }, 'urn'],
    ['two URNs', { urn: URN, id: URN, attributes }, 'urn'],
    ['a URL', { urn: 'https://acme.example/badge', attributes }, 'urn'],
    ['a URN with a blank', { urn: 'urn:acme:a b', attributes }, 'urn'],
    ['a URN with brackets', { urn: 'urn:acme:a[b]', attributes }, 'urn'],
    ['a URN of nothing', { urn: 'urn:acme:', attributes }, 'urn'],
    ['a URN with a dot at its end', { urn: 'urn:acme:a.', attributes }, 'urn'],
    ['a URN of 201 characters', { urn: `urn:acme:${'a'.repeat(192)}`, attributes }, 'urn'],
    ['a URN with a name of prototypes', { urn: 'urn:acme:constructor:a', attributes }, 'urn'],
    ['the core URN', { urn: 'urn:ietf:params:scim:schemas:core:2.0:User', attributes }, 'urn'],
    ['a URN of the core', { urn: 'URN:ietf:params:scim:schemas:core:2.0:Badge', attributes }, 'urn'],
    ['a URN of messages', { urn: 'urn:ietf:params:scim:api:messages:2.0:Badge', attributes }, 'urn'],
    [
      'the enterprise URN',
      { urn: 'urn:ietf:params:scim:schemas:extension:ENTERPRISE:2.0:User', attributes },
      'urn',
    ],
    [
      'the enterprise URN continued',
      { urn: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:x', attributes },
      'urn',
    ],
    [
      'the beginning of the enterprise URN',
      { urn: 'urn:ietf:params:scim:schemas:extension:enterprise:2', attributes },
      'urn',
    ],
    ['no attributes', { urn: URN, attributes: [] }, 'attributes'],
    [
      '201 attributes',
      { urn: URN, attributes: Array.from({ length: 201 }, (_, index) => ({ name: `a${index}` })) },
      'attributes',
    ],
    ['two of one name', { urn: URN, attributes: [{ name: 'a' }, { name: 'A' }] }, 'attributes'],
    ['a name with a dot', { urn: URN, attributes: [{ name: 'a.b' }] }, 'attributes[0].name'],
    ['a name with a digit first', { urn: URN, attributes: [{ name: '1a' }] }, 'attributes[0].name'],
    ['$ref', { urn: URN, attributes: [{ name: '$ref' }] }, 'attributes[0].name'],
    ['Constructor', { urn: URN, attributes: [{ name: 'Constructor' }] }, 'attributes[0].name'],
    ['no such type', { urn: URN, attributes: [{ name: 'a', type: 'date' }] }, 'attributes[0].type'],
    [
      'unique everywhere',
      { urn: URN, attributes: [{ name: 'a', uniqueness: 'global' }] },
      'attributes[0].uniqueness',
    ],
    [
      'unique and many',
      { urn: URN, attributes: [{ name: 'a', uniqueness: 'server', multiValued: true }] },
      'attributes[0].uniqueness',
    ],
    [
      'unique and boolean',
      { urn: URN, attributes: [{ name: 'a', uniqueness: 'server', type: 'boolean' }] },
      'attributes[0].uniqueness',
    ],
    [
      'unique and complex',
      { urn: URN, attributes: [{ ...complex, uniqueness: 'server' }] },
      'attributes[0].uniqueness',
    ],
    [
      'complex and empty',
      { urn: URN, attributes: [{ name: 'a', type: 'complex' }] },
      'attributes[0].subAttributes',
    ],
    [
      'simple with parts',
      { urn: URN, attributes: [{ ...complex, type: 'string' }] },
      'attributes[0].subAttributes',
    ],
    [
      'complex in complex',
      { urn: URN, attributes: [{ ...complex, subAttributes: [complex] }] },
      'attributes[0].subAttributes[0].type',
    ],
    [
      'a unique part',
      { urn: URN, attributes: [{ ...complex, subAttributes: [{ name: 'x', uniqueness: 'server' }] }] },
      'attributes[0].subAttributes[0].uniqueness',
    ],
    [
      'parts of one name',
      { urn: URN, attributes: [{ ...complex, subAttributes: [{ name: 'x' }, { name: 'X' }] }] },
      'attributes[0].subAttributes',
    ],
    [
      'written and returned',
      { urn: URN, attributes: [{ name: 'a', mutability: 'writeOnly' }] },
      'attributes[0].returned',
    ],
    ['a key nobody knows', { urn: URN, attributes, required: true }, 'required'],
    [
      'a line break in a description',
      { urn: URN, attributes: [{ name: 'a', description: 'x\ny' }] },
      'attributes[0].description',
    ],
  ];
  test.each(refused)('422 invalid: %s', async (_title, body, field) => {
    const { send } = await newPlace();
    const answer = await send('post', '', body);
    expect([answer.status, answer.body.code, answer.body.field]).toEqual([422, 'invalid', field]);
    expect((await send('get', '')).body.items).toEqual([]);
  });

  test('409 already_exists: the URN is there, in whatever letters', async () => {
    const { send } = await newPlace();
    await send('post', '', { urn: URN, attributes });
    const { status, body } = await send('post', '', { urn: URN.toUpperCase(), attributes });
    expect([status, body.code, body.field]).toEqual([409, 'already_exists', 'urn']);
  });

  test.each([`${URN}:x`, `${URN}.5`, 'urn:acme:scim:1'])(
    '422: beside urn:acme:scim:1.0:Badge, %s',
    async (urn) => {
      const { send } = await newPlace();
      await send('post', '', { urn: URN, attributes });
      const { status, body } = await send('post', '', { urn, attributes });
      expect([status, body.field]).toEqual([422, 'urn']);
    },
  );

  test('bounds of a directory: 20 extensions, 200 attributes in all, parts counted', async () => {
    const { send } = await newPlace();
    for (let index = 0; index < 20; index += 1) {
      expect((await send('post', '', { urn: `urn:acme:e${index}`, attributes })).status).toBe(201);
    }
    expect((await send('post', '', { urn: 'urn:acme:one-more', attributes })).body.field).toBe('urn');
    const parts = (count: number) => ({
      attributes: [
        {
          name: 'a',
          type: 'complex',
          subAttributes: Array.from({ length: 80 }, (_, index) => ({ name: `x${index}` })),
        },
        ...Array.from({ length: count }, (_, index) => ({ name: `b${index}` })),
      ],
    });
    expect((await send('put', at('urn:acme:e0'), parts(100))).status).toBe(200);
    const { status, body } = await send('put', at('urn:acme:e0'), parts(101));
    expect([status, body.field]).toEqual([422, 'attributes']);
  });
});

describe('PUT, DELETE', () => {
  test('replaces, keeps the spelling of the URN and the order of the list', async () => {
    const { send } = await newPlace();
    await send('post', '', { urn: URN, attributes });
    await send('post', '', { urn: 'urn:acme:other', attributes });
    const { status, body } = await send('put', at(URN.toUpperCase()), {
      name: 'New',
      attributes: [{ name: 'floor' }],
    });
    expect([status, body.urn, body.name]).toEqual([200, URN, 'New']);
    const { items } = (await send('get', '')).body;
    expect(items.map(({ urn }: { readonly urn: string }) => urn)).toEqual([URN, 'urn:acme:other']);
    expect((await send('delete', at(URN.toUpperCase()))).status).toBe(204);
    expect((await send('delete', at(URN))).status).toBe(404);
    expect((await send('put', at(URN), { attributes })).status).toBe(404);
  });

  test('each change is told in the audit, with the names of the attributes', async () => {
    const { organization, directory, send } = await newPlace();
    await send('post', '', { urn: URN, attributes });
    world.gateway.clock.advance(1);
    await send('put', at(URN), { attributes: [{ name: 'floor' }] });
    world.gateway.clock.advance(1);
    await send('delete', at(URN));
    const { body } = await world.send(world.operator, `get /organizations/${organization.id}/audit-events`);
    const told = body.items.filter(({ type }: { readonly type: string }) =>
      type.startsWith('directory_extension'),
    );
    expect(
      told.map(({ type, target, details }: Record<string, unknown>) => ({ type, target, details })),
    ).toEqual(
      [
        ['removed', 'floor'],
        ['updated', 'floor'],
        ['created', 'badge'],
      ].map(([change, name]) => ({
        type: `directory_extension.${change}`,
        target: { kind: 'directory', id: directory.id },
        details: { urn: URN, attributes: [name] },
      })),
    );
  });
});
