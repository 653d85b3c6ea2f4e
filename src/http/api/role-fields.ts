/** How requests name org roles. Whether there is such a role is core's question: the operator may have made some. */
import { z } from 'zod';
import { isOrgRole, type OrgRole } from '../../core/access/roles.ts';

const roleText = z.string().describe('owner, admin, member, viewer, or a role of GET /roles.');
const UNKNOWN = 'There is no such role.';

/** Any org role. */
export const orgRoleField = roleText.transform((text, context): OrgRole => {
  if (isOrgRole(text)) return text;
  context.addIssue({ code: 'custom', message: UNKNOWN });
  return z.NEVER;
});

/** Any org role but owner; `refusal` is what owner is told. */
export const lesserRoleField = (refusal: string) =>
  roleText.transform((text, context): Exclude<OrgRole, 'owner'> => {
    if (isOrgRole(text) && text !== 'owner') return text;
    context.addIssue({ code: 'custom', message: text === 'owner' ? refusal : UNKNOWN });
    return z.NEVER;
  });
