/** Metadata at an address: what is new is staged and shown, and counts once somebody who may says so, or a pinned key (S62, S64). */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { attendConnections } from '../../../src/core/connections/connection-attendance.ts';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { summarizeCertificate } from '../../../src/kernel/certificates.ts';
import { days, hours, minutes } from '../../../src/kernel/clock.ts';
import {
  idpMetadata,
  type MetadataServer,
  signMetadata,
  startMetadataServer,
} from '../../support/metadata-server.ts';
import { outer, swap } from '../../support/saml-attack-row.ts';
import { attackerKey, idpKey, testCertificate } from '../../support/saml-keys.ts';
import { type ApiWorld, type Person, startApiWorld } from './api-world.ts';

let world: ApiWorld;
let server: MetadataServer;
let organization: Organization;
let owners: readonly Person[];
beforeAll(async () => {
  world = await startApiWorld();
  server = await startMetadataServer();
  organization = await world.newOrganization();
  owners = [await world.newPerson(organization, 'owner'), await world.newPerson(organization, 'owner')];
});
afterAll(async () => {
  server.close();
  await world.close();
});

const IDP = { entityId: 'https://idp.example/entity', ssoUrl: 'https://idp.example/sso' };
const PINNED = testCertificate('idp');
const NEXT = testCertificate('next');
const fingerprint = (pem: string) => summarizeCertificate(pem)?.fingerprint;
const publish = (certificates: readonly string[], wishes: Partial<typeof IDP> = {}) =>
  server.publish(idpMetadata({ ...IDP, ...wishes, certificates }));

const base = () => `/organizations/${organization.id}/connections`;
const send = (request: string, body?: unknown) => world.send(world.operator, request, body);

/** A connection that watches the server, which has published something since. */
async function watching(trustMetadata?: boolean) {
  publish([PINNED]);
  const input = { protocol: 'saml', name: 'Corp', metadataUrl: server.url };
  const { status, body } = await send(`post ${base()}`, {
    ...input,
    ...(trustMetadata === undefined ? {} : { trustMetadata }),
  });
  expect(status).toBe(201);
  return String(body.id);
}

const refresh = async (id: string) => (await send(`post ${base()}/${id}/metadata/refresh`)).body;
const pinnedOf = (body: { certificates: { fingerprint: string }[] }) =>
  body.certificates.map((certificate) => certificate.fingerprint);

async function eventsOf(id: string): Promise<readonly string[]> {
  const rows = await world.gateway.storage.auditEvents.list(organization.id, {}, { limit: 2000 });
  return rows.filter(({ target }) => target.id === id).map(({ type }) => type);
}

/** Subjects of mails to owners that `act` causes, sorted, one for each owner. */
async function mailsOf(act: () => Promise<unknown>) {
  while ((await world.gateway.deliverMails()) > 0);
  const before = world.gateway.mails.length;
  await act();
  while ((await world.gateway.deliverMails()) > 0);
  const mails = world.gateway.mails.slice(before);
  expect(mails.map(({ to }) => to).toSorted()).toEqual(
    mails.length === 0 ? [] : owners.map(({ email }) => email).toSorted(),
  );
  return mails[0];
}

describe('S64: a new certificate', () => {
  test('is staged and shown, tells every owner once, and is not trusted', async () => {
    const id = await watching();
    publish([PINNED, NEXT]);
    const mail = await mailsOf(() => refresh(id));
    expect(mail?.subject).toBe('New metadata for "Corp" is waiting');
    const body = await refresh(id);
    expect(pinnedOf(body)).toEqual([fingerprint(PINNED)]);
    expect(body.stagedMetadata).toMatchObject({
      addedCertificates: [fingerprint(NEXT)],
      removedCertificates: [],
      ssoUrl: IDP.ssoUrl,
    });
    expect(await mailsOf(() => refresh(id))).toBeUndefined();
    expect(await eventsOf(id)).toEqual(expect.arrayContaining(['connection.metadata_staged']));
    expect((await eventsOf(id)).filter((type) => type === 'connection.metadata_staged')).toHaveLength(1);
  });

  test('counts once it is applied, and only what was looked at can be', async () => {
    const id = await watching();
    expect(await send(`post ${base()}/${id}/metadata/apply`, { id: 'x' })).toMatchObject({ status: 404 });
    publish([NEXT]);
    const seen = (await refresh(id)).stagedMetadata.id;
    publish([testCertificate('attacker')]);
    const now = (await refresh(id)).stagedMetadata.id;
    expect(await send(`post ${base()}/${id}/metadata/apply`, { id: seen })).toMatchObject({ status: 409 });
    publish([NEXT]);
    expect((await refresh(id)).stagedMetadata.id).toBe(seen);
    expect(now).not.toBe(seen);
    const mail = await mailsOf(async () => {
      const { status, body } = await send(`post ${base()}/${id}/metadata/apply`, { id: seen });
      expect([status, body.stagedMetadata, pinnedOf(body)]).toEqual([200, null, [fingerprint(NEXT)]]);
    });
    expect((await eventsOf(id)).filter((type) => type === 'connection.metadata_applied')).toHaveLength(1);
    expect(mail?.text).toContain(`before: ${fingerprint(PINNED)}`);
    expect(mail?.text).toContain(`now:    ${fingerprint(NEXT)}`);
  });

  test('that goes away again before anybody agreed is staged no more', async () => {
    const id = await watching();
    publish([NEXT]);
    expect((await refresh(id)).stagedMetadata).not.toBeNull();
    publish([PINNED]);
    expect((await refresh(id)).stagedMetadata).toBeNull();
  });

  test('is applied by itself where the owner opted in, at once or later', async () => {
    const id = await watching(true);
    publish([NEXT]);
    expect(await refresh(id)).toMatchObject({ stagedMetadata: null, metadataSource: { trusted: true } });
    expect(pinnedOf((await send(`get ${base()}/${id}`)).body)).toEqual([fingerprint(NEXT)]);
    const later = await watching();
    await send(`patch ${base()}/${later}`, { trustMetadata: true });
    publish([NEXT]);
    expect(pinnedOf(await refresh(later))).toEqual([fingerprint(NEXT)]);
  });

  const two = idpMetadata({ ...IDP, certificates: [PINNED, NEXT] });
  const signatures: readonly [string, () => string, boolean][] = [
    ['a pinned key signed it', () => signMetadata(two, idpKey()), true],
    ['another key signed it', () => signMetadata(two, attackerKey()), false],
    [
      'a pinned key signed something else',
      () => {
        const genuine = signMetadata(idpMetadata({ ...IDP, certificates: [PINNED] }), idpKey());
        return swap(two, '<md:IDPSSODescriptor', `${outer(genuine, 'ds:Signature')}<md:IDPSSODescriptor`);
      },
      false,
    ],
    [
      'the signed document stands inside another one',
      () =>
        two.replace(
          '</md:EntityDescriptor>',
          `<md:Extensions>${signMetadata('<a xmlns="urn:x" ID="_x"/>', idpKey())}</md:Extensions></md:EntityDescriptor>`,
        ),
      false,
    ],
  ];
  test.each(signatures)('where %s', async (_what, document, isApplied) => {
    const id = await watching();
    server.publish(document());
    const body = await refresh(id);
    expect(pinnedOf(body)).toEqual(
      isApplied ? [fingerprint(PINNED), fingerprint(NEXT)] : [fingerprint(PINNED)],
    );
  });
});

test('a wish for signed requests alone that appears later counts at once, beside a certificate that waits, and goes as it came', async () => {
  const id = await watching();
  await send(`patch ${base()}/${id}`, { signRequests: false });
  const isSigned = async () => {
    const path = `/sign-in/${organization.slug}?connection=${id}`;
    const { headers } = await world.gateway.request().get(path).redirects(0);
    return new URL(headers.location ?? '').searchParams.has('Signature');
  };
  expect(await isSigned()).toBe(false);
  const wishing = idpMetadata({ ...IDP, certificates: [PINNED, NEXT] }).replace(
    '<md:IDPSSODescriptor',
    '<md:IDPSSODescriptor WantAuthnRequestsSigned="true"',
  );
  server.publish(wishing);
  world.gateway.clock.advance(hours(6));
  await attendConnections(world.gateway.deps);
  const { body } = await send(`get ${base()}/${id}`);
  expect(body).toMatchObject({
    signRequests: true,
    stagedMetadata: { addedCertificates: [fingerprint(NEXT)] },
  });
  expect(pinnedOf(body)).toEqual([fingerprint(PINNED)]);
  expect(await isSigned()).toBe(true);
  await send(`post ${base()}/${id}/metadata/apply`, { id: body.stagedMetadata.id });
  expect([await isSigned(), pinnedOf((await send(`get ${base()}/${id}`)).body)]).toEqual([
    true,
    [fingerprint(PINNED), fingerprint(NEXT)],
  ]);
  publish([PINNED, NEXT]);
  expect((await refresh(id)).signRequests).toBe(false);
  expect(await isSigned()).toBe(false);
});

describe('what cannot be used', () => {
  const rows: readonly [string, () => void, RegExp][] = [
    [
      'another identity provider',
      () => publish([NEXT], { entityId: 'https://evil.example' }),
      /another identity/,
    ],
    ['nothing', () => server.publish('', 404), /no usable answer/],
    ['a page', () => server.publish('<html><body>Sign in</body></html>'), /metadata/],
    [
      'S63: a DOCTYPE',
      () => server.publish(`<!DOCTYPE a>${idpMetadata({ ...IDP, certificates: [NEXT] })}`),
      /doctype/,
    ],
    ['S63: a javascript address', () => publish([NEXT], { ssoUrl: 'javascript:alert(1)' }), /https/],
    ['S63: an http address', () => publish([NEXT], { ssoUrl: 'http://203.0.113.9/sso' }), /https/],
  ];
  test.each(rows)(
    '%s is named as the problem, and changes nothing, even where the address is trusted',
    async (_what, act, problem) => {
      const id = await watching(true);
      act();
      const body = await refresh(id);
      expect(body.metadataSource.problem).toMatch(problem);
      expect([pinnedOf(body), body.entityId, body.ssoUrl]).toEqual([
        [fingerprint(PINNED)],
        IDP.entityId,
        IDP.ssoUrl,
      ]);
      publish([PINNED]);
      expect((await refresh(id)).metadataSource.problem).toBeNull();
    },
  );
});

describe('the address', () => {
  test('is read by itself every six hours', async () => {
    const id = await watching();
    publish([PINNED, NEXT]);
    await attendConnections(world.gateway.deps);
    expect((await send(`get ${base()}/${id}`)).body.stagedMetadata).toBeNull();
    world.gateway.clock.advance(hours(6));
    await attendConnections(world.gateway.deps);
    expect((await send(`get ${base()}/${id}`)).body.stagedMetadata).not.toBeNull();
  });

  test('is read by the check too', async () => {
    const id = await watching();
    publish([PINNED, NEXT]);
    const { body } = await send(`post ${base()}/${id}/check`);
    expect(body).toMatchObject({ ok: true, metadata: { problem: null, isStaged: true } });
  });

  test.each([
    ['told to', { metadataUrl: null }],
    ['another identity provider is named', { entityId: 'https://other.example' }],
    ['metadata is given by hand', { metadataXml: idpMetadata({ ...IDP, certificates: [NEXT] }) }],
  ])('is forgotten when %s', async (_what, change) => {
    const id = await watching();
    const { body } = await send(`patch ${base()}/${id}`, change);
    expect(body).toMatchObject({ metadataSource: null, stagedMetadata: null });
  });

  test('that does not exist cannot be read: 422 names metadataUrl', async () => {
    const id = await watching();
    await send(`patch ${base()}/${id}`, { metadataUrl: null });
    expect(await send(`post ${base()}/${id}/metadata/refresh`)).toMatchObject({
      status: 422,
      body: { code: 'invalid', field: 'metadataUrl' },
    });
  });

  test('that does not exist cannot be trusted', async () => {
    const id = await watching();
    await send(`patch ${base()}/${id}`, { metadataUrl: null });
    expect(await send(`patch ${base()}/${id}`, { trustMetadata: true })).toMatchObject({
      status: 422,
      body: { field: 'trustMetadata' },
    });
  });
});

describe('S62: who may change what is believed', () => {
  const changes: readonly (readonly [string, object])[] = [
    ['certificates', { certificates: [NEXT] }],
    ['entity id', { entityId: 'https://evil.example' }],
    ['single sign-on address', { ssoUrl: 'https://evil.example/sso' }],
    ['entity id of ours', { spEntityId: 'urn:evil' }],
    ['metadata', { metadataXml: idpMetadata({ ...IDP, certificates: [NEXT] }) }],
    ['trust in the metadata address', { trustMetadata: true }],
  ];

  test.each(changes)('%s: not an admin, an owner may; every owner is told', async (_what, change) => {
    const id = await watching();
    for (const role of ['admin', 'member', 'viewer'] as const) {
      const person = await world.newPerson(organization, role);
      expect(await world.send(person, `patch ${base()}/${id}`, change)).toMatchObject({ status: 403 });
    }
    const owner = await world.newPerson(organization, 'owner');
    owners = [...owners, owner];
    const mail = await mailsOf(async () => {
      expect(await world.send(owner, `patch ${base()}/${id}`, change)).toMatchObject({ status: 200 });
    });
    expect(mail?.subject).toBe(`Single sign-on of ${organization.name} was changed`);
    expect(mail?.text).toContain(`changed by ${owner.email}`);
  });

  test('an owner whose sign-in is not fresh has to prove first who is there', async () => {
    const id = await watching();
    const owner = await world.newPerson(organization, 'owner');
    owners = [...owners, owner];
    world.gateway.clock.advance(minutes(11));
    const answer = await world.send(owner, `patch ${base()}/${id}`, { certificates: [NEXT] });
    expect(answer).toMatchObject({ status: 403, body: { code: 'step_up_required' } });
    expect(pinnedOf((await send(`get ${base()}/${id}`)).body)).toEqual([fingerprint(PINNED)]);
  });

  test('the audit names fingerprints before and after', async () => {
    const id = await watching();
    await send(`patch ${base()}/${id}`, { certificates: [PINNED, NEXT] });
    const rows = await world.gateway.storage.auditEvents.list(organization.id, {}, { limit: 2000 });
    const row = rows.find(({ type, target }) => type === 'connection.updated' && target.id === id);
    expect(row?.details).toMatchObject({
      before: { certificates: [fingerprint(PINNED)] },
      after: { certificates: [fingerprint(PINNED), fingerprint(NEXT)] },
    });
  });

  test('a new name is nobody’s business', async () => {
    const id = await watching();
    expect(await mailsOf(() => send(`patch ${base()}/${id}`, { name: 'Other' }))).toBeUndefined();
  });
});

describe('certificates that end', () => {
  test('S21: are told of as events and mails, and in the end the connection says why nobody can sign in', async () => {
    const id = await watching();
    const { body } = await send(`patch ${base()}/${id}`, { metadataUrl: null, name: 'Ending' });
    const end = Date.parse(body.certificates[0].expiresAt);
    const ownEnd = Date.parse(body.spCertificates[0].expiresAt);
    expect(ownEnd).toBeLessThan(end - days(60));
    world.gateway.clock.advance(ownEnd - days(30) - world.gateway.clock.now());
    await attendConnections(world.gateway.deps);
    while ((await world.gateway.deliverMails()) > 0);
    const told = world.gateway.mails.filter(({ subject }) => subject.includes('"Ending" expires soon'));
    expect(told.map(({ to }) => to).toSorted()).toEqual(owners.map(({ email }) => email).toSorted());
    expect((await eventsOf(id)).filter((type) => type === 'connection.certificate_expiring')).toHaveLength(1);
    expect((await send(`get ${base()}/${id}`)).body.problem).toBeNull();
    world.gateway.clock.advance(end + 1 - world.gateway.clock.now());
    await attendConnections(world.gateway.deps);
    await attendConnections(world.gateway.deps);
    // One row for ours, which ended in between, and one for theirs.
    expect((await eventsOf(id)).filter((type) => type === 'connection.certificate_expired')).toHaveLength(2);
    expect((await send(`get ${base()}/${id}`)).body.problem).toBe('saml.certificate_expired');
  });
});

describe('PUT, POST .../metadata', () => {
  const FILE = idpMetadata({ ...IDP, entityId: 'https://idp.example/other', certificates: [NEXT] });
  const at = (id: string) => `${world.gateway.baseUrl}/api/v1${base()}/${id}/metadata`;
  const sendFile = async (
    id: string,
    body: string | Buffer,
    { type = 'application/samlmetadata+xml', method = 'PUT' }: { type?: string; method?: string } = {},
  ) => {
    const headers = { ...world.operator.headers, 'content-type': type };
    const sent = typeof body === 'string' ? body : Uint8Array.from(body);
    const answer = await fetch(at(id), { method, headers, body: sent });
    return { status: answer.status, body: JSON.parse(await answer.text()) };
  };

  test.each([
    ['PUT', 'application/samlmetadata+xml'],
    ['POST', 'application/xml'],
    ['PUT', 'text/xml; charset=UTF-8'],
  ])(
    '200: %s of the file as %s pins what it says, and its old address is read no more',
    async (method, type) => {
      const id = await watching();
      const { status, body } = await sendFile(id, `\uFEFF${FILE}`, { method, type });
      expect([status, body.entityId, body.metadataSource]).toEqual([200, 'https://idp.example/other', null]);
      expect(pinnedOf(body)).toEqual([fingerprint(NEXT)]);
      expect(await eventsOf(id)).toContain('connection.updated');
    },
  );

  const METADATA = 'application/samlmetadata+xml';
  test.each<[string, number, string, string | Buffer, string]>([
    ['S63: a DOCTYPE', 422, 'invalid', `<!DOCTYPE a [<!ENTITY b "c">]>${FILE}`, METADATA],
    ['S63: more than 512 KB', 413, 'payload_too_large', `${FILE}${' '.repeat(512 * 1024)}`, METADATA],
    ['UTF-16', 400, 'invalid_syntax', Buffer.from(`\uFEFF${FILE}`, 'utf16le'), METADATA],
    ['another charset', 415, 'unsupported_media_type', FILE, 'text/xml; charset=iso-8859-1'],
    ['another type', 415, 'unsupported_media_type', FILE, 'text/plain'],
    ['JSON', 415, 'unsupported_media_type', JSON.stringify({ metadataXml: FILE }), 'application/json'],
    ['no XML', 422, 'invalid', 'entityId: https://idp.example', METADATA],
    ['nothing', 422, 'invalid', '', METADATA],
  ])('%s: %d %s, and nothing is changed', async (_title, status, code, file, type) => {
    const id = await watching();
    const answer = await sendFile(id, file, { type });
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(pinnedOf((await send(`get ${base()}/${id}`)).body)).toEqual([fingerprint(PINNED)]);
  });

  test('422: an OpenID Connect connection has no such file', async () => {
    const input = {
      protocol: 'oidc',
      name: 'O',
      issuer: 'https://op.example',
      clientId: 'a',
      clientSecret: 'b',
    };
    const { body } = await send(`post ${base()}`, input);
    expect((await sendFile(String(body.id), FILE)).body).toMatchObject({
      code: 'invalid',
      field: 'metadataXml',
    });
  });
});
