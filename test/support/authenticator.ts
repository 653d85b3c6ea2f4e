/** An authenticator in software: makes one key pair and signs what a browser would, or something slightly else (WebAuthn §6). */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** What the test wants to be different from an honest browser and device. */
export interface Quirks {
  readonly origin?: string;
  readonly rpId?: string;
  readonly type?: string;
  readonly isUserVerified?: boolean;
  readonly counter?: number;
  readonly userHandle?: string | null;
  /** In place of the challenge that was asked about. */
  readonly challenge?: string;
  /** The format of an attestation with a certificate. */
  readonly certificate?: Buffer;
}

/** `baseUrl` is the page it is used on. */
export function createAuthenticator(baseUrl: string) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = publicKey.export({ format: 'jwk' });
  const credentialId = randomBytes(16);
  const coordinate = (value: string | undefined) => Buffer.from(value ?? '', 'base64url');
  // {1: 2, 3: -7, -1: 1, -2: x, -3: y} (RFC 9053 §7.1.1)
  const coseKey = Buffer.concat([
    Buffer.from('a5010203262001215820', 'hex'),
    coordinate(jwk.x),
    Buffer.from('225820', 'hex'),
    coordinate(jwk.y),
  ]);
  const clientData = (type: string, challenge: string, quirks: Quirks): Buffer =>
    Buffer.from(
      JSON.stringify({
        type: quirks.type ?? type,
        challenge: quirks.challenge ?? challenge,
        origin: quirks.origin ?? baseUrl,
        crossOrigin: false,
      }),
    );
  const head = (quirks: Quirks, extraFlags: number): Buffer => {
    const flags = Buffer.from([0x01 | (quirks.isUserVerified === false ? 0 : 0x04) | extraFlags]);
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(quirks.counter ?? 0);
    const rpId = quirks.rpId ?? new URL(baseUrl).hostname;
    return Buffer.concat([createHash('sha256').update(rpId).digest(), flags, counter]);
  };
  const text = (bytes: Buffer): string => bytes.toString('base64url');
  return {
    /** The answer to registration options. */
    register(challenge: string, quirks: Quirks = {}) {
      const length = Buffer.from([0, credentialId.length]);
      const authData = Buffer.concat([head(quirks, 0x40), Buffer.alloc(16), length, credentialId, coseKey]);
      return {
        id: text(credentialId),
        response: {
          clientDataJSON: text(clientData('webauthn.create', challenge, quirks)),
          attestationObject: text(attestation(authData, quirks.certificate)),
          transports: ['internal', 'carrier-pigeon'],
        },
      };
    },
    /** The answer to sign-in options; `userId` is what registration options called the person. */
    signIn(challenge: string, userId: string, quirks: Quirks = {}) {
      const authenticatorData = head(quirks, 0);
      const clientDataJSON = clientData('webauthn.get', challenge, quirks);
      const signed = Buffer.concat([authenticatorData, createHash('sha256').update(clientDataJSON).digest()]);
      return {
        id: text(credentialId),
        response: {
          clientDataJSON: text(clientDataJSON),
          authenticatorData: text(authenticatorData),
          signature: text(sign('sha256', signed, privateKey)),
          userHandle: quirks.userHandle === undefined ? userId : quirks.userHandle,
        },
      };
    },
  };
}

/** CBOR of `{fmt, attStmt, authData}`: `none` and nothing, or `packed` with a certificate. */
function attestation(authData: Buffer, certificate: Buffer | undefined): Buffer {
  const named = (name: string) => Buffer.concat([Buffer.from([0x60 + name.length]), Buffer.from(name)]);
  const bytes = (value: Buffer) =>
    Buffer.concat([Buffer.from([0x59, value.length >> 8, value.length & 255]), value]);
  const statement =
    certificate === undefined
      ? [named('none'), named('attStmt'), Buffer.from([0xa0])]
      : [
          ...[named('packed'), named('attStmt'), Buffer.from([0xa3]), named('alg'), Buffer.from([0x26])],
          ...[named('sig'), bytes(Buffer.alloc(70)), named('x5c'), Buffer.from([0x81]), bytes(certificate)],
        ];
  return Buffer.concat([Buffer.from([0xa3]), named('fmt'), ...statement, named('authData'), bytes(authData)]);
}
