/** What every resource and every attribute keeps to, whatever the request (RFC 7643 §2, §3). */
import { describe, expect, test } from '@jest/globals';
import { aScimGroup, aScimUser, ENTERPRISE_URN, ERROR_URN, patchOf, USER_URN } from '../../support/scim.ts';
import { scimSuite } from '../../support/scim-suite.ts';

const suite = scimSuite();
const found = async (scim: Awaited<ReturnType<typeof suite.world>>['scim'], filter: string) =>
  (await scim.get(`/Users?filter=${encodeURIComponent(filter)}`)).body.totalResults;

describe('errors', () => {
  test('L5, 2.A-17: every refusal is an Error with a text for status, a detail, and scimType where the RFC has one', async () => {
    const { scim, addUser, scimPath } = await suite.world();
    const id = await addUser();
    const answers = [
      [400, 'invalidSyntax', await scim.post('/Users', '{')],
      [400, 'invalidValue', await scim.post('/Users', {})],
      [400, 'invalidFilter', await scim.get('/Users?filter=x')],
      [400, 'invalidPath', await scim.patch(`/Users/${id}`, patchOf({ op: 'add', path: '[', value: 1 }))],
      [400, 'noTarget', await scim.patch(`/Users/${id}`, patchOf({ op: 'remove' }))],
      [400, 'mutability', await scim.patch(`/Users/${id}`, patchOf({ op: 'remove', path: 'id' }))],
      [409, 'uniqueness', await scim.post('/Users', aScimUser())],
      [401, undefined, await suite.gateway.request().get(`${scimPath}/Users`)],
      [403, undefined, await scim.get('/Schemas?filter=x')],
      [404, undefined, await scim.get('/Users/x')],
      [405, undefined, await scim.put('/Users', {})],
      [412, undefined, await scim.delete(`/Users/${id}`, { 'If-Match': 'W/"9"' })],
      [413, undefined, await scim.post('/Bulk', { x: 'x'.repeat(1_100_000) })],
      [415, undefined, await scim.post('/Users', '<x/>', { 'Content-Type': 'text/xml' })],
      [501, undefined, await scim.get('/Me')],
    ] as const;
    for (const [status, scimType, { body, headers, status: answered }] of answers) {
      expect(answered).toBe(status);
      expect(body).toEqual({
        ...{ schemas: [ERROR_URN], status: String(status), detail: expect.stringMatching(/\w/) },
        ...(scimType === undefined ? {} : { scimType }),
      });
      expect(headers['content-type']).toMatch(/^application\/scim\+json/);
    }
  });
});

describe('common attributes', () => {
  test('L14: an id is the server’s, never changes, is always shown and never given again', async () => {
    const { scim, addUser } = await suite.world();
    const id = await addUser({ id: 'mine', userName: 'a' });
    expect(id).not.toBe('mine');
    await scim.put(`/Users/${id}`, aScimUser({ id: 'mine', userName: 'b' }));
    const shown = await scim.get(`/Users/${id}?attributes=userName&excludedAttributes=id`);
    expect(shown.body).toMatchObject({ id, userName: 'b' });
    await scim.delete(`/Users/${id}`);
    expect(await addUser({ id, userName: 'b' })).not.toBe(id);
  });

  test('L16, L29: externalId is the client’s own, case-exact, and found', async () => {
    const { scim, addUser } = await suite.world();
    const id = await addUser({ externalId: 'Ext-1' });
    expect(await found(scim, 'externalId eq "Ext-1"')).toBe(1);
    expect(await found(scim, 'externalId eq "ext-1"')).toBe(0);
    await scim.patch(`/Users/${id}`, patchOf({ op: 'replace', path: 'externalId', value: 'Ext-2' }));
    expect(await found(scim, 'externalId eq "Ext-1"')).toBe(0);
    expect(await found(scim, 'externalId eq "Ext-2"')).toBe(1);
    const group = await scim.post('/Groups', aScimGroup({ externalId: 'G' }));
    expect(group.body.externalId).toBe('G');
  });

  test('L29: userName, displayName and e-mails compare without case, id and references with it', async () => {
    const { scim, addUser } = await suite.world();
    const id = await addUser();
    expect(await found(scim, 'userName eq "ADA@ACME.EXAMPLE"')).toBe(1);
    expect(await found(scim, 'displayName eq "ada LOVELACE"')).toBe(1);
    expect(await found(scim, 'emails.value eq "ADA@acme.example"')).toBe(1);
    expect(await found(scim, `id eq "${id.toUpperCase()}"`)).toBe(0);
    expect(await found(scim, `id eq "${id}"`)).toBe(1);
  });

  test('L17: dates are RFC 3339 with a zone, and lastModified moves with a change, created never', async () => {
    const { scim, addUser } = await suite.world();
    const id = await addUser();
    const first = (await scim.get(`/Users/${id}`)).body.meta;
    const date = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
    expect([first.created, first.lastModified]).toEqual([expect.stringMatching(date), first.created]);
    suite.gateway.clock.advance(1000);
    await scim.patch(`/Users/${id}`, patchOf({ op: 'add', path: 'title', value: 'x' }));
    const second = (await scim.get(`/Users/${id}`)).body.meta;
    expect(second.created).toBe(first.created);
    expect(Date.parse(second.lastModified) - Date.parse(first.lastModified)).toBe(1000);
  });

  test('L18: schemas of a body may name what nobody knows; those of an answer name what is there', async () => {
    const { scim } = await suite.world();
    const schemas = [USER_URN, ENTERPRISE_URN, 'urn:acme:unknown'];
    expect((await scim.post('/Users', aScimUser({ schemas }))).body.schemas).toEqual([USER_URN]);
  });

  test('L18, L21, L39: a manager who is gone takes the empty extension along', async () => {
    const { scim, addUser } = await suite.world();
    const boss = await addUser({ userName: 'boss' });
    const id = await addUser({ [ENTERPRISE_URN]: { manager: { value: boss } } });
    expect((await scim.get(`/Users/${id}`)).body.schemas).toEqual([USER_URN, ENTERPRISE_URN]);
    await scim.delete(`/Users/${boss}`);
    const { body } = await scim.get(`/Users/${id}`);
    expect(body.schemas).toEqual([USER_URN]);
    expect(body).not.toHaveProperty([ENTERPRISE_URN]);
  });
});

describe('names', () => {
  test('L19: in any letters in bodies, paths, filters, attributes and excludedAttributes', async () => {
    const { scim } = await suite.world();
    const { body } = await scim.post('/Users', {
      ...{
        SCHEMAS: [USER_URN],
        USERNAME: 'ada',
        Name: { GIVENNAME: 'Ada' },
        EMAILS: [{ VALUE: 'a@b.c', Type: 'work' }],
      },
      [ENTERPRISE_URN.toUpperCase()]: { DEPARTMENT: 'Eng' },
    });
    expect(body).toMatchObject({
      ...{ userName: 'ada', name: { givenName: 'Ada' }, emails: [{ value: 'a@b.c', type: 'work' }] },
      [ENTERPRISE_URN]: { department: 'Eng' },
    });
    expect(await found(scim, 'NAME.GivenName eq "ada" and EMAILS[TYPE eq "work"]')).toBe(1);
    const wished = await scim.get(`/Users/${body.id}?ATTRIBUTES=USERNAME,name.GIVENNAME`);
    expect(wished.body).toEqual({
      schemas: [USER_URN],
      id: body.id,
      userName: 'ada',
      name: { givenName: 'Ada' },
    });
    const without = await scim.get(`/Users/${body.id}?excludedAttributes=NAME,EMAILS`);
    expect(without.body).not.toHaveProperty('name');
    expect(without.body).not.toHaveProperty('emails');
  });
});

describe('values', () => {
  test('L25, S132: a password is in no answer, no list, no filter, no Bulk, and no log', async () => {
    const { scim } = await suite.world();
    const password = 'Canary-pass-1';
    const created = await scim.post('/Users?attributes=password,userName', aScimUser({ password }));
    const id = created.body.id;
    const change = patchOf({ op: 'replace', path: 'password', value: `${password}2` });
    const answers = [
      created,
      await scim.patch(`/Users/${id}`, change),
      await scim.put(`/Users/${id}`, aScimUser({ password: `${password}3` })),
      await scim.post('/Bulk', { Operations: [{ method: 'PATCH', path: `/Users/${id}`, data: change }] }),
      await scim.get(`/Users/${id}?attributes=password`),
      await scim.get('/Users?attributes=password'),
      await scim.get(`/Users?filter=${encodeURIComponent(`password eq "${password}"`)}`),
      await scim.get(`/Users?filter=${encodeURIComponent('password pr')}`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 200, 200, 200, 200, 200, 400, 400]);
    for (const { text } of answers) expect(text).not.toMatch(/Canary-pass|"password"/);
    expect(JSON.stringify(suite.gateway.logLines)).not.toContain('Canary-pass');
  });

  test('L26: id always, password never, everything else by default or on request', async () => {
    const { scim, addUser } = await suite.world();
    const id = await addUser();
    const all = (await scim.get(`/Users/${id}`)).body;
    expect(Object.keys(all)).toEqual(expect.arrayContaining(['schemas', 'id', 'meta', 'userName', 'emails']));
    expect((await scim.get(`/Users/${id}?attributes=emails.value`)).body).toEqual({
      ...{ schemas: all.schemas, id, emails: [{ value: 'ada@acme.example' }] },
    });
    const less = (await scim.get(`/Users/${id}?excludedAttributes=id,emails.type,meta`)).body;
    expect(less).toMatchObject({ id, emails: [{ value: 'ada@acme.example', primary: true }] });
    expect(less).not.toHaveProperty('meta');
    expect(less.emails[0]).not.toHaveProperty('type');
  });

  test('L33: a pair of type and value sent twice is stored once, on POST, PUT and PATCH', async () => {
    const { scim } = await suite.world();
    const email = { value: 'a@b.c', type: 'work' };
    const twice = aScimUser({ emails: [email, { ...email }] });
    const { body } = await scim.post('/Users', twice);
    expect(body.emails).toEqual([email]);
    expect((await scim.put(`/Users/${body.id}`, { ...twice, title: 'x' })).body.emails).toEqual([email]);
    const add = patchOf({ op: 'add', path: 'emails', value: [email, email] });
    expect((await scim.patch(`/Users/${body.id}`, add)).body.emails).toEqual([email]);
  });

  test('L32: of several primaries one stays, on POST and PUT', async () => {
    const { scim } = await suite.world();
    const emails = ['a', 'b'].map((type) => ({ value: `${type}@b.c`, type, primary: true }));
    const isPrimary = (list: readonly { readonly primary?: boolean }[]) =>
      list.map(({ primary }) => primary === true);
    const { body } = await scim.post('/Users', aScimUser({ emails }));
    expect(isPrimary(body.emails)).toEqual([true, false]);
    const put = await scim.put(`/Users/${body.id}`, aScimUser({ emails: emails.toReversed() }));
    expect(isPrimary(put.body.emails)).toEqual([true, false]);
  });
});

describe('what is not offered', () => {
  test('L124: nothing asynchronous and no security events are advertised; Prefer: respond-async gets a normal answer', async () => {
    const { scim } = await suite.world();
    const { body } = await scim.get('/ServiceProviderConfig');
    expect(body).not.toHaveProperty('securityEvents');
    const answer = await scim.post('/Users', aScimUser(), { Prefer: 'respond-async, wait=5' });
    expect(answer.status).toBe(201);
    expect(answer.headers).not.toHaveProperty('preference-applied');
    expect(answer.headers).not.toHaveProperty('set-txn');
    expect(answer.body.userName).toBe('ada@acme.example');
  });
});
