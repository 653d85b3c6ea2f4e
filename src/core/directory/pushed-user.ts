/** A person as a directory pushes them: the facts core needs, and what is stored and shown of them. Pure. */
import { foldKey } from '../../kernel/text.ts';
import type { DirectoryAttributes, DirectoryUser } from '../entities/directory.ts';
import type { UniqueValue } from '../entities/directory-extension.ts';
import type { Membership } from '../entities/people.ts';

/** The facts core needs, and the whole document for the edge to give back. */
export interface DirectoryUserInput {
  readonly userName: string;
  readonly externalId: string | null;
  readonly isActive: boolean;
  readonly displayName: string | null;
  /** Every e-mail address, as spelled. */
  readonly emails: readonly string[];
  /** The address to show for this person; null when there is none. */
  readonly primaryEmail: string | null;
  /** The name to show; never empty. */
  readonly personName: string;
  /** All values that nobody else of the directory may hold; absent where the directory knows no such attribute. */
  readonly uniqueValues?: readonly UniqueValue[] | undefined;
  readonly attributes: DirectoryAttributes;
}

type StoredFields = Pick<
  DirectoryUser,
  'isActive' | 'userName' | 'userNameKey' | 'externalId' | 'displayNameKey' | 'emailKeys' | 'attributes'
>;

/** What a push decides of the stored directory user. */
export const storedFields = (input: DirectoryUserInput): StoredFields => ({
  isActive: input.isActive,
  userName: input.userName,
  userNameKey: foldKey(input.userName),
  externalId: input.externalId,
  displayNameKey: input.displayName === null ? null : foldKey(input.displayName),
  emailKeys: [...new Set(input.emails.map(foldKey))],
  attributes: input.attributes,
});

/** What a push decides of the membership: what this organization knows of the person, never the global user (law 3). */
export const profileOf = (
  user: Pick<DirectoryUserInput, 'primaryEmail' | 'personName'>,
): Pick<Membership, 'email' | 'emailKey' | 'name'> => ({
  email: user.primaryEmail,
  emailKey: user.primaryEmail === null ? null : foldKey(user.primaryEmail),
  name: user.personName,
});
