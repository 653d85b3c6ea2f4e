/** What browsers send of passkeys, as `PublicKeyCredential.toJSON` spells it; bounded, and nothing but what is read. */
import { z } from 'zod';

const binary = (length: number) =>
  z
    .string()
    .max(length)
    .regex(/^[A-Za-z0-9_-]+$/, 'Must be base64url.');

/** Credential ids have at most 1023 bytes (WebAuthn §5.1). */
const credentialId = binary(1364);
const clientDataJSON = binary(8192);

/** A new credential. Extension results and other additions of browsers are left out. */
export const registrationAnswer = z.object({
  id: credentialId,
  response: z.object({
    clientDataJSON,
    attestationObject: binary(16_384),
    transports: z.array(z.string().max(32)).max(16).optional(),
  }),
});

/** A use of a credential, and the organization whose sign-in page it was used on, if it was one's. */
export const signInAnswer = z.object({
  organization: z.string().max(100).optional(),
  id: credentialId,
  response: z.object({
    clientDataJSON,
    authenticatorData: binary(8192),
    signature: binary(8192),
    userHandle: binary(128).nullish(),
  }),
});
