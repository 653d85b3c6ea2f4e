/** Answers too large to be made at once: sent in pieces, as fast as they are taken, while others are answered. */
import { get, type IncomingMessage } from 'node:http';
import { afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { DirectoryGroupId, DirectoryUserId } from '../../../src/kernel/ids.ts';
import { parseId } from '../../../src/kernel/ids.ts';
import { ERROR_URN } from '../../support/scim.ts';
import { type ScimWorld, scimSuite } from '../../support/scim-suite.ts';

const suite = scimSuite();
/** More than the sockets between a server and a client on one machine take by themselves. */
const HUGE = 80_000;
const LARGE = 2_500;

let world: ScimWorld;
let huge: string;
let large: string;
let ada: string;

afterEach(() => {
  jest.restoreAllMocks();
});

beforeAll(async () => {
  world = await suite.world();
  ada = await world.addUser({ displayName: 'Ada "the first"' });
  huge = await groupOf(HUGE);
  large = await groupOf(LARGE);
});

const idAt = (index: number): DirectoryUserId => {
  const id = parseId('du', `du_${String(index).padStart(26, '0')}`);
  if (id === undefined) throw new Error('no id');
  return id;
};

/** Member rows straight into storage; ada is the last one, all others have no name. */
async function groupOf(size: number): Promise<string> {
  const text = await world.addGroup({ displayName: `${size}`, members: [{ value: ada }] });
  const id: DirectoryGroupId | undefined = parseId('dg', text);
  if (id === undefined) throw new Error('no id');
  const members = Array.from({ length: size - 1 }, (_, index) => ({
    memberId: idAt(index),
    memberKind: 'user' as const,
  }));
  await suite.gateway.storage.transact((tx) => tx.groupMembers.insert(world.organizationId, id, members));
  return text;
}

/** The answer with its body still to come. */
function open(path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${world.token}` };
    get(`${suite.gateway.origin}${world.scimPath}${path}`, { headers }, resolve).on('error', reject);
  });
}

async function read(answer: IncomingMessage) {
  let text = '';
  answer.setEncoding('utf8');
  for await (const piece of answer) text += piece;
  return JSON.parse(text);
}

describe('a group of 80,000 members', () => {
  test('S128: others are answered while it is on its way, and it is made no faster than it is taken', async () => {
    const pages = jest.spyOn(suite.gateway.storage.groupMembers, 'listWritten');
    const answer = await open(`/Groups/${huge}`);
    // Nobody reads: the making stops when the sockets are full.
    for (let asked = -1; asked !== pages.mock.calls.length; ) {
      asked = pages.mock.calls.length;
      for (let others = 0; others < 20; others += 1) {
        expect((await world.scim.get(`/Users/${ada}`)).status).toBe(200);
      }
    }
    expect(pages.mock.calls.length).toBeLessThan(HUGE / 250);
    const { members, ...rest } = await read(answer);
    expect(pages.mock.calls.length).toBe(HUGE / 250 + 1);
    expect(members).toHaveLength(HUGE);
    expect(new Set(members.map(({ value }: { value: string }) => value)).size).toBe(HUGE);
    expect(rest).toEqual((await world.scim.get(`/Groups/${huge}?excludedAttributes=members`)).body);
  });

  test('between two of its pieces every request that waits is answered', async () => {
    const order: string[] = [];
    const { groupMembers, directoryUsers } = suite.gateway.storage;
    const pages = groupMembers.listWritten;
    jest.spyOn(groupMembers, 'listWritten').mockImplementation((...ask) => {
      order.push('page');
      return pages(...ask);
    });
    const shown = directoryUsers.queryShown;
    jest.spyOn(directoryUsers, 'queryShown').mockImplementation((...ask) => {
      order.push('other');
      return shown(...ask);
    });
    let isOver = false;
    const whole = open(`/Groups/${huge}`)
      .then(read)
      .finally(() => {
        isOver = true;
      });
    while (!isOver) await world.scim.get(`/Users/${ada}`);
    await whole;
    const during = order.slice(order.indexOf('page'), order.lastIndexOf('page'));
    expect(during.filter((step) => step === 'other').length).toBeGreaterThan(5);
  });

  test('a client that goes away ends the making', async () => {
    const pages = jest.spyOn(suite.gateway.storage.groupMembers, 'listWritten');
    const answer = await open(`/Groups/${huge}`);
    answer.destroy();
    for (let asked = -1; asked !== pages.mock.calls.length; ) {
      asked = pages.mock.calls.length;
      for (let others = 0; others < 20; others += 1) await world.scim.get(`/Users/${ada}`);
    }
    expect(pages.mock.calls.length).toBeLessThan(HUGE / 250);
  });

  test('S135: what fails half way breaks the connection off: no half answer passes for a whole one', async () => {
    const { groupMembers } = suite.gateway.storage;
    const pages = groupMembers.listWritten;
    let asked = 0;
    jest.spyOn(groupMembers, 'listWritten').mockImplementation(async (...ask) => {
      asked += 1;
      if (asked > 20) throw new Error('disk');
      return pages(...ask);
    });
    const answer = await open(`/Groups/${huge}`);
    expect(answer.statusCode).toBe(200);
    await expect(read(answer)).rejects.toThrow();
    expect(answer.complete).toBe(false);
  });

  test('S135: what fails at once answers an error', async () => {
    jest.spyOn(suite.gateway.storage.groupMembers, 'listWritten').mockRejectedValue(new Error('disk'));
    const { status, body } = await world.scim.get(`/Groups/${huge}`);
    expect([status, body.schemas]).toEqual([500, [ERROR_URN]]);
  });
});

describe('a group of 2,500 members', () => {
  const expected = (names: readonly string[]) => ({
    ...(names.includes('value') ? { value: ada } : {}),
    ...(names.includes('$ref') ? { $ref: `${suite.gateway.baseUrl}${world.scimPath}/Users/${ada}` } : {}),
    ...(names.includes('type') ? { type: 'User' } : {}),
    ...(names.includes('display') ? { display: 'Ada "the first"' } : {}),
  });

  test.each([
    ['', ['value', '$ref', 'type', 'display']],
    ['attributes=members', ['value', '$ref', 'type', 'display']],
    ['attributes=members.value', ['value']],
    ['attributes=members.display,displayName', ['display']],
    ['excludedAttributes=members.$ref,members.type', ['value', 'display']],
    ['excludedAttributes=members.display', ['value', '$ref', 'type']],
  ])('L26, L62, L112: ?%s shows %j of each', async (query, names) => {
    const { status, body, headers } = await world.scim.get(`/Groups/${large}?${query}`);
    expect([status, headers['content-type']]).toEqual([200, 'application/scim+json; charset=utf-8']);
    const known = names.every((name) => name === 'display') ? {} : expect.any(Object);
    expect(body.members).toHaveLength(LARGE);
    expect(body.members.at(-1)).toEqual(expected(names));
    expect(body.members[0]).toEqual(known);
    expect(Object.keys(body.members[0])).not.toContain('display');
  });

  test('2.G-65: a list shows it whole, between its neighbours', async () => {
    const { body } = await world.scim.get('/Groups?sortBy=id');
    const sizes: number[] = body.Resources.map(({ members }: { members: unknown[] }) => members.length);
    expect(sizes.sort((left, right) => left - right)).toEqual([LARGE, HUGE]);
  });

  test('L105: its version changes with its membership, and If-None-Match spares the members', async () => {
    const before = (await world.scim.get(`/Groups/${large}`)).headers.etag;
    const pages = jest.spyOn(suite.gateway.storage.groupMembers, 'listWritten');
    expect((await world.scim.get(`/Groups/${large}`, { 'If-None-Match': before ?? '' })).status).toBe(304);
    expect(pages).not.toHaveBeenCalled();
    await world.scim.patch(`/Groups/${large}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'remove', path: `members[value eq "${idAt(0)}"]` }],
    });
    const after = await world.scim.get(`/Groups/${large}`, { 'If-None-Match': before ?? '' });
    expect([after.status, after.body.members.length]).toEqual([200, LARGE - 1]);
    expect(after.body.meta.version).toBe(after.headers.etag);
  });
});

test('N+1: a page of people asks for the groups of all of them at once', async () => {
  const crowd = await suite.world();
  const ids: string[] = [];
  for (let index = 0; index < 12; index += 1) ids.push(await crowd.addUser({ userName: `c${index}` }));
  const inner = await crowd.addGroup({ displayName: 'inner', members: ids.map((value) => ({ value })) });
  const outer = await crowd.addGroup({ displayName: 'outer', members: [{ value: inner }] });
  const asked = jest.spyOn(suite.gateway.storage.groupMembers, 'listContaining');
  const { body } = await crowd.scim.get('/Users');
  expect(asked).toHaveBeenCalledTimes(2);
  for (const { groups } of body.Resources) {
    expect(groups.map(({ value, type }: { value: string; type: string }) => [value, type])).toEqual([
      [inner, 'direct'],
      [outer, 'indirect'],
    ]);
  }
});
