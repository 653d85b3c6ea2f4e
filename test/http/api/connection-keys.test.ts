/** /organizations/{org}/connections/{connection}/sp-keys: our key pairs, published before they are used, never shown. */

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { days } from '../../../src/kernel/clock.ts';
import type { ConnectionId } from '../../../src/kernel/ids.ts';
import { testCertificate } from '../../support/saml-keys.ts';
import { addSamlConnection } from '../../support/sign-in-stage.ts';
import { type ApiWorld, startApiWorld } from './api-world.ts';

let world: ApiWorld;
let organization: Organization;
beforeAll(async () => {
  world = await startApiWorld();
  organization = await world.newOrganization();
});
afterAll(() => world.close());

const SAML = {
  protocol: 'saml',
  name: 'Company',
  entityId: 'https://idp.example.com/entity',
  ssoUrl: 'https://idp.example.com/sso',
  certificates: [testCertificate('idp')],
};

const base = () => `/organizations/${organization.id}/connections`;
const send = (request: string, body?: unknown) => world.send(world.operator, request, body);

async function aConnection() {
  const { body } = await send(`post ${base()}`, SAML);
  return { id: String(body.id), first: body.spCertificates[0] };
}

async function metadataOf(id: string): Promise<string> {
  const answer = await fetch(`${world.gateway.origin}/saml/${id}/metadata`);
  return answer.text();
}

/** Uses and certificates of the KeyDescriptors, in order. */
const publishedIn = (xml: string) =>
  [...xml.matchAll(/<md:KeyDescriptor use="(\w+)">.*?<ds:X509Certificate>([^<]+)</g)].map(
    ([, use, der]) => `${use} ${new X509Certificate(Buffer.from(der ?? '', 'base64')).fingerprint256}`,
  );

const usesOf = (body: { spCertificates: { use: string }[] }) => body.spCertificates.map(({ use }) => use);

describe('our key pair', () => {
  test('a new connection has one, with a certificate of three years', async () => {
    const { first } = await aConnection();
    expect(first).toMatchObject({ use: 'current', id: expect.stringMatching(/^spk_/) });
    const left = Date.parse(first.expiresAt) - world.gateway.clock.now();
    expect(left).toBe(days(3 * 365));
  });

  test('a connection from before there were key pairs gets its first when its metadata is read, and one only', async () => {
    const { id } = await addSamlConnection(world.gateway, organization);
    const read = await Promise.all([metadataOf(id), metadataOf(id), metadataOf(id)]);
    expect(new Set(read).size).toBe(1);
    const { body } = await send(`get ${base()}/${id}`);
    expect(usesOf(body)).toEqual(['current']);
    expect(publishedIn(read[0] ?? '')).toEqual([
      `signing ${body.spCertificates[0].fingerprint}`,
      `encryption ${body.spCertificates[0].fingerprint}`,
    ]);
  });

  test('S67: metadata publishes the next certificate beside the current one, then the next alone once it is in use', async () => {
    const { id, first } = await aConnection();
    const staged = await send(`post ${base()}/${id}/sp-keys`);
    expect([staged.status, usesOf(staged.body)]).toEqual([201, ['current', 'next']]);
    const next = staged.body.spCertificates[1];
    const both = (await metadataOf(id)).replaceAll('\n', '');
    expect(publishedIn(both)).toEqual([
      `signing ${first.fingerprint}`,
      `encryption ${first.fingerprint}`,
      `signing ${next.fingerprint}`,
      `encryption ${next.fingerprint}`,
    ]);
    const rotated = await send(`post ${base()}/${id}/sp-keys/rotate`);
    expect([rotated.status, usesOf(rotated.body)]).toEqual([200, ['current', 'previous']]);
    expect(rotated.body.spCertificates[0]).toEqual({ ...next, use: 'current' });
    expect(publishedIn(await metadataOf(id))).toEqual([
      `signing ${next.fingerprint}`,
      `encryption ${next.fingerprint}`,
    ]);
  });

  test('only what has been published can be used: rotating without a next pair is refused, a second next one too', async () => {
    const { id } = await aConnection();
    expect(await send(`post ${base()}/${id}/sp-keys/rotate`)).toMatchObject({ status: 422 });
    await send(`post ${base()}/${id}/sp-keys`);
    expect(await send(`post ${base()}/${id}/sp-keys`)).toMatchObject({ status: 409 });
  });

  test('a next pair may be taken away, the current one may not', async () => {
    const { id, first } = await aConnection();
    const { body } = await send(`post ${base()}/${id}/sp-keys`);
    const remove = (key: string) => send(`delete ${base()}/${id}/sp-keys/${key}`);
    expect(await remove(first.id)).toMatchObject({ status: 422 });
    expect(await remove(body.spCertificates[1].id)).toMatchObject({ status: 204 });
    expect(await remove(body.spCertificates[1].id)).toMatchObject({ status: 404 });
    expect(usesOf((await send(`get ${base()}/${id}`)).body)).toEqual(['current']);
  });

  test('every step is in the audit', async () => {
    const { id } = await aConnection();
    await send(`post ${base()}/${id}/sp-keys`);
    await send(`post ${base()}/${id}/sp-keys/rotate`);
    const rows = await world.gateway.storage.auditEvents.list(organization.id, {}, { limit: 2000 });
    const types = rows.filter(({ target }) => target.id === id).map(({ type }) => type);
    expect(types.toSorted()).toEqual([
      'connection.created',
      'connection.key_created',
      'connection.key_created',
      'connection.key_rotated',
    ]);
  });

  test('a connection of OIDC, or of another organization, has no such address', async () => {
    const { id } = await aConnection();
    const other = await world.newOrganization();
    expect(await send(`post /organizations/${other.id}/connections/${id}/sp-keys`)).toMatchObject({
      status: 404,
    });
    const oidc = {
      protocol: 'oidc',
      name: 'A',
      issuer: 'https://a.example',
      clientId: 'a',
      clientSecret: 'b',
    };
    const { body } = await send(`post ${base()}`, oidc);
    expect(await send(`post ${base()}/${body.id}/sp-keys`)).toMatchObject({ status: 404 });
  });
});

describe('private keys', () => {
  test('S67, law 7: are in no answer and no metadata, and at rest only sealed', async () => {
    const { id } = await aConnection();
    const connection = await world.gateway.storage.connections.find(organization.id, id as ConnectionId);
    const settings = connection?.settings;
    const key = settings?.protocol === 'saml' ? (settings.spKeys[0]?.privateKey ?? '') : '';
    expect(key).toContain('PRIVATE KEY');
    const piece = key.split('\n')[3] ?? '';
    expect(piece.length).toBeGreaterThan(40);
    const answers = [await send(`get ${base()}/${id}`), await send(`get ${base()}`)];
    const shown = [JSON.stringify(answers), await metadataOf(id), JSON.stringify(world.gateway.logLines)];
    const audit = await world.gateway.storage.auditEvents.list(organization.id, {}, { limit: 2000 });
    for (const text of [...shown, JSON.stringify(audit)]) {
      expect(text).not.toContain('PRIVATE KEY');
      expect(text).not.toContain(piece);
    }
    const stored =
      readFileSync(world.gateway.path, 'latin1') + readFileSync(`${world.gateway.path}-wal`, 'latin1');
    expect(stored).toContain(id);
    expect(stored).not.toContain('PRIVATE KEY');
    expect(stored).not.toContain(piece);
  });
});
