/** Migrations carry the numbers 1, 2, 3 and so on: two of one number would stop every start. */
import { expect, test } from '@jest/globals';
import { readMigrations } from '../../src/storage/sqlite/migrate.ts';

test('the folder of migrations can be read, in order and without gaps', () => {
  expect(readMigrations().length).toBeGreaterThan(5);
});
