/** Which certificates may be pinned. */
import { describe, expect, test } from '@jest/globals';
import { checkCertificate } from '../../../src/protocols/saml/certificates.ts';
import { idpKey, testCertificate } from '../../support/saml-keys.ts';

const pem = testCertificate('idp');
const base64 = pem.replace(/-----[A-Z ]+-----|\s/g, '');

describe('a certificate', () => {
  const accepted: readonly [string, string][] = [
    ['PEM', pem],
    ['PEM with CRLF and spaces around', `  ${pem.replaceAll('\n', '\r\n')}  `],
    ['PEM on one line', pem.replaceAll('\n', '')],
    ['bare base64', base64],
    ['folded base64', (base64.match(/.{1,76}/g) ?? []).join('\n')],
  ];
  test.each(accepted)('as %s is read as the same certificate', (_name, text) => {
    const { fingerprint, notAfter, pem: normal } = checkCertificate(text);
    expect(normal).toBe(pem);
    expect(fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    expect(new Date(notAfter).getUTCFullYear()).toBeGreaterThan(2100);
  });

  test('with an elliptic curve key is read', () => {
    expect(checkCertificate(testCertificate('ec')).pem).toContain('BEGIN CERTIFICATE');
  });

  test('that has expired is read with its end', () => {
    expect(checkCertificate(testCertificate('expired')).notAfter).toBe(Date.UTC(2021, 0, 1));
  });

  const refused: readonly [string, unknown][] = [
    ['S21 RSA of 1024 bits', testCertificate('weak')],
    ['S60 null', null],
    ['S60 nothing', undefined],
    ['S60 empty', ''],
    ['S60 garbage', 'garbage'],
    ['S60 base64 of something else', Buffer.from('hello, this is no certificate').toString('base64')],
    ['S60 an object', { pem }],
    ['S60 cut off', base64.slice(0, 200)],
    ['a private key', idpKey().key],
    ['two certificates', pem + testCertificate('next')],
    ['a key type that cannot sign SAML', testCertificate('ed25519')],
    ['more than 16 KB', base64.repeat(20)],
  ];
  test.each(refused)('%s is refused as invalid on certificates', (_name, text) => {
    expect(() => checkCertificate(text)).toThrow(
      expect.objectContaining({ code: 'invalid', field: 'certificates' }),
    );
  });
});
