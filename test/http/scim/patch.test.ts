/** PATCH of users over HTTP, rule by rule (RFC 7644 §3.5.2): what is sent, and the whole user afterwards. */
import { describe, expect, test } from '@jest/globals';
import { aScimUser, ENTERPRISE_URN, patchOf, USER_URN } from '../../support/scim.ts';
import { dumpOf, scimSuite } from '../../support/scim-suite.ts';

const suite = scimSuite();

const work = { value: 'w@acme.example', type: 'work', primary: true };
const home = { value: 'h@acme.example', type: 'home' };
const name = { givenName: 'Ada', familyName: 'Lovelace' };
const enterprise = { department: 'Eng', costCenter: '7' };

const stored = aScimUser({
  ...{ name, emails: [work, home], title: 'Countess' },
  ...{ schemas: [USER_URN, ENTERPRISE_URN], [ENTERPRISE_URN]: enterprise },
});

type Row = readonly [
  title: string,
  operation: object | readonly object[],
  changes: Readonly<Record<string, unknown>>,
];

const email = (value: string, type: string) => ({ value, type });
const homes = (...values: string[]) => values.map((value) => email(value, 'home'));

const paths: readonly Row[] = [
  ['L76: attr', { op: 'replace', path: 'title', value: 'x' }, { title: 'x' }],
  [
    'L76: attr.sub',
    { op: 'replace', path: 'name.givenName', value: 'x' },
    { name: { ...name, givenName: 'x' } },
  ],
  ['L76: attr[filter]', { op: 'remove', path: 'emails[type eq "home"]' }, { emails: [work] }],
  [
    'L76: attr[filter].sub',
    { op: 'replace', path: 'emails[type eq "home"].value', value: 'x' },
    { emails: [work, email('x', 'home')] },
  ],
  ['L76: URN:attr of the core', { op: 'replace', path: `${USER_URN}:title`, value: 'x' }, { title: 'x' }],
  [
    'L76, L77: URN:attr of an extension',
    { op: 'replace', path: `${ENTERPRISE_URN}:department`, value: 'x' },
    { [ENTERPRISE_URN]: { ...enterprise, department: 'x' } },
  ],
  [
    'L76, L77: URN:attr.sub',
    { op: 'replace', path: `${ENTERPRISE_URN}:manager.value`, value: 'm' },
    { [ENTERPRISE_URN]: { ...enterprise, manager: { value: 'm' } } },
  ],
  [
    'L76, L77: URN:attr[filter].sub',
    { op: 'replace', path: `${USER_URN}:emails[type eq "home"].value`, value: 'x' },
    { emails: [work, email('x', 'home')] },
  ],
  [
    'L76, L77, L79: URN alone',
    { op: 'add', path: ENTERPRISE_URN, value: { department: 'x' } },
    { [ENTERPRISE_URN]: { ...enterprise, department: 'x' } },
  ],
  [
    'L76, L84, L90: URN alone removed',
    { op: 'remove', path: ENTERPRISE_URN },
    { [ENTERPRISE_URN]: undefined, schemas: [USER_URN] },
  ],
  [
    'L20, L77: a URN in other letters',
    { op: 'replace', path: `${USER_URN.toUpperCase()}:title`, value: 'x' },
    { title: 'x' },
  ],
  [
    'L19: names in other letters',
    { op: 'replace', path: 'NAME.GivenNAME', value: 'x' },
    { name: { ...name, givenName: 'x' } },
  ],
  [
    'L19: names inside a filter too',
    { op: 'replace', path: 'Emails[TYPE eq "home"].VALUE', value: 'x' },
    { emails: [work, email('x', 'home')] },
  ],
];

const filters: readonly Row[] = ['a]b', 'a.b', 'a:b', 'urn:a:b', 'say "x"', 'back\\slash', 'a[b'].map(
  (value) => [
    `L78: ${value} inside a filter`,
    [
      { op: 'add', path: 'emails', value: [email(value, 'other')] },
      { op: 'replace', path: `emails[value eq ${JSON.stringify(value)}].type`, value: 'found' },
    ],
    { emails: [work, home, email(value, 'found')] },
  ],
);

const adding: readonly Row[] = [
  ['L79: a single value is replaced', { op: 'add', path: 'title', value: 'x' }, { title: 'x' }],
  [
    'L79: a list grows',
    { op: 'add', path: 'emails', value: homes('x') },
    { emails: [work, home, ...homes('x')] },
  ],
  ['L33, L79: what is there is not added again', { op: 'add', path: 'emails', value: [home, home] }, {}],
  [
    'L33, L79: twice in one request is once',
    { op: 'add', path: 'emails', value: homes('x', 'x') },
    { emails: [work, home, ...homes('x')] },
  ],
  [
    'L79: a complex value is merged',
    { op: 'add', path: 'name', value: { givenName: 'x' } },
    { name: { ...name, givenName: 'x' } },
  ],
  ['L79: what is absent is made', { op: 'add', path: 'nickName', value: 'x' }, { nickName: 'x' }],
  [
    'L32, L79: a new primary demotes the old one',
    { op: 'add', path: 'emails', value: [{ ...email('x', 'other'), primary: true }] },
    { emails: [{ ...work, primary: false }, home, { ...email('x', 'other'), primary: true }] },
  ],
];

const pathless: readonly Row[] = [
  [
    'L80: each key is a path of its own',
    { op: 'add', value: { title: 'x', 'name.givenName': 'y', [`${ENTERPRISE_URN}:department`]: 'z' } },
    { title: 'x', name: { ...name, givenName: 'y' }, [ENTERPRISE_URN]: { ...enterprise, department: 'z' } },
  ],
  [
    'L80: replace merges complex values',
    { op: 'replace', value: { name: { givenName: 'x' } } },
    { name: { ...name, givenName: 'x' } },
  ],
  [
    'L80: a filter as key',
    { op: 'replace', value: { 'emails[type eq "home"].value': 'x' } },
    { emails: [work, email('x', 'home')] },
  ],
  [
    'L80: an extension as key is merged',
    { op: 'replace', value: { [ENTERPRISE_URN]: { department: 'x' } } },
    { [ENTERPRISE_URN]: { ...enterprise, department: 'x' } },
  ],
];

const replacing: readonly Row[] = [
  [
    'L81: a list is replaced whole',
    { op: 'replace', path: 'emails', value: homes('x') },
    { emails: homes('x') },
  ],
  [
    'L81: a complex value is merged',
    { op: 'replace', path: 'name', value: { givenName: 'x' } },
    { name: { ...name, givenName: 'x' } },
  ],
  ['L81: what is absent is added', { op: 'replace', path: 'nickName', value: 'x' }, { nickName: 'x' }],
  [
    'L82: all elements that match change',
    { op: 'replace', path: 'emails[value ew "acme.example"].display', value: 'x' },
    {
      emails: [
        { ...work, display: 'x' },
        { ...home, display: 'x' },
      ],
    },
  ],
  [
    'L82, 2.B-28: an element is built from an eq',
    { op: 'replace', path: 'emails[type eq "other"].value', value: 'x' },
    { emails: [work, home, email('x', 'other')] },
  ],
  ['L88: null unassigns', { op: 'replace', path: 'title', value: null }, { title: undefined }],
  ['L87: an unknown attribute is ignored', { op: 'replace', path: 'shoeSize', value: 42 }, {}],
  ['L87: an unknown sub-attribute too', { op: 'add', path: 'title.x', value: 'x' }, {}],
  ['L87: one below an unknown URN too', { op: 'add', path: 'urn:acme:2.0:User:shoeSize', value: 42 }, {}],
];

const removing: readonly Row[] = [
  ['L84: an attribute', { op: 'remove', path: 'title' }, { title: undefined }],
  ['L84: a sub-attribute', { op: 'remove', path: 'name.givenName' }, { name: { familyName: 'Lovelace' } }],
  [
    'L84: a sub-attribute of those that match',
    { op: 'remove', path: 'emails[type eq "home"].type' },
    { emails: [work, { value: home.value }] },
  ],
  ['L84, L21: an emptied list is gone', { op: 'remove', path: 'emails[value pr]' }, { emails: undefined }],
  [
    'L84, L21: an emptied object is gone',
    [
      { op: 'remove', path: 'name.givenName' },
      { op: 'remove', path: 'name.familyName' },
    ],
    { name: undefined },
  ],
  ['L84: what is absent', { op: 'remove', path: 'nickName' }, {}],
];

describe('PATCH of a user', () => {
  test.each([...paths, ...filters, ...adding, ...pathless, ...replacing, ...removing])(
    '%s',
    async (_title, operation, changes) => {
      const { scim } = await suite.world();
      const { id, meta } = (await scim.post('/Users', stored)).body;
      suite.gateway.clock.advance(1000);
      const operations: readonly object[] = Array.isArray(operation) ? operation : [operation];
      const answer = await scim.patch(`/Users/${id}`, patchOf(...operations));
      expect([answer.status, answer.body.detail]).toEqual([200, undefined]);
      const expected = JSON.parse(JSON.stringify({ ...stored, ...changes, id }));
      expect(answer.body).toEqual({ ...expected, meta: answer.body.meta });
      const isSame = Object.keys(changes).length === 0;
      expect(answer.body.meta.version === meta.version).toBe(isSame);
      expect((await scim.get(`/Users/${id}`)).body).toEqual(answer.body);
    },
  );
});

describe('PATCH that is refused', () => {
  test.each<[string, object, string]>([
    ['L83: remove without a path', { op: 'remove' }, 'noTarget'],
    ['L83: remove of a required attribute', { op: 'remove', path: 'userName' }, 'invalidValue'],
    ['L83, L23: remove of a read-only attribute', { op: 'remove', path: 'meta' }, 'mutability'],
    ['L23: replace of a read-only attribute', { op: 'replace', path: 'id', value: 'x' }, 'mutability'],
    ['L23: add to a read-only list', { op: 'add', path: 'groups', value: [{ value: 'x' }] }, 'mutability'],
    [
      'L82: replace where nothing matches and nothing can be built',
      { op: 'replace', path: 'emails[value sw "z"].type', value: 'x' },
      'noTarget',
    ],
    ['L86: a path that does not end', { op: 'add', path: 'emails[type eq "x"', value: 'x' }, 'invalidPath'],
    ['L86: two dots', { op: 'add', path: 'name..givenName', value: 'x' }, 'invalidPath'],
    ['L86: a blank inside', { op: 'add', path: 'name givenName', value: 'x' }, 'invalidPath'],
    ['L86: a broken filter', { op: 'remove', path: 'emails[type foo "x"]' }, 'invalidFilter'],
    ['L91, S120: __proto__ as path', { op: 'add', path: '__proto__.x', value: 'x' }, 'invalidPath'],
    [
      'L91, S120: constructor as key',
      { op: 'add', value: { 'constructor.prototype.x': 'x' } },
      'invalidPath',
    ],
    [
      'L91, S120: prototype below an extension',
      { op: 'add', path: `${ENTERPRISE_URN}:prototype`, value: 'x' },
      'invalidPath',
    ],
    ['L30: a wrong type', { op: 'add', path: 'active', value: 7 }, 'invalidValue'],
    [
      'L28: a userName that is taken',
      { op: 'replace', path: 'userName', value: 'TAKEN@acme.example' },
      'uniqueness',
    ],
  ])('%s: nothing of the request remains', async (_title, operation, scimType) => {
    const { scim, addUser } = await suite.world();
    await addUser({ userName: 'taken@acme.example' });
    const id = await addUser();
    const before = await dumpOf(scim);
    const answer = await scim.patch(
      `/Users/${id}`,
      patchOf({ op: 'add', path: 'title', value: 'x' }, operation),
    );
    expect([answer.status, answer.body.scimType]).toEqual([scimType === 'uniqueness' ? 409 : 400, scimType]);
    expect(await dumpOf(scim)).toEqual(before);
    expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('x');
  });

  test('L87, 2.I-68: what was ignored is noted for the admin', async () => {
    const { scim, addUser } = await suite.world();
    const id = await addUser();
    const from = suite.gateway.logLines.length;
    await scim.patch(`/Users/${id}`, patchOf({ op: 'add', path: 'shoeSize', value: 42 }));
    const lines = suite.gateway.logLines.slice(from).filter(({ message }) => message === 'scim tolerances');
    expect(lines).toMatchObject([
      { fields: { tolerances: ['unknown_attribute'], unknownAttributeCount: 1 } },
    ]);
  });
});

test('L22: a member who is taken out and put back in one request has not moved', async () => {
  const { scim, addUser, addGroup, organizationId } = await suite.world();
  const [a, b] = [await addUser({ userName: 'a' }), await addUser({ userName: 'b' })];
  const group = await addGroup({ members: [{ value: a }, { value: b }] });
  const before = await scim.get(`/Groups/${group}`);
  const rows = async () =>
    (await suite.gateway.storage.auditEvents.list(organizationId, { targetId: group }, { limit: 20 })).length;
  const told = await rows();
  suite.gateway.clock.advance(1000);
  const body = patchOf(
    { op: 'remove', path: 'members' },
    { op: 'add', path: 'members', value: [{ value: b }, { value: a }] },
  );
  expect((await scim.patch(`/Groups/${group}`, body)).headers.etag).toBe(before.headers.etag);
  expect((await scim.get(`/Groups/${group}`)).body).toEqual(before.body);
  expect(await rows()).toBe(told);
});
