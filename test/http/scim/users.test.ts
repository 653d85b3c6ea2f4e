/** /Users: what is created, shown, replaced, patched and removed, and what follows for the person behind it. */
import { describe, expect, test } from '@jest/globals';
import { makeOwner, membersOf, signIn } from '../../support/members.ts';
import { aScimUser, ENTERPRISE_URN, ERROR_URN, patchOf, USER_URN } from '../../support/scim.ts';
import { dumpOf, scimSuite } from '../../support/scim-suite.ts';

const suite = scimSuite();
const AT = '2026-03-01T12:00:00.000Z';

describe('POST', () => {
  test('L12, L14, L17, L102: 201 with the whole user, Location, ETag and meta', async () => {
    const { scim, scimPath } = await suite.world();
    const answer = await scim.post('/Users', aScimUser());
    const location = `${suite.gateway.baseUrl}${scimPath}/Users/${answer.body.id}`;
    expect(answer.status).toBe(201);
    expect(answer.headers).toMatchObject({ location, etag: 'W/"1"' });
    expect(answer.body).toEqual({
      ...aScimUser(),
      id: expect.stringMatching(/^du_[0-9a-z]{26}$/),
      meta: { resourceType: 'User', created: AT, lastModified: AT, location, version: 'W/"1"' },
    });
    expect((await scim.get(`/Users/${answer.body.id}`)).body).toEqual(answer.body);
  });

  test('L15, S121: what the server owns is ignored in a body', async () => {
    const { scim } = await suite.world();
    const answer = await scim.post(
      '/Users',
      aScimUser({
        id: 'mine',
        meta: { created: '1999-01-01T00:00:00Z', version: 'W/"9"' },
        groups: [{ value: 'dg_x' }],
        organizationId: 'org_x',
        orgRole: 'owner',
        isOwner: true,
        passwordHash: 'x',
        tokens: ['x'],
      }),
    );
    expect(answer.status).toBe(201);
    expect(answer.body.id).not.toBe('mine');
    expect(answer.body.meta).toMatchObject({ created: AT, version: 'W/"1"' });
    for (const name of ['groups', 'organizationId', 'orgRole', 'isOwner', 'passwordHash', 'tokens']) {
      expect(answer.body).not.toHaveProperty(name);
    }
  });

  test('L18, L90: schemas names the extension when it holds something, and only then', async () => {
    const { scim } = await suite.world();
    const bare = await scim.post(
      '/Users',
      aScimUser({ schemas: [USER_URN, ENTERPRISE_URN, 'urn:some:other'] }),
    );
    expect(bare.body.schemas).toEqual([USER_URN]);
    const full = await scim.post(
      '/Users',
      aScimUser({ userName: 'b', [ENTERPRISE_URN]: { department: 'Eng' } }),
    );
    expect(full.body.schemas).toEqual([USER_URN, ENTERPRISE_URN]);
  });

  test('L34: unknown attributes are ignored, not stored, and noted', async () => {
    const { scim } = await suite.world();
    const answer = await scim.post('/Users', aScimUser({ shoeSize: 42, 'urn:acme:2.0:User': { x: 1 } }));
    expect(answer.status).toBe(201);
    expect(answer.body).not.toHaveProperty('shoeSize');
    expect(suite.gateway.logLines.at(-2)).toMatchObject({
      message: 'scim tolerances',
      fields: { tolerances: ['unknown_attribute'], toleranceCount: 1, unknownAttributeCount: 2 },
    });
  });

  test.each([
    ['no userName', { userName: undefined }],
    ['empty userName', { userName: '' }],
    ['invisible userName (S134)', { userName: '\u200b \u00ad' }],
    ['userName as an object (S122)', { userName: { $ne: 1 } }],
    ['userName as a list (S122)', { userName: ['a'] }],
    ['userName as a number', { userName: 7 }],
    ['externalId as a number (S116)', { externalId: 1 }],
    ['externalId as an object (S122)', { externalId: { $gt: '' } }],
    ['active as a word (S130)', { active: 'yes' }],
    ['active as a number (S130)', { active: 1 }],
    ['active as an object (S130)', { active: { value: false } }],
    ['emails as a word', { emails: 'a@b.c' }],
    ['name as a word', { name: 'Ada' }],
    ['schemas as a word', { schemas: USER_URN }],
    ['photos as a number', { photos: [{ value: 7 }] }],
    ['a certificate that is no base64', { x509Certificates: [{ value: '§' }] }],
  ])('L27, L30: %s answers 400 invalidValue and creates nobody', async (_name, overrides) => {
    const { scim } = await suite.world();
    const answer = await scim.post('/Users', aScimUser(overrides));
    expect([answer.status, answer.body.scimType]).toEqual([400, 'invalidValue']);
    expect((await scim.get('/Users')).body.totalResults).toBe(0);
  });

  test.each([
    ['ada@acme.example'],
    ['ADA@acme.example'],
    [' ada@acme.example '],
    ['ａｄａ@acme.example'],
    ['a\u200bda@acme.example'],
  ])('L28, S134: userName "%s" clashes with ada@acme.example: 409 uniqueness', async (userName) => {
    const { scim, addUser } = await suite.world();
    await addUser();
    const before = await dumpOf(scim);
    const answer = await scim.post('/Users', aScimUser({ userName }));
    expect(answer.status).toBe(409);
    expect(answer.body).toEqual({
      schemas: [ERROR_URN],
      status: '409',
      scimType: 'uniqueness',
      detail: expect.any(String),
    });
    expect(await dumpOf(scim)).toEqual(before);
  });

  test('2.H-67: after a lost answer the repeated POST is 409 and the look-up finds the one user', async () => {
    const { scim, addUser } = await suite.world();
    const id = await addUser();
    expect((await scim.post('/Users', aScimUser())).status).toBe(409);
    const found = await scim.get(`/Users?filter=${encodeURIComponent('userName eq "ada@acme.example"')}`);
    expect(found.body.Resources.map((user: { id: string }) => user.id)).toEqual([id]);
  });

  test('L40: the userName of a deleted user is free at once', async () => {
    const { scim, addUser } = await suite.world();
    const id = await addUser();
    await scim.delete(`/Users/${id}`);
    expect(await addUser()).not.toBe(id);
  });

  test('S132: a pushed password is taken, never stored, shown, logged or found', async () => {
    const { scim, organizationId, directoryId } = await suite.world();
    const password = 'Tr0ub4dor-and-3-more';
    const made = await scim.post('/Users?attributes=password,userName', aScimUser({ password }));
    const patched = await scim.patch(
      `/Users/${made.body.id}`,
      patchOf({ op: 'replace', path: 'password', value: password }, { op: 'replace', value: { password } }),
    );
    const put = await scim.put(`/Users/${made.body.id}`, aScimUser({ password }));
    expect([made.status, patched.status, put.status]).toEqual([201, 200, 200]);
    expect([made.text, patched.text, put.text].join()).not.toContain('assword');
    expect(put.body.meta.version).toBe('W/"1"');
    expect(JSON.stringify(suite.gateway.logLines)).not.toContain(password);
    const { directoryUsers } = suite.gateway.storage;
    const stored = await directoryUsers.scan(organizationId, directoryId, { kind: 'all' }, { limit: 9 });
    expect(stored).toHaveLength(1);
    expect(JSON.stringify(stored)).not.toContain(password);
    expect((await scim.get('/Users?filter=password%20pr')).status).toBe(400);
  });

  test('seats: a person beyond the plan answers 403 and is not created, an inactive one takes no seat', async () => {
    const { gateway } = suite;
    const organization = await gateway.createOrganization({ plan: { preset: 'enterprise', seats: 1 } });
    const { scim, addUser } = await suite.worldIn(organization);
    await addUser();
    const refused = await scim.post('/Users', aScimUser({ userName: 'b' }));
    expect([refused.status, refused.body.schemas]).toEqual([403, [ERROR_URN]]);
    const sleeping = await addUser({ userName: 'c', active: false });
    const woken = await scim.patch(
      `/Users/${sleeping}`,
      patchOf({ op: 'replace', path: 'active', value: true }),
    );
    expect(woken.status).toBe(403);
    expect((await scim.get(`/Users/${sleeping}`)).body.active).toBe(false);
  });

  test('2.B-42: values come back byte for byte', async () => {
    const { scim, addUser } = await suite.world();
    const odd = {
      userName: 'Ada.LOVELACE@Acme.Example',
      displayName: 'Áda  “L”\u00a0\u202e\n',
      phoneNumbers: [{ value: '+49 (0)30 / 123-456', type: 'work' }],
      title: '日本語 😀',
    };
    expect((await scim.get(`/Users/${await addUser(odd)}`)).body).toMatchObject(odd);
  });

  test('L31: types beside the usual ones are stored', async () => {
    const { scim, addUser } = await suite.world();
    const emails = [{ value: 'a@b.c', type: 'other2' }];
    expect((await scim.get(`/Users/${await addUser({ emails })}`)).body.emails).toEqual(emails);
  });

  test('L41: attributes and excludedAttributes shape the answer to POST', async () => {
    const { scim } = await suite.world();
    const only = await scim.post('/Users?attributes=userName', aScimUser());
    expect(Object.keys(only.body).sort()).toEqual(['id', 'schemas', 'userName']);
    const except = await scim.post('/Users?excludedAttributes=emails,id', aScimUser({ userName: 'b' }));
    expect(except.body).not.toHaveProperty('emails');
    expect(except.body).toHaveProperty('id');
  });
});

describe('what a pushed person becomes', () => {
  test.each([
    ['the primary address', [{ value: 'x@a.b' }, { value: 'p@a.b', primary: true }], 'p@a.b'],
    [
      'the work address',
      [
        { value: 'h@a.b', type: 'home' },
        { value: 'w@a.b', type: 'Work' },
      ],
      'w@a.b',
    ],
    ['the first address', [{ value: 'h@a.b', type: 'home' }, { value: 'o@a.b' }], 'h@a.b'],
    ['no address', undefined, null],
  ])('%s is the one to show', async (_name, emails, email) => {
    const { addUser, organizationId } = await suite.world();
    await addUser({ emails });
    expect(await membersOf(suite.gateway, organizationId)).toMatchObject([{ email }]);
  });

  test.each([
    ['displayName', {}, 'Ada Lovelace'],
    ['name.formatted', { displayName: undefined, name: { formatted: 'Countess Ada' } }, 'Countess Ada'],
    ['given and family name', { displayName: undefined, name: { givenName: 'A', familyName: 'L' } }, 'A L'],
    ['the family name alone', { displayName: undefined, name: { familyName: 'L' } }, 'L'],
    ['userName', { displayName: undefined, name: undefined }, 'ada@acme.example'],
  ])('the name is taken from %s', async (_name, overrides, name) => {
    const { addUser, organizationId } = await suite.world();
    await addUser(overrides);
    expect(await membersOf(suite.gateway, organizationId)).toMatchObject([{ name }]);
  });

  test.each([
    ['absent', undefined, 'active'],
    ['true', true, 'active'],
    ['"True" (Entra)', 'True', 'active'],
    ['false', false, 'suspended'],
    ['"False" (Entra)', 'False', 'suspended'],
  ])('S130: active %s makes a membership that is %s', async (_name, active, status) => {
    const { addUser, organizationId, scim } = await suite.world();
    const id = await addUser({ active });
    expect(await membersOf(suite.gateway, organizationId)).toMatchObject([{ status }]);
    expect((await scim.get(`/Users/${id}`)).body.active).toBe(status === 'active');
  });

  test.each([
    ['PATCH with a path', patchOf({ op: 'replace', path: 'active', value: false })],
    ['PATCH without a path (Okta)', patchOf({ op: 'replace', value: { active: false } })],
    ['PATCH as Entra says it', patchOf({ op: 'Replace', path: 'active', value: 'False' })],
    ['PATCH in other letters', patchOf({ op: 'add', path: 'ACTIVE', value: false })],
    ['PATCH with the URN', patchOf({ op: 'replace', path: `${USER_URN}:active`, value: false })],
  ])('2.I-70, S141: %s ends the sessions before the answer leaves', async (_name, body) => {
    const { addUser, organizationId, scim } = await suite.world();
    const id = await addUser();
    const session = await signIn(suite.gateway, organizationId);
    expect(await session.isAlive()).toBe(true);
    expect((await scim.patch(`/Users/${id}`, body)).body.active).toBe(false);
    expect(await session.isAlive()).toBe(false);
  });

  test('S142: PUT active false and DELETE end the sessions as well', async () => {
    const { addUser, organizationId, scim } = await suite.world();
    const id = await addUser();
    const first = await signIn(suite.gateway, organizationId);
    await scim.put(`/Users/${id}`, aScimUser({ active: false }));
    expect(await first.isAlive()).toBe(false);
    await scim.put(`/Users/${id}`, aScimUser({ active: true }));
    const second = await signIn(suite.gateway, organizationId);
    await scim.delete(`/Users/${id}`);
    expect(await second.isAlive()).toBe(false);
    expect(await membersOf(suite.gateway, organizationId)).toEqual([]);
  });

  test('the last active owner cannot be deactivated or deleted: 409, nothing changed', async () => {
    const { organizationId, addUser, scim } = await suite.world();
    const id = await addUser();
    await makeOwner(suite.gateway, organizationId);
    const before = await dumpOf(scim);
    const patched = await scim.patch(`/Users/${id}`, patchOf({ op: 'replace', value: { active: false } }));
    const deleted = await scim.delete(`/Users/${id}`);
    expect([patched.status, deleted.status]).toEqual([409, 409]);
    expect(await dumpOf(scim)).toEqual(before);
  });
});
