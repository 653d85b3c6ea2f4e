/** The resources and the one runner that the PATCH tables share. */

import { applyPatch, type PatchResult, parsePatch } from '../../../src/protocols/scim/patch.ts';
import {
  enterpriseUserSchema,
  groupResourceType,
  parseSchema,
  type ScimObject,
  userResourceType,
} from '../../../src/protocols/scim/schema.ts';

export const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
export const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const ENT = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const CUSTOM = 'urn:x:y:2.0:User';

const customSchema = parseSchema({
  id: CUSTOM,
  name: 'Custom',
  attributes: [
    {
      name: 'tags',
      type: 'complex',
      multiValued: true,
      subAttributes: [{ name: 'order', type: 'integer' }, { name: 'value' }],
    },
    { name: 'badge', mutability: 'immutable' },
    { name: 'level', type: 'integer' },
    { name: 'ratio', type: 'decimal' },
    { name: 'hired', type: 'dateTime' },
    { name: 'photo', type: 'binary' },
    { name: 'skills', multiValued: true },
    { name: 'score', type: 'integer', mutability: 'readOnly' },
    {
      name: 'desk',
      type: 'complex',
      subAttributes: [
        { name: 'site', required: true },
        { name: 'row', type: 'integer' },
        { name: 'serial', mutability: 'immutable' },
      ],
    },
    {
      name: 'keys',
      type: 'complex',
      multiValued: true,
      subAttributes: [
        { name: 'value', mutability: 'immutable' },
        { name: 'label' },
        { name: 'codes', multiValued: true },
      ],
    },
  ],
});

export const userType = userResourceType([enterpriseUserSchema, customSchema]);
export const groupType = groupResourceType();

export const user: ScimObject = {
  userName: 'anna@x.com',
  externalId: 'E1',
  active: true,
  displayName: 'Anna Berg',
  title: 'Engineer',
  name: { givenName: 'Anna', familyName: 'Berg' },
  emails: [
    { type: 'work', value: 'w@x.com', primary: true },
    { type: 'home', value: 'h@y.org' },
  ],
  [ENT]: { department: 'Eng', costCenter: '7', manager: { value: 'm1', $ref: '../Users/m1' } },
};

export const group: ScimObject = { displayName: 'Engineers', externalId: 'G1' };

/** The resource with some attributes changed; undefined removes one. */
export function withChanges(resource: ScimObject, changes: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries({ ...resource, ...changes });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Sends operations through the whole engine, in an envelope of the RFC. */
export function patch(resource: ScimObject, operations: readonly unknown[], type = userType): PatchResult {
  return applyPatch(resource, parsePatch({ schemas: [PATCH_OP], Operations: operations }), type);
}

/** Operations in the RFC's own spelling. */
export const replace = (path: string, value: unknown) => ({ op: 'replace', path, value });
export const add = (path: string, value: unknown) => ({ op: 'add', path, value });
export const remove = (path: string) => ({ op: 'remove', path });
