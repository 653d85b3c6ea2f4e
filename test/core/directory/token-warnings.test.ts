/** Warnings before a directory token ends: 30, 14, 7 and 1 days before, each once, on any number of nodes. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createApiKey } from '../../../src/core/applications/api-keys.ts';
import { createDirectory, createDirectoryToken } from '../../../src/core/directory/directories.ts';
import { warnOfExpiringKeys, warnOfExpiringTokens } from '../../../src/core/directory/token-warnings.ts';
import { createOrganization } from '../../../src/core/organization/organizations.ts';
import { days } from '../../../src/kernel/clock.ts';
import { type CoreWorld, OPERATOR, openCoreWorld } from '../../support/core-world.ts';
import { journalOf } from '../../support/journal-rows.ts';

let world: CoreWorld;
beforeEach(async () => {
  world = await openCoreWorld();
});
afterEach(() => world.close());

async function stage(...endInDays: readonly number[]) {
  const { deps, time } = world;
  const { id: organizationId } = await createOrganization(deps, {
    cause: OPERATOR,
    organization: { name: 'Acme' },
  });
  const request = { organizationId, cause: OPERATOR };
  const { id: directoryId } = await createDirectory(deps, { ...request, kind: 'okta' });
  for (const end of endInDays) {
    const expiresAt = Number.isFinite(end) ? time.now + days(end) : undefined;
    await createDirectoryToken(deps, { ...request, directoryId, name: `${end}`, expiresAt });
  }
  const warned = async () => {
    const filter = { type: 'directory_token.expiring' };
    const events = await deps.storage.auditEvents.list(organizationId, filter, { limit: 1000 });
    return events.map(({ details }) => `${details.name}:${details.thresholdDays}`).sort();
  };
  return { organizationId, directoryId, warned };
}

describe('the threshold reached', () => {
  test.each([
    [31, []],
    [30, ['30:30']],
    [14.1, ['14.1:30']],
    [14, ['14:14']],
    [7.5, ['7.5:14']],
    [7, ['7:7']],
    [1.1, ['1.1:7']],
    [1, ['1:1']],
    [0.001, ['0.001:1']],
  ])('%s days before the end: %j', async (left, expected) => {
    const { warned } = await stage(left);
    await warnOfExpiringTokens(world.deps);
    expect(await warned()).toEqual(expected);
  });

  test('at the very end and after it nothing is said any more', async () => {
    const { warned } = await stage(1, 2);
    world.time.now += days(2);
    expect(await warnOfExpiringTokens(world.deps)).toBe(0);
    expect(await warned()).toEqual([]);
  });
});

describe('warnings', () => {
  test('come once for each threshold as the end comes nearer', async () => {
    const { warned } = await stage(40);
    const given: string[][] = [];
    for (let day = 0; day <= 41; day += 1) {
      for (const _ of [1, 2]) await warnOfExpiringTokens(world.deps);
      given.push(await warned());
      world.time.now += days(1);
    }
    expect([9, 10, 25, 26, 32, 33, 38, 39, 41].map((day) => given[day]?.length)).toEqual([
      0, 1, 1, 2, 2, 3, 3, 4, 4,
    ]);
    expect(given.at(-1)).toEqual(['40:1', '40:14', '40:30', '40:7']);
  });

  test('for a token that is met late only the nearest is given; one without an end gets none', async () => {
    const { warned } = await stage(5, 20, 0.5, Number.NaN, 400);
    expect(await warnOfExpiringTokens(world.deps)).toBe(3);
    expect(await warned()).toEqual(['0.5:1', '20:30', '5:7']);
  });

  test('from several nodes at once are given once, each with its audit row and event together (law 9)', async () => {
    const { warned, organizationId } = await stage(3, 4, 5);
    const counts = await Promise.all([1, 2, 3].map(() => warnOfExpiringTokens(world.deps)));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(3);
    expect(await warned()).toHaveLength(3);
    const { audit, events } = journalOf(world.path, organizationId);
    expect(audit).toBe(events);
  });

  test('reach every one of many tokens, also of those that end at the same moment', async () => {
    const { warned } = await stage(...Array.from({ length: 220 }, (_, index) => (index < 110 ? 2 : 20)));
    await warnOfExpiringTokens(world.deps);
    expect(await warned()).toHaveLength(220);
  });

  test('name the token and its end, never its value, and the system as the actor', async () => {
    const { organizationId, directoryId } = await stage(2);
    await warnOfExpiringTokens(world.deps);
    const [event] = await world.deps.storage.auditEvents.list(
      organizationId,
      { type: 'directory_token.expiring' },
      { limit: 1 },
    );
    expect(event).toMatchObject({
      type: 'directory_token.expiring',
      actor: { kind: 'system' },
      target: { kind: 'directory_token' },
      details: {
        directoryId,
        name: '2',
        expiresAt: world.time.now + days(2),
        thresholdDays: 7,
        lastUsedAt: null,
      },
    });
    expect(JSON.stringify(event)).not.toContain('ghd_');
  });
});

test('API keys are warned of in the same way: 30, 14, 7 and 1 days before, once each', async () => {
  const { deps, time } = world;
  const { id: organizationId } = await createOrganization(deps, {
    cause: OPERATOR,
    organization: { name: 'Acme' },
  });
  const make = (name: string, expiresAt: number | null) =>
    createApiKey(deps, {
      ...{ organizationId, caller: { kind: 'operator' }, cause: OPERATOR, name, expiresAt },
      ...{ kind: 'team', scopes: ['members.read'] },
    });
  const { key, token } = await make('Nightly', time.now + days(40));
  await make('Forever', null);
  for (let day = 0; day <= 41; day += 1) {
    await Promise.all([1, 2].map(() => warnOfExpiringKeys(deps)));
    time.now += days(1);
  }
  const filter = { type: 'api_key.expiring' };
  const told = await deps.storage.auditEvents.list(organizationId, filter, { limit: 100 });
  expect(told.map(({ target, details }) => [target.id, details.thresholdDays]).toReversed()).toEqual(
    [30, 14, 7, 1].map((left) => [key.id, left]),
  );
  expect(told[0]).toMatchObject({ actor: { kind: 'system' }, details: { name: 'Nightly', kind: 'team' } });
  expect(JSON.stringify(told)).not.toContain(token);
});
