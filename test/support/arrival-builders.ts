/** Builders of what concerns people coming in from a directory: extensions, doubtful matches, those who were removed. */
import type { AdoptionConflict, RemovedUser } from '../../src/core/entities/adoption.ts';
import type { Directory, DirectoryUser } from '../../src/core/entities/directory.ts';
import type { DirectoryExtension, ExtensionAttribute } from '../../src/core/entities/directory-extension.ts';
import type { MembershipId } from '../../src/kernel/ids.ts';
import { BUILT_AT, nextId, nextText } from './builders.ts';

/** An extension with one unique badge number. */
export function anExtension(overrides: Partial<DirectoryExtension> = {}): DirectoryExtension {
  const urn = overrides.urn ?? `urn:acme:scim:1.0:${nextText('Badge')}`;
  return { urn, name: 'Badge', description: '', attributes: [anAttribute()], ...overrides };
}

/** A single text of its own in each directory. */
export function anAttribute(overrides: Partial<ExtensionAttribute> = {}): ExtensionAttribute {
  return {
    name: 'badge',
    type: 'string',
    multiValued: false,
    description: '',
    required: false,
    caseExact: false,
    mutability: 'readWrite',
    returned: 'default',
    uniqueness: 'server',
    subAttributes: [],
    ...overrides,
  };
}

/** An open conflict of this directory user with that member. */
export function anAdoptionConflict(
  user: Pick<DirectoryUser, 'organizationId' | 'directoryId' | 'id'>,
  candidateMembershipId: MembershipId,
  overrides: Partial<AdoptionConflict> = {},
): AdoptionConflict {
  return {
    id: nextId('acf'),
    version: 1,
    organizationId: user.organizationId,
    directoryId: user.directoryId,
    directoryUserId: user.id,
    candidateMembershipId,
    reason: 'proved_address',
    status: 'open',
    createdAt: BUILT_AT,
    settledAt: null,
    ...overrides,
  };
}

/** Somebody removed from this directory who is remembered for a day. */
export function aRemovedUser(
  directory: Pick<Directory, 'organizationId' | 'id'>,
  overrides: Partial<RemovedUser> = {},
): RemovedUser {
  return {
    id: nextId('du'),
    organizationId: directory.organizationId,
    directoryId: directory.id,
    userNameKey: nextText('ada'),
    externalId: null,
    userId: nextId('usr'),
    membershipId: nextId('mem'),
    isSuspended: false,
    removedAt: BUILT_AT,
    expiresAt: BUILT_AT + 86_400_000,
    ...overrides,
  };
}
