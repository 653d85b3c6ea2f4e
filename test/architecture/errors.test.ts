/** The published error table lists exactly the codes of the code, each complete. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { root } from './project.ts';

const SCIM_TYPES = [
  ...['invalidFilter', 'tooMany', 'uniqueness', 'mutability', 'invalidSyntax', 'invalidPath', 'noTarget'],
  ...['invalidValue', 'invalidVers', 'sensitive'],
  // RFC 9865
  ...['invalidCursor', 'expiredCursor', 'invalidCount'],
] as const;

const status = z.int().min(400).max(599);
const table = z.record(
  z.string(),
  z.strictObject({
    status,
    scimStatus: status.optional(),
    scimType: z.enum(SCIM_TYPES).optional(),
    title: z.string().min(5),
    whatToDo: z.string().regex(/\.$/),
  }),
);

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const published = table.parse(JSON.parse(read('schemas/errors.json')));

/** The members of the closed union, read from its source. */
function codesOf(source: string): string[] {
  const union = /export type ErrorCode =([\s\S]*?);/.exec(source.replace(/\/\/.*/g, ''))?.[1] ?? '';
  return [...union.matchAll(/'([a-z_]+)'/g)].map(([, code]) => code ?? '');
}

describe('schemas/errors.json', () => {
  test('lists exactly the codes of ErrorCode', () => {
    const codes = codesOf(read('src/kernel/errors.ts'));
    expect(codes.length).toBeGreaterThan(30);
    expect(Object.keys(published).sort()).toEqual([...codes].sort());
  });

  test('a code more or less in the source would be seen', () => {
    expect(
      codesOf("export type ErrorCode =\n  // a; b\n  | 'one'\n  | 'two_b';\nexport type Other = 'no';"),
    ).toEqual(['one', 'two_b']);
  });

  test('no two codes share a title, and every scimType stands with the status its RFC gives it', () => {
    const entries = Object.values(published);
    expect(new Set(entries.map(({ title }) => title)).size).toBe(entries.length);
    for (const entry of entries.filter(({ scimType }) => scimType !== undefined)) {
      const expected = { uniqueness: 409, sensitive: 403 }[String(entry.scimType)] ?? 400;
      expect(entry.scimStatus ?? entry.status).toBe(expected);
    }
  });
});
