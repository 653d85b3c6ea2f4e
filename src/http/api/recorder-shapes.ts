/** What the recorder answers: exchanges of directories, and attempts to sign in. */
import { z } from 'zod';
import { IDENTITY_PROVIDERS } from '../../core/entities/connection.ts';
import { DIRECTORY_KINDS } from '../../core/entities/directory.ts';
import { SIGN_IN_PROTOCOLS, SIGN_IN_STEPS } from '../../core/entities/sign-in-attempt.ts';
import { timeShape } from './shapes.ts';

const screenShape = z.string().describe('Where in the admin console of that identity provider it is mended.');

const common = {
  id: z.string(),
  at: timeShape,
  requestId: z.string().describe('As in the audit events and in the X-Request-Id header of the answer.'),
  status: z.int(),
  ms: z.number(),
};

const scimFailureShape = z.object({
  code: z.string(),
  scimType: z.string().nullable(),
  detail: z.string().describe('What the identity provider was told.'),
  field: z.string().nullable(),
  cause: z.string().describe('What happened, for an admin.'),
  where: z.partialRecord(z.enum(DIRECTORY_KINDS), screenShape),
});

/** One exchange with a directory. */
export const scimEntryShape = z.object({
  ...common,
  kind: z.literal('scim'),
  directoryId: z.string(),
  tokenName: z.string().nullable().describe('Null for a replay.'),
  replayOf: z.string().nullable().describe('The entry that this one ran again.'),
  method: z.string(),
  path: z.string().describe('Below the address of the directory, with its query.'),
  requestBody: z.string().nullable().describe('JSON text, redacted, at most 16 KB.'),
  responseBody: z.string().nullable().describe('JSON text, redacted, at most 4 KB.'),
  tolerances: z.array(z.string()).describe('Deviations from the standard that were tolerated.'),
  unknownAttributes: z.array(z.string()).describe('Attributes no schema of the directory knows; ignored.'),
  change: z
    .object({
      type: z.string(),
      targetId: z.string(),
      auditEventIds: z.array(z.string()).describe('At most 50.'),
      auditEventCount: z.int(),
      shadow: z
        .literal(true)
        .optional()
        .describe('The directory was a shadow: nobody became or ceased to be a member by it.'),
    })
    .nullable(),
  failure: scimFailureShape.nullable(),
  isReplayable: z.boolean(),
});

const explained = {
  cause: z.string().describe('What happened and what to do, for an admin.'),
  where: z
    .partialRecord(z.enum(IDENTITY_PROVIDERS), screenShape)
    .describe('Only the one of the connection where it is known.'),
  here: z.string().nullable().describe('Where in Gatehouse it is mended.'),
};

const stepShape = z.enum(SIGN_IN_STEPS);

/** One attempt to sign in. */
export const signInEntryShape = z.object({
  ...common,
  kind: z.literal('sign-in'),
  protocol: z.enum(SIGN_IN_PROTOCOLS),
  connectionId: z.string().nullable().describe('Null without an identity provider.'),
  identityProvider: z
    .enum(IDENTITY_PROVIDERS)
    .nullable()
    .describe('As the connection says, or its addresses tell; null: unknown.'),
  signInId: z.string().nullable().describe('The same in the start and in its answer.'),
  step: stepShape.describe('The last one it came to.'),
  timings: z.array(z.object({ step: stepShape, ms: z.number() })),
  facts: z
    .array(
      z.object({
        name: z.string(),
        values: z.array(z.string()).describe('At most 20, redacted.'),
        count: z.int(),
        isVerified: z.boolean().describe('False: nobody vouches for it.'),
      }),
    )
    .describe('What the identity provider said.'),
  notes: z
    .array(z.object({ code: z.string(), ...explained }))
    .describe('What did not stop the sign-in and still wants mending.'),
  outcome: z
    .object({
      kind: z
        .enum(['enter', 'accept_invitation', 'join', 'test_passed'])
        .describe('test_passed: a test sign-in, which lets nobody in, found nothing wrong.'),
      membershipId: z
        .string()
        .nullable()
        .describe('Null only for a test with somebody who is no member yet.'),
    })
    .nullable()
    .describe('Null for a start, and when nobody came in.'),
  failure: z
    .object({
      code: z.string().describe('What the outside was told, whatever the reason.'),
      reason: z.string().describe('The exact one.'),
      ...explained,
    })
    .nullable(),
});

export const entryShape = z.discriminatedUnion('kind', [scimEntryShape, signInEntryShape]);
