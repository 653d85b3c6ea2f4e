/** What the management API answers about a cut-over. */
import { z } from 'zod';
import { CUTOVER_REASONS, CUTOVER_RULES } from '../../core/directory/cutover-matching.ts';
import { BLOCKERS, MEMBER_FATES } from '../../core/directory/cutover-outcome.ts';
import { CUTOVER_STATUSES, UNMATCHED_CHOICES } from '../../core/entities/cutover.ts';
import { roleChangeShape } from './directory-shapes.ts';
import { orgRoleShape, timeShape } from './shapes.ts';

const statusShape = z.enum(['active', 'suspended']);

const memberShape = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  status: statusShape,
  orgRole: orgRoleShape,
});

const outcomeShape = z.object({
  seats: z.object({ needed: z.int(), limit: z.int().nullable() }).describe('Active members afterwards.'),
  owners: z.int().describe('Active owners afterwards.'),
  suspended: z.int().describe('Members who are active now and will not be.'),
  blockers: z
    .array(z.object({ code: z.enum(BLOCKERS), detail: z.string() }))
    .describe('Why the switch would be refused, and what to do about it.'),
});

const reportFields = {
  reportHash: z.string().describe('Of the whole report: send it with the switch, which does exactly this.'),
  people: z.object({
    total: z.int(),
    active: z.int(),
    adopt: z.int().describe('Are members already: the directory takes them over.'),
    new: z.int().describe('Become members.'),
    returns: z.int().describe('Were removed by this directory before, and come back.'),
    waits: z.int().describe('May be members: suspended until an admin has decided (see conflicts).'),
    refused: z.int().describe('Have the address of a member, and the adoption policy takes nobody over.'),
    gain: z.int().describe('Gain a role.'),
    lose: z.int().describe('Lose a role.'),
  }),
  members: z.object({
    total: z.int(),
    matched: z.int(),
    waiting: z.int().describe('May be somebody of the directory; stay as they are until that is decided.'),
    elsewhere: z.int().describe('Held by another directory.'),
    unmatched: z.int().describe('Not in the directory: kept as members by hand, or suspended.'),
  }),
  voids: z
    .object({ invitations: z.int(), links: z.int() })
    .describe('Pending invitations and open links that die in the moment of the switch.'),
  outcomes: z
    .object({ keep: outcomeShape, suspend: outcomeShape })
    .describe('By what becomes of the unmatched.'),
};

/** The last switch of a directory. */
export const cutoverShape = z.object({
  status: z.enum(CUTOVER_STATUSES),
  unmatched: z.enum(UNMATCHED_CHOICES),
  reportHash: z.string().describe('Of the report that was agreed to.'),
  job: z.string().nullable().describe('The job that does it, for large organizations; null: done at once.'),
  counts: z.object({
    members: z.int().describe('Before the switch.'),
    adopted: z.int(),
    added: z.int(),
    waiting: z.int(),
    suspended: z.int(),
    kept: z.int(),
  }),
  voided: z
    .array(z.object({ kind: z.enum(['invitation', 'link']), id: z.string(), email: z.string().nullable() }))
    .describe('What died with the switch. A roll-back does not bring it back: invite again.'),
  switchedAt: timeShape,
  rollbackUntil: timeShape,
  rolledBackAt: timeShape.nullable(),
});

/** The report while the directory is a shadow, and the last switch. */
export const cutoverViewShape = z.object({
  reportHash: reportFields.reportHash.nullable().describe('Null once the directory is switched on.'),
  people: reportFields.people.nullable(),
  members: reportFields.members.nullable(),
  voids: reportFields.voids.nullable(),
  outcomes: reportFields.outcomes.nullable(),
  cutover: cutoverShape.nullable().describe('The last switch; null: none yet.'),
});

/** What an admin has said of a person before the switch. */
export const decisionShape = z.object({
  kind: z.enum(['adopt', 'separate']),
  member: z.string().nullable().describe('Who they are (adopt).'),
});

/** One person of the directory, and what the switch makes of them. */
export const cutoverPersonShape = z.object({
  id: z.string().describe('The SCIM id.'),
  userName: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  isActive: z.boolean().describe('As the directory says.'),
  rule: z.enum(CUTOVER_RULES),
  reason: z.enum(CUTOVER_REASONS),
  decision: decisionShape
    .nullable()
    .describe(
      'What an admin has decided; it holds while the reason is decided. It lapses when the member goes, changes role or is held by another directory.',
    ),
  member: memberShape
    .nullable()
    .describe('Who they are (adopt) or may be; for new: a member with the same address, unproved here.'),
  status: statusShape.describe('Afterwards.'),
  orgRole: orgRoleShape.describe('Afterwards.'),
  gains: z.array(roleChangeShape),
  losses: z.array(roleChangeShape),
});

/** One person after a decision. */
export const decidedPersonShape = z.object({
  id: z.string().describe('The SCIM id.'),
  userName: z.string(),
  decision: decisionShape.nullable().describe('Null: the rules decide.'),
});

/** A member who is not in the directory, and what becomes of them. */
export const cutoverMemberShape = memberShape.extend({ fate: z.enum(MEMBER_FATES) });

/** An invitation or a link that dies with the switch. */
export const voidedShape = z.object({
  id: z.string(),
  kind: z.enum(['invitation', 'link']),
  email: z.string().nullable().describe('Null for a link.'),
  role: orgRoleShape,
  expiresAt: timeShape,
});
