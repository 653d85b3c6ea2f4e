/** docs/events.md describes every type of event there is, and no other. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const source = readFileSync('src/core/entities/journal.ts', 'utf8');
const union = /export type AuditType =([\s\S]*?);\n/.exec(source)?.[1] ?? '';
const types = [...union.matchAll(/'([a-z_]+\.[a-z_]+)'/g)].map(([, type = '']) => type);
const document = readFileSync('docs/events.md', 'utf8');
const rowsOf = (text: string) => [...text.matchAll(/^\| `([a-z_.]+)` \| \S/gm)].map(([, type = '']) => type);

test('every type of event has one row, and every row is a type', () => {
  expect(types.length).toBeGreaterThanOrEqual(110);
  expect(rowsOf(document).sort()).toEqual([...types].sort());
});

test('the gate can fail: a type without its row is missed', () => {
  expect(rowsOf(document.replace('| `member.removed` |', '|'))).not.toContain('member.removed');
  expect(types).toContain('member.removed');
});
