/** When threads for SAML responses are asked to start: before anybody comes back with a response, and never without SAML. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { inProcessValidator } from '../../support/saml-validator.ts';
import { scriptedIdp } from '../../support/sign-in-stage.ts';

const warm = jest.spyOn(inProcessValidator, 'warm');
let dataDir: string;
let gateway: TestGateway;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-warm-'));
  gateway = await startGateway({ dataDir });
  warm.mockClear();
});

afterEach(async () => {
  await gateway.close();
  rmSync(dataDir, { recursive: true, force: true });
});

async function startAgain(): Promise<void> {
  await gateway.close();
  warm.mockClear();
  gateway = await startGateway({ dataDir });
}

async function addConnection(connection: Readonly<Record<string, unknown>>): Promise<string> {
  const { slug } = await gateway.createOrganization();
  await gateway
    .request()
    .post(`/api/v1/organizations/${slug}/connections`)
    .set('authorization', `Bearer ${gateway.operatorKey}`)
    .send({ name: 'Corp', ...connection })
    .expect(201);
  return slug;
}

const aSamlConnection = (status: 'draft' | 'active'): Promise<string> => {
  const { entityId, ssoUrl, certificatePem } = scriptedIdp();
  return addConnection({ protocol: 'saml', status, entityId, ssoUrl, certificates: [certificatePem] });
};

test('an active SAML connection: with it, with a sign-in that starts, and with every start of the gateway', async () => {
  const slug = await aSamlConnection('active');
  expect(warm).toHaveBeenCalled();
  warm.mockClear();
  await gateway.request().get(`/sign-in/${slug}`).expect(303);
  expect(warm).toHaveBeenCalledTimes(1);
  await startAgain();
  expect(warm).toHaveBeenCalledTimes(1);
});

test('a draft, or an OpenID provider: not at all', async () => {
  await aSamlConnection('draft');
  const client = { clientId: 'gatehouse', clientSecret: 'a secret of the provider' };
  await addConnection({ protocol: 'oidc', issuer: 'https://idp.example', ...client });
  await startAgain();
  expect(warm).not.toHaveBeenCalled();
});
