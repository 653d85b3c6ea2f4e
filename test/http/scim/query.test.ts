/** Lists: filters, paging and projections on the live endpoints, whichever way storage finds the rows. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { ENTERPRISE_URN, GROUP_URN, USER_URN } from '../../support/scim.ts';
import { type ScimWorld, scimSuite, worldOf } from '../../support/scim-suite.ts';

const suite = scimSuite();
const DAY_MS = 86_400_000;

let gateway: TestGateway;
let world: ScimWorld;
const ids: Record<string, string> = {};

/** a: everything, b: inactive with swapped addresses a day later, c: almost nothing. Groups: eng (a, b), all (eng, c), none. */
beforeAll(async () => {
  gateway = await startGateway();
  world = worldOf(gateway, await gateway.createDirectory(await gateway.createOrganization()));
  ids.a = await world.addUser({
    ...{ userName: 'alice@x.com', externalId: 'E1', displayName: 'Alice "Al" O\'Neil', title: 'Engineer' },
    name: { givenName: 'Alice', familyName: "O'Malley" },
    emails: [
      { value: 'alice@work.com', type: 'work', primary: true },
      { value: 'alice@home.org', type: 'home' },
    ],
    [ENTERPRISE_URN]: { department: 'Eng', manager: { value: 'm1' } },
  });
  gateway.clock.advance(DAY_MS);
  ids.b = await world.addUser({
    ...{ userName: 'Bob@x.com', externalId: 'e1', displayName: 'Bob]', active: false, title: 'Café' },
    emails: [
      { value: 'bob@home.org', type: 'work' },
      { value: 'bob@work.com', type: 'home', primary: true },
    ],
  });
  gateway.clock.advance(DAY_MS);
  ids.c = await world.addUser({
    ...{ userName: ' carol ', externalId: undefined, displayName: undefined, emails: [], title: '' },
  });
  ids.eng = await world.addGroup({ members: [{ value: ids.a }, { value: ids.b }] });
  gateway.clock.advance(DAY_MS);
  ids.all = await world.addGroup({ displayName: 'All', members: [{ value: ids.eng }, { value: ids.c }] });
  gateway.clock.advance(DAY_MS);
  ids.none = await world.addGroup({ displayName: 'engineering ', externalId: 'G1' });
});
afterAll(() => gateway.close());

const nameOf = (id: string) => Object.keys(ids).find((name) => ids[name] === id) ?? id;
/** `$a` in a filter is the id of a. */
const withIds = (filter: string) =>
  filter.replace(/\$(\w+)/g, (_all, name: string) => ids[name] ?? `$${name}`);

async function find(path: string, filter: string): Promise<string> {
  const { status, body } = await world.scim.get(`${path}?filter=${encodeURIComponent(withIds(filter))}`);
  if (status !== 200) return `${status} ${body.scimType}`;
  expect([body.totalResults, body.itemsPerPage]).toEqual([body.Resources.length, body.Resources.length]);
  return body.Resources.map((found: { id: string }) => nameOf(found.id)).join('');
}

describe('filters on users', () => {
  test.each([
    ['userName eq "alice@x.com"', 'a'],
    ['USERNAME Eq "ALICE@X.COM"', 'a'],
    ['username eq "bob@X.com"', 'b'],
    ['userName eq "carol"', 'c'],
    ['userName eq "nobody"', ''],
    ['userName ne "alice@x.com"', 'bc'],
    ['userName sw "BO"', 'b'],
    ['userName sw "carol"', ''],
    ['userName sw " carol"', 'c'],
    ['userName sw ""', 'abc'],
    ['userName co "@x"', 'ab'],
    ['userName ew "carol "', 'c'],
    ['externalId eq "E1"', 'a'],
    ['externalId eq "e1"', 'b'],
    ['externalId ne "E1"', 'bc'],
    ['externalId sw "E"', 'a'],
    ['not (externalId eq "E1")', 'bc'],
    ['externalId pr', 'ab'],
    ['externalId eq null', 'c'],
    ['id eq "$a"', 'a'],
    ['id eq "$eng"', ''],
    ['id eq "1"', ''],
    ['title pr', 'ab'],
    ['not(title pr)', 'c'],
    ['title eq null', 'c'],
    ['title eq "CAFE\u0301"', 'b'],
    ['displayName eq "Alice \\"Al\\" O\'Neil"', 'a'],
    ['displayName eq "bob]"', 'b'],
    ['displayName ne "Bob]"', 'ac'],
    ['active eq true', 'ac'],
    ['active eq "True"', 'ac'],
    ['active eq False', 'b'],
    ['emails eq "BOB@work.com"', 'b'],
    ['emails.value eq "bob@work.com"', 'b'],
    ['emails.value ne "bob@work.com"', 'abc'],
    ['emails co "home.org"', 'ab'],
    ['emails pr', 'ab'],
    ['emails[type eq "work"].value eq "alice@work.com"', 'a'],
    ['emails[type eq "work"].value eq "bob@work.com"', ''],
    ['emails[type eq "work" and value co "@work.com"]', 'a'],
    ['emails.type eq "work" and emails.value co "@work.com"', 'ab'],
    ['emails[value eq "bob@work.com" or value eq "alice@home.org"]', 'ab'],
    ['not (emails[value eq "bob@work.com"])', 'ac'],
    ['not (emails[type eq "work" and value eq "bob@work.com"])', 'abc'],
    ['emails[not (type eq "home")]', 'ab'],
    ['name.familyName co "o\'malley"', 'a'],
    [`${ENTERPRISE_URN}:department eq "eng"`, 'a'],
    [`${ENTERPRISE_URN}:manager.value eq "m1"`, 'a'],
    ['manager eq "m1"', 'a'],
    ['id eq "$a" and manager eq "m1"', 'a'],
    ['id eq "$b" and manager eq "m1"', ''],
    [`${USER_URN}:userName sw "ali"`, 'a'],
    [`schemas eq "${ENTERPRISE_URN}"`, 'a'],
    [`schemas eq "${USER_URN.toUpperCase()}"`, 'abc'],
    ['groups.value eq "$eng"', 'ab'],
    ['groups eq "$all"', 'abc'],
    ['groups[value eq "$all" and type eq "direct"]', 'c'],
    ['groups.display eq "ALL"', 'abc'],
    ['not (groups pr)', ''],
    ['meta.created lt "2026-03-02T00:00:00Z"', 'a'],
    ['meta.lastModified ge "2026-03-02T12:00:00.0000000Z"', 'bc'],
    ['meta.created eq "2026-03-02T13:00:00+01:00"', 'b'],
    ['meta.resourceType eq "User"', 'abc'],
    ['meta.version eq "W/\\"1\\""', 'abc'],
    ['title eq "Engineer" or active eq false and userName sw "z"', 'a'],
    ['(title eq "Engineer" or active eq false) and userName sw "b"', 'b'],
    ['userName eq "alice@x.com" or userName eq "bob@x.com"', 'ab'],
    ['userName eq "alice@x.com" and not (externalId eq "x")', 'a'],
    ['userName eq "alice@x.com" and title pr', 'a'],
    ['userName eq alice@x.com', 'a'],
    ['userName   eq   "alice@x.com"', 'a'],
  ])('L43, L44, L45, L46, L47, L48, L49, L50, L56: %s finds "%s"', async (filter, expected) => {
    expect(await find('/Users', filter)).toBe(expected);
  });

  test.each([
    'userName eq',
    'userName foo "x"',
    'userName eq "x" and',
    '(userName eq "x"',
    'userName eq "x")',
    'userName eq "x" junk',
    'userName eq "unterminated',
    '',
    ' ',
    'active gt true',
    'active co "t"',
    'meta.created gt "yesterday"',
    'email co "x"',
    'shoeSize eq 42',
    'constructor eq "x"',
    '__proto__ pr',
    'userName[value eq "x"]',
    'emails[type eq "work"',
    'emails[foo eq "x"]',
    'name eq "x"',
    'urn:some:other:title eq "x"',
    'userName eq {"$ne":1}',
    'not userName eq "x"',
  ])('L47, L51, L52, S122: %j answers 400 invalidFilter', async (filter) => {
    expect(await find('/Users', filter)).toBe('400 invalidFilter');
    expect(await find('/Groups', filter.replace('userName', 'displayName'))).toBe('400 invalidFilter');
  });

  test.each([
    'password eq "x"',
    'password pr',
    'userName eq "x" or password sw "a"',
    'not (password pr)',
    'passwordHash pr',
    'organizationId eq "x"',
    'membershipId pr',
    'tokenHash pr',
    'version eq 1',
    'userNameKey eq "x"',
  ])('L54, S125: %s answers 400, whatever is stored', async (filter) => {
    expect(await find('/Users', filter)).toBe('400 invalidFilter');
  });

  test.each([
    ['10,000 parentheses', `${'('.repeat(10_000)}userName eq "x"${')'.repeat(10_000)}`],
    ['150 terms', Array(150).fill('userName eq "x"').join(' or ')],
    ['a long literal', `userName eq "${'x'.repeat(5000)}"`],
    ['21 levels', `${'not ('.repeat(21)}userName eq "x"${')'.repeat(21)}`],
  ])('L53, S123: %s answers 400 (or 414 by size)', async (_name, filter) => {
    const { status } = await world.scim.get(`/Users?filter=${encodeURIComponent(filter)}`);
    expect([400, 414, 431]).toContain(status);
    const searched = await world.scim.post('/Users/.search', { filter });
    expect([searched.status, searched.body.scimType]).toEqual([400, 'invalidFilter']);
  });

  test.each(['.*', '^(a+)+$', '[a-z]*', '\\\\d+', '%', '_', 'a|b', '$x'])(
    'S124: %j is looked for as it stands',
    async (text) => {
      for (const op of ['co', 'sw', 'ew', 'eq']) {
        expect(await find('/Users', `title ${op} "${text}"`)).toBe('');
        expect(await find('/Users', `userName ${op} "${text}"`)).toBe('');
      }
    },
  );
});

describe('filters on groups', () => {
  test.each([
    ['displayName eq "Engineering"', 'engnone'],
    ['displayName eq "engineering "', 'engnone'],
    ['displayName sw "eng"', 'engnone'],
    ['externalId eq "G1"', 'none'],
    ['id eq "$eng"', 'eng'],
    ['members eq "$a"', 'eng'],
    ['members.value eq "$eng"', 'all'],
    ['members[value eq "$c"]', 'all'],
    ['id eq "$eng" and members eq "$b"', 'eng'],
    ['id eq "$all" and members eq "$b"', ''],
    ['members[type eq "Group"]', 'all'],
    ['members[type eq "User" and value eq "$eng"]', ''],
    ['members.display co "alice"', 'eng'],
    ['not (members eq "$a")', 'allnone'],
    ['members pr', 'engall'],
    ['not (members pr)', 'none'],
    ['members.value ne "$a"', 'engallnone'],
    [`schemas eq "${GROUP_URN}"`, 'engallnone'],
    ['meta.resourceType eq "group"', ''],
    ['displayName eq "x" or members eq "$c"', 'all'],
  ])('2.B-39, L43, L46: %s finds "%s"', async (filter, expected) => {
    expect(await find('/Groups', filter)).toBe(expected);
  });
});

describe('paging', () => {
  const page = async (query: string) => {
    const { body, status } = await world.scim.get(`/Users?${query}`);
    const { totalResults, startIndex, itemsPerPage, Resources } = body;
    if (status !== 200) return status;
    return [
      totalResults,
      startIndex,
      itemsPerPage,
      Resources.map(({ id }: { id: string }) => nameOf(id)).join(''),
    ];
  };

  test.each([
    ['', [3, 1, 3, 'abc']],
    ['startIndex=1&count=2', [3, 1, 2, 'ab']],
    ['startIndex=2&count=1', [3, 2, 1, 'b']],
    ['startIndex=3&count=100', [3, 3, 1, 'c']],
    ['startIndex=4', [3, 4, 0, '']],
    ['startIndex=2147483647', [3, 2_147_483_647, 0, '']],
    ['startIndex=1e99&count=1e99', [3, 2_147_483_647, 0, '']],
    ['startIndex=0', [3, 1, 3, 'abc']],
    ['startIndex=-5&count=1', [3, 1, 1, 'a']],
    ['startindex=2', [3, 2, 2, 'bc']],
    ['count=0', [3, 1, 0, '']],
    ['count=-1', [3, 1, 0, '']],
    ['count=1000000000', [3, 1, 3, 'abc']],
    ['count=', [3, 1, 3, 'abc']],
    ['count=2&filter=active%20eq%20true', [2, 1, 2, 'ac']],
    ['startIndex=2&count=1&filter=active%20eq%20true', [2, 2, 1, 'c']],
    ['count=0&filter=active%20eq%20true', [2, 1, 0, '']],
    ['startIndex=9&filter=active%20eq%20true', [2, 9, 0, '']],
    ['count=1&filter=externalId%20ne%20%22E1%22', [2, 1, 1, 'b']],
    ['startIndex=2&filter=externalId%20ne%20%22E1%22', [2, 2, 1, 'c']],
    ['sortBy=userName&sortOrder=descending', [3, 1, 3, 'cba']],
    ['sortBy=password', 400],
    ['shoeSize=42&x=1&x=2', [3, 1, 3, 'abc']],
    ['count=many', 400],
    ['startIndex=1.5', 400],
    ['count=1&count=2', 400],
    ['filter=id%20pr&filter=userName%20pr', 400],
    ['filter=id%20pr&Filter=userName%20pr', 400],
    [
      Array(150)
        .fill(0)
        .map((_, index) => `p${index}=1`)
        .join('&'),
      400,
    ],
  ])('L10, L57, L58, L59, L60, L61, S126: %s', async (query, expected) => {
    expect(await page(query)).toEqual(expected);
  });

  test('L55: no match is an empty list with its Resources', async () => {
    const { body, status } = await world.scim.get(
      '/Users?filter=userName%20eq%20%22x%22&startIndex=1&count=100',
    );
    expect([status, body]).toEqual([
      200,
      {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
        ...{ totalResults: 0, startIndex: 1, itemsPerPage: 0, Resources: [] },
      },
    ]);
  });

  test('L60, L61, S126: a page holds at most 200, and pages join to the whole in one stable order', async () => {
    const crowd = await suite.world();
    const made: string[] = [];
    for (let index = 0; index < 205; index += 1) made.push(await crowd.addUser({ userName: `u${index}` }));
    const whole = await crowd.scim.get('/Users?count=1000');
    expect([whole.body.totalResults, whole.body.itemsPerPage]).toEqual([205, 200]);
    const seen: string[] = [];
    for (let startIndex = 1; startIndex <= 205; startIndex += 50) {
      const { body } = await crowd.scim.get(`/Users?startIndex=${startIndex}&count=50&attributes=id`);
      seen.push(...body.Resources.map(({ id }: { id: string }) => id));
    }
    expect(new Set(seen)).toEqual(new Set(made));
    expect(seen.slice(0, 200)).toEqual(whole.body.Resources.map(({ id }: { id: string }) => id));
  });
});

describe('projection', () => {
  const shown = async (query: string) => {
    const { body } = await world.scim.get(`/Users?filter=id%20eq%20%22${ids.a}%22&${query}`);
    return body.Resources[0];
  };

  test.each([
    ['attributes=userName', { userName: 'alice@x.com' }],
    ['attributes=USERNAME,unknown,', { userName: 'alice@x.com' }],
    ['attributes=emails.type', { emails: [{ type: 'work' }, { type: 'home' }] }],
    [`attributes=${USER_URN}:title`, { title: 'Engineer' }],
    [`attributes=${ENTERPRISE_URN}:department`, { [ENTERPRISE_URN]: { department: 'Eng' } }],
    ['attributes=password', {}],
    ['attributes=title&excludedAttributes=title', {}],
    ['attributes=meta.resourceType', { meta: { resourceType: 'User' } }],
  ])('L62, S133: %s', async (query, expected) => {
    const extra = query.includes(ENTERPRISE_URN) ? [ENTERPRISE_URN] : [];
    expect(await shown(query)).toEqual({ schemas: [USER_URN, ...extra], id: ids.a, ...expected });
  });

  test('L62, S133: excludedAttributes never hides id and schemas', async () => {
    const user = await shown('excludedAttributes=id,schemas,meta,emails,groups');
    expect(user).toMatchObject({ id: ids.a, schemas: [USER_URN, ENTERPRISE_URN], userName: 'alice@x.com' });
    for (const name of ['meta', 'emails', 'groups']) expect(user).not.toHaveProperty(name);
  });

  test('2.B-47: Microsoft\'s attributes=emails[type eq "work"] shows e-mails', async () => {
    const user = await shown(`attributes=${encodeURIComponent('emails[type eq "work"]')}`);
    expect(user.emails).toHaveLength(2);
  });
});

describe('search by POST', () => {
  test('L63: the body means what the query string means', async () => {
    const { body, status } = await world.scim.post('/Users/.search', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
      ...{ filter: 'userName co "@x"', startIndex: 2, count: 1, attributes: ['userName'] },
    });
    expect([status, body.totalResults, body.startIndex]).toEqual([200, 2, 2]);
    expect(body.Resources).toEqual([{ schemas: [USER_URN], id: ids.b, userName: 'Bob@x.com' }]);
    const groups = await world.scim.post('/Groups/.search', { excludedAttributes: ['members'], count: 1 });
    expect(groups.body).toMatchObject({ totalResults: 3, Resources: [{ displayName: 'Engineering' }] });
  });

  test.each([
    ['a filter that is an object (S122)', { filter: { $ne: 1 } }, 'invalidValue'],
    ['a count that is a text', { count: '1' }, 'invalidValue'],
    ['attributes that are a text', { attributes: 'id' }, 'invalidValue'],
    ['a malformed filter', { filter: 'x' }, 'invalidFilter'],
    ['a list', [], 'invalidSyntax'],
  ])('%s answers 400', async (_name, body, scimType) => {
    expect((await world.scim.post('/Users/.search', body)).body).toMatchObject({ status: '400', scimType });
  });
});
