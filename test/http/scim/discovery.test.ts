/** Discovery: what is announced, that it needs the token, and that it is what the server does. */
import { describe, expect, test } from '@jest/globals';
import { CURSOR_TIMEOUT_SECONDS } from '../../../src/http/scim/cursors.ts';
import { MAX_BULK_BYTES, MAX_BULK_OPERATIONS } from '../../../src/protocols/scim/bulk.ts';
import { maxPageSize } from '../../../src/protocols/scim/list-response.ts';
import { ENTERPRISE_URN, ERROR_URN, GROUP_URN, USER_URN } from '../../support/scim.ts';
import { scimSuite } from '../../support/scim-suite.ts';

const suite = scimSuite();
const PATHS = [
  '/ServiceProviderConfig',
  '/ResourceTypes',
  '/ResourceTypes/User',
  '/Schemas',
  `/Schemas/${USER_URN}`,
];

describe('documents', () => {
  test('L106: ServiceProviderConfig announces what is enforced', async () => {
    const { scim, scimPath } = await suite.world();
    const { body, status } = await scim.get('/ServiceProviderConfig');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
      patch: { supported: true },
      bulk: { supported: true, maxOperations: MAX_BULK_OPERATIONS, maxPayloadSize: MAX_BULK_BYTES },
      filter: { supported: true, maxResults: 200 },
      changePassword: { supported: false },
      sort: { supported: true },
      etag: { supported: true },
      authenticationSchemes: [{ type: 'oauthbearertoken' }, { type: 'oauth2' }],
      meta: {
        resourceType: 'ServiceProviderConfig',
        location: `${suite.gateway.baseUrl}${scimPath}/ServiceProviderConfig`,
      },
    });
  });

  test('L73: ServiceProviderConfig announces both ways of paging, index first', async () => {
    const { scim } = await suite.world();
    const { body } = await scim.get('/ServiceProviderConfig');
    expect(body.pagination).toEqual({
      ...{ cursor: true, index: true, defaultPaginationMethod: 'index' },
      ...{ defaultPageSize: 100, maxPageSize, cursorTimeout: CURSOR_TIMEOUT_SECONDS },
    });
    expect(body.filter.maxResults).toBe(maxPageSize);
  });

  test('L107: ResourceTypes as a list and one by one', async () => {
    const { scim } = await suite.world();
    const { body } = await scim.get('/ResourceTypes');
    expect([body.totalResults, body.itemsPerPage]).toEqual([2, 2]);
    expect(body.Resources).toMatchObject([
      {
        id: 'User',
        endpoint: '/Users',
        schema: USER_URN,
        schemaExtensions: [{ schema: ENTERPRISE_URN, required: false }],
      },
      { id: 'Group', endpoint: '/Groups', schema: GROUP_URN },
    ]);
    for (const type of body.Resources) {
      expect((await scim.get(`/ResourceTypes/${type.id}`)).body).toEqual(type);
    }
  });

  test('L108, 2.B-44: Schemas as a list and one by one, all characteristics, no nulls', async () => {
    const { scim } = await suite.world();
    const { body, text } = await scim.get('/Schemas');
    expect(body.Resources.map(({ id }: { id: string }) => id)).toEqual([USER_URN, ENTERPRISE_URN, GROUP_URN]);
    expect(text).not.toContain('null');
    for (const schema of body.Resources) {
      expect((await scim.get(`/Schemas/${schema.id}`)).body).toEqual(schema);
      for (const attribute of schema.attributes) {
        expect(Object.keys(attribute)).toEqual(
          expect.arrayContaining([
            ...['name', 'type', 'multiValued', 'description', 'required', 'caseExact'],
            ...['mutability', 'returned', 'uniqueness'],
          ]),
        );
      }
    }
  });

  test('L20: a schema is found whatever the letter case of its URN', async () => {
    const { scim } = await suite.world();
    expect((await scim.get(`/Schemas/${USER_URN.toUpperCase()}`)).body.id).toBe(USER_URN);
  });

  test.each(['/ResourceTypes/Device', '/ResourceTypes/user', '/Schemas/urn:x', '/Schemas/__proto__'])(
    '%s answers 404',
    async (path) => {
      const { scim } = await suite.world();
      expect((await scim.get(path)).body).toMatchObject({ schemas: [ERROR_URN], status: '404' });
    },
  );
});

describe('requests', () => {
  test.each(PATHS)('L109: a filter on %s answers 403', async (path) => {
    const { scim } = await suite.world();
    const answer = await scim.get(`${path}?filter=${encodeURIComponent('id eq "User"')}`);
    expect([answer.status, answer.body.schemas]).toEqual([403, [ERROR_URN]]);
  });

  test.each(PATHS)('L109: paging parameters on %s are ignored', async (path) => {
    const { scim } = await suite.world();
    const plain = await scim.get(path);
    expect((await scim.get(`${path}?startIndex=2&count=1&sortBy=id`)).body).toEqual(plain.body);
  });

  test.each(PATHS)('L110: %s needs the token', async (path) => {
    const { scimPath } = await suite.world();
    expect((await suite.gateway.request().get(`${scimPath}${path}`)).status).toBe(401);
  });
});

describe('L111: the schema is what the server does', () => {
  interface Attribute {
    readonly name: string;
    readonly type: string;
    readonly multiValued: boolean;
    readonly mutability: string;
    readonly returned: string;
  }

  const SAMPLES: Readonly<Record<string, unknown>> = {
    string: 'text',
    reference: 'https://acme.example/x',
    boolean: true,
    binary: 'AAAA',
  };
  const WRONG: Readonly<Record<string, unknown>> = {
    string: 7,
    reference: 7,
    boolean: 'perhaps',
    binary: '§',
    complex: 'text',
  };

  test('every simple attribute takes its own type, shows it as announced and refuses another one', async () => {
    const { scim, addUser } = await suite.world();
    const id = await addUser();
    const { body } = await scim.get(`/Schemas/${USER_URN}`);
    const attributes: readonly Attribute[] = body.attributes;
    const writable = attributes.filter(
      ({ mutability, name }) => mutability !== 'readOnly' && name !== 'userName',
    );
    expect(writable.length).toBeGreaterThan(15);
    for (const { name, type, multiValued, returned } of writable) {
      const operation = (value: unknown) => ({
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [{ op: 'replace', path: name, value }],
      });
      const wrong = await scim.patch(`/Users/${id}`, operation(multiValued ? [WRONG[type]] : WRONG[type]));
      expect([name, wrong.body.scimType]).toEqual([name, 'invalidValue']);
      if (type === 'complex') continue;
      const right = await scim.patch(`/Users/${id}`, operation(SAMPLES[type]));
      expect([name, right.status]).toEqual([name, 200]);
      expect(right.body[name]).toEqual(returned === 'never' ? undefined : SAMPLES[type]);
    }
  });
});
