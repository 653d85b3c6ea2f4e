/** Who imports whom: the table holds, and the check of it sees what it must see. */
import { describe, expect, test } from '@jest/globals';
import { importTable } from '../../scripts/architecture/import-table.ts';
import { importCycles, importViolations, purityViolations } from '../../scripts/architecture/rules.ts';
import { parseSource } from '../../scripts/architecture/source-file.ts';
import { production, sources } from './project.ts';

describe('the import table', () => {
  test('the check saw the project', () => {
    expect(production.length).toBeGreaterThan(40);
    expect(sources.length).toBeGreaterThan(70);
    expect(sources.flatMap(({ imports }) => imports).length).toBeGreaterThan(200);
  });

  test('nobody imports what the table forbids', () => {
    expect(importViolations(sources)).toEqual([]);
  });

  test('there is no cycle, not even of types', () => {
    expect(importCycles(sources)).toEqual([]);
  });

  test('pure folders receive time, chance, settings and network as parameters', () => {
    expect(purityViolations(sources)).toEqual([]);
  });

  test('every row is about a folder that may exist once', () => {
    const folders = importTable.map(({ folder }) => folder);
    expect(new Set(folders).size).toBe(folders.length);
  });
});

const forbidden: [path: string, text: string][] = [
  ['src/kernel/a.ts', "import { b } from '../core/b.ts';"],
  ['src/kernel/a.ts', "import { z } from 'zod';"],
  ['src/protocols/scim/a.ts', "import { b } from '../saml/b.ts';"],
  ['src/protocols/saml/a.ts', "import type { B } from '../../core/b.ts';"],
  ['src/protocols/oidc/a.ts', "import { readFileSync } from 'node:fs';"],
  ['src/core/a.ts', "import express from 'express';"],
  ['src/core/a.ts', "import type { Request } from 'express';"],
  ['src/core/a.ts', "import mongoose from 'mongoose';"],
  ['src/core/a.ts', "import Database from 'better-sqlite3';"],
  ['src/core/a.ts', "import { SaxesParser } from 'saxes';"],
  ['src/core/a.ts', "import { env } from 'node:process';"],
  ['src/core/a.ts', "const b = await import('../storage/sqlite/open.ts');"],
  ['src/core/a.ts', "type B = import('../http/server.ts').B;"],
  ['src/core/a.ts', "export { b } from '../protocols/scim/filter.ts';"],
  ['src/core/a.ts', 'const b = await import(name);'],
  ['src/storage/sqlite/a.ts', "import { b } from '../../http/b.ts';"],
  ['src/storage/sqlite/a.ts', "import { rule } from '../../core/access/roles.ts';"],
  ['src/outbound/a.ts', "import { b } from '../storage/sqlite/b.ts';"],
  ['src/http/a.ts', "import { b } from '../storage/sqlite/b.ts';"],
  ['src/http/a.ts', "import type { B } from '../outbound/b.ts';"],
  ['src/http/a.ts', "import { loadConfig } from '../config.ts';"],
  ['src/jobs/a.ts', "import { b } from '../http/b.ts';"],
  ['src/core/a.ts', "import { app } from '../app.ts';"],
  ['src/app.ts', "import { b } from './main.ts';"],
  ['src/http/a.ts', "import { b } from '../../test/support/b.ts';"],
  ['src/stray.ts', ''],
];

describe('planted violations are seen', () => {
  test.each(forbidden)('%s may not say: %s', (path, text) => {
    expect(importViolations([parseSource(path, text)])).toHaveLength(1);
  });

  test.each([
    ['src/storage/sqlite/a.ts', "import type { Rule } from '../../core/access/roles.ts';"],
    ['src/http/scim/a.ts', "import { b } from '../../protocols/scim/filter.ts';"],
    ['src/core/a.ts', "import { createHash } from 'node:crypto';"],
    ['test/core/a.test.ts', "import { createApp } from '../../src/app.ts';"],
  ])('%s may say: %s', (path, text) => {
    expect(importViolations([parseSource(path, text)])).toEqual([]);
  });

  test('a cycle of types over three files', () => {
    const files = [
      parseSource('src/core/a.ts', "import type { B } from './b.ts';"),
      parseSource('src/core/b.ts', "export type { C } from './ports/c.ts';"),
      parseSource('src/core/ports/c.ts', "type A = import('../a.ts').A;"),
    ];
    expect(importCycles(files)).toEqual([
      'src/core/a.ts -> src/core/b.ts -> src/core/ports/c.ts -> src/core/a.ts',
    ]);
  });

  test.each([
    'Date.now()',
    'new Date()',
    'Math.random()',
    'process.env.X',
    'globalThis.process.pid',
    "fetch('x')",
  ])('core may not use %s', (expression) => {
    expect(purityViolations([parseSource('src/core/a.ts', `const a = ${expression};`)])).toHaveLength(1);
    expect(purityViolations([parseSource('src/http/a.ts', `const a = ${expression};`)])).toEqual([]);
  });
});
