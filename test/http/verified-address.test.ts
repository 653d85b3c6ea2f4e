/** Nobody vouches for an address of their own: whether it is proved is for a mail, an identity provider or the operator to say. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

/** Every name of a field in a document of JSON Schema. */
function* fieldsOf(schema: unknown): Generator<string> {
  if (typeof schema !== 'object' || schema === null) return;
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'properties') yield* Object.keys(Object(value));
    yield* fieldsOf(value);
  }
}

test('S152: no request of the management API has a field for it, but the operator’s word on a domain', async () => {
  const { body } = await gateway
    .request()
    .get('/api/v1/openapi.json')
    .set('Authorization', `Bearer ${gateway.operatorKey}`);
  const requests = Object.entries(Object(body.components.schemas)).filter(([name]) => /Request$/.test(name));
  const found = requests.flatMap(([name, schema]) =>
    [...fieldsOf(schema)].map((field) => `${name} ${field}`),
  );
  expect(found.length).toBeGreaterThan(50);
  expect(found.filter((field) => /verified|verification/i.test(field))).toEqual([
    'CreateDomainRequest verified',
    'VerifyDomainRequest verified',
  ]);
});

test('S152: a directory that says so proves nothing', async () => {
  const organization = await gateway.createOrganization();
  const { directory, scimPath, token } = await gateway.createDirectory(organization);
  const verified = { emailVerified: true, email_verified: true, emailVerifiedAt: 1 };
  const { status } = await gateway
    .request()
    .post(`${scimPath}/Users`)
    .set('Authorization', `Bearer ${token}`)
    .set('Content-Type', 'application/scim+json')
    .send({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      ...{ userName: 'eve@corp.example', ...verified },
      emails: [{ value: 'eve@corp.example', primary: true, verified: true }],
    });
  expect([status, directory.status]).toEqual([201, 'active']);
  const items = await gateway.storage.memberships.listByEmail(organization.id, 'eve@corp.example');
  const users = await Promise.all(items.map(({ userId }) => gateway.storage.users.find(userId)));
  expect(users.map((user) => user?.emailVerifiedAt)).toEqual([null]);
});
