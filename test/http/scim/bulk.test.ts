/** POST /Bulk: what each operation comes to, limits, and that it is no other door than single requests (RFC 7644 §3.7). */
import { describe, expect, test } from '@jest/globals';
import express from 'express';
import supertest from 'supertest';
import { bulkHandler } from '../../../src/http/scim/bulk.ts';
import { createDispatch } from '../../../src/http/scim/dispatch.ts';
import { bulk, bulkOf, idAt, postGroup, postUser, statusesOf } from '../../support/bulk.ts';
import { aScimUser, ENTERPRISE_URN, ERROR_URN, patchOf } from '../../support/scim.ts';
import { dumpOf, scimSuite } from '../../support/scim-suite.ts';

const suite = scimSuite();

describe('the answer', () => {
  test('L92, L93: 200 with one entry per operation: method, bulkId, location, version, status as text', async () => {
    const { scim, addUser, scimPath } = await suite.world();
    const id = await addUser();
    const base = `${suite.gateway.baseUrl}${scimPath}`;
    const answer = await scim.post(
      '/Bulk',
      bulkOf([
        postUser('grace'),
        { method: 'PUT', path: `/Users/${id}`, bulkId: 'put', data: aScimUser({ title: 'x' }) },
        { method: 'PATCH', path: `/Users/${id}`, data: patchOf({ op: 'remove', path: 'title' }) },
        { method: 'DELETE', path: `/Users/${id}` },
      ]),
    );
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toMatch(/^application\/scim\+json/);
    const grace = expect.stringMatching(new RegExp(`^${base}/Users/du_[0-9a-z]+$`));
    expect(answer.body).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkResponse'],
      Operations: [
        { location: grace, method: 'POST', bulkId: 'grace', version: 'W/"1"', status: '201' },
        { location: `${base}/Users/${id}`, method: 'PUT', bulkId: 'put', version: 'W/"2"', status: '200' },
        { location: `${base}/Users/${id}`, method: 'PATCH', version: 'W/"3"', status: '200' },
        { location: `${base}/Users/${id}`, method: 'DELETE', status: '204' },
      ],
    });
  });

  test('L93: a failure carries its error; one of a POST has no location', async () => {
    const { scim, addUser } = await suite.world();
    const id = await addUser();
    const [post, put] = await bulk(scim, [
      postUser('twin', { userName: 'ADA@acme.example' }),
      { method: 'PUT', path: `/Users/${id}`, data: {} },
    ]);
    expect(post).toEqual({
      ...{ method: 'POST', bulkId: 'twin', status: '409' },
      response: { schemas: [ERROR_URN], status: '409', scimType: 'uniqueness', detail: expect.any(String) },
    });
    expect(put).toMatchObject({
      location: expect.stringContaining(id),
      status: '400',
      response: { scimType: 'invalidValue' },
    });
    expect(put).not.toHaveProperty('version');
  });

  test('L98: failOnErrors stops after so many errors and leaves the rest undone and unanswered', async () => {
    const { scim } = await suite.world();
    const operations = ['a', 'a', 'b', 'a', 'c', 'd'].map((userName, index) =>
      postUser(`op${index}`, { userName }),
    );
    expect(statusesOf(await bulk(scim, operations, { failOnErrors: 2 }))).toEqual([
      ...['201', '409', '201', '409'],
    ]);
    expect((await scim.get('/Users')).body.totalResults).toBe(2);
  });

  test('L98: without failOnErrors every operation is tried', async () => {
    const { scim } = await suite.world();
    const operations = ['a', 'a', 'a', 'b'].map((userName, index) => postUser(`op${index}`, { userName }));
    expect(statusesOf(await bulk(scim, operations))).toEqual(['201', '409', '409', '201']);
  });
});

describe('operations that are none', () => {
  const data = aScimUser();
  const malformed: [string, unknown, string][] = [
    ['no object', 'x', 'invalidSyntax'],
    ['null', null, 'invalidSyntax'],
    ['no method', { path: '/Users', bulkId: 'x', data }, 'invalidSyntax'],
    ['GET', { method: 'GET', path: '/Users', bulkId: 'x' }, 'invalidSyntax'],
    ['L100: POST without bulkId', { method: 'POST', path: '/Users', data }, 'invalidSyntax'],
    ['a number as bulkId', { method: 'POST', path: '/Users', bulkId: 7, data }, 'invalidSyntax'],
    ['an endless bulkId', { method: 'POST', path: '/Users', bulkId: 'x'.repeat(257), data }, 'invalidSyntax'],
    ['no path', { method: 'POST', bulkId: 'x', data }, 'invalidSyntax'],
    ['S127: Bulk inside Bulk', { method: 'POST', path: '/Bulk', bulkId: 'x', data: {} }, 'invalidValue'],
    ['a search', { method: 'POST', path: '/Users/.search', bulkId: 'x', data: {} }, 'invalidValue'],
    ['a query', { method: 'POST', path: '/Users?attributes=id', bulkId: 'x', data }, 'invalidValue'],
    ['another address', { method: 'PUT', path: '/Me', data }, 'invalidValue'],
    ['POST to a resource', { method: 'POST', path: '/Users/x', bulkId: 'x', data }, 'invalidValue'],
    ['DELETE of a collection', { method: 'DELETE', path: '/Users' }, 'invalidValue'],
    ['no data', { method: 'POST', path: '/Users', bulkId: 'x' }, 'invalidSyntax'],
    ['a text as data', { method: 'POST', path: '/Users', bulkId: 'x', data: 'x' }, 'invalidSyntax'],
    [
      'a number as version',
      { method: 'DELETE', path: '/Users/du_00000000000000000000000000', version: 1 },
      'invalidSyntax',
    ],
  ];

  test.each(malformed)('%s: that operation is 400, the others run', async (_name, operation, scimType) => {
    const { scim } = await suite.world();
    const [bad, good] = await bulk(scim, [operation, postUser('grace')]);
    expect(bad).toMatchObject({ status: '400', response: { schemas: [ERROR_URN], scimType } });
    expect(good).toMatchObject({ status: '201' });
    expect((await scim.get('/Users')).body.totalResults).toBe(1);
  });

  test('two POSTs of one bulkId: the first one has it', async () => {
    const { scim } = await suite.world();
    const operations = [postUser('x', { userName: 'a' }), postUser('x', { userName: 'b' })];
    expect(statusesOf(await bulk(scim, operations))).toEqual(['201', '400']);
  });

  test('names and methods in other letters are understood', async () => {
    const { scim } = await suite.world();
    const { data: body } = postUser('x');
    const answer = await scim.post('/Bulk', {
      operations: [{ METHOD: 'post', Path: '/Users', bulkid: 'x', Data: body }],
    });
    expect(answer.body.Operations).toMatchObject([{ method: 'POST', bulkId: 'x', status: '201' }]);
  });
});

describe('requests that are none', () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => postUser(`u${index}`));
  test.each<[string, unknown, number, string | undefined]>([
    ['no object', [], 400, 'invalidSyntax'],
    ['nothing', {}, 400, 'invalidSyntax'],
    ['no operations', bulkOf([]), 400, 'invalidSyntax'],
    ['an object of operations', { Operations: {} }, 400, 'invalidSyntax'],
    ['schemas as text', bulkOf(many(1), { schemas: 'x' }), 400, 'invalidSyntax'],
    ['failOnErrors 0', bulkOf(many(1), { failOnErrors: 0 }), 400, 'invalidValue'],
    ['failOnErrors -1', bulkOf(many(1), { failOnErrors: -1 }), 400, 'invalidValue'],
    ['failOnErrors "1"', bulkOf(many(1), { failOnErrors: '1' }), 400, 'invalidValue'],
    ['failOnErrors 1.5', bulkOf(many(1), { failOnErrors: 1.5 }), 400, 'invalidValue'],
    ['L99, S127: 1001 operations', bulkOf(many(1001)), 413, undefined],
    ['L99, S127: a body of more than 1 MiB', bulkOf(many(1), { x: 'x'.repeat(1024 * 1024) }), 413, undefined],
  ])('%s: refused as a whole, nothing changed', async (_name, body, status, scimType) => {
    const { scim } = await suite.world();
    const answer = await scim.post('/Bulk', body);
    expect([answer.status, answer.body.scimType]).toEqual([status, scimType]);
    expect(answer.body).toMatchObject({ schemas: [ERROR_URN], status: String(status) });
    expect((await scim.get('/Users')).body.totalResults).toBe(0);
  });

  test('L99: the limits are those that are advertised, and 1000 operations are taken', async () => {
    const { scim } = await suite.world();
    const { body } = await scim.get('/ServiceProviderConfig');
    expect(body.bulk).toEqual({ supported: true, maxOperations: 1000, maxPayloadSize: 1024 * 1024 });
    const answers = await bulk(scim, many(1000));
    expect(new Set(statusesOf(answers))).toEqual(new Set(['201']));
    expect(answers.map(({ bulkId }) => bulkId)).toEqual(many(1000).map(({ bulkId }) => bulkId));
    expect(new Set(answers.map(idAt)).size).toBe(1000);
    expect((await scim.get('/Users?count=0')).body.totalResults).toBe(1000);
  });

  test('S127: what is not begun in time is refused, operation by operation', async () => {
    const { deps } = suite.gateway;
    const app = express();
    const context = { deps, baseUrl: 'https://x' };
    app.use(express.json(), (req, res, next) => {
      res.locals.facts = { logger: deps.logger };
      const nothing = createDispatch([], []);
      Promise.resolve(bulkHandler(nothing, 0)(context as never, req, res)).catch(next);
    });
    const answer = await supertest(app)
      .post('/')
      .send(bulkOf(many(3)));
    expect(statusesOf(answer.body.Operations)).toEqual(['429', '429', '429']);
  });
});

describe('L101: the same door as single requests', () => {
  test('L101: validation, uniqueness, versions and unknown ids answer as they do alone, and change nothing', async () => {
    const { scim, addUser, addGroup } = await suite.world();
    const user = await addUser();
    const group = await addGroup({ members: [{ value: user }] });
    const unknown = 'du_00000000000000000000000000';
    const requests: ['POST' | 'PUT' | 'PATCH' | 'DELETE', string, unknown, string?][] = [
      ['POST', '/Users', { userName: 7 }],
      ['POST', '/Users', aScimUser({ userName: 'ADA@ACME.example' })],
      ['POST', '/Users', { ...aScimUser(), [ENTERPRISE_URN]: 'x' }],
      ['POST', '/Groups', { displayName: 'x', members: [{ value: unknown }] }],
      ['PUT', `/Users/${unknown}`, aScimUser()],
      ['PUT', `/Users/${user}`, aScimUser({ title: 'x' }), 'W/"9"'],
      ['PATCH', `/Users/${user}`, patchOf({ op: 'replace', path: 'id', value: 'x' })],
      ['PATCH', `/Groups/${group}`, patchOf({ op: 'remove', path: 'members' }), '"9"'],
      ['PATCH', `/Groups/${group}`, patchOf({ op: 'remove' })],
      ['DELETE', `/Users/${user}`, undefined, 'W/"9"'],
      ['DELETE', `/Groups/${user}`, undefined],
    ];
    const before = await dumpOf(scim);
    for (const [method, path, data, version] of requests) {
      const headers = version === undefined ? {} : { 'If-Match': version };
      const alone = await {
        POST: () => scim.post(path, data, headers),
        PUT: () => scim.put(path, data, headers),
        PATCH: () => scim.patch(path, data, headers),
        DELETE: () => scim.delete(path, headers),
      }[method]();
      const [inBulk] = await bulk(scim, [{ method, path, data, version, bulkId: 'x' }]);
      expect([method, path, inBulk?.response]).toEqual([method, path, alone.body]);
    }
    expect(await dumpOf(scim)).toEqual(before);
  });

  test('L101: the version member is If-Match: the current one passes', async () => {
    const { scim, addUser } = await suite.world();
    const id = await addUser();
    const data = aScimUser({ title: 'x' });
    const put = (version: string) => ({ method: 'PUT', path: `/Users/${id}`, data, version });
    expect(statusesOf(await bulk(scim, [put('W/"1"'), put('W/"1"'), put('W/"2"')]))).toEqual([
      ...['200', '412', '200'],
    ]);
  });

  test('L101: every change has its audit row, all of them with the id of the one request', async () => {
    const { scim, organizationId } = await suite.world();
    const answer = await scim.post(
      '/Bulk',
      bulkOf([postUser('a'), postUser('b'), postGroup('g', ['bulkId:a'])]),
    );
    const rows = await suite.gateway.storage.auditEvents.list(organizationId, {}, { limit: 100 });
    const ours = rows.filter(({ requestId }) => requestId === answer.headers['x-request-id']);
    expect(ours.map(({ type }) => type).toSorted()).toMatchObject([
      ...['directory_group.created', 'directory_group.members_changed'],
      ...['directory_user.created', 'directory_user.created', 'member.added', 'member.added'],
    ]);
  });

  test("S106: another organization's ids are unknown here, as targets, members and managers", async () => {
    const ours = await suite.world();
    const theirs = await suite.world();
    const id = await theirs.addUser();
    const before = await dumpOf(theirs.scim);
    const answers = await bulk(ours.scim, [
      { method: 'DELETE', path: `/Users/${id}` },
      { method: 'PUT', path: `/Users/${id}`, data: aScimUser() },
      postGroup('g', [id]),
    ]);
    expect(statusesOf(answers)).toEqual(['404', '404', '400']);
    expect(await dumpOf(theirs.scim)).toEqual(before);
  });

  test('operations on one resource happen in the order sent', async () => {
    const { scim, addUser } = await suite.world();
    const id = await addUser();
    const set = (title: string) => ({
      ...{ method: 'PATCH', path: `/Users/${id}` },
      data: patchOf({ op: 'replace', path: 'title', value: title }),
    });
    const rename = { ...set('x'), data: patchOf({ op: 'replace', path: 'userName', value: 'other' }) };
    const answers = await bulk(scim, [set('1'), set('2'), rename, postUser('ada@acme.example'), set('3')]);
    expect(statusesOf(answers)).toEqual(['200', '200', '200', '201', '200']);
    expect((await scim.get(`/Users/${id}`)).body).toMatchObject({ title: '3', userName: 'other' });
  });
});
