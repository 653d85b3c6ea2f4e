/** Presets of SAML connections: what each product sends is expected, and its admin is told what to type where. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { IDENTITY_PROVIDERS } from '../../../src/core/entities/connection.ts';
import { testCertificate } from '../../support/saml-keys.ts';
import { type ApiWorld, startApiWorld } from './api-world.ts';

let world: ApiWorld;
let base = '';
beforeAll(async () => {
  world = await startApiWorld();
  base = `/organizations/${(await world.newOrganization()).id}/connections`;
});
afterAll(() => world.close());

async function make(wishes: object) {
  const { status, body } = await world.send(world.operator, `post ${base}`, {
    ...{ protocol: 'saml', name: 'Corp', entityId: 'https://idp.example' },
    ...{ ssoUrl: 'https://idp.example/sso', certificates: [testCertificate('idp')] },
    ...wishes,
  });
  expect(status).toBe(201);
  return body;
}

const valuesOf = (body: { idpSetup: { fields: { value: string }[] } }) =>
  body.idpSetup.fields.map(({ value }) => value);

describe('the set-up of an identity provider', () => {
  test.each([...IDENTITY_PROVIDERS, undefined])('%s: its admin is given our addresses', async (preset) => {
    const body = await make(preset === undefined ? {} : { preset });
    expect(valuesOf(body)).toEqual(expect.arrayContaining([body.acsUrl, body.spEntityId]));
    for (const value of valuesOf(body)) expect(value).not.toMatch(/^=|^acsUrl$|^spEntityId$/);
  });

  test('names the entity id that was chosen', async () => {
    expect(valuesOf(await make({ preset: 'okta', spEntityId: 'urn:ours' }))).toContain('urn:ours');
  });

  test.each(IDENTITY_PROVIDERS)('%s: what is read is what its admin is told to send', async (preset) => {
    const body = await make({ preset });
    const sent = body.idpSetup.attributes.map(({ name }: { name: string }) => name);
    expect(Object.keys(body.attributes)).toEqual(expect.arrayContaining(['email', 'groups']));
    expect(sent).toEqual(expect.arrayContaining(Object.values(body.attributes)));
  });

  test('what the admin says wins over the preset', async () => {
    expect((await make({ preset: 'okta', attributes: { email: 'mail' } })).attributes).toEqual({
      email: 'mail',
    });
  });
});
