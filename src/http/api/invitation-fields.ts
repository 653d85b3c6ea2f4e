/** The values that every way of inviting reads the same way. */
import { z } from 'zod';
import type { OrgRole } from '../../core/access/roles.ts';
import { RESOURCE_ROLES, resourceKey, TEAM_ROLES } from '../../core/access/roles.ts';
import type { InvitationInput } from '../../core/joining/invitations.ts';
import { parseId } from '../../kernel/ids.ts';
import {
  durationField,
  emailField,
  lineOf,
  messageField,
  resourceIdField,
  resourceTypeField,
} from './fields.ts';
import { orgRoleField } from './role-fields.ts';

const teamRoleField = z.enum(TEAM_ROLES).default('member');

const teamField = z
  .union(
    [
      z.string(),
      z.strictObject({ team: z.string(), role: teamRoleField }),
      // As invitations and members are answered.
      z
        .strictObject({ id: z.string(), role: teamRoleField })
        .transform(({ id, role }) => ({ team: id, role })),
    ],
    'Give the id of a team, or {id, role}.',
  )
  .transform((given, context) => {
    const { team, role } = typeof given === 'string' ? { team: given, role: 'member' as const } : given;
    const teamId = parseId('team', team);
    if (teamId !== undefined) return { teamId, role };
    // What the use case says of a team that belongs to nobody here.
    context.addIssue({ code: 'custom', message: 'No team of this organization has this id.' });
    return z.NEVER;
  });

/** Teams by id, or with a role in each; each team once. */
export const teamsField = z
  .array(teamField)
  .max(50, 'At most 50 teams.')
  .refine((teams) => new Set(teams.map(({ teamId }) => teamId)).size === teams.length, 'Each team once.');

/** Roles on single things of the product; each thing once. */
export const resourcesField = z
  .array(z.strictObject({ type: resourceTypeField, id: resourceIdField, role: z.enum(RESOURCE_ROLES) }))
  .max(50, 'At most 50 resources.')
  .refine((given) => new Set(given.map(resourceKey)).size === given.length, 'Each resource once.')
  .transform((given) => given.map(({ type, id, role }) => ({ resource: { type, id }, role })));

/** The word the organization has for where somebody works. */
export const departmentField = lineOf(100);

/** What an absent role means, wherever people are invited. */
export const USUAL_ROLE = 'Absent: member, or the default role of the organization where that is less.';

/** What an invitation may say when it is made, one by one or several at once. */
export const newInvitationField = z.strictObject({
  email: emailField,
  role: orgRoleField.optional().describe(USUAL_ROLE),
  teams: teamsField.default([]),
  resources: resourcesField.default([]),
  department: departmentField
    .optional()
    .describe('Kept with the person. Where one team goes by this name, they join it as a member.'),
  message: messageField.optional(),
  expiresIn: durationField.optional().describe('1h to 30d; absent: as the organization says, else 7d.'),
  delivery: z.enum(['email', 'link']).default('email'),
});

/** The same as core takes it; `usualRole` where none is given. */
export function newInvitation(
  { expiresIn: ttlMs, role, ...invitation }: z.output<typeof newInvitationField>,
  usualRole: OrgRole,
): InvitationInput {
  return { ...invitation, role: role ?? usualRole, ttlMs };
}
