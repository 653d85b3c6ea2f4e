/** What the management API answers about test sign-ins and emergency codes. */
import { z } from 'zod';
import type { EmergencyCode, TestSignIn } from '../../core/entities/sso-policy.ts';
import { isoTime, isoTimeOrNull } from './present.ts';
import { timeShape } from './shapes.ts';

const factsShape = z.object({
  issuer: z.string(),
  subject: z.string(),
  email: z.string().nullable(),
  isEmailVerified: z.boolean(),
  userName: z.string().nullable(),
  externalIds: z.array(z.string()),
  name: z.string().nullable(),
  claims: z.record(z.string(), z.array(z.string())),
});

const decisionShape = z.object({
  kind: z.enum(['enter', 'connect', 'accept_invitation', 'join', 'refuse']),
  membershipId: z.string().optional(),
  role: z.string().optional(),
  reason: z.string().optional(),
});

export const testSignInShape = z.object({
  id: z.string(),
  connection: z.string(),
  status: z.enum(['open', 'passed', 'failed', 'expired']),
  startedBy: z.looseObject({ kind: z.string() }),
  reason: z.string().nullable().describe('Why it failed, exactly; null while open, and when it passed.'),
  facts: factsShape
    .nullable()
    .describe('What the identity provider said; null when nothing could be believed.'),
  decision: decisionShape.nullable().describe('What a real sign-in would have done.'),
  createdAt: timeShape,
  finishedAt: timeShape.nullable(),
});

export const startedTestShape = testSignInShape.extend({
  url: z
    .string()
    .describe('Open it within 15 minutes, in the browser of whoever asked; the only time it is shown.'),
});

export const presentTestSignIn = (test: TestSignIn, now: number): z.infer<typeof testSignInShape> => ({
  id: test.id,
  connection: test.connectionId,
  status: test.status === 'open' && test.expiresAt <= now ? 'expired' : test.status,
  startedBy: { ...test.startedBy },
  reason: test.report?.reason ?? null,
  facts: presentFacts(test),
  decision: test.report?.decision ?? null,
  createdAt: isoTime(test.createdAt),
  finishedAt: isoTimeOrNull(test.finishedAt),
});

function presentFacts({ report }: TestSignIn): z.infer<typeof factsShape> | null {
  if (report === null || report.facts === null) return null;
  const { externalIds, claims, ...facts } = report.facts;
  const copies = Object.entries(claims).map(([name, values]): [string, string[]] => [name, [...values]]);
  return { ...facts, externalIds: [...externalIds], claims: Object.fromEntries(copies) };
}

export const emergencyCodeShape = z.object({
  id: z.string(),
  member: z.string().describe('The owner it lets in.'),
  status: z.enum(['live', 'used', 'revoked', 'expired']),
  createdBy: z.looseObject({ kind: z.string() }),
  createdAt: timeShape,
  expiresAt: timeShape,
  usedAt: timeShape.nullable(),
  revokedAt: timeShape.nullable(),
});

export const createdEmergencyCodeShape = emergencyCodeShape.extend({
  code: z.string().describe('The only time it is shown. It works once, at `url`.'),
  url: z.string(),
});

export const presentEmergencyCode = (
  code: EmergencyCode,
  now: number,
): z.infer<typeof emergencyCodeShape> => ({
  id: code.id,
  member: code.membershipId,
  status: statusOf(code, now),
  createdBy: { ...code.createdBy },
  createdAt: isoTime(code.createdAt),
  expiresAt: isoTime(code.expiresAt),
  usedAt: isoTimeOrNull(code.usedAt),
  revokedAt: isoTimeOrNull(code.revokedAt),
});

function statusOf(code: EmergencyCode, now: number): z.infer<typeof emergencyCodeShape>['status'] {
  if (code.usedAt !== null) return 'used';
  if (code.revokedAt !== null) return 'revoked';
  return code.expiresAt <= now ? 'expired' : 'live';
}
