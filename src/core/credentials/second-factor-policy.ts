/** What organizations that ask for a second factor mean to one person: whether there is one, and whether it may go. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { Deps } from '../deps.ts';
import type { User } from '../entities/people.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import { findSecondFactor } from './second-factor-codes.ts';

/** Where a browser sets up what its person's organization asks for; takes `return_to`. */
export const ENROLMENT_PATH = '/account/enrol';

/** What a program is told whose session is good for that and nothing else. */
export const setupRequired = ({ baseUrl }: Pick<Deps, 'baseUrl'>): GatehouseError =>
  new GatehouseError(
    'second_factor_setup_required',
    'Your organization asks for a second step. Set one up first.',
    {
      url: `${baseUrl}${ENROLMENT_PATH}`,
    },
  );

/** Whether the person has a code or a passkey to show: then they sign in again with it, and enrol nothing here. */
export async function hasAnyFactor(from: Queries | Repositories, { id }: Pick<User, 'id'>): Promise<boolean> {
  if ((await findSecondFactor(from, id)) !== undefined) return true;
  return (await from.passkeys.listByUser(id)).length > 0;
}

/** Throws `invalid` (field `code`), naming the organization, while one that the person comes into by themselves asks for a second factor. */
export async function assertNotNeeded(tx: Repositories, user: Pick<User, 'id'>): Promise<void> {
  for (const { organizationId, status } of await tx.memberships.listByUser(user.id)) {
    const organization = status === 'active' ? await tx.organizations.find(organizationId) : undefined;
    if (organization?.requireSecondFactor !== true || organization.ssoPolicy === 'required') continue;
    const detail = `${organization.name} asks its members for a second step. Set up another one first.`;
    throw new GatehouseError('invalid', detail, { field: 'code' });
  }
}
