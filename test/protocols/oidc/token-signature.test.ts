/** Signatures of tokens by published keys: every algorithm, and everything that must not pass for one (S68, S81). */
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { type CompactJWSHeaderParameters, CompactSign } from 'jose';
import { SIGNATURE_ALGORITHMS } from '../../../src/protocols/oidc/settings.ts';
import { judgeSignature, type PublishedKey } from '../../../src/protocols/oidc/token-signature.ts';

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const rsa = (modulusLength = 2048, publicExponent = 65_537): Pair =>
  generateKeyPairSync('rsa', { modulusLength, publicExponent });
const ec = (namedCurve: string): Pair => generateKeyPairSync('ec', { namedCurve });
const pairs: Readonly<Record<string, Pair>> = {
  ...{ RS: rsa(), PS: rsa(), ES256: ec('P-256'), ES384: ec('P-384'), ES512: ec('P-521') },
  Ed: generateKeyPairSync('ed25519'),
};
const other = rsa();

const pairFor = (alg: string): Pair => pairs[alg] ?? pairs[alg.slice(0, 2)] ?? other;
const published = ({ publicKey }: Pair, extra: PublishedKey = {}): PublishedKey => ({
  ...publicKey.export({ format: 'jwk' }),
  kid: 'k1',
  ...extra,
});

const PAYLOAD = '{"sub":"somebody"}';
const signed = (alg: string, { privateKey }: Pair, header: object = {}): Promise<string> => {
  const protectedHeader: CompactJWSHeaderParameters = { alg, kid: 'k1', ...header };
  return new CompactSign(Buffer.from(PAYLOAD)).setProtectedHeader(protectedHeader).sign(privateKey);
};

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const judged = (token: string, keys: readonly PublishedKey[], algorithms: readonly string[] = ['RS256']) =>
  judgeSignature(token, { keys, algorithms }).kind;

describe.each(SIGNATURE_ALGORITHMS)('%s', (alg) => {
  const pair = pairFor(alg);

  test('a token of a published key is genuine, and its payload is what was signed', async () => {
    const token = await signed(alg, pair);
    const verdict = judgeSignature(token, { keys: [published(pair)], algorithms: [alg] });
    expect(verdict).toMatchObject({ kind: 'genuine', payload: Buffer.from(PAYLOAD).toString('base64url') });
  });

  test('S68 any changed part is refused, and so is no signature', async () => {
    const parts = (await signed(alg, pair)).split('.');
    for (const index of [1, 2]) {
      const bytes = Buffer.from(parts[index] ?? '', 'base64url');
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
      const forged = parts.with(index, bytes.toString('base64url')).join('.');
      expect(judged(forged, [published(pair)], [alg])).toBe('broken');
    }
    expect(judged(parts.with(2, '').join('.'), [published(pair)], [alg])).toBe('broken');
  });

  test('S68 is refused where the connection does not list it', async () => {
    const others = SIGNATURE_ALGORITHMS.filter((name) => name !== alg);
    expect(judged(await signed(alg, pair), [published(pair)], others)).toBe('algorithm');
  });
});

describe('which key counts', () => {
  const good = pairFor('RS256');
  const rows: readonly (readonly [string, readonly PublishedKey[], string])[] = [
    ['without an id, where it is the only one', [published(good, { kid: 'k1' })], 'genuine'],
    ['beside keys of other ids', [published(other, { kid: 'k2' }), published(good)], 'genuine'],
    ['of another id', [published(good, { kid: 'k2' })], 'no_key'],
    ['without an id, for a token that names one', [published(good, { kid: undefined })], 'no_key'],
    ['of no set', [], 'no_key'],
    ['for encryption', [published(good, { use: 'enc' })], 'no_key'],
    ['for signing only', [published(good, { key_ops: ['sign'] })], 'no_key'],
    ['for anything but in a list', [published(good, { key_ops: 'verify' })], 'no_key'],
    ['of another algorithm', [published(good, { alg: 'RS512' })], 'no_key'],
    ['of another kind', [published(pairFor('ES256'))], 'no_key'],
    ['twice under one id', [published(other), published(good)], 'unclear_key'],
    ['without a modulus', [published(good, { n: undefined })], 'unclear_key'],
    ['with a modulus that is none', [published(good, { n: 7 })], 'unclear_key'],
    ['of somebody else under its id', [published(other)], 'broken'],
  ];
  test.each(rows)('S68 one %s', async (_title, keys, expected) => {
    expect(judged(await signed('RS256', good), keys)).toBe(expected);
  });

  test('S68 an elliptic one of another curve', async () => {
    expect(judged(await signed('ES256', pairFor('ES256')), [published(pairFor('ES384'))], ['ES256'])).toBe(
      'no_key',
    );
  });

  // Great ones would hold the thread up that answers everybody.
  test('S68 a weak one, and one that takes long to check, are no usable keys', async () => {
    const weak = { ...published(good), ...published(rsa(1024)) };
    const great = published(good, { e: Buffer.alloc(6, 255).toString('base64url') });
    for (const key of [weak, great]) expect(judged(await signed('RS256', good), [key])).toBe('unclear_key');
  });

  test('S68 with an exponent of 1 a signature is what anybody can write; an even one is none of RSA', () => {
    const text = `${part({ alg: 'RS256', kid: 'k1' })}.${part({ sub: 'somebody' })}`;
    const info = Buffer.from('3031300d060960864801650304020105000420', 'hex');
    const digest = Buffer.concat([info, createHash('sha256').update(text).digest()]);
    // EMSA-PKCS1-v1_5 (RFC 8017 §9.2), to the power of 1.
    const padding = Buffer.alloc(256 - 3 - digest.length, 0xff);
    const forged = Buffer.concat([Buffer.of(0, 1), padding, Buffer.of(0), digest]).toString('base64url');
    for (const e of [1, 2, 0, 65_538]) {
      const key = published(good, {
        e: Buffer.from(e.toString(16).padStart(6, '0'), 'hex').toString('base64url'),
      });
      expect([e, judged(`${text}.${forged}`, [key])]).toEqual([e, 'unclear_key']);
    }
  });

  test('S68 the least exponent there is will do', async () => {
    const least = rsa(2048, 3);
    expect(judged(await signed('RS256', least), [published(least)])).toBe('genuine');
  });

  test.each(['jwk', 'jku', 'x5u', 'x5c'])(
    'S81 what the token brings along as %s is not looked at',
    async (name) => {
      const brought = {
        jwk: published(other),
        jku: 'https://evil.example',
        x5u: 'https://evil.example',
        x5c: ['x'],
      };
      const header = { [name]: Reflect.get(brought, name) };
      expect(judged(await signed('RS256', other, header), [published(good)])).toBe('broken');
      expect(judged(await signed('RS256', good, header), [published(good)])).toBe('genuine');
    },
  );
});

describe('what is no token', () => {
  test.each([
    ['nothing', '', 'malformed'],
    ['two parts', 'e30.e30', 'malformed'],
    ['five parts', 'e30.e30.e30.e30.e30', 'malformed'],
    ['a header that is no JSON', 'AAAA.e30.AAAA', 'malformed'],
    ['a header that is a list', `${part([])}.e30.AAAA`, 'malformed'],
    ['padding', `${part({ alg: 'RS256' })}.e30.AAA=`, 'malformed'],
    ['S68 alg none', `${part({ alg: 'none' })}.e30.`, 'algorithm'],
    ['S68 alg HS256', `${part({ alg: 'HS256' })}.e30.AAAA`, 'algorithm'],
    ['an alg of the language', `${part({ alg: 'constructor' })}.e30.AAAA`, 'algorithm'],
    ['an alg that is a list', `${part({ alg: ['RS256'] })}.e30.AAAA`, 'algorithm'],
    ['no alg', `${part({})}.e30.AAAA`, 'algorithm'],
    ['a critical extension', `${part({ alg: 'RS256', crit: ['b64'], b64: false })}.e30.AAAA`, 'malformed'],
  ])('%s', (_title, token, expected) => {
    expect(judged(token, [published(pairFor('RS256'))], ['RS256', 'none', 'HS256', 'constructor'])).toBe(
      expected,
    );
  });
});
