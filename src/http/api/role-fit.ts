/** Whether a role fits somebody, over the management API, before it is given. */
import { z } from 'zod';
import type { Hint, PeerGroup } from '../../core/access/role-fit.ts';
import { adviseRole, assertTeamsAreHere, type RoleAdvice } from '../../core/access/role-fit-facts.ts';
import { roleNamed } from '../../core/access/role-table.ts';
import type { OrgRole } from '../../core/access/roles.ts';
import type { TeamId } from '../../kernel/ids.ts';
import { parseId } from '../../kernel/ids.ts';
import { emailField } from './fields.ts';
import { queryField } from './paging.ts';
import { orgRoleField } from './role-fields.ts';
import type { ApiRoute } from './route.ts';
import { organizationRoute } from './route.ts';
import { orgRoleShape } from './shapes.ts';

/** One piece of advice about a role. */
export const hintShape = z.object({
  code: z.enum([
    'above_peers',
    'below_peers',
    'least_privilege',
    'many_administrators',
    'only_owner',
    'permissions_unused',
    'inactive',
  ]),
  text: z.string().describe('For a person.'),
  suggests: orgRoleShape.nullable().describe('The role it points to, if to any.'),
});

/** A hint as the API shows it. */
export const presentHint = ({ code, text, suggests }: Hint): z.infer<typeof hintShape> => ({
  code,
  text,
  suggests,
});

const adviceShape = z.object({
  role: orgRoleShape,
  hints: z.array(hintShape).describe('What speaks against it, the strongest reason first.'),
  basis: z
    .object({
      members: z.int(),
      administrators: z.int().describe('Active ones; 101 stands for that many or more.'),
      peers: z.array(z.object({ name: z.string(), people: z.int(), roles: z.record(z.string(), z.int()) })),
    })
    .describe('What the hints rest on: at most 50 people of each team and group are compared.'),
});

const teamsField = z.string().transform((text, context) => {
  const ids = text.split(',').map((part) => parseId('team', part.trim()));
  const known = ids.filter((id): id is TeamId => id !== undefined);
  if (known.length === ids.length && ids.length <= 20) return known;
  context.addIssue({ code: 'custom', message: 'Give ids of teams, at most 20, with commas between them.' });
  return z.NEVER;
});

const query = z.strictObject({
  role: orgRoleField,
  email: queryField(emailField),
  teams: queryField(teamsField),
});

const presentPeers = ({ name, roles }: PeerGroup) => ({
  name,
  people: roles.length,
  roles: Object.fromEntries(
    [...Map.groupBy(roles, ({ key }) => key)].map(([key, held]) => [key, held.length]),
  ),
});

const presentAdvice = (role: OrgRole, advice: RoleAdvice): z.infer<typeof adviceShape> => ({
  role,
  hints: advice.hints.map(presentHint),
  basis: {
    members: advice.members,
    administrators: advice.administrators,
    peers: advice.peers.map(presentPeers),
  },
});

/** All routes of this resource. */
export const roleFitRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/role-fit',
    operationId: 'adviseRole',
    summary:
      'Says before a role is given whether it fits: against people of the same teams (teams: ids with commas) and, for somebody known by email, of their own groups.',
    tag: 'members',
    guard: { kind: 'organization', permission: 'members.invite' },
    query,
    status: 200,
    response: adviceShape,
    errors: [],
    handle: async ({ deps, organization }, { query: { role, email, teams } }) => {
      await roleNamed(deps.storage, role);
      await assertTeamsAreHere(deps.storage, organization.id, teams ?? []);
      return presentAdvice(role, await adviseRole(deps, { organization, role, email, teamIds: teams ?? [] }));
    },
  }),
];
