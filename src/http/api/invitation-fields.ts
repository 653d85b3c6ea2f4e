/** The values that every way of inviting reads the same way. */
import { z } from 'zod';
import { RESOURCE_ROLES, resourceKey, TEAM_ROLES } from '../../core/roles.ts';
import { parseId } from '../../kernel/ids.ts';
import { resourceIdField, resourceTypeField } from './fields.ts';

const teamField = z
  .union(
    [z.string(), z.strictObject({ team: z.string(), role: z.enum(TEAM_ROLES).default('member') })],
    'Give the id of a team, or {team, role}.',
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
