/** WebAuthn by the simplewebauthn library, behind the port. It never calls anybody: certificates are refused unread. */
import type { PasskeyCeremonies } from '../core/ports/passkey-ceremonies.ts';

const TIMEOUT_MS = 300_000;

/** Loaded with the first passkey: 10 MB of certificates, encodings and algorithms that others do without. */
const library = () => import('@simplewebauthn/server');
const helpers = () => import('@simplewebauthn/server/helpers');

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'));

/** Builds the port for the configured address. */
export function createPasskeyCeremonies(baseUrl: string): PasskeyCeremonies {
  const rpId = new URL(baseUrl).hostname;
  const expected = { expectedOrigin: baseUrl, expectedRPID: rpId, requireUserVerification: true };
  return {
    registrationOptions: async ({ challenge, user, known }) => ({
      ...(await (
        await library()
      ).generateRegistrationOptions({
        rpName: `Gatehouse at ${rpId}`,
        rpID: rpId,
        userID: new Uint8Array(Buffer.from(user.id, 'utf8')),
        userName: user.email ?? user.name,
        userDisplayName: user.name,
        challenge: bytesOf(challenge),
        timeout: TIMEOUT_MS,
        attestationType: 'none',
        excludeCredentials: known.map(({ credentialId }) => ({ id: credentialId })),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      })),
    }),
    signInOptions: async (challenge) => ({
      ...(await (
        await library()
      ).generateAuthenticationOptions({
        rpID: rpId,
        challenge: bytesOf(challenge),
        timeout: TIMEOUT_MS,
        userVerification: 'required',
      })),
    }),
    challengeOf: ({ response }) => challengeIn(response.clientDataJSON),
    verifyRegistration: (answer, challenge) =>
      genuineLater(async () => {
        const { clientDataJSON, attestationObject } = answer.response;
        if (await hasCertificate(attestationObject)) return undefined;
        const { verifyRegistrationResponse } = await library();
        const response = {
          ...envelopeOf(answer.id),
          response: { clientDataJSON, attestationObject },
        };
        const { verified, registrationInfo } = await verifyRegistrationResponse({
          ...expected,
          response,
          expectedChallenge: challenge,
        });
        if (!verified) return undefined;
        const { credential, credentialDeviceType } = registrationInfo;
        return {
          credentialId: credential.id,
          publicKey: Buffer.from(credential.publicKey).toString('base64url'),
          counter: credential.counter,
          isSynced: credentialDeviceType === 'multiDevice',
        };
      }),
    verifySignIn: (answer, { challenge, passkey }) =>
      genuineLater(async () => {
        const { clientDataJSON, authenticatorData, signature } = answer.response;
        const { verifyAuthenticationResponse } = await library();
        const { verified, authenticationInfo } = await verifyAuthenticationResponse({
          ...expected,
          response: {
            ...envelopeOf(answer.id),
            response: { clientDataJSON, authenticatorData, signature },
          },
          expectedChallenge: challenge,
          credential: {
            id: passkey.credentialId,
            publicKey: bytesOf(passkey.publicKey),
            // The counter is core's: it is compared and moved in one conditional write.
            counter: 0,
          },
        });
        return verified ? authenticationInfo.newCounter : undefined;
      }),
  };
}

const envelopeOf = (id: string) => ({
  id,
  rawId: id,
  type: 'public-key' as const,
  clientExtensionResults: {},
});

/** A certificate would be traced to its root, and its revocation list fetched from an address of the sender's choice. */
async function hasCertificate(attestationObject: string): Promise<boolean> {
  const { decodeAttestationObject } = await helpers();
  const decoded = decodeAttestationObject(bytesOf(attestationObject));
  const format = decoded.get('fmt');
  if (format === 'none') return false;
  return format !== 'packed' || decoded.get('attStmt').get('x5c') !== undefined;
}

/** WebAuthn §5.8.1: JSON in base64url. */
function challengeIn(clientDataJSON: string): string | undefined {
  try {
    const data: unknown = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString('utf8'));
    const isReadable = typeof data === 'object' && data !== null && 'challenge' in data;
    return isReadable && typeof data.challenge === 'string' ? data.challenge : undefined;
  } catch {
    return undefined;
  }
}

/** The library throws for everything that is not genuine; so does a text that cannot be read. */
const genuineLater = <Result>(read: () => Promise<Result>): Promise<Result | undefined> =>
  Promise.resolve()
    .then(read)
    .catch(() => undefined);
