/** The values that every way of inviting reads the same way. */
import { z } from 'zod';
import { TEAM_ROLES } from '../../core/roles.ts';
import { parseId } from '../../kernel/ids.ts';

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

/** Refused until the ledger knows them: what is asked for is never left out in silence. */
export const resourcesField = z.never('Roles on single resources are not built yet.').optional();
