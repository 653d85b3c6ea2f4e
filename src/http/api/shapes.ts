/** What the management API answers about people, organizations and what happened: schemas that the OpenAPI document and the presenters share. */
import { z } from 'zod';
import { RESOURCE_ROLES, TEAM_ROLES } from '../../core/access/roles.ts';

/** ISO 8601, UTC, with milliseconds. */
export const timeShape = z.iso.datetime();
export const orgRoleShape = z.string().describe('owner, admin, member, viewer, or a role of GET /roles.');
export const resourceRoleShape = z.enum(RESOURCE_ROLES);
export const resourceShape = z.object({ type: z.string(), id: z.string() });
export const teamRoleShape = z.enum(TEAM_ROLES);

/** Seats: null is no limit. */
const seatsShape = z.int().nullable();

export const organizationShape = z.object({
  id: z.string(),
  slug: z.string(),
  name: z.string(),
  provisioning: z.enum(['manual', 'directory']),
  plan: z.object({
    preset: z.string(),
    seats: seatsShape,
    invitations: z.boolean(),
    teams: z.enum(['none', 'one', 'many']),
    sso: z.boolean(),
    scim: z.boolean(),
  }),
  defaultRole: orgRoleShape,
  conflictPolicy: z.enum(['highest', 'ranked', 'refuse']),
  strictClaims: z.boolean(),
  requireSecondFactor: z.boolean(),
  reprojection: z
    .string()
    .nullable()
    .describe('The job that carries changed rules over to everybody, while it is under way.'),
  ssoPolicy: z
    .enum(['optional', 'required'])
    .describe('required: members come in through a connection and by no other way.'),
  invitationExpiresIn: z.string().describe('How long invitations are open: days as `7d`, else hours.'),
  linksRequireDomains: z.boolean(),
  branding: z
    .object({
      productName: z.string().nullable(),
      color: z.string().nullable(),
      logoUrl: z.string().nullable(),
      supportContact: z.string().nullable(),
      welcomeText: z.string().nullable().describe('As stored, with its variables such as {name}.'),
    })
    .describe('How its mails look; null: as Gatehouse has it.'),
  notifications: z
    .object({ roleChanged: z.boolean(), removed: z.boolean(), welcome: z.boolean() })
    .describe('Which mails members get.'),
  auditRetentionDays: z.int().nullable().describe('Audit rows older than this go; null: none does.'),
  seatsUsed: z.int(),
  createdAt: timeShape,
  updatedAt: timeShape,
});

export const teamShape = z.object({
  id: z.string(),
  name: z.string(),
  isDefault: z.boolean(),
  createdAt: timeShape,
  updatedAt: timeShape,
});

export const memberShape = z.object({
  id: z.string(),
  userId: z.string(),
  email: z.string().nullable(),
  name: z.string(),
  avatarUrl: z.string().optional().describe('Chosen by the person; absent where they chose none.'),
  status: z.enum(['active', 'suspended']),
  orgRole: orgRoleShape,
  teams: z.array(z.object({ id: z.string(), role: teamRoleShape })),
  department: z.string().optional().describe('What the invitation said; absent where it said nothing.'),
  source: z.enum(['manual', 'invitation', 'directory', 'sso']),
  lastActiveAt: timeShape
    .nullable()
    .describe(
      'A session, a personal key or an application in use, to the quarter of an hour; null: never. What a directory pushes does not count.',
    ),
});

const deliveryShape = z
  .object({
    channel: z.enum(['link', 'email']),
    status: z
      .enum(['sent', 'written', 'queued', 'failed', 'suppressed', 'unknown'])
      .optional()
      .describe(
        'Of a mail: handed over; written to a file because no mail server is set; waiting; given up.',
      ),
    file: z.string().optional(),
    detail: z.string().optional(),
    advice: z.string().optional().describe('What to do when it does not arrive.'),
  })
  .describe('What really happened.');

export const invitationShape = z.object({
  id: z.string(),
  status: z.enum(['pending', 'accepted', 'revoked', 'expired']),
  email: z.string(),
  role: orgRoleShape,
  teams: z.array(z.object({ id: z.string(), role: teamRoleShape })),
  resources: z.array(resourceShape.extend({ role: resourceRoleShape })),
  department: z.string().nullable(),
  message: z.string().nullable(),
  channel: z.enum(['email', 'link']),
  invitedBy: z.looseObject({ kind: z.string() }),
  acceptedBy: z.string().nullable().describe('The membership it became.'),
  createdAt: timeShape,
  expiresAt: timeShape,
  settledAt: timeShape.nullable().describe('When it was accepted or withdrawn.'),
  acceptedAt: timeShape.nullable(),
  revokedAt: timeShape.nullable(),
  revokedBy: z.looseObject({ kind: z.string() }).nullable().describe('Who withdrew it.'),
  resentCount: z.int().describe('How often it was sent again.'),
  history: z
    .array(
      z.object({
        kind: z.enum(['created', 'resent', 'changed', 'revoked', 'voided', 'accepted']),
        by: z.looseObject({ kind: z.string() }),
        at: timeShape,
        why: z.enum(['expired', 'directory_managed', 'erased']).optional(),
      }),
    )
    .describe('What was done to it and who did it, oldest first. `voided`: Gatehouse ended it, and why.'),
  askedAt: timeShape.nullable().describe('When its holder asked for a new one because it worked no more.'),
  delivery: deliveryShape,
});

export const createdInvitationShape = invitationShape.extend({
  url: z.string().describe('Not shown again: `POST …/link` answers another one.'),
});

export const auditEventShape = z.object({
  id: z.string(),
  type: z.string(),
  actor: z.looseObject({ kind: z.string() }),
  target: z.object({ kind: z.string(), id: z.string() }),
  details: z.record(z.string(), z.unknown()),
  requestId: z.string(),
  ip: z.string().nullable(),
  at: timeShape,
});

export const sessionShape = z.object({
  user: z.object({
    id: z.string(),
    email: z.string().nullable(),
    name: z.string(),
    avatarUrl: z.string().optional().describe('Chosen by the person; absent where they chose none.'),
  }),
  organization: z.object({ id: z.string(), slug: z.string() }),
  membershipId: z.string(),
  orgRole: orgRoleShape,
  teams: z.array(z.object({ id: z.string(), name: z.string(), role: teamRoleShape })),
  connectionId: z.string().nullable(),
  authenticatedAt: timeShape,
});

/** One line of a list of sessions. */
export const sessionLineShape = z.object({
  id: z.string(),
  isCurrent: z.boolean().describe('The one that asks.'),
  organizationId: z.string(),
  connectionId: z.string().nullable(),
  amr: z.array(z.string()).describe('How the person signed in (RFC 8176): pwd, otp, hwk, fed, ...'),
  ip: z.string().nullable().describe('Where it began.'),
  userAgent: z.string().nullable(),
  device: z
    .string()
    .nullable()
    .describe('The same in words, such as `Firefox on Linux`; null: it says nothing known.'),
  authenticatedAt: timeShape,
  lastSeenAt: timeShape.describe('To the minute.'),
  expiresAt: timeShape.describe('The end at the latest; idleness ends it before.'),
});

/** An organization that the signed-in person may switch to. */
export const ownOrganizationShape = z.object({
  id: z.string(),
  slug: z.string(),
  name: z.string(),
  orgRole: orgRoleShape,
  isCurrent: z.boolean(),
});

export const acceptedShape = z.object({
  membershipId: z.string(),
  organization: z.object({ id: z.string(), slug: z.string() }),
  orgRole: orgRoleShape,
});
