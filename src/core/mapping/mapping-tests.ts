/** Mapping tests beside the rules of an organization: kept, changed and removed by whoever manages the rules. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { MappingTestId, OrganizationId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import { roleNamed } from '../access/role-table.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Cause } from '../entities/journal.ts';
import type { MappingTest } from '../entities/mapping-test.ts';
import { record } from '../journal/audit.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import { unknownGroup } from './mapping-test-groups.ts';
import type { MappingTestResult } from './mapping-test-run.ts';
import { runMappingTests } from './mapping-test-run.ts';

/** Every change of a rule runs all of them. */
const MOST_TESTS = 200;

export type MappingTestInput = Pick<MappingTest, 'name' | 'given' | 'expect'>;

interface TestRequest {
  readonly organizationId: OrganizationId;
  readonly cause: Cause;
}

/** The test, or `not_found`. */
export async function getMappingTest(
  from: Queries | Repositories,
  organizationId: OrganizationId,
  id: MappingTestId,
): Promise<MappingTest> {
  const test = await from.mappingTests.find(organizationId, id);
  if (test === undefined) throw new GatehouseError('not_found', 'No such mapping test.');
  return test;
}

/**
 * Throws `invalid` when the test names a group, a team or a role that is not there. A name may also be one that no group has
 * yet and a rule speaks of: the directory may push it another day.
 */
async function assertTestFits(
  tx: Repositories,
  organizationId: OrganizationId,
  { given, expect }: Partial<MappingTestInput>,
): Promise<void> {
  const mappings = given === undefined ? [] : await tx.groupMappings.list(organizationId);
  for (const [index, group] of (given?.groups ?? []).entries()) {
    const unknown = await unknownGroup(tx, { organizationId, mappings }, group);
    if (unknown === undefined) continue;
    throw new GatehouseError('invalid', `Unknown group: ${unknown}.`, { field: `given.groups[${index}]` });
  }
  if (expect?.orgRole !== undefined) await roleNamed(tx, expect.orgRole, 'expect.orgRole');
  for (const [index, { teamId }] of (expect?.teams ?? []).entries()) {
    if ((await tx.teams.find(organizationId, teamId)) !== undefined) continue;
    const field = `expect.teams[${index}].team`;
    throw new GatehouseError('invalid', 'No team of this organization has this id.', { field });
  }
}

const factsOf = ({ name, given, expect }: MappingTest): MappingTestInput => ({ name, given, expect });

/**
 * Keeps a test, red or green: one written before its rule is red until the rule is there. Answers what comes out of it now.
 * Throws `invalid`.
 */
export async function createMappingTest(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: TestRequest & { readonly test: MappingTestInput },
): Promise<MappingTestResult> {
  const { organizationId, cause, test } = input;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    if ((await tx.mappingTests.list(organizationId)).length >= MOST_TESTS)
      throw new GatehouseError('invalid', `There are ${MOST_TESTS} mapping tests already. Remove one first.`);
    await assertTestFits(tx, organizationId, test);
    const { now } = context;
    const row: MappingTest = {
      ...{ id: newId('mpt', now), version: 1, organizationId, createdAt: now, updatedAt: now },
      ...{ name: test.name, given: test.given, expect: test.expect },
    };
    await tx.mappingTests.insert(organizationId, row);
    await record(tx, context, {
      type: 'mapping_test.created',
      target: { kind: 'mapping_test', id: row.id },
      details: { ...factsOf(row) },
    });
    const [result] = await runMappingTests(tx, organizationId, { only: [row] });
    if (result === undefined) throw new GatehouseError('internal', 'A mapping test came to nothing.');
    return result;
  });
}

/** Changes a test; what it is given and what it expects are replaced whole. Throws `not_found`, `invalid`. */
export async function updateMappingTest(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: TestRequest & { readonly id: MappingTestId; readonly change: Partial<MappingTestInput> },
): Promise<MappingTest> {
  const { organizationId, cause, change } = input;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const before = await getMappingTest(tx, organizationId, input.id);
    await assertTestFits(tx, organizationId, change);
    const after: MappingTest = { ...before, ...change, updatedAt: context.now };
    await tx.mappingTests.update(organizationId, after, before.version);
    await record(tx, context, {
      type: 'mapping_test.updated',
      target: { kind: 'mapping_test', id: before.id },
      details: { before: factsOf(before), after: factsOf(after) },
    });
    return { ...after, version: before.version + 1 };
  });
}

/** Removes a test. Throws `not_found`. */
export async function removeMappingTest(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: TestRequest & { readonly id: MappingTestId },
): Promise<void> {
  const { organizationId, cause } = input;
  await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const before = await getMappingTest(tx, organizationId, input.id);
    await tx.mappingTests.remove(organizationId, before.id);
    await record(tx, context, {
      type: 'mapping_test.removed',
      target: { kind: 'mapping_test', id: before.id },
      details: { ...factsOf(before) },
    });
  });
}
