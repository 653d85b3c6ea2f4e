/** The row drivers of what concerns applications. */
import {
  aDirectoryClient,
  anApplication,
  anApplicationGrant,
  aProviderRecord,
  aSigningKey,
} from '../support/application-builders.ts';
import { BUILT_AT, nextId } from '../support/builders.ts';
import { nextOrgRole } from '../support/org-roles.ts';
import type { RowKind } from './row-kind.ts';

/** All of them. */
export const APPLICATION_ROW_KINDS: readonly RowKind[] = [
  {
    name: 'applications',
    make: ({ organization }, text) => {
      const value = anApplication({
        name: text,
        redirectUris: [text, `second ${text}`],
        postLogoutRedirectUris: [text],
        backchannelLogoutUri: text,
        organizationIds: [organization.id],
        jwks: [{ kty: text, [text]: text }],
        secrets: [{ id: nextId('sec'), secretHash: text, createdAt: BUILT_AT, expiresAt: BUILT_AT + 1 }],
      });
      return {
        value,
        insert: (tx) => tx.applications.insert(value),
        find: (store) => store.applications.find(value.id),
        update: (tx, name, version) => tx.applications.update({ ...value, name }, version),
        remove: (tx) => tx.applications.remove(value.id),
      };
    },
  },
  {
    name: 'applicationGrants',
    make: ({ organization: { id }, membership, application }, text) => {
      const value = anApplicationGrant(membership, application.id, { scopes: [text, 'openid'], amr: [text] });
      return {
        value,
        insert: (tx) => tx.applicationGrants.insert(id, value),
        find: (store) => store.applicationGrants.find(id, value.id),
        update: (tx, scope, version) =>
          tx.applicationGrants.update(id, { ...value, scopes: [scope] }, version),
        remove: (tx) => tx.applicationGrants.remove(id, value.id),
      };
    },
  },
  {
    name: 'providerRecords',
    make: ({ applicationGrant: { organizationId, id } }, text) => {
      const value = aProviderRecord({ organizationId, id }, { kind: text, idHash: text, payload: text });
      return {
        value,
        insert: (tx) => tx.providerRecords.insert(value),
        find: (store) => store.providerRecords.find(text, text),
        remove: (tx) => tx.providerRecords.remove(text, text),
      };
    },
  },
  {
    name: 'signingKeys',
    make: (_world, text) => {
      const value = aSigningKey({ secret: text, expiresAt: BUILT_AT });
      return {
        value,
        insert: (tx) => tx.signingKeys.insert(value),
        find: async (store) => (await store.signingKeys.list()).find(({ id }) => id === value.id),
        update: (tx, secret, version) => tx.signingKeys.update({ ...value, secret }, version),
        remove: (tx) => tx.signingKeys.remove(value.id),
      };
    },
  },
  {
    name: 'orgRoles',
    make: (_world, text) => {
      const value = nextOrgRole({ name: text, permissions: ['app:a', 'members.read'] });
      return {
        value,
        insert: (tx) => tx.orgRoles.insert(value),
        find: async (store) => (await store.orgRoles.list()).find(({ key }) => key === value.key),
        update: (tx, name, version) => tx.orgRoles.update({ ...value, name }, version),
        remove: (tx) => tx.orgRoles.remove(value.key),
      };
    },
  },
  {
    name: 'directoryClients',
    make: ({ organization: { id }, directory }, text) => {
      const value = aDirectoryClient(directory, { name: text, secretHash: text });
      return {
        value,
        insert: (tx) => tx.directoryClients.insert(id, value),
        find: (store) => store.directoryClients.findById(value.id),
        remove: (tx) => tx.directoryClients.remove(id, directory.id, value.id),
      };
    },
  },
];
