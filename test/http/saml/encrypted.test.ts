/** Encrypted assertions at the live door: opened with our keys where they are covered by a signature, refused otherwise. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  addNextSpKey,
  isSaml,
  removeSpKey,
  rotateSpKeys,
  withSpKeys,
} from '../../../src/core/connections/sp-keys.ts';
import type { Connection, SamlConnection } from '../../../src/core/entities/connection.ts';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { verifySamlResponse } from '../../../src/http/saml/strategy.ts';
import { samlTrust } from '../../../src/http/saml/trust.ts';
import { type Browser, createBrowser } from '../../support/browser.ts';
import { startGateway, type TestGateway, testCause } from '../../support/gateway.ts';
import { startSamlIdp } from '../../support/idp/saml.ts';
import { forgedAssertion, outer, swap } from '../../support/saml-attack-row.ts';
import { encode, goodResponse, oktaLike, type SamlContext, sign } from '../../support/saml-builder.ts';
import {
  AES_GCM,
  type Encryption,
  encryptResponse,
  encryptText,
  oaepMethod,
  standalone,
} from '../../support/saml-encryption.ts';
import { attackerKey, testCertificate } from '../../support/saml-keys.ts';
import {
  addSamlConnection,
  contextFor,
  postToAcs,
  pushPerson,
  refusalReasons,
  setSession,
  startSaml,
} from '../../support/sign-in-stage.ts';

const NAME_ID = 'ada@corp.example';
const XENC = 'http://www.w3.org/2001/04/xmlenc#';

let gateway: TestGateway;
let organization: Organization;
let connection: SamlConnection;
beforeAll(async () => {
  gateway = await startGateway();
  organization = await gateway.createOrganization({ slug: 'corp' });
  const directory = await gateway.createDirectory(organization);
  for (const userName of [NAME_ID, 'intruder@evil.example'])
    await pushPerson(gateway, directory, { userName });
  connection = await aConnection();
});
afterAll(() => gateway.close());

async function aConnection(settings: Partial<SamlConnection['settings']> = {}): Promise<SamlConnection> {
  const made = await addSamlConnection(gateway, organization, { settings });
  if (!isSaml(made)) throw new Error('not SAML');
  const keyed = await withSpKeys(gateway.deps, made);
  if (!isSaml(keyed)) throw new Error('not SAML');
  return keyed;
}

const certificateOf = ({ settings }: Connection, use = 'current'): string =>
  settings.spKeys?.find((key) => key.use === use)?.certificate ?? '';

interface Stage {
  readonly context: SamlContext;
  readonly certificate: string;
}

/** Posts what `build` makes for a started sign-in; answers `in`, or the exact reason. */
async function outcome(build: (stage: Stage) => string, at = connection): Promise<unknown> {
  const browser: Browser = createBrowser();
  const start = await startSaml(gateway, browser, `/sign-in/corp?connection=${at.id}`);
  const context = contextFor(gateway, at, { requestId: start.requestId, nameId: NAME_ID });
  const SAMLResponse = encode(build({ context, certificate: certificateOf(at) }));
  const fields = { SAMLResponse, RelayState: start.relayState };
  const page = await postToAcs(gateway, browser, { connection: at, fields });
  if (setSession(page) === undefined) return (await refusalReasons(gateway, organization, page))[0];
  const answer = await browser.request(`${gateway.baseUrl}/api/v1/session`);
  expect(JSON.parse(answer.text)).toMatchObject({ user: { email: NAME_ID } });
  return 'in';
}

type Mode = Parameters<typeof encryptResponse>[2]['mode'];
type Choice = Partial<Encryption>;

const encrypted =
  (mode: Mode, choice: Choice = {}, inside?: (text: string) => string) =>
  ({ context, certificate }: Stage): string =>
    encryptResponse(oktaLike(context), context, {
      mode,
      encryption: { certificate, ...choice },
      ...(inside === undefined ? {} : { inside }),
    });

describe('opened', () => {
  const ways: readonly [string, Mode, Choice][] = [
    ['assertion signed, AES-256', 'assertion', {}],
    ['response signed', 'response', {}],
    ['both signed', 'both', {}],
    ['AES-128', 'assertion', { bits: 128 }],
    ['SHA-256 under the older name', 'both', { hash: 'sha256' }],
    ['SHA-256 under the newer name', 'both', { hash: 'sha256', keyMethod: oaepMethod('sha256', 'sha256') }],
    ['SHA-1 under the newer name', 'both', { keyMethod: oaepMethod('sha1', 'sha1') }],
    ['the key beside the data', 'both', { place: 'beside' }],
  ];
  test.each(ways)('%s', async (_what, mode, choice) => {
    expect(await outcome(encrypted(mode, choice))).toBe('in');
  });

  test('with the key before, the current and the next one, until it is taken away', async () => {
    const first = await aConnection();
    const request = { organizationId: organization.id, connectionId: first.id, cause: testCause };
    const staged = await addNextSpKey(gateway.deps, request);
    const withKey = (certificate: string) => outcome(encrypted('assertion', { certificate }), first);
    expect(await withKey(certificateOf(staged, 'next'))).toBe('in');
    const rotated = await rotateSpKeys(gateway.deps, request);
    expect(await withKey(certificateOf(first))).toBe('in');
    expect(await withKey(certificateOf(rotated))).toBe('in');
    const before = rotated.settings.spKeys?.find(({ use }) => use === 'previous');
    if (before === undefined) throw new Error('no previous key');
    await removeSpKey(gateway.deps, { ...request, keyId: before.id });
    expect(await withKey(certificateOf(first))).toBe('saml.decryption');
  });

  test('from an identity provider we did not write', async () => {
    const idp = await startSamlIdp({ users: [{ email: NAME_ID }], encryptsFor: certificateOf(connection) });
    try {
      const url = new URL(`${idp.ssoUrl.replace('/sso', '/initiate')}`);
      const { acsUrl: acs, spEntityId: audience } = samlTrust(gateway.deps, connection);
      url.search = String(new URLSearchParams({ acs, audience, email: NAME_ID }));
      const posted = await (await fetch(url)).text();
      const samlResponse = /name="SAMLResponse"\s+value="([^"]+)"/.exec(posted)?.[1] ?? '';
      expect(Buffer.from(samlResponse, 'base64').toString()).toContain('EncryptedAssertion');
      const facts = await verifySamlResponse({
        samlResponse,
        connection: {
          ...samlTrust(gateway.deps, connection),
          idpEntityId: idp.entityId,
          certificates: [idp.certificatePem],
        },
        ...{ pending: { requestId: undefined }, now: Date.now(), allowUnsolicited: true },
      });
      expect(facts).toMatchObject({ nameId: NAME_ID, issuer: idp.entityId });
    } finally {
      await idp.close();
    }
  });
});

const forged = ({ context }: Stage): string =>
  standalone(swap(oktaLike(context), context.nameId, 'intruder@evil.example')).replaceAll(
    context.nameId,
    'intruder@evil.example',
  );

describe('refused', () => {
  const rows: readonly [string, string, (stage: Stage) => string][] = [
    ['S28 nothing is signed', 'saml.unsigned', encrypted('none')],
    [
      'S28 signed inside by somebody else, the response unsigned',
      'saml.signature',
      ({ context, certificate }) =>
        encryptResponse(oktaLike(context), context, {
          ...{ mode: 'assertion', encryption: { certificate }, signer: attackerKey() },
        }),
    ],
    [
      'S28 signed inside, one word changed before it was encrypted',
      'saml.signature',
      encrypted('assertion', {}, (text) => text.replaceAll(NAME_ID, 'intruder@evil.example')),
    ],
    [
      'S28 the response signed by us, its ciphertext replaced',
      'saml.signature',
      (stage) => {
        const xml = encrypted('response')(stage);
        const { certificate } = stage;
        return swap(xml, outer(xml, 'saml:EncryptedAssertion'), encryptText(forged(stage), { certificate }));
      },
    ],
    [
      'S29 a forged encrypted one before the signed plain one',
      'saml.assertion_count',
      (stage) => {
        const { certificate } = stage;
        const piece = encryptText(forged(stage), { certificate });
        return swap(
          sign(oktaLike(stage.context), 'assertion', stage.context),
          '<saml:Assertion',
          `${piece}<saml:Assertion`,
        );
      },
    ],
    [
      'S29 a forged plain one before the signed encrypted one',
      'saml.assertion_count',
      (stage) => {
        const plain = forgedAssertion(oktaLike(stage.context), stage.context);
        return swap(
          encrypted('assertion')(stage),
          '<saml:EncryptedAssertion',
          `${plain}<saml:EncryptedAssertion`,
        );
      },
    ],
    [
      'S29 an assertion around the signed one, inside the encryption',
      'saml.assertion_count',
      encrypted('assertion', {}, (text) =>
        text.replace(/<\/saml:Issuer>/, `</saml:Issuer>${text.replace('_assertion', '_inner')}`),
      ),
    ],
    [
      'S29 a whole response inside the encryption',
      'saml.assertion_shape',
      (stage) =>
        encrypted('none', {}, () => sign(oktaLike(stage.context), 'assertion', stage.context))(stage),
    ],
    [
      'S23 a DOCTYPE inside the encryption',
      'saml.doctype',
      encrypted('response', {}, (text) => `<!DOCTYPE a>${text}`),
    ],
    [
      'S4 the genuine assertion under ds:Object, inside the encryption',
      'saml.signature_place',
      encrypted('assertion', {}, (text) =>
        text.replace(
          '</saml:Assertion>',
          '<ds:Object xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/></saml:Assertion>',
        ),
      ),
    ],
    ['S30 AES-128-CBC', 'saml.encryption_algorithm', encrypted('both', { claims: `${XENC}aes128-cbc` })],
    ['S30 AES-256-CBC', 'saml.encryption_algorithm', encrypted('both', { claims: `${XENC}aes256-cbc` })],
    ['S30 3DES', 'saml.encryption_algorithm', encrypted('both', { claims: `${XENC}tripledes-cbc` })],
    [
      'S30 RSA-1_5',
      'saml.encryption_algorithm',
      encrypted('both', { keyMethod: `<xenc:EncryptionMethod Algorithm="${XENC}rsa-1_5"/>` }),
    ],
    [
      'S30 one hash for the digest, another for the mask',
      'saml.encryption_algorithm',
      encrypted('both', { keyMethod: oaepMethod('sha256', 'sha1') }),
    ],
    [
      'S30 OAEP parameters',
      'saml.encryption_algorithm',
      encrypted('both', {
        keyMethod: oaepMethod('sha1', 'sha1').replace('<ds:', '<xenc:OAEPparams>AAAA</xenc:OAEPparams><ds:'),
      }),
    ],
    ['S30 the other key length is claimed', 'saml.decryption', encrypted('both', { claims: AES_GCM(128) })],
    [
      'S30 the ciphertext is an address',
      'saml.encryption_shape',
      (stage) =>
        encrypted('assertion')(stage).replaceAll(
          /<xenc:CipherValue>[^<]*<\/xenc:CipherValue>/g,
          '<xenc:CipherReference URI="https://evil.example/"/>',
        ),
    ],
    [
      'two encrypted keys',
      'saml.encryption_shape',
      (stage) => {
        const xml = encrypted('assertion')(stage);
        return swap(xml, '</xenc:EncryptedKey>', `</xenc:EncryptedKey>${outer(xml, 'xenc:EncryptedKey')}`);
      },
    ],
    [
      'encrypted for somebody else',
      'saml.decryption',
      encrypted('both', { certificate: testCertificate('attacker') }),
    ],
    [
      'S31 a signature of the response that does not hold is named before ciphertext that cannot be opened',
      'saml.signature',
      ({ context, certificate }) =>
        encryptResponse(oktaLike(context), context, {
          mode: 'response',
          encryption: { certificate, spoil: (bytes) => bytes.fill(0) },
          signer: attackerKey(),
        }),
    ],
    [
      'S31 and only one that holds leads to the key',
      'saml.decryption',
      encrypted('response', { spoil: (bytes) => bytes.fill(0) }),
    ],
  ];
  test.each(rows)('%s: %s', async (_what, reason, build) => {
    expect(await outcome(build)).toBe(reason);
  });

  test('an assertion without its own signature, where the connection wants one', async () => {
    const strict = await aConnection({ signatures: 'assertion' });
    expect(await outcome(encrypted('response'), strict)).toBe('saml.unsigned_assertion');
    expect(await outcome(encrypted('both'), strict)).toBe('in');
  });

  test('a connection that never published a certificate opens nothing', async () => {
    const bare = await addSamlConnection(gateway, organization, { settings: { signRequests: false } });
    if (!isSaml(bare)) throw new Error('not SAML');
    const certificate = certificateOf(connection);
    expect(await outcome(encrypted('assertion', { certificate }), bare)).toBe('saml.decryption');
  });
});

describe('S30: an oracle that says nothing', () => {
  const flip =
    (part: 'key' | 'content', at: number): Encryption['spoil'] =>
    (bytes, which) => {
      if (which === part) bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ (1 + (at % 255));
      return bytes;
    };

  test('changed ciphertexts have one answer, that of any other refusal', async () => {
    const browser = createBrowser();
    const { requestId, relayState } = await startSaml(
      gateway,
      browser,
      `/sign-in/corp?connection=${connection.id}`,
    );
    const context = contextFor(gateway, connection, { requestId, nameId: NAME_ID });
    const answers = new Set<string>();
    for (let at = 0; at < 40; at += 1) {
      const spoil = flip(at % 2 === 0 ? 'key' : 'content', at * 7) ?? ((bytes: Buffer) => bytes);
      const xml = encrypted('assertion', { spoil })({ context, certificate: certificateOf(connection) });
      const fields = { SAMLResponse: encode(xml), RelayState: relayState };
      const page = await postToAcs(gateway, browser, { connection, fields });
      answers.add(`${page.status} ${page.text.replace(/<code>[^<]*<\/code>/, '')}`);
    }
    const plain = { SAMLResponse: goodResponse({ ...context, ...attackerKey() }), RelayState: relayState };
    const page = await postToAcs(gateway, browser, { connection, fields: plain });
    answers.add(`${page.status} ${page.text.replace(/<code>[^<]*<\/code>/, '')}`);
    expect(answers.size).toBe(1);
  });

  test('1,000 changed ciphertexts have one reason', async () => {
    const context = contextFor(gateway, connection, { requestId: '_1', nameId: NAME_ID });
    const stage = { context, certificate: certificateOf(connection) };
    const trust = samlTrust(gateway.deps, connection);
    const now = gateway.clock.now();
    const assertion = standalone(sign(oktaLike(context), 'assertion', context));
    const around = sign(oktaLike(context), 'none', context);
    const plain = outer(around, 'saml:Assertion');
    const verify = (spoil: Encryption['spoil']) => {
      const piece = encryptText(assertion, { certificate: stage.certificate, ...(spoil ? { spoil } : {}) });
      const samlResponse = encode(swap(around, plain, piece));
      return verifySamlResponse({ samlResponse, connection: trust, pending: { requestId: '_1' }, now });
    };
    await expect(verify(undefined)).resolves.toMatchObject({ nameId: NAME_ID });
    const reasons = new Set<unknown>();
    for (let at = 0; at < 1000; at += 1) {
      const error = await verify(flip(at % 4 === 0 ? 'key' : 'content', at)).catch((caught) => caught);
      reasons.add(`${error.code} ${error.context?.reason} ${error.message} ${error.cause}`);
    }
    expect([...reasons]).toEqual([expect.stringMatching(/^sign_in_refused saml\.decryption .* undefined$/)]);
  });
});
