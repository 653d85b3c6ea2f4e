/** What the management API says about somebody's own credentials. */
import { z } from 'zod';
import { timeShape } from './shapes.ts';

export const accountShape = z.object({
  email: z
    .string()
    .nullable()
    .describe(
      'The address the person signs in with; null for those who never chose one, and, like all of this, in a session that an identity provider opened.',
    ),
  emailVerified: z.boolean(),
  hasPassword: z.boolean(),
  secondFactor: z.object({
    enabled: z.boolean(),
    recoveryCodesLeft: z.int(),
  }),
});

export const startedFactorShape = z.object({
  secret: z.string().describe('Base32, for typing into an app by hand. The only time it is shown.'),
  address: z.string().describe('The otpauth: address that a QR code carries.'),
});

export const recoveryCodesShape = z.object({
  recoveryCodes: z.array(z.string()).describe('Each works once. The only time they are shown.'),
});

export const passkeyShape = z.object({
  id: z.string(),
  name: z.string(),
  synced: z.boolean().describe('True when its authenticator may copy it to other devices.'),
  createdAt: timeShape,
  lastUsedAt: timeShape.nullable(),
});
