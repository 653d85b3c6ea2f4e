/** Who holds a member: an active directory does; one that is switched off holds nobody, and what it pushed is let go of. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { ChangeContext } from '../deps.ts';
import type { DirectoryUser } from '../entities/directory.ts';
import type { Membership } from '../entities/people.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import { touchGroups } from './directory-groups.ts';
import { rememberRemoved } from './removed-users.ts';

/** What an active directory says about the member; undefined when none holds them. */
export async function findHeld(
  tx: Pick<Queries, 'directoryUsers' | 'directories'> | Repositories,
  { organizationId, id }: Membership,
): Promise<DirectoryUser | undefined> {
  const user = await tx.directoryUsers.findByMembership(organizationId, id);
  if (user === undefined) return undefined;
  const directory = await tx.directories.find(organizationId, user.directoryId);
  return directory?.status === 'active' ? user : undefined;
}

/**
 * Before a membership ends by hand: throws `role_from_directory` with this sentence and what to do when an active directory holds the
 * person. A directory that is switched off forgets them; pushed again later, they are the same person.
 */
export async function releasePerson(
  tx: Repositories,
  context: ChangeContext,
  release: { readonly membership: Membership; readonly sentence: string; readonly whatToDo: string },
): Promise<void> {
  const { membership, sentence, whatToDo } = release;
  const { organizationId } = context;
  if ((await findHeld(tx, membership)) !== undefined)
    throw new GatehouseError('role_from_directory', sentence, { whatToDo });
  const user = await tx.directoryUsers.findByMembership(organizationId, membership.id);
  if (user === undefined) return;
  const { id, directoryId } = user;
  await rememberRemoved(tx, context, { user, membership });
  const groupIds = await tx.groupMembers.removeEverywhere(organizationId, id);
  await tx.directoryUsers.remove(organizationId, directoryId, id);
  await touchGroups(tx, context, { directoryId, groupIds });
}
