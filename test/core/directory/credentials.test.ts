/** Bearer values of machines and of the operator: directory tokens, the operator key, the operator's one-time link. */
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  createDirectoryToken,
  removeDirectory,
  removeDirectoryToken,
  updateDirectory,
} from '../../../src/core/directory/directories.ts';
import { authenticateDirectory } from '../../../src/core/directory/directory-authentication.ts';
import type { Directory } from '../../../src/core/entities/directory.ts';
import { settleOperatorKey } from '../../../src/core/organization/operator-key.ts';
import {
  claimOperatorLink,
  isOperatorLink,
  isOperatorSession,
  issueOperatorLink,
  startOperatorSession,
} from '../../../src/core/organization/operator-link.ts';
import { newDirectory, newOrganization } from '../../support/core-people.ts';
import type { CoreWorld } from '../../support/core-world.ts';
import { OPERATOR, openCoreWorld } from '../../support/core-world.ts';
import { tablesThatKnow } from '../../support/journal-rows.ts';
import { refusalOf } from '../../support/refusals.ts';

const HOUR = 3_600_000;
const worlds: CoreWorld[] = [];
let world: CoreWorld;
beforeEach(async () => {
  world = await openCoreWorld();
  worlds.push(world);
});
afterAll(() => Promise.all(worlds.map((one) => one.close())));

describe('directory tokens', () => {
  let directory: Directory;
  beforeEach(async () => {
    directory = await newDirectory(world, (await newOrganization(world)).id);
  });
  const issue = (expiresAt?: number) =>
    createDirectoryToken(world.deps, {
      organizationId: directory.organizationId,
      cause: OPERATOR,
      directoryId: directory.id,
      name: 'push',
      expiresAt,
    });
  const authenticate = (token: string, directoryId: string = directory.id) =>
    authenticateDirectory(world.deps, { token, directoryId });
  const place = () => ({ organizationId: directory.organizationId, cause: OPERATOR });

  test('the credential names directory and organization, and only its keyed hash is stored', async () => {
    const { token, row } = await issue();
    expect(await authenticate(token)).toMatchObject({
      directory: { id: directory.id },
      token: { id: row.id },
    });
    expect(tablesThatKnow(world.path, token)).toEqual({});
  });

  test('several tokens work side by side; a removed one is dead at once', async () => {
    const [one, two] = [await issue(), await issue()];
    const request = { ...place(), directoryId: directory.id, id: one.row.id };
    await removeDirectoryToken(world.deps, request);
    expect([await refusalOf(authenticate(one.token)), await refusalOf(authenticate(two.token))]).toEqual([
      'unauthenticated',
      'done',
    ]);
    expect(await refusalOf(removeDirectoryToken(world.deps, request))).toBe('not_found');
  });

  test.each([
    [-1, 'done'],
    [0, 'unauthenticated'],
    [1, 'unauthenticated'],
  ])('%d ms after its expiry: %s', async (after, outcome) => {
    const expiresAt = world.time.now + 1000;
    const { token } = await issue(expiresAt);
    world.time.now = expiresAt + after;
    expect(await refusalOf(authenticate(token))).toBe(outcome);
  });

  test('an expiry in the past is refused at once', async () => {
    await expect(issue(world.time.now)).rejects.toMatchObject({ code: 'invalid', field: 'expiresAt' });
  });

  const ends: [title: string, end: () => Promise<unknown>, outcome: string][] = [
    [
      'a disabled directory',
      () => updateDirectory(world.deps, { ...place(), id: directory.id, change: { status: 'disabled' } }),
      'unauthenticated',
    ],
    [
      'a removed directory',
      () => removeDirectory(world.deps, { ...place(), id: directory.id, grants: 'drop' }),
      'unauthenticated',
    ],
    [
      'a directory that is a draft again',
      () => updateDirectory(world.deps, { ...place(), id: directory.id, change: { status: 'draft' } }),
      'forbidden',
    ],
  ];
  test.each(ends)('S108 the token of %s opens nothing', async (_title, end, outcome) => {
    const { token } = await issue();
    await end();
    expect(await refusalOf(authenticate(token))).toBe(outcome);
  });

  test('S108 at another directory, unknown, empty or changed: one refusal, word for word', async () => {
    const other = await newDirectory(world, (await newOrganization(world)).id);
    const { token } = await issue();
    const tries: [string, string?][] = [
      [token, other.id],
      [token, ''],
      [`${token}x`],
      [token.toUpperCase()],
      [''],
      ['ghd_unknown'],
    ];
    const texts = await Promise.all(
      tries.map(([value, id]) => authenticate(value, id).catch((error: unknown) => String(error))),
    );
    expect(new Set(texts)).toEqual(
      new Set([
        'GatehouseError: unauthenticated: The bearer token is missing, unknown, expired or not for this directory.',
      ]),
    );
  });

  test('its last use is kept to the minute', async () => {
    const { token } = await issue();
    const lastUsed = async () =>
      (await world.deps.storage.directoryTokens.list(directory.organizationId, directory.id))[0]?.lastUsedAt;
    const start = world.time.now;
    await authenticate(token);
    world.time.now = start + 59_999;
    await authenticate(token);
    expect(await lastUsed()).toBe(start);
    world.time.now = start + 60_000;
    await authenticate(token);
    expect(await lastUsed()).toBe(start + 60_000);
  });
});

describe('the operator key', () => {
  test('is made once, told once, and kept as a hash', async () => {
    const first = await settleOperatorKey(world.deps, undefined);
    const second = await settleOperatorKey(world.deps, undefined);
    expect(first.hash).toBe(world.deps.hashToken(first.created ?? ''));
    expect(second).toEqual({ hash: first.hash, created: undefined });
    expect(tablesThatKnow(world.path, first.created ?? 'absent')).toEqual({});
  });

  test('two processes that start at once agree on one key', async () => {
    const keys = await Promise.all([
      settleOperatorKey(world.deps, undefined),
      settleOperatorKey(world.deps, undefined),
    ]);
    expect(keys[0]?.hash).toBe(keys[1]?.hash);
    expect(keys.filter(({ created }) => created !== undefined)).toHaveLength(1);
  });

  test('a configured key wins and is not stored', async () => {
    const { hash, created } = await settleOperatorKey(world.deps, 'configured');
    expect([hash, created]).toEqual([world.deps.hashToken('configured'), undefined]);
    expect((await settleOperatorKey(world.deps, undefined)).created).toBeDefined();
  });
});

describe("the operator's link", () => {
  const issue = async (): Promise<string> => {
    const url = await issueOperatorLink(world.deps);
    expect(url).toMatch(/^https:\/\/gate\.example\.com\/setup\/ghl_[\w-]{43}$/);
    return url?.split('/').at(-1) ?? '';
  };
  const claim = (token: string) => claimOperatorLink(world.deps, { token, cause: OPERATOR });

  test('S164 asking about it consumes nothing; claiming it opens one session', async () => {
    const token = await issue();
    expect([await isOperatorLink(world.deps, token), await isOperatorLink(world.deps, token)]).toEqual([
      true,
      true,
    ]);
    const session = await claim(token);
    expect(await isOperatorSession(world.deps, session)).toBe(true);
    expect(await isOperatorLink(world.deps, token)).toBe(false);
    expect(tablesThatKnow(world.path, session)).toEqual({});
  });

  test('fifty claims at once: one session', async () => {
    const racing = await openCoreWorld({ runsTwice: false });
    worlds.push(racing);
    const token = (await issueOperatorLink(racing.deps))?.split('/').at(-1) ?? '';
    const results = await Promise.all(
      Array.from({ length: 50 }, () => refusalOf(claimOperatorLink(racing.deps, { token, cause: OPERATOR }))),
    );
    expect(results.filter((result) => result === 'done')).toHaveLength(1);
    expect(new Set(results)).toEqual(new Set(['done', 'not_found']));
  });

  test('S232 once claimed there is no further link, not even after a restart', async () => {
    await claim(await issue());
    expect(await issueOperatorLink(world.deps)).toBeUndefined();
  });

  test('a new link ends the one before', async () => {
    const [one, two] = [await issue(), await issue()];
    expect(await refusalOf(claim(one))).toBe('not_found');
    expect(await refusalOf(claim(two))).toBe('done');
  });

  test.each([
    [-1, 'done'],
    [0, 'not_found'],
  ])('%d ms after its 24 hours: %s', async (after, outcome) => {
    const token = await issue();
    world.time.now += 24 * HOUR + after;
    expect(await isOperatorLink(world.deps, token)).toBe(outcome === 'done');
    expect(await refusalOf(claim(token))).toBe(outcome);
  });

  test('the session ends after eight hours, or when another one begins', async () => {
    const one = await claim(await issue());
    world.time.now += 8 * HOUR - 1;
    expect(await isOperatorSession(world.deps, one)).toBe(true);
    world.time.now += 1;
    expect(await isOperatorSession(world.deps, one)).toBe(false);
    const two = await startOperatorSession(world.deps);
    const three = await startOperatorSession(world.deps);
    expect([await isOperatorSession(world.deps, two), await isOperatorSession(world.deps, three)]).toEqual([
      false,
      true,
    ]);
  });

  test.each(['', 'ghl_unknown', 'ghc_unknown'])('%j is neither link nor session', async (token) => {
    await issue();
    expect([await isOperatorLink(world.deps, token), await isOperatorSession(world.deps, token)]).toEqual([
      false,
      false,
    ]);
    expect(await refusalOf(claim(token))).toBe('not_found');
  });
});
