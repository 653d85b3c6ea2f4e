/** An organization's logo: on its own pages from its own host, and nowhere that would tell its host who reads what. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createInvitation } from '../../../src/core/joining/invitations.ts';
import { aConnection } from '../../support/builders.ts';
import { startGateway, type TestGateway, testCause } from '../../support/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const LOGO = 'https://pictures.acme.example/logo.png?size=48';

async function stage() {
  const organization = await gateway.createOrganization();
  await gateway.storage.transact(async (tx) => {
    for (const name of ['One', 'Two'])
      await tx.connections.insert(organization.id, aConnection(organization.id, { name, status: 'active' }));
  });
  const { status } = await gateway
    .request()
    .patch(`/api/v1/organizations/${organization.id}`)
    .set('Authorization', `Bearer ${gateway.operatorKey}`)
    .send({ branding: { logoUrl: LOGO, productName: 'Acme "Rockets"' } });
  expect(status).toBe(200);
  return organization;
}

test('where people choose how to sign in it stands with its name and a fixed size, and only its host may send pictures', async () => {
  const { slug } = await stage();
  const page = await gateway.request().get(`/sign-in/${slug}`);
  expect(page.status).toBe(200);
  expect(page.text).toContain(
    `<img class="logo" src="${LOGO}" alt="Acme &quot;Rockets&quot;" width="160" height="48" referrerpolicy="no-referrer">`,
  );
  expect(page.headers['content-security-policy']).toContain("img-src 'self' https://pictures.acme.example;");
  const next = await gateway.request().get('/sign-in');
  expect(next.headers['content-security-policy']).toContain("img-src 'self';");
});

test('S168: pages behind a secret link and mails load nothing of it, so that its host learns of nobody who opens them', async () => {
  const organization = await stage();
  const { url } = await createInvitation(gateway.deps, {
    ...{ organizationId: organization.id, caller: { kind: 'operator' }, cause: testCause },
    invitation: { email: 'ada@example.com', role: 'member', teams: [], resources: [], delivery: 'email' },
  });
  const page = await gateway.request().get(new URL(url).pathname);
  expect(page.status).toBe(200);
  expect(page.text).not.toContain('pictures.acme.example');
  expect(page.headers['content-security-policy']).toContain("img-src 'self';");
  await gateway.deliverMails();
  const mail = gateway.mails.at(-1);
  expect(mail?.html).toContain('Acme');
  expect(mail?.html).not.toContain('<img');
});

test.each(['http://pictures.acme.example/logo.png', 'data:image/png;base64,AA', 'javascript:alert(1)'])(
  '422: %s is no address of a logo',
  async (logoUrl) => {
    const { id } = await gateway.createOrganization();
    const answer = await gateway
      .request()
      .patch(`/api/v1/organizations/${id}`)
      .set('Authorization', `Bearer ${gateway.operatorKey}`)
      .send({ branding: { logoUrl } });
    expect([answer.status, answer.body.code]).toEqual([422, 'invalid']);
  },
);
