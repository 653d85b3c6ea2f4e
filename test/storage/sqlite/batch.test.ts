/** Calls in one commit: who fails behind a write is taken back alone, and who fails before one costs nobody anything (R4, R19). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Storage } from '../../../src/core/ports/storage.ts';
import { openSqliteStorage } from '../../../src/storage/sqlite/open.ts';
import { anOrganization } from '../../support/builders.ts';

let folder: string;
let storage: Storage;
/** The names of the functions in the order in which they ran, a second time included. */
let ran: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-batch-'));
  storage = await openSqliteStorage({ path: join(folder, 'gatehouse.db') });
  ran = [];
});
afterEach(async () => {
  await storage.close();
  rmSync(folder, { recursive: true, force: true });
});

const found = async (slug: string) => (await storage.organizations.findBySlug(slug)) !== undefined;

/** Stores an organization of this name; answers how often its function has run. */
const add = (slug: string) =>
  storage.transact(async (tx) => {
    ran.push(slug);
    const value = anOrganization({ slug });
    await tx.organizations.insert(value.id, value);
    return ran.filter((name) => name === slug).length;
  });
const refuse = (slug: string, { behindAWrite }: { readonly behindAWrite: boolean }) =>
  storage.transact(async (tx) => {
    ran.push(slug);
    await tx.organizations.findBySlug(slug);
    if (behindAWrite) await tx.organizations.insert(...twice(anOrganization({ slug })));
    throw new Error(`no ${slug}`);
  });
const twice = (value: ReturnType<typeof anOrganization>) => [value.id, value] as const;

test('who fails behind a write is told why once, and those beside it are stored by the run that counts', async () => {
  const calls = [add('a'), refuse('x', { behindAWrite: true }), add('b')];
  const ends = await Promise.allSettled(calls);
  expect(ends).toEqual([
    { status: 'fulfilled', value: 2 },
    { status: 'rejected', reason: new Error('no x') },
    { status: 'fulfilled', value: 1 },
  ]);
  expect(ran).toEqual(['a', 'x', 'a', 'b']);
  expect([await found('a'), await found('x'), await found('b')]).toEqual([true, false, true]);
});

test('who fails before its first write makes nobody run again', async () => {
  const ends = await Promise.allSettled([add('a'), refuse('x', { behindAWrite: false }), add('b')]);
  expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(ran).toEqual(['a', 'x', 'b']);
});

test('many that fail behind a write cost everybody one more run at most, in this commit and in those that follow', async () => {
  const names = Array.from({ length: 10 }, (_, index) => `n${index}`);
  const round = (stage: string) =>
    Promise.allSettled(
      names.flatMap((name) => [
        add(`${stage}-${name}`),
        refuse(`${stage}-x-${name}`, { behindAWrite: true }),
      ]),
    );
  await round('first');
  expect(ran.filter((name) => !name.includes('x')).length).toBeLessThanOrEqual(11);
  expect(ran.filter((name) => name.includes('x')).length).toBe(10);
  ran = [];
  await round('second');
  expect(ran).toHaveLength(20);
  for (const name of names) {
    expect([await found(`first-${name}`), await found(`first-x-${name}`)]).toEqual([true, false]);
    expect([await found(`second-${name}`), await found(`second-x-${name}`)]).toEqual([true, false]);
  }
});
