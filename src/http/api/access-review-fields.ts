/** What access reviews take: whom they are about, and decisions. */
import { z } from 'zod';
import { MOST_NAMED } from '../../core/access/access-reviews.ts';
import type { ReviewedRight } from '../../core/entities/access-review.ts';
import { parseId } from '../../kernel/ids.ts';
import { messageField, nameField, resourceIdField, resourceTypeField, timeField } from './fields.ts';
import { orgRoleField } from './role-fields.ts';

const idField = <Prefix extends 'team' | 'mem'>(prefix: Prefix, message: string) =>
  z.string().transform((text, context) => {
    const id = parseId(prefix, text);
    if (id !== undefined) return id;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
const memberField = idField('mem', 'Give the id of a member.');

const scopeField = z.strictObject({
  orgRoles: z.array(orgRoleField).min(1).max(50).optional(),
  teams: z.array(idField('team', 'Give the id of a team.')).min(1).max(50).optional(),
  memberIds: z.array(memberField).min(1).max(MOST_NAMED, `At most ${MOST_NAMED} people.`).optional(),
});

/** What a review is started with. */
export const createBody = z.strictObject({
  name: nameField.optional(),
  scope: scopeField.default({}),
  dueAt: timeField.optional(),
});

const rightField = z
  .union([
    z.strictObject({ team: idField('team', 'Give the id of a team.') }),
    z.strictObject({ resource: z.strictObject({ type: resourceTypeField, id: resourceIdField }) }),
  ])
  .transform(
    (right): ReviewedRight =>
      'team' in right ? { kind: 'team', teamId: right.team } : { kind: 'resource', resource: right.resource },
  );

const decisionFields = {
  decision: z.enum(['confirm', 'revoke']),
  note: messageField.optional(),
  becomes: orgRoleField
    .optional()
    .describe('Of a revocation: the person stays, with this lower org role. Absent: the membership ends.'),
  of: rightField
    .optional()
    .describe('One team role or role on a resource alone. Absent: the person, with all that is undecided.'),
};
const onlyOfRevocations = ({
  decision,
  becomes,
  of,
}: {
  decision: string;
  becomes?: unknown;
  of?: unknown;
}) => becomes === undefined || (decision === 'revoke' && of === undefined);
const NOT_OF_CONFIRMATIONS = { message: 'Belongs to a revocation of the org role.', path: ['becomes'] };

/** A decision about one person, or about one right of theirs (`of`). */
export const decisionBody = z.strictObject(decisionFields).refine(onlyOfRevocations, NOT_OF_CONFIRMATIONS);
/** Several of them. */
export const decisionsBody = z.strictObject({
  decisions: z
    .array(
      z
        .strictObject({ member: memberField, ...decisionFields })
        .refine(onlyOfRevocations, NOT_OF_CONFIRMATIONS),
    )
    .min(1)
    .max(100, 'At most 100 at once.'),
});
