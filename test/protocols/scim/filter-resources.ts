/** Three people that the filter tables are asked about: a complete, b inactive with swapped addresses, c nearly empty. */
import userDocument from '../../../schemas/scim/User.json' with { type: 'json' };
import type { ResourceType, ScimObject } from '../../../src/protocols/scim/schema.ts';
import { parseSchema, userResourceType } from '../../../src/protocols/scim/schema.ts';

export const core = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** The User type with one attribute of each kind the standard schema lacks. */
export const userType: ResourceType = {
  ...userResourceType(),
  schema: parseSchema({
    ...userDocument,
    attributes: [
      ...userDocument.attributes,
      { name: 'loginCount', type: 'integer' },
      { name: 'ratio', type: 'decimal' },
      { name: 'badge', type: 'binary', caseExact: true },
      { name: 'tags', multiValued: true },
      {
        name: 'boxes',
        type: 'complex',
        multiValued: true,
        subAttributes: [{ name: 'labels', multiValued: true }],
      },
      { name: 'note', returned: 'request' },
      { name: 'hiddenPlan', returned: 'never' },
    ],
  }),
};

export const resources: Readonly<Record<'a' | 'b' | 'c', ScimObject>> = {
  a: {
    schemas: [core, enterprise],
    id: 'dusr_A1',
    externalId: 'E1',
    userName: 'alice@x.com',
    displayName: 'Alice "Al" O\'Neil',
    name: { familyName: "O'Malley", givenName: 'Alice' },
    title: 'Engineer',
    active: true,
    loginCount: 5,
    ratio: 0.5,
    badge: 'QUJD',
    tags: ['Blue', 'red'],
    emails: [
      { type: 'work', value: 'alice@work.com', primary: true },
      { type: 'home', value: 'alice@home.org' },
    ],
    groups: [{ value: 'dgrp_1', display: 'Staff', type: 'direct' }],
    meta: {
      resourceType: 'User',
      created: '2024-01-01T00:00:00Z',
      lastModified: '2024-05-01T10:00:00.1234567Z',
    },
    [enterprise]: { department: 'Eng', manager: { value: 'm1', displayName: 'Mia' } },
  },
  b: {
    schemas: [core],
    id: 'dusr_B2',
    externalId: 'e1',
    userName: 'bob@x.com',
    displayName: 'Bob]',
    nickName: 'Bobby',
    active: false,
    loginCount: 100,
    emails: [
      { type: 'work', value: 'bob@home.org', primary: true },
      { type: 'home', value: 'bob@work.com' },
    ],
    meta: { resourceType: 'User', lastModified: '2024-05-01T13:30:00+02:00' },
  },
  c: {
    schemas: ['urn:example:Other'],
    id: 'dusr_C3',
    userName: 'carol@x.com',
    title: '',
    active: true,
    loginCount: 7,
    emails: [],
    meta: { resourceType: 'User', lastModified: '2023-12-31T23:59:59Z' },
  },
};
