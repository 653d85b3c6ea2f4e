/** People who never chose a sign-in address: what a directory or an identity provider brings in (law 3). */
import type { UserId } from '../../kernel/ids.ts';
import type { ChangeContext } from '../deps.ts';
import type { User } from '../entities/people.ts';
import type { Repositories } from '../ports/storage.ts';

/** Stores a person without address or password of their own, so that no upstream can ever set one. */
export async function insertUpstreamPerson(
  tx: Repositories,
  context: ChangeContext,
  person: { readonly id: UserId; readonly name: string },
): Promise<User> {
  const user: User = {
    ...person,
    version: 1,
    email: null,
    emailKey: null,
    emailVerifiedAt: null,
    ...{ passwordHash: null, avatarUrl: null },
    createdAt: context.now,
    updatedAt: context.now,
  };
  await tx.users.insert(user);
  return user;
}
