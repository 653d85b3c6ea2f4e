/** Random requests against the live endpoint: never a 5xx, never HTML, and what was refused has changed nothing (S136). */
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Response } from 'supertest';
import { aScimGroup, aScimUser, ENTERPRISE_URN, patchOf, USER_URN } from '../../support/scim.ts';
import { type ScimWorld, scimSuite } from '../../support/scim-suite.ts';

const suite = scimSuite();
const RUNS = 100;

let world: ScimWorld;
let user: string;
let group: string;

beforeAll(async () => {
  world = await suite.world();
  user = await world.addUser({ [ENTERPRISE_URN]: { department: 'Eng' } });
  await world.addUser({ userName: 'grace@acme.example' });
  group = await world.addGroup({ members: [{ value: user }] });
});

/** What storage holds of the directory and of the people behind it: cheaper than asking, and it sees more. */
async function storedState(): Promise<unknown> {
  const { directoryUsers, directoryGroups, groupMembers, memberships } = suite.gateway.storage;
  const { organizationId, directoryId } = world;
  const [all, page] = [{ kind: 'all' } as const, { limit: 1000 }];
  const groups = await directoryGroups.scan(organizationId, directoryId, all, page);
  return {
    users: await directoryUsers.scan(organizationId, directoryId, all, page),
    groups,
    members: await Promise.all(groups.map(({ id }) => groupMembers.list(organizationId, id, page))),
    memberships: await memberships.list(organizationId, {}, page),
  };
}

/** Sends, and holds the answer to what every answer must be; a refusal must have left no trace. */
async function probe(send: () => Promise<Response>): Promise<void> {
  const before = await storedState();
  const answer = await send();
  expect(answer.status).toBeLessThan(500);
  if (answer.status === 204 || answer.status === 304) return;
  expect(answer.headers['content-type']).toMatch(/^application\/(scim\+)?json/);
  if (answer.status < 400) return;
  expect(answer.body).toMatchObject({ status: String(answer.status), detail: expect.any(String) });
  expect(await storedState()).toEqual(before);
}

const names = fc.constantFrom(
  ...[
    'userName',
    'USERNAME',
    'active',
    'emails',
    'emails.value',
    'name',
    'name.givenName',
    'title',
    'password',
  ],
  ...[
    'externalId',
    'id',
    'meta',
    'schemas',
    'groups',
    'roles',
    'displayName',
    'members',
    'x',
    '__proto__',
    '$where',
  ],
  ...[
    'emails[type eq "work"]',
    'emails[type eq "work"].value',
    'emails[',
    'members[value eq "x"]',
    'constructor',
  ],
  ...[
    ENTERPRISE_URN,
    `${ENTERPRISE_URN}:manager`,
    `${USER_URN}:title`,
    'urn:x:y',
    '',
    ' ',
    '.',
    '[]',
    'a.b.c',
  ],
);
const value = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(true, 'True', 'False', null, [], {}, '', [{ value: 'x' }], [{ value: null }], {
    $ne: 1,
  }),
  fc.dictionary(names, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }),
);
const bodies = fc.oneof(
  fc.dictionary(names, value, { maxKeys: 6 }),
  fc
    .dictionary(names, value, { maxKeys: 3 })
    .map((extra) => aScimUser({ userName: 'grace@acme.example', ...extra })),
  fc.dictionary(names, value, { maxKeys: 3 }).map((extra) => aScimGroup(extra)),
);
const operation = fc.record(
  {
    op: fc.constantFrom('add', 'Replace', 'REMOVE', 'move', ''),
    path: fc.oneof(names, fc.string({ maxLength: 20 })),
    value,
  },
  { requiredKeys: ['op'] },
);
const patches = fc.oneof(
  fc.array(operation, { maxLength: 4 }).map((operations) => patchOf(...operations)),
  fc.jsonValue(),
);
const filterWords = fc.constantFrom(
  ...[
    'userName',
    'emails',
    'emails[',
    ']',
    '(',
    ')',
    'and',
    'or',
    'not',
    'eq',
    'co',
    'pr',
    'gt',
    '"x"',
    '"',
    'true',
  ],
  ...[
    'null',
    '1e400',
    '\\',
    'meta.created',
    'groups',
    'members',
    'password',
    ENTERPRISE_URN,
    ':',
    '.',
    '.value',
  ],
);
const filters = fc.oneof(
  fc.array(filterWords, { maxLength: 10 }).map((words) => words.join(' ')),
  fc.string({ unit: 'binary', maxLength: 40 }),
);
const whenever = { numRuns: RUNS };

describe('random bodies', () => {
  test('POST', async () => {
    const paths = fc.constantFrom('/Users', '/Groups', '/Users/.search');
    await fc.assert(
      fc.asyncProperty(paths, bodies, (path, body) => probe(() => world.scim.post(path, body))),
      whenever,
    );
  });

  test('PUT', async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), bodies, (isUser, body) =>
        probe(() => world.scim.put(isUser ? `/Users/${user}` : `/Groups/${group}`, body)),
      ),
      whenever,
    );
  });

  test('PATCH', async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), patches, (isUser, body) =>
        probe(() => world.scim.patch(isUser ? `/Users/${user}` : `/Groups/${group}`, JSON.stringify(body))),
      ),
      { numRuns: RUNS * 2 },
    );
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test('bytes that may not even be JSON', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 60 }), (text) =>
        probe(() => world.scim.post('/Users', text === '' ? '{' : text)),
      ),
      whenever,
    );
  });
});

describe('random addresses', () => {
  test('filters, paging and projections', async () => {
    const query = fc.record(
      {
        filter: filters,
        startIndex: fc.oneof(fc.integer(), fc.string()),
        count: fc.oneof(fc.integer(), fc.string()),
        attributes: names,
        excludedAttributes: fc.string(),
        sortBy: names,
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('/Users', '/Groups', '/Schemas'), query, (path, parameters) => {
        const texts = Object.entries(parameters).map(([name, of]) => [name, String(of).toWellFormed()]);
        return probe(() => world.scim.get(`${path}?${new URLSearchParams(Object.fromEntries(texts))}`));
      }),
      { numRuns: RUNS * 2 },
    );
  });

  test('ids', async () => {
    const id = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 40 })
      .map((text) => encodeURIComponent(text.toWellFormed()))
      // These never reach SCIM: the server refuses odd addresses before any router.
      .filter((text) => !/%(2f|5c|00|2e)|^\.+$/i.test(text));
    const method = fc.constantFrom('get', 'delete');
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('Users', 'Groups', 'Schemas', 'x'), id, method, (kind, text, verb) =>
        probe(() =>
          verb === 'get' ? world.scim.get(`/${kind}/${text}`) : world.scim.delete(`/${kind}/${text}`),
        ),
      ),
      whenever,
    );
  });
});

describe('random histories', () => {
  type Model = Record<string, unknown>;
  const step = fc.oneof(
    fc.record({ kind: fc.constant('put'), name: fc.constantFrom('title', 'nickName'), text: fc.string() }),
    fc.record({ kind: fc.constant('set'), name: fc.constantFrom('title', 'nickName'), text: fc.string() }),
    fc.record({
      kind: fc.constant('clear'),
      name: fc.constantFrom('title', 'nickName'),
      text: fc.constant(''),
    }),
    fc.record({ kind: fc.constant('bad'), name: fc.constantFrom('id', 'meta.version'), text: fc.string() }),
  );

  function applyTo(model: Model, { kind, name, text }: { kind: string; name: string; text: string }): Model {
    const next = kind === 'put' ? {} : { ...model };
    if (kind === 'bad') return model;
    // null, "" and absent are one state (dossier 21).
    if (kind === 'clear' || text === '') delete next[name as keyof typeof next];
    else Object.assign(next, { [name]: text });
    return next;
  }

  test('S136: after any sequence of PUT and PATCH, GET shows what the model says', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        const { scim, addUser } = await suite.world();
        const id = await addUser({
          userName: 'm',
          displayName: undefined,
          name: undefined,
          emails: undefined,
        });
        let model: Model = {};
        for (const one of steps) {
          const body = { ...aScimUser({ userName: 'm' }), displayName: null, name: null, emails: null };
          const text = one.text.toWellFormed();
          if (one.kind === 'put') await scim.put(`/Users/${id}`, { ...body, [one.name]: text });
          else if (one.kind === 'clear')
            await scim.patch(`/Users/${id}`, patchOf({ op: 'remove', path: one.name }));
          else {
            const operations = [{ op: 'replace', path: one.name, value: text }];
            await scim.patch(`/Users/${id}`, patchOf({ op: 'add', path: 'x', value: 1 }, ...operations));
          }
          model = applyTo(model, { ...one, text });
        }
        const { id: _id, meta: _meta, schemas: _schemas, ...shown } = (await scim.get(`/Users/${id}`)).body;
        expect(shown).toEqual({ userName: 'm', externalId: 'ext-ada', active: true, ...model });
      }),
      { numRuns: 40 },
    );
  });
});
