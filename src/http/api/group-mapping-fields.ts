/** How requests write down a rule: what it speaks of, what it gives, and its place among the others. */
import { z } from 'zod';
import { RESOURCE_ROLES, TEAM_ROLES } from '../../core/access/roles.ts';
import type { MappingGrant, MappingMatch } from '../../core/entities/directory.ts';
import { namesSomething } from '../../core/mapping/name-pattern.ts';
import { parseId } from '../../kernel/ids.ts';
import { lineOf, resourceIdField, resourceTypeField } from './fields.ts';
import { lesserRoleField } from './role-fields.ts';

/** An id in a body: a malformed one is told what an unknown one is told. */
export const idField = <Prefix extends 'dg' | 'team' | 'map' | 'mem' | 'evt'>(
  prefix: Prefix,
  unknown: string,
) =>
  z.string().transform((text, context) => {
    const id = parseId(prefix, text);
    if (id !== undefined) return id;
    context.addIssue({ code: 'custom', message: unknown });
    return z.NEVER;
  });

/** What a rule speaks of: a group by id, name or pattern, or a claim with its value; exactly one of them. */
export const matchField = z
  .strictObject({
    groupId: idField('dg', 'No directory group has this id.').optional(),
    groupName: lineOf(1000).optional(),
    groupPattern: lineOf(200)
      .refine(namesSomething, 'Must say more than * and ?.')
      .optional()
      .describe('Over group names: * is any text, ? one character; letter case does not count.'),
    claim: lineOf(256).optional(),
    value: lineOf(1000).optional(),
  })
  .transform((match, context): MappingMatch => {
    const { groupId, groupName, groupPattern, claim, value } = match;
    const given = Object.values(match).filter((one) => one !== undefined).length;
    if (given === 1 && groupId !== undefined) return { kind: 'group_id', groupId };
    if (given === 1 && groupName !== undefined) return { kind: 'group_name', groupName };
    if (given === 1 && groupPattern !== undefined) return { kind: 'group_pattern', groupPattern };
    if (given === 2 && claim !== undefined && value !== undefined) return { kind: 'claim', claim, value };
    context.addIssue({
      code: 'custom',
      message: 'Give {groupId}, {groupName}, {groupPattern} or {claim, value}.',
    });
    return z.NEVER;
  });

const grantField = z.discriminatedUnion('scope', [
  z.strictObject({
    scope: z.literal('org'),
    role: lesserRoleField('A group mapping never makes owners.'),
  }),
  z.strictObject({
    scope: z.literal('team'),
    team: idField('team', 'No team of this organization has this id.'),
    role: z.enum(TEAM_ROLES),
  }),
  z.strictObject({
    scope: z.literal('resource'),
    resource: z.strictObject({ type: resourceTypeField, id: resourceIdField }),
    role: z.enum(RESOURCE_ROLES),
  }),
]);

/** What a rule gives: at least one grant, and never the role of an owner. */
export const grantsField = z
  .array(grantField)
  .min(1, 'Give at least one grant.')
  .max(50, 'At most 50 grants.')
  .transform((grants): readonly MappingGrant[] =>
    grants.map((grant) =>
      grant.scope === 'team' ? { scope: grant.scope, teamId: grant.team, role: grant.role } : grant,
    ),
  );

/** Lower wins, under the policy `ranked`. */
export const rankField = z.int().min(0).max(1_000_000);
