/** ECDSA signatures of tokens, written as OpenSSL reads them: whatever the numbers, and nothing of another length (S68). */
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { derSignature } from '../../../src/protocols/oidc/ecdsa-signature.ts';

const hex = (bytes: Buffer | undefined) => bytes?.toString('hex');
const zeros = (count: number) => '00'.repeat(count);

describe('two numbers side by side', () => {
  const long = `80${'11'.repeat(65)}`;
  test.each([
    ['as long as they may be', 2, '11223344', '3008' + '02021122' + '02023344'],
    ['that would read as negative', 2, '80018fff', '300a' + '0203008001' + '0203008fff'],
    ['with zeros in front', 2, '00110080', '3007' + '020111' + '02020080'],
    ['that are nothing', 2, zeros(4), '3006' + '020100' + '020100'],
    ['in more than 127 bytes', 66, long + long, `30818a0243${`00${long}`}0243${`00${long}`}`],
  ])('%s', (_title, size, joined, expected) => {
    expect(hex(derSignature(Buffer.from(joined, 'hex'), size))).toBe(expected);
  });

  test.each([0, 1, 63, 65, 128])('S68 of %i bytes are none of a curve of 32', (length) => {
    expect(derSignature(Buffer.alloc(length, 1), 32)).toBeUndefined();
  });
});

test.each([
  ['P-256', 32],
  ['P-384', 48],
  ['P-521', 66],
] as const)('what a key of %s has signed is what it checks', (namedCurve, size) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
  fc.assert(
    fc.property(fc.uint8Array(), (data) => {
      const joined = sign('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' });
      const der = derSignature(joined, size);
      expect(der !== undefined && verify('sha256', data, publicKey, der)).toBe(true);
    }),
    { numRuns: 50 },
  );
});
