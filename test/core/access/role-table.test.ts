/** The table of roles is asked only where a role is not built in: a push over SCIM costs nothing more for its being a table. */
import { expect, test } from '@jest/globals';
import { ranksOf, ranksOfGrants, roleHeld, roleNamed } from '../../../src/core/access/role-table.ts';
import { ORG_ROLES } from '../../../src/core/access/roles.ts';
import { aGrant, nextId } from '../../support/builders.ts';
import { anOrgRole, roleKey } from '../../support/org-roles.ts';
import { refusalOf } from '../../support/refusals.ts';

/** A store of these roles that counts how often it is asked. */
function storeOf(...roles: ReturnType<typeof anOrgRole>[]) {
  let asked = 0;
  const list = async () => {
    asked += 1;
    return roles;
  };
  return { orgRoles: { list }, asked: () => asked };
}

test('ranks of built-in roles ask nothing; one custom role asks once', async () => {
  const store = storeOf(anOrgRole('lead', 150));
  const builtIn = await ranksOf(store, ORG_ROLES);
  expect([ORG_ROLES.map(builtIn), store.asked()]).toEqual([[0, 100, 200, 300], 0]);
  const [organizationId, membershipId] = [nextId('org'), nextId('mem')];
  const grants = ['lead', 'admin', 'lead'].map((role) =>
    aGrant(organizationId, membershipId, { scope: { kind: 'org', role: roleKey(role) } }),
  );
  const ranks = await ranksOfGrants(store, grants);
  expect([ranks(roleKey('lead')), ranks('admin'), store.asked()]).toEqual([150, 200, 1]);
});

test('a role that is not there has no rank and no permission, and is refused where a request names it', async () => {
  const store = storeOf();
  const gone = roleKey('gone');
  expect((await ranksOf(store, [gone]))(gone)).toBeUndefined();
  expect(await roleHeld(store, gone)).toMatchObject({ rank: -1, permissions: [] });
  expect(await refusalOf(roleNamed(store, gone))).toBe('invalid');
});
