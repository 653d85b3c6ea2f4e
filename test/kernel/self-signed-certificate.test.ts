/** Certificates we write must be read by others: OpenSSL, inside Node, is the reader. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { newRsaKey, selfSignedCertificate } from '../../src/kernel/self-signed-certificate.ts';
import { fixedRsaKeys } from '../support/saml-keys.ts';

const NOT_BEFORE = Date.UTC(2026, 10, 20, 3, 4, 5);

async function certificate(notAfter: number, commonName = 'Gatehouse con_1') {
  const privateKey = await fixedRsaKeys()();
  const pem = selfSignedCertificate({ privateKey, commonName, notBefore: NOT_BEFORE, notAfter });
  return { privateKey, read: new X509Certificate(pem) };
}

describe('self-signed certificates', () => {
  test('say whose they are and until when, are signed by their own key, and are no authority', async () => {
    const { read, privateKey } = await certificate(Date.UTC(2029, 10, 20));
    expect(read.subject).toBe('CN=Gatehouse con_1');
    expect(read.issuer).toBe(read.subject);
    expect([Date.parse(read.validFrom), Date.parse(read.validTo)]).toEqual([
      NOT_BEFORE,
      Date.UTC(2029, 10, 20),
    ]);
    expect(read.verify(read.publicKey)).toBe(true);
    expect(read.checkPrivateKey(createPrivateKey(privateKey))).toBe(true);
    expect(read.ca).toBe(false);
  });

  test('an end after 2049 is written in the longer form', async () => {
    const { read } = await certificate(Date.UTC(2051, 0, 1));
    expect(Date.parse(read.validTo)).toBe(Date.UTC(2051, 0, 1));
  });

  test('every one has a serial number of its own, positive and of 16 bytes', async () => {
    const serials = new Set<string>();
    for (let round = 0; round < 20; round += 1) {
      const { read } = await certificate(Date.UTC(2029, 0, 1));
      expect(read.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
      serials.add(read.serialNumber);
    }
    expect(serials.size).toBe(20);
  });

  test('new keys are RSA of 2048 bits', async () => {
    const key = createPrivateKey(await newRsaKey());
    expect([key.asymmetricKeyType, key.asymmetricKeyDetails?.modulusLength]).toEqual(['rsa', 2048]);
  });
});
