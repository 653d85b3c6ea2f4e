/** One driver per stored kind of row, so that a rule for all repositories is written once and proved for each. */

import type { SpKey } from '../../src/core/entities/connection.ts';
import { uniqueValue } from '../../src/core/entities/directory-extension.ts';
import type { Repositories } from '../../src/core/ports/storage.ts';
import { newId } from '../../src/kernel/ids.ts';
import { anAdoptionConflict, anAttribute, anExtension, aRemovedUser } from '../support/arrival-builders.ts';
import { aSignInAttempt } from '../support/attempt-builders.ts';
import {
  aConnection,
  aDirectory,
  aDirectoryGroup,
  aDirectoryToken,
  aDirectoryUser,
  aDomain,
  aGrant,
  aGroupMapping,
  aMembership,
  anAuditEvent,
  anIdentity,
  anInvitation,
  anOrganization,
  anOutboxEvent,
  aPendingSignIn,
  aRecorderEntry,
  aSession,
  aTeam,
  aUser,
  oidcSettings,
  samlSettings,
} from '../support/builders.ts';
import { anEnding } from '../support/history-builders.ts';
import type { World } from '../support/world.ts';
import { APPLICATION_ROW_KINDS } from './application-rows.ts';
import { cutovers } from './cutover-rows.ts';
import { JOB_ROWS } from './job-rows.ts';
import { shareableLinks } from './link-rows.ts';
import { mappingDrafts, mappingTests } from './mapping-test-rows.ts';
import { POLICY_ROWS } from './policy-rows.ts';
import { REVIEW_ROWS } from './review-rows.ts';
import type { RowKind } from './row-kind.ts';

const organizations: RowKind = {
  name: 'organizations',
  make: (_world, text) => {
    const value = anOrganization({ slug: text, name: text });
    return {
      value,
      insert: (tx) => tx.organizations.insert(value.id, value),
      find: (store) => store.organizations.find(value.id),
      update: (tx, name, version) => tx.organizations.update(value.id, { ...value, name }, version),
      remove: (tx) => tx.organizations.remove(value.id),
    };
  },
};

const users: RowKind = {
  name: 'users',
  make: (_world, text) => {
    const value = aUser({ email: text, emailKey: text, name: text, passwordHash: text });
    return {
      value,
      insert: (tx) => tx.users.insert(value),
      find: (store) => store.users.find(value.id),
      update: (tx, name, version) => tx.users.update({ ...value, name }, version),
      remove: (tx) => tx.users.remove(value.id),
    };
  },
};

const memberships: RowKind = {
  name: 'memberships',
  make: ({ organization: { id } }, text) => {
    const user = aUser();
    const value = aMembership(id, user.id, { email: text, emailKey: text, name: text });
    return {
      value,
      insert: async (tx) => {
        await tx.users.insert(user);
        await tx.memberships.insert(id, value);
      },
      find: (store) => store.memberships.find(id, value.id),
      update: (tx, name, version) => tx.memberships.update(id, { ...value, name }, { ...value, version }),
      remove: (tx) => tx.memberships.remove(id, value.id),
    };
  },
};

const grants: RowKind = {
  name: 'grants',
  make: ({ organization: { id }, membership, connection }, text) => {
    const value = aGrant(id, membership.id, {
      source: { kind: 'sso_claim', connectionId: connection.id, claim: text, value: text, mappingId: text },
    });
    return {
      value,
      insert: (tx) => tx.grants.insert(id, value),
      find: async (store) =>
        (await store.grants.listByMembership(id, membership.id)).find((grant) => grant.id === value.id),
      remove: (tx) => tx.grants.end(id, value, anEnding()),
    };
  },
};

const teams: RowKind = {
  name: 'teams',
  make: ({ organization: { id } }, text) => {
    const value = aTeam(id, { name: text });
    return {
      value,
      insert: (tx) => tx.teams.insert(id, value),
      find: (store) => store.teams.find(id, value.id),
      update: (tx, name, version) => tx.teams.update(id, { ...value, name }, version),
      remove: (tx) => tx.teams.remove(id, value.id),
    };
  },
};

const invitations: RowKind = {
  name: 'invitations',
  make: ({ organization: { id } }, text) => {
    const value = anInvitation(id, { email: text, emailKey: text, message: text, tokenHash: `hash ${text}` });
    return {
      value,
      insert: (tx) => tx.invitations.insert(id, value),
      find: (store) => store.invitations.find(id, value.id),
      update: (tx, message, version) => tx.invitations.update(id, { ...value, message }, version),
    };
  },
};

const directories: RowKind = {
  name: 'directories',
  make: ({ organization: { id } }, text) => {
    const attributes = [anAttribute({ description: text, canonicalValues: [text] })];
    const extension = anExtension({ urn: text, name: text, description: text, attributes });
    const value = aDirectory(id, { name: text, extensions: [extension] });
    return {
      value,
      insert: (tx) => tx.directories.insert(id, value),
      find: (store) => store.directories.find(id, value.id),
      update: (tx, name, version) => tx.directories.update(id, { ...value, name }, version),
      remove: (tx) => tx.directories.remove(id, value.id),
    };
  },
};

const directoryTokens: RowKind = {
  name: 'directoryTokens',
  make: ({ organization: { id }, directory }, text) => {
    const value = aDirectoryToken(directory, { name: text, tokenHash: `hash ${text}` });
    return {
      value,
      insert: (tx) => tx.directoryTokens.insert(id, value),
      find: async (store) => (await store.directoryTokens.findByHash(value.tokenHash))?.token,
      remove: (tx) => tx.directoryTokens.remove(id, directory.id, value.id),
    };
  },
};

const directoryUsers: RowKind = {
  name: 'directoryUsers',
  make: ({ organization: { id }, directory }, text) => {
    const user = aUser();
    const member = aMembership(id, user.id);
    const value = aDirectoryUser(directory.id, member, {
      userName: text,
      userNameKey: text,
      externalId: text,
      displayNameKey: text,
      emailKeys: [text, `second ${text}`],
      attributes: { displayName: text, nested: [{ [text]: text }] },
    });
    return {
      value,
      insert: async (tx) => {
        await tx.users.insert(user);
        await tx.memberships.insert(id, member);
        await tx.directoryUsers.insert(id, value);
      },
      find: (store) => store.directoryUsers.find(id, directory.id, value.id),
      update: (tx, externalId, version) =>
        tx.directoryUsers.update(id, { ...value, externalId }, { ...value, version }),
      remove: (tx) => tx.directoryUsers.remove(id, directory.id, value.id),
    };
  },
};

/** A user of the planted directory, still to be stored. */
function aPushedUser({ organization: { id }, directory }: World) {
  const user = aUser();
  const member = aMembership(id, user.id);
  const value = aDirectoryUser(directory.id, member);
  const insert = async (tx: Repositories) => {
    await tx.users.insert(user);
    await tx.memberships.insert(id, member);
    await tx.directoryUsers.insert(id, value);
  };
  return { value, insert };
}

const uniqueValues: RowKind = {
  name: 'uniqueValues',
  make: (world, text) => {
    const { id } = world.organization;
    const owner = aPushedUser(world);
    const value = uniqueValue(`path ${text}`, text);
    return {
      value,
      insert: async (tx) => {
        await owner.insert(tx);
        await tx.uniqueValues.replace(id, owner.value, [value]);
      },
      find: async (store) => (await store.uniqueValues.list(id, owner.value))[0],
      remove: (tx) => tx.uniqueValues.remove(id, world.directory.id, value.path),
    };
  },
};

const adoptionConflicts: RowKind = {
  name: 'adoptionConflicts',
  make: (world, text) => {
    const { id } = world.organization;
    const owner = aPushedUser(world);
    const value = anAdoptionConflict(owner.value, idLike(world.membership.id, text));
    return {
      value,
      insert: async (tx) => {
        await owner.insert(tx);
        await tx.adoptionConflicts.insert(id, value);
      },
      find: (store) => store.adoptionConflicts.find(id, value.id),
      update: (tx, candidate, version) =>
        tx.adoptionConflicts.update(
          id,
          { ...value, candidateMembershipId: idLike(world.membership.id, candidate) },
          version,
        ),
    };
  },
};

/** The member who is named need not be there: any text is kept. */
const idLike = <Id extends string>(_id: Id, text: string): Id => text as Id;

const removedUsers: RowKind = {
  name: 'removedUsers',
  make: ({ organization: { id }, directory }, text) => {
    const value = aRemovedUser(directory, { userNameKey: text, externalId: text, isSuspended: true });
    return {
      value,
      insert: (tx) => tx.removedUsers.insert(id, value),
      find: (store) => store.removedUsers.find(id, directory.id, value.id),
      remove: (tx) => tx.removedUsers.consume(id, directory.id, value.id),
    };
  },
};

const directoryGroups: RowKind = {
  name: 'directoryGroups',
  make: ({ organization: { id }, directory }, text) => {
    const value = aDirectoryGroup(directory, {
      displayName: text,
      displayNameKey: text,
      externalId: text,
      attributes: { [text]: text },
    });
    return {
      value,
      insert: (tx) => tx.directoryGroups.insert(id, value),
      find: (store) => store.directoryGroups.find(id, directory.id, value.id),
      update: (tx, externalId, version) => tx.directoryGroups.update(id, { ...value, externalId }, version),
      remove: (tx) => tx.directoryGroups.remove(id, directory.id, value.id),
    };
  },
};

const groupMappings: RowKind = {
  name: 'groupMappings',
  make: ({ organization: { id } }, text) => {
    const value = aGroupMapping(id, { match: { kind: 'claim', claim: text, value: text } });
    return {
      value,
      insert: (tx) => tx.groupMappings.insert(id, value),
      find: (store) => store.groupMappings.find(id, value.id),
      update: (tx, groupName, version) =>
        tx.groupMappings.update(id, { ...value, match: { kind: 'group_name', groupName } }, version),
      remove: (tx) => tx.groupMappings.remove(id, value.id),
    };
  },
};

const connections: RowKind = {
  name: 'connections',
  make: ({ organization: { id } }, text) => {
    const value = aConnection(id, {
      name: text,
      settings: oidcSettings({ issuer: text, clientId: text, clientSecret: text, scopes: [text] }),
      attributes: { email: text, groups: text },
      userNameClaim: text,
    });
    return {
      value,
      insert: (tx) => tx.connections.insert(id, value),
      find: (store) => store.connections.find(id, value.id),
      update: (tx, name, version) => tx.connections.update(id, { ...value, name }, version),
      remove: (tx) => tx.connections.remove(id, value.id),
    };
  },
};

const samlConnections: RowKind = {
  name: 'connections',
  make: ({ organization: { id } }, text) => {
    const spKeys: readonly SpKey[] = [
      { id: newId('spk', 0), use: 'current', certificate: text, privateKey: text, createdAt: 1 },
    ];
    const settings = samlSettings({ idpEntityId: text, ssoUrl: text, certificates: [text, text], spKeys });
    const value = aConnection(id, { name: text, settings });
    return {
      value,
      insert: (tx) => tx.connections.insert(id, value),
      find: (store) => store.connections.findById(value.id),
    };
  },
};

const identities: RowKind = {
  name: 'identities',
  make: ({ organization: { id }, connection }, text) => {
    const user = aUser();
    const member = aMembership(id, user.id);
    const value = anIdentity(connection.id, member, { issuer: text, subject: text });
    return {
      value,
      insert: async (tx) => {
        await tx.users.insert(user);
        await tx.memberships.insert(id, member);
        await tx.identities.insert(id, value);
      },
      find: (store) => store.identities.find(id, connection.id, text, text),
      remove: (tx) => tx.identities.removeByMembership(id, member.id),
    };
  },
};

const domains: RowKind = {
  name: 'domains',
  make: ({ organization: { id } }, text) => {
    const value = aDomain(id, { domain: text, challenge: text });
    return {
      value,
      insert: (tx) => tx.domains.insert(id, value),
      find: (store) => store.domains.find(id, value.id),
      update: (tx, challenge, version) => tx.domains.update(id, { ...value, challenge }, version),
      remove: (tx) => tx.domains.remove(id, value.id),
    };
  },
};

const pendingSignIns: RowKind = {
  name: 'pendingSignIns',
  make: ({ organization: { id }, connection }, text) => {
    const value = aPendingSignIn(connection, {
      handleHash: text,
      bindingHash: text,
      requestId: text,
      nonce: text,
      codeVerifier: text,
      held: text,
      returnTo: text,
    });
    return {
      value,
      insert: (tx) => tx.pendingSignIns.insert(id, value),
      find: (store) => store.pendingSignIns.find(id, connection.id, text),
      remove: (tx) => tx.pendingSignIns.consume(id, connection.id, text),
    };
  },
};

const sessions: RowKind = {
  name: 'sessions',
  make: ({ organization: { id }, membership, connection }, text) => {
    const value = aSession(membership, { tokenHash: text, connectionId: connection.id });
    return {
      value,
      insert: (tx) => tx.sessions.insert(id, value),
      find: (store) => store.sessions.findByHash(text),
      remove: (tx) => tx.sessions.remove(id, value.id),
    };
  },
};

const auditEvents: RowKind = {
  name: 'auditEvents',
  make: ({ organization: { id } }, text) => {
    const value = anAuditEvent(id, {
      actor: { kind: 'directory', directoryId: text, tokenId: text, tokenName: text },
      target: { kind: text, id: text },
      details: { [text]: [text] },
      requestId: text,
      ip: text,
    });
    return {
      value,
      insert: (tx) => tx.auditEvents.append(id, value),
      find: async (store) =>
        (await store.auditEvents.list(id, {}, { limit: 1000 })).find((event) => event.id === value.id),
    };
  },
};

const outbox: RowKind = {
  name: 'outbox',
  make: ({ organization: { id } }, text) => {
    const value = anOutboxEvent(id, { kind: 'mail', type: text, payload: text, lastError: text });
    return {
      value,
      insert: (tx) => tx.outbox.append(id, value),
      find: (store) => store.outbox.find(id, value.id),
    };
  },
};

const recorderEntries: RowKind = {
  name: 'recorderEntries',
  make: ({ organization: { id }, directory }, text) => {
    const value = aRecorderEntry(directory, {
      tokenName: text,
      requestId: text,
      method: text,
      path: text,
      requestBody: text,
      responseBody: text,
      tolerances: [text],
      unknownAttributes: [text],
      change: { type: text, targetId: text, auditEventIds: [text], auditEventCount: 1 },
      failure: { code: 'invalid_value', scimType: text, detail: text, field: text },
    });
    return {
      value,
      insert: (tx) => tx.recorderEntries.append(id, [value]),
      find: (store) => store.recorderEntries.find(id, value.id),
    };
  },
};

const signInAttempts: RowKind = {
  name: 'signInAttempts',
  make: ({ organization: { id } }, text) => {
    const value = aSignInAttempt(id, {
      requestId: text,
      facts: [{ name: text, values: [text], count: 3, isVerified: false }],
      notes: [text],
      failure: { code: 'sign_in_refused', reason: text },
    });
    return {
      value,
      insert: (tx) => tx.signInAttempts.append(id, [value]),
      find: (store) => store.signInAttempts.find(id, value.id),
    };
  },
};

/** Every kind of row that can be read back by itself. */
export const ROW_KINDS: readonly RowKind[] = [
  organizations,
  users,
  memberships,
  grants,
  teams,
  invitations,
  shareableLinks,
  directories,
  directoryTokens,
  directoryUsers,
  uniqueValues,
  adoptionConflicts,
  removedUsers,
  cutovers,
  directoryGroups,
  groupMappings,
  mappingTests,
  mappingDrafts,
  connections,
  samlConnections,
  identities,
  domains,
  pendingSignIns,
  ...JOB_ROWS,
  ...REVIEW_ROWS,
  ...POLICY_ROWS,
  sessions,
  auditEvents,
  outbox,
  recorderEntries,
  signInAttempts,
  ...APPLICATION_ROW_KINDS,
];
