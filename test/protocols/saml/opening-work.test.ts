/** S30: how much is done with a ciphertext does not depend on what is wrong with it; counted, because clocks of test machines lie. */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  generateKeyPairSync,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import { expect, test } from '@jest/globals';
import {
  decryptAssertion,
  type EncryptedAssertion,
  type OpeningWork,
} from '../../../src/protocols/saml/encrypted-assertion.ts';

const [own, other] = [0, 1].map(() => generateKeyPairSync('rsa', { modulusLength: 2048 }));
if (own === undefined || other === undefined) throw new Error('no keys');
const pem = own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

function encrypt(
  text: string,
  { contentKey = randomBytes(32), publicKey = own?.publicKey } = {},
): EncryptedAssertion {
  if (publicKey === undefined) throw new Error('no key');
  const nonce = randomBytes(12);
  const cipher = createCipheriv(contentKey.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm', contentKey, nonce);
  const content = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const encryptedKey = publicEncrypt({ key: publicKey, padding, oaepHash: 'sha256' }, contentKey);
  return {
    ...{ cipher: 'aes-256-gcm', hash: 'sha256', digestMethods: [] },
    ...{ encryptedKey: encryptedKey.toString('base64'), cipherText: content.toString('base64') },
  };
}

const flipped = (text: string, at: number): string => {
  const bytes = Buffer.from(text, 'base64');
  bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ 1;
  return bytes.toString('base64');
};

/** What came of it, and every operation on the way: which, and on how many bytes. */
function open(encrypted: EncryptedAssertion, keys: readonly string[] = [pem]) {
  const done: string[] = [];
  const unwrap: OpeningWork['unwrap'] = (key, wrapped) => {
    done.push(`unwrap ${wrapped.byteLength}`);
    return privateDecrypt(key, wrapped);
  };
  const decipher: OpeningWork['decipher'] = (...[cipher, key, nonce, options]) => {
    done.push(`decipher ${cipher} ${key.byteLength}`);
    return createDecipheriv(cipher, key, nonce, options);
  };
  try {
    return { outcome: decryptAssertion(encrypted, keys, { unwrap, decipher }), done };
  } catch (error) {
    return { outcome: Object(error).context?.reason, done };
  }
}

const good = encrypt('<a/>'.repeat(100));

test('S30: a good one is opened with one unwrapping and one deciphering', () => {
  expect(open(good)).toEqual({
    outcome: '<a/>'.repeat(100),
    done: ['unwrap 256', 'decipher aes-256-gcm 32'],
  });
});

const wrong: readonly (readonly [what: string, EncryptedAssertion])[] = [
  ...[0, 1, 100, 255].map(
    (at) =>
      [`the wrapped key, byte ${at}`, { ...good, encryptedKey: flipped(good.encryptedKey, at) }] as const,
  ),
  ...[0, 11, 12, 200].map(
    (at) => [`the content, byte ${at}`, { ...good, cipherText: flipped(good.cipherText, at) }] as const,
  ),
  [
    'the tag',
    { ...good, cipherText: flipped(good.cipherText, -1 + Buffer.from(good.cipherText, 'base64').length) },
  ],
  ['a key of another length', { ...encrypt('x', { contentKey: randomBytes(16) }) }],
  ['a key for somebody else', encrypt('x', { publicKey: other.publicKey })],
  ['the other hash', { ...good, hash: 'sha1' }],
];
test.each(wrong)('S30: %s wrong: the same work as for a good one, and one reason', (_what, encrypted) => {
  expect(open(encrypted)).toEqual({ outcome: 'saml.decryption', done: open(good).done });
});

test('S30: every key of ours is tried alike', () => {
  const second = other.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const done = [...open(good).done, ...open(good).done];
  for (const [, encrypted] of wrong.filter(([what]) => what !== 'a key for somebody else'))
    expect(open(encrypted, [second, pem])).toEqual({ outcome: 'saml.decryption', done });
});
