/** Cursor paging (RFC 9865, dossier 65-74) on the live endpoints: what a cursor is good for, and everything it is not. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CursorList, createCursors } from '../../../src/http/scim/cursors.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { ERROR_URN } from '../../support/scim.ts';
import { type ScimWorld, worldOf } from '../../support/scim-suite.ts';

let gateway: TestGateway;
let world: ScimWorld;
let neighbour: ScimWorld;
const made: string[] = [];

beforeAll(async () => {
  gateway = await startGateway();
  const organization = await gateway.createOrganization();
  world = worldOf(gateway, await gateway.createDirectory(organization));
  neighbour = worldOf(gateway, await gateway.createDirectory(organization));
  for (let index = 0; index < 7; index += 1) {
    made.push(await world.addUser({ userName: `u${index}@x.com`, title: 't' }));
    await neighbour.addUser({ userName: `u${index}@x.com`, title: 't' });
    gateway.clock.advance(1000);
  }
});
afterAll(() => gateway.close());

type Parameters = Readonly<Record<string, string>>;

const get = (parameters: Parameters, from = world, path = '/Users') =>
  from.scim.get(`${path}?${new URLSearchParams(parameters)}`);
const idsOf = (body: { Resources: readonly { id: string }[] }) => body.Resources.map(({ id }) => id);

/** The cursor to the second page of such a list. */
async function secondPage(parameters: Parameters): Promise<string> {
  const { body } = await get({ ...parameters, cursor: '' });
  return body.nextCursor;
}

describe('a walk', () => {
  test('L65, L66, L71: begins with an empty cursor, names the next page on all but the last, totals on each', async () => {
    const first = (await get({ cursor: '', count: '3' })).body;
    const second = (await get({ cursor: first.nextCursor, count: '3' })).body;
    const third = (await get({ cursor: second.nextCursor, count: '3' })).body;
    expect([first, second, third].flatMap(idsOf)).toEqual(made);
    expect([first, second, third].map(({ itemsPerPage }) => itemsPerPage)).toEqual([3, 3, 1]);
    for (const page of [first, second, third]) {
      expect(page.totalResults).toBe(7);
      expect(page).not.toHaveProperty('startIndex');
      expect(page).not.toHaveProperty('previousCursor');
    }
    expect(third).not.toHaveProperty('nextCursor');
  });

  test('L66: a last page that is full names no next one', async () => {
    const cursor = await secondPage({ count: '4', filter: 'userName ne "u0@x.com"' });
    const { body } = await get({ count: '4', filter: 'userName ne "u0@x.com"', cursor });
    expect([idsOf(body), body.nextCursor]).toEqual([made.slice(5), undefined]);
    const whole = (await get({ cursor: '', count: '7' })).body;
    expect([whole.itemsPerPage, whole.nextCursor]).toEqual([7, undefined]);
  });

  test('L65: without cursor the method is index paging, and no cursor is named', async () => {
    const { body } = await get({ count: '3' });
    expect([body.startIndex, body.nextCursor]).toEqual([1, undefined]);
  });

  test('L65, L71: an empty cursor with count 0 gives totals only', async () => {
    const { body } = await get({ cursor: '', count: '0' });
    expect([body.totalResults, body.Resources, body.nextCursor]).toEqual([7, [], undefined]);
  });

  test('L67: a cursor is made of unreserved characters, whatever it holds', async () => {
    const odd = worldOf(gateway, await gateway.createDirectory(await gateway.createOrganization()));
    for (const userName of ['ü?&#%', '<𝒜>"\'\\', 'ａ+/='])
      await odd.addUser({ userName, displayName: userName });
    for (let cursor: string | undefined = '', pages = 0; cursor !== undefined; pages += 1) {
      expect([cursor.replace(/[A-Za-z0-9_.~-]/g, ''), pages]).toEqual(['', expect.any(Number)]);
      const { body } = await get({ cursor, count: '1', sortBy: 'displayName' }, odd);
      expect(body.Resources).toHaveLength(1);
      cursor = body.nextCursor;
      if (cursor === undefined) expect(pages).toBe(2);
    }
  });

  test('L74: goes on where it was while people come and go, and its place need not be there any more', async () => {
    const busy = worldOf(gateway, await gateway.createDirectory(await gateway.createOrganization()));
    const ids: string[] = [];
    for (let index = 0; index < 6; index += 1) {
      ids.push(await busy.addUser({ userName: `b${index}` }));
      gateway.clock.advance(1000);
    }
    const first = (await get({ cursor: '', count: '3' }, busy)).body;
    await busy.scim.delete(`/Users/${ids[2]}`);
    await busy.scim.delete(`/Users/${ids[3]}`);
    const late = await busy.addUser({ userName: 'late' });
    const second = (await get({ cursor: first.nextCursor, count: '3' }, busy)).body;
    expect([idsOf(first), idsOf(second)]).toEqual([ids.slice(0, 3), [ids[4], ids[5], late]]);
    expect([first.totalResults, second.totalResults]).toEqual([6, 5]);
  });

  test('L72: works in a search, in any letter case of its names', async () => {
    const first = (await world.scim.post('/Users/.search', { cursor: '', count: 4, filter: 'title pr' }))
      .body;
    const next = { Cursor: first.nextCursor, COUNT: 4, Filter: 'title pr' };
    const second = (await world.scim.post('/Users/.search', next)).body;
    expect([...idsOf(first), ...idsOf(second)]).toEqual(made);
  });

  test('L68: attributes may differ from page to page; count may be left out', async () => {
    const cursor = await secondPage({ count: '3' });
    const { body } = await get({ cursor, attributes: 'userName' });
    expect(body.Resources).toHaveLength(3);
    expect(Object.keys(body.Resources[0]).sort()).toEqual(['id', 'schemas', 'userName']);
  });
});

describe('refusals', () => {
  const LIST = { count: '2', filter: 'title eq "t"', sortBy: 'userName', sortOrder: 'ascending' };
  const refused = (scimType: string) => ({
    ...{ schemas: [ERROR_URN], status: '400', scimType },
    detail: expect.any(String),
  });

  test.each<[string, Parameters]>([
    ['filter', { filter: 'title eq "T"' }],
    ['sortBy', { sortBy: 'displayName' }],
    ['sortOrder', { sortOrder: 'descending' }],
  ])('L68: another %s answers 400 invalidCursor', async (_name, change) => {
    const cursor = await secondPage(LIST);
    expect((await get({ ...LIST, cursor })).status).toBe(200);
    expect((await get({ ...LIST, ...change, cursor })).body).toEqual(refused('invalidCursor'));
  });

  test('L68: a filter or sorting that is gone answers 400 invalidCursor', async () => {
    const cursor = await secondPage(LIST);
    for (const name of ['filter', 'sortBy', 'sortOrder'] as const) {
      const { [name]: _gone, ...rest } = LIST;
      expect((await get({ ...rest, cursor })).body).toEqual(refused('invalidCursor'));
    }
  });

  test('L68: another count answers 400 invalidCount', async () => {
    const cursor = await secondPage(LIST);
    expect((await get({ ...LIST, count: '3', cursor })).body).toEqual(refused('invalidCount'));
  });

  test('L69, L73: a cursor is good for 3,600 seconds, and 400 expiredCursor after that', async () => {
    const cursor = await secondPage(LIST);
    gateway.clock.advance(3_600_000);
    const { body, status } = await get({ ...LIST, cursor });
    expect(status).toBe(200);
    gateway.clock.advance(1);
    expect((await get({ ...LIST, cursor })).body).toEqual(refused('expiredCursor'));
    expect((await get({ ...LIST, cursor: body.nextCursor })).status).toBe(200);
  });

  test('L67, L69: forged, foreign and malformed cursors answer one and the same', async () => {
    const cursor = await secondPage(LIST);
    const flipped = `${cursor.slice(0, 10)}${cursor[10] === 'A' ? 'B' : 'A'}${cursor.slice(11)}`;
    const tail = Buffer.from(cursor, 'base64url').subarray(32);
    const unsigned = Buffer.concat([Buffer.alloc(32), tail]).toString('base64url');
    const forged = [
      flipped,
      unsigned,
      cursor.slice(0, -4),
      `${cursor}AAAA`,
      'x',
      ' ',
      '=',
      'null',
      '🜁',
      'A'.repeat(500),
    ];
    const answers = [];
    for (const text of forged) answers.push((await get({ ...LIST, cursor: text })).body);
    answers.push((await get({ ...LIST, cursor }, neighbour)).body);
    answers.push((await get({ ...LIST, filter: 'externalId pr', cursor })).body);
    for (const body of answers) expect(body).toEqual(refused('invalidCursor'));
    expect(new Set(answers.map(({ detail }) => detail)).size).toBe(1);
  });

  test('L70, S106: a cursor of one directory is nothing in another, of the same organization or not', async () => {
    const cursor = await secondPage({ count: '2' });
    const stranger = worldOf(gateway, await gateway.createDirectory(await gateway.createOrganization()));
    for (const other of [neighbour, stranger]) {
      expect((await get({ count: '2', cursor }, other)).body).toEqual(refused('invalidCursor'));
    }
  });

  test('L70: the token is asked again on every page', async () => {
    const cursor = await secondPage({ count: '2' });
    const answer = await gateway
      .request()
      .get(`${world.scimPath}/Users?count=2&cursor=${cursor}`)
      .set('Authorization', 'Bearer ghd_nobody');
    expect([answer.status, answer.body.Resources]).toEqual([401, undefined]);
  });

  test('L69: a cursor of /Users is nothing on /Groups or over all types', async () => {
    const cursor = await secondPage({ count: '2' });
    expect((await get({ count: '2', cursor }, world, '/Groups')).body).toEqual(refused('invalidCursor'));
    expect((await world.scim.post('/.search', { count: 2, cursor })).body).toEqual(refused('invalidCursor'));
    expect((await world.scim.post('/Users/.search', { count: 2, cursor })).status).toBe(200);
  });
});

describe('cursors by themselves', () => {
  const list: CursorList = { directoryId: 'dir_a', endpoint: '/Users', wishes: { filter: 'x' } };
  const place = { position: { key: 'k', id: 'du_1' }, count: 10 };

  test('L67: another key makes other cursors, and reads none of these', () => {
    const [one, other] = [createCursors(Buffer.alloc(32, 1)), createCursors(Buffer.alloc(32, 2))];
    const cursor = one.issue(list, place, 5);
    expect(one.read(list, cursor, { now: 5 })).toMatchObject(place);
    expect(() => other.read(list, cursor, { now: 5 })).toThrow('invalid_cursor');
  });

  test.each<[string, CursorList]>([
    [
      'parts that join to the same text',
      { directoryId: 'dir_', endpoint: 'a/Users', wishes: { filter: 'x' } },
    ],
    ['an absent filter for an empty one', { ...list, wishes: {} }],
  ])('L67: %s do not fit', (_name, other) => {
    const cursors = createCursors(Buffer.alloc(32, 1));
    expect(() => cursors.read(other, cursors.issue(list, place, 5), { now: 5 })).toThrow('invalid_cursor');
  });
});
