/** Promises of the schema tables: the published documents are complete, and names resolve without surprises. */
import { describe, expect, test } from '@jest/globals';
import { findAttribute, groupResourceType, splitUrn, userResourceType } from '../../../src/protocols/scim/schema.ts';

const user = userResourceType();
const core = 'urn:ietf:params:scim:schemas:core:2.0:User';

describe('names', () => {
  test.each([
    ['userName', 'userName'],
    ['USERNAME', 'userName'],
    ['Id', 'id'],
    ['externalid', 'externalId'],
    ['META', 'meta'],
    ['schemas', 'schemas'],
    ['__proto__', undefined],
    ['constructor', undefined],
    ['department', undefined],
    ['', undefined],
  ])('%p resolves to %p', (name, expected) => {
    expect(findAttribute(user, name)?.attribute.name).toBe(expected);
  });
});
