/** What the history costs, and from when on it knows: nothing while something holds, one row when it ends. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import { explainMember } from '../../../src/core/access/explain.ts';
import { createGroupMapping } from '../../../src/core/mapping/group-mappings.ts';
import {
  newDirectory,
  newMember,
  newOrganization,
  pushGroup,
  pushUser,
  repushGroup,
} from '../../support/core-people.ts';
import { type CoreWorld, OPERATOR, openCoreWorld } from '../../support/core-world.ts';

let world: CoreWorld;
beforeAll(async () => {
  world = await openCoreWorld({ runsTwice: false });
});
afterAll(() => world.close());

/** Rows of the history of one organization. */
function rowsOf(organizationId: string): readonly [ended: number, values: number] {
  const connection = new Database(world.path, { readonly: true });
  const count = (table: string) =>
    connection
      .prepare<[string], { rows: number }>(`SELECT count(*) AS rows FROM ${table} WHERE organization_id = ?`)
      .get(organizationId)?.rows ?? 0;
  const rows = [count('ended_grants'), count('past_values')] as const;
  connection.close();
  return rows;
}

describe('what it costs', () => {
  test('a push that gives roles writes no history; one that takes a role away writes one row', async () => {
    const { id: organizationId } = await newOrganization(world);
    const directory = await newDirectory(world, organizationId);
    const users = [await pushUser(world, directory), await pushUser(world, directory)];
    const group = await pushGroup(world, directory, { name: 'Staff', memberIds: users.map(({ id }) => id) });
    await createGroupMapping(world.deps, {
      organizationId,
      caller: { kind: 'operator' },
      cause: OPERATOR,
      mapping: { match: { kind: 'group_id', groupId: group.id }, grants: [{ scope: 'org', role: 'admin' }] },
    });
    expect(rowsOf(organizationId)).toEqual([0, 0]);
    const memberIds = users.slice(0, 1).map(({ id }) => id);
    await repushGroup(world, directory, { id: group.id, members: [{ kind: 'remove', memberIds }] });
    expect(rowsOf(organizationId)).toEqual([1, 0]);
    await repushGroup(world, directory, { id: group.id, name: 'Everybody' });
    expect(rowsOf(organizationId)).toEqual([1, 1]);
  });
});

describe('historySince', () => {
  test('is when the organization was made, or when an older one got its history', async () => {
    const { id: organizationId, createdAt } = await newOrganization(world);
    const { id } = await newMember(world, organizationId);
    const since = async () => (await explainMember(world.deps, { organizationId, id })).historySince;
    expect(await since()).toBe(createdAt);
    await world.deps.storage.transact((tx) =>
      tx.pastValues.append(organizationId, {
        ...{ organizationId, kind: 'unrecorded', subjectId: organizationId, until: createdAt + 5 },
        ...{ value: null, endedBy: null },
      }),
    );
    expect(await since()).toBe(createdAt + 5);
  });
});
