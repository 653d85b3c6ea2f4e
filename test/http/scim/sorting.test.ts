/** Sorting on the live endpoints (dossier 57): whatever the attribute, by an index or in memory, page by page and by cursor. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { ENTERPRISE_URN, USER_URN } from '../../support/scim.ts';
import { type ScimWorld, worldOf } from '../../support/scim-suite.ts';

let gateway: TestGateway;
let world: ScimWorld;
const names = new Map<string, string>();

const HOUR_MS = 3_600_000;

/** Each under one letter: a has everything, e has as good as nothing, c and d are equal in most of it. */
const PEOPLE: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  a: {
    ...{ userName: 'Zoe@x.com', externalId: 'b-1', displayName: 'zoe', title: 'Engineer', active: true },
    name: { givenName: 'Zoe', familyName: 'Álvarez' },
    emails: [
      { value: 'z@home.org', type: 'home' },
      { value: 'a@work.com', type: 'work', primary: true },
    ],
    [ENTERPRISE_URN]: { department: 'Sales', employeeNumber: '10' },
  },
  b: {
    ...{ userName: 'bob@x.com', externalId: 'B-1', displayName: 'Bob', title: 'engineer', active: false },
    name: { givenName: 'Bob', familyName: 'Brown' },
    emails: [{ value: 'M@work.com' }, { value: 'a@a.com' }],
    [ENTERPRISE_URN]: { department: 'eng' },
  },
  c: {
    userName: 'Carl@x.com',
    externalId: 'a-9',
    displayName: 'CARL',
    name: { familyName: 'brown' },
    emails: [],
  },
  d: {
    userName: 'dora@x.com',
    displayName: 'carl',
    emails: undefined,
    externalId: undefined,
    name: undefined,
  },
  e: {
    userName: '1@x.com',
    displayName: undefined,
    emails: undefined,
    externalId: undefined,
    name: undefined,
  },
};

beforeAll(async () => {
  gateway = await startGateway();
  world = worldOf(gateway, await gateway.createDirectory(await gateway.createOrganization()));
  for (const [letter, fields] of Object.entries(PEOPLE)) {
    names.set(await world.addUser(fields), letter);
    gateway.clock.advance(HOUR_MS);
  }
  for (const [letter, displayName] of [
    ['x', 'beta'],
    ['y', 'Alpha'],
    ['z', 'BETA'],
  ] as const) {
    names.set(await world.addGroup({ displayName }), letter);
    gateway.clock.advance(HOUR_MS);
  }
  // c was changed last.
  const c = [...names].find(([, letter]) => letter === 'c')?.[0];
  await world.scim.patch(`/Users/${c}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'add', path: 'nickName', value: 'C' }],
  });
});
afterAll(() => gateway.close());

const lettersOf = (body: { Resources: readonly { id: string }[] }) =>
  body.Resources.map(({ id }) => names.get(id) ?? id).join('');

async function list(query: string, path = '/Users'): Promise<string> {
  const { status, body } = await world.scim.get(`${path}?${query}`);
  if (status !== 200) return `${status} ${body.scimType}`;
  return lettersOf(body);
}

/** Ascending; descending is the exact reverse, ties included. */
const ORDERS: readonly (readonly [sortBy: string, letters: string])[] = [
  ['userName', 'ebcda'],
  ['USERNAME', 'ebcda'],
  [`${USER_URN}:userName`, 'ebcda'],
  ['displayName', 'bcdae'],
  ['externalId', 'bcade'],
  ['id', 'abcde'],
  ['meta.created', 'abcde'],
  ['meta.lastModified', 'abdec'],
  ['meta.version', 'abdec'],
  ['title', 'abcde'],
  ['active', 'bacde'],
  ['name.familyName', 'bcade'],
  ['name.givenName', 'bacde'],
  ['emails', 'abcde'],
  ['emails.value', 'abcde'],
  ['emails.type', 'abcde'],
  [`${ENTERPRISE_URN}:department`, 'bacde'],
  ['department', 'bacde'],
  ['groups', 'abcde'],
];

describe('one type', () => {
  test.each(ORDERS)('L57: sortBy=%s is %s, descending the reverse', async (sortBy, letters) => {
    expect(await list(`sortBy=${sortBy}`)).toBe(letters);
    expect(await list(`sortBy=${sortBy}&sortOrder=Ascending`)).toBe(letters);
    const reverse = [...letters].reverse().join('');
    expect(await list(`sortBy=${sortBy}&sortOrder=descending`)).toBe(reverse);
  });

  test.each(ORDERS)('L57: sortBy=%s: pages join to %s, by index and by cursor', async (sortBy, letters) => {
    for (const sortOrder of ['ascending', 'descending']) {
      const whole = sortOrder === 'ascending' ? letters : [...letters].reverse().join('');
      let byIndex = '';
      for (let startIndex = 1; startIndex <= 5; startIndex += 2) {
        byIndex += await list(`sortBy=${sortBy}&sortOrder=${sortOrder}&startIndex=${startIndex}&count=2`);
      }
      let byCursor = '';
      for (let cursor: string | undefined = ''; cursor !== undefined; ) {
        const query = `sortBy=${sortBy}&sortOrder=${sortOrder}&count=2&cursor=${cursor}`;
        const { body } = await world.scim.get(`/Users?${query}`);
        byCursor += lettersOf(body);
        cursor = body.nextCursor;
      }
      expect([byIndex, byCursor]).toEqual([whole, whole]);
    }
  });

  test.each([
    ['title pr', 'ba'],
    ['userName co "x.com"', 'ebcda'],
    ['externalId ne "b-1"', 'ebcd'],
    ['emails.value eq "a@a.com" or userName eq "zoe@x.com"', 'ba'],
    ['userName eq "nobody"', ''],
  ])('L57: %s sorted by userName finds "%s" with exact totals', async (filter, letters) => {
    const query = `filter=${encodeURIComponent(filter)}&sortBy=userName`;
    const { body } = await world.scim.get(`/Users?${query}&count=1`);
    expect([body.totalResults, await list(query)]).toEqual([letters.length, letters]);
  });

  test.each([
    ['shoeSize', 'abcde'],
    ['', 'abcde'],
    ['name', 'abcde'],
    ['urn:x:y:title', 'abcde'],
    ['__proto__', 'abcde'],
    ['emails[type eq "work"]', 'abcde'],
    ['members', 'abcde'],
  ])('L57: an unknown sortBy "%s" is ignored, sortOrder with it', async (sortBy, letters) => {
    expect(await list(`sortBy=${encodeURIComponent(sortBy)}&sortOrder=descending`)).toBe(letters);
  });

  test.each(['password', 'PASSWORD', `${USER_URN}:password`])(
    'S125: sortBy=%s answers 400, not an order that tells something',
    async (sortBy) => {
      expect(await list(`sortBy=${sortBy}`)).toBe('400 invalidValue');
    },
  );

  test('L57: another sortOrder answers 400, unless there is nothing to sort by', async () => {
    expect(await list('sortBy=userName&sortOrder=up')).toBe('400 invalidValue');
    expect(await list('sortOrder=up')).toBe('abcde');
  });

  test.each([
    ['displayName', 'yxz'],
    ['meta.created', 'xyz'],
    ['meta.lastModified', 'xyz'],
    ['members', 'xyz'],
    ['externalId', 'xyz'],
  ])('L57: groups by %s are %s', async (sortBy, letters) => {
    expect(await list(`sortBy=${sortBy}`, '/Groups')).toBe(letters);
    const reverse = [...letters].reverse().join('');
    expect(await list(`sortBy=${sortBy}&sortOrder=descending`, '/Groups')).toBe(reverse);
  });
});

describe('all types', () => {
  const search = async (body: object) => {
    const answer = await world.scim.post('/.search', body);
    if (answer.status !== 200) return `${answer.status} ${answer.body.scimType}`;
    return `${lettersOf(answer.body)} ${answer.body.totalResults}`;
  };

  test.each([
    [{}, 'abcdexyz 8'],
    [{ startIndex: 5, count: 2 }, 'ex 8'],
    [{ startIndex: 7 }, 'yz 8'],
    [{ count: 0 }, ' 8'],
    [{ sortBy: 'displayName' }, 'yxzbcdae 8'],
    [{ sortBy: 'displayName', sortOrder: 'descending' }, 'eadcbzxy 8'],
    [{ sortBy: 'displayName', startIndex: 3, count: 3 }, 'zbc 8'],
    [{ sortBy: 'meta.created' }, 'abcdexyz 8'],
    [{ sortBy: 'meta.created', sortOrder: 'descending' }, 'zyxedcba 8'],
    // Groups have no userName: last when ascending, first when descending.
    [{ sortBy: 'userName' }, 'ebcdaxyz 8'],
    [{ sortBy: 'userName', sortOrder: 'descending' }, 'zyxadcbe 8'],
    [{ filter: 'displayName sw "b"' }, 'bxz 3'],
    [{ filter: 'displayName co "A" or userName eq "1@x.com"', sortBy: 'displayName' }, 'yxzcde 6'],
    [{ filter: 'userName pr' }, 'abcde 5'],
    [{ filter: 'userName eq "dora@x.com"' }, 'd 1'],
    [{ filter: 'userName ne "dora@x.com"' }, 'abcexyz 7'],
    [{ filter: 'not (userName pr)' }, 'xyz 3'],
    [{ filter: 'userName eq null' }, 'xyz 3'],
    [{ filter: 'members pr' }, ' 0'],
    [{ filter: 'emails[type eq "work"] or displayName eq "alpha"' }, 'ay 2'],
    [{ filter: 'meta.resourceType eq "Group"' }, 'xyz 3'],
    [{ filter: 'meta.resourceType eq "User" and title pr' }, 'ab 2'],
    [{ filter: `${USER_URN}:displayName eq "beta"` }, ' 0'],
    [{ filter: 'shoeSize pr' }, '400 invalidFilter'],
    [{ filter: 'password pr' }, '400 invalidFilter'],
    [{ sortBy: 'password' }, '400 invalidValue'],
  ])('L63: %j over users and groups finds %s', async (body, expected) => {
    expect(await search(body)).toBe(expected);
  });

  test.each([
    {},
    { sortBy: 'displayName' },
    { sortBy: 'displayName', sortOrder: 'descending' },
    { sortBy: 'userName' },
    { sortBy: 'userName', sortOrder: 'descending' },
    { sortBy: 'meta.created', sortOrder: 'descending' },
    { sortBy: 'id' },
    { filter: 'displayName pr', sortBy: 'displayName' },
  ])('L63, L72: cursor pages of %j join to the whole', async (body) => {
    const whole = await search(body);
    let joined = '';
    let total = 0;
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const { body: page } = await world.scim.post('/.search', { ...body, count: 3, cursor });
      joined += lettersOf(page);
      total = page.totalResults;
      cursor = page.nextCursor;
    }
    expect(`${joined} ${total}`).toBe(whole);
  });

  test('L63: each resource is shown as its type is, attributes named for all', async () => {
    const { body } = await world.scim.post('/.search', {
      attributes: ['userName', 'members'],
      sortBy: 'userName',
    });
    expect(Object.keys(body.Resources[0]).sort()).toEqual(['id', 'schemas', 'userName']);
    expect(Object.keys(body.Resources[7]).sort()).toEqual(['id', 'schemas']);
  });
});
