/** Arbitrary bodies, paths and operations: they work or are refused by code, and never touch what was passed in. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { GatehouseError } from '../../../src/kernel/errors.ts';
import { applyPatch, type PatchOperation, parsePatch } from '../../../src/protocols/scim/patch.ts';
import { parsePath } from '../../../src/protocols/scim/path.ts';
import { type InputMode, readResource } from '../../../src/protocols/scim/resource-input.ts';
import type { ScimObject } from '../../../src/protocols/scim/schema.ts';
import { CORE, CUSTOM, ENT, group, groupType, user, userType } from './patch-documents.ts';

const refusals = new Set([
  'invalid_syntax',
  'invalid_path',
  'invalid_filter',
  'invalid_value',
  'no_target',
  'mutability',
  'too_many',
]);

/** The result, or undefined when it was refused in a way a SCIM client may see. Anything else fails the test. */
function attempt<Result>(act: () => Result): Result | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof GatehouseError && refusals.has(error.code)) {
      return undefined;
    }
    throw error;
  }
}

const attributeNames = [
  'userName',
  'displayName',
  'active',
  'title',
  'name',
  'emails',
  'roles',
  'addresses',
  'groups',
  'members',
];
const more = [
  'id',
  'meta',
  'schemas',
  'externalId',
  'password',
  'shoeSize',
  '__proto__',
  'constructor',
  ENT,
  CORE,
  CUSTOM,
];
const urnNames = [
  `${ENT}:manager`,
  `${ENT}:department`,
  `${CUSTOM}:skills`,
  `${CUSTOM}:badge`,
  `${CUSTOM}:desk`,
  `${CUSTOM}:keys`,
];
const subNames = [
  'value',
  'type',
  'primary',
  'display',
  'givenName',
  'familyName',
  '$ref',
  'codes',
  'site',
  'prototype',
  'nick',
];
const filters = [
  'type eq "work"',
  'value eq "a"',
  'primary eq "True"',
  'not (type pr)',
  'type eq "a" or value pr',
  'type eq',
  'x y z',
  '',
  'value eq "]"',
];

const anyName = fc.constantFrom(...attributeNames, ...more, ...urnNames);
const anyPath = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(anyName, fc.option(fc.constantFrom(...filters)), fc.option(fc.constantFrom(...subNames)))
      .map(
        ([name, filter, sub]) =>
          `${name}${filter === null ? '' : `[${filter}]`}${sub === null ? '' : `.${sub}`}`,
      ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  { weight: 1, arbitrary: fc.stringMatching(/^[a-z:.[\]"\\ ]{0,40}$/) },
);

const leaf = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, '', 'a', 'work', 'True', 'False', 0, 1, -1.5, 'm1', '\uD800'),
  fc.string({ maxLength: 8 }),
);
const anyValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...subNames, ...attributeNames, ...more), anyPath), tie('value'), {
      maxKeys: 4,
    }),
  ),
})).value;

const anyOperation = fc.record(
  {
    op: fc.constantFrom<unknown>('add', 'replace', 'remove', 'Add', 'REMOVE', 'Replace', 'move', 1),
    path: fc.oneof({ weight: 8, arbitrary: anyPath }, { weight: 1, arbitrary: leaf }),
    value: anyValue,
  },
  { requiredKeys: ['op'] },
);
/** Paths with values that fit them; small sets, so that operations meet each other. */
const text = fc.constantFrom<unknown>('a', 'b', 'work', null, '');
const flag = fc.constantFrom<unknown>(true, false, 'True');
const element = fc.record({ value: text, type: text, primary: flag, display: text }, { requiredKeys: [] });
const elements = fc.oneof(element, fc.array(element, { maxLength: 4 }));
const fullName = fc.record({ givenName: text, familyName: text }, { requiredKeys: [] });
const fitting: readonly (readonly [string, fc.Arbitrary<unknown>])[] = [
  ['displayName', text],
  ['active', flag],
  ['name', fullName],
  ['name.givenName', text],
  ['emails', elements],
  ['emails[type eq "work"]', element],
  ['emails[type eq "work"].value', text],
  ['emails[type eq "home"].primary', flag],
  ['emails[value eq "a" or type eq "b"].type', text],
  ['emails[not (primary eq true)].display', text],
  ['emails.type', text],
  ['addresses[type eq "work"].locality', text],
  ['roles[primary eq "True"].value', text],
  [ENT, fc.record({ department: text, manager: text }, { requiredKeys: [] })],
  [`${ENT}:manager`, fc.oneof(text, fc.record({ value: text, $ref: text }, { requiredKeys: [] }))],
  [`${CUSTOM}:skills`, fc.array(text, { maxLength: 4 })],
  [`${CUSTOM}:desk`, fc.record({ site: text, row: fc.nat(2) }, { requiredKeys: ['site'] })],
  [`${CUSTOM}:keys[label eq "a"].codes`, fc.array(text, { maxLength: 3 })],
];
const anyOp = fc.constantFrom('add', 'replace', 'remove');
const fittingOperation = fc
  .constantFrom(...fitting)
  .chain(([path, value]) => fc.record({ op: anyOp, path: fc.constant(path), value }));
const keyedOperation = fc
  .uniqueArray(fc.constantFrom(...fitting), { minLength: 1, maxLength: 3, selector: ([path]) => path })
  .chain((pairs) =>
    fc.record({ op: fc.constantFrom('add', 'replace'), value: fc.record(Object.fromEntries(pairs)) }),
  );
const wildOperation = fc.record({ op: anyOp, path: anyPath, value: anyValue });
const goodOperation = fc.oneof(
  { weight: 5, arbitrary: fittingOperation },
  { weight: 2, arbitrary: keyedOperation },
  { weight: 1, arbitrary: wildOperation },
);

const runs = { numRuns: 400 };
const create: InputMode = { mode: 'create' };

describe('fuzz', () => {
  test('the generator reaches the engine: of 1 000 operations many are taken and many change something', () => {
    const results = fc
      .sample(goodOperation, { numRuns: 1000, seed: 7 })
      .map((operation) => attempt(() => applyPatch(user, parsePatch({ Operations: [operation] }), userType)));
    const taken = results.filter((result) => result !== undefined);
    expect(taken.length).toBeGreaterThan(500);
    expect(taken.filter(({ changed }) => changed).length).toBeGreaterThan(300);
    expect(results.length - taken.length).toBeGreaterThan(50);
  });

  test('any JSON as PATCH body is parsed or refused', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (body) => {
        attempt(() => parsePatch(body));
      }),
      runs,
    );
  });

  test('any text as path is parsed or refused', () => {
    fc.assert(
      fc.property(fc.oneof(anyPath, fc.string({ maxLength: 200 })), (text) => {
        attempt(() => parsePath(text, userType));
        attempt(() => parsePath(text, groupType));
      }),
      runs,
    );
  });

  test('any operations leave the resource passed in, and every prototype, as they were', () => {
    fc.assert(
      fc.property(fc.array(anyOperation, { minLength: 1, maxLength: 5 }), (operations) => {
        for (const [resource, type] of [
          [user, userType],
          [group, groupType],
        ] as const) {
          const before = structuredClone(resource);
          attempt(() => applyPatch(resource, parsePatch({ Operations: operations }), type));
          expect(resource).toEqual(before);
          expect(Object.keys(Object.prototype)).toEqual([]);
        }
      }),
      runs,
    );
  });

  test('any JSON as resource body is read or refused', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue({ maxDepth: 5 }), anyValue), (body) => {
        attempt(() => readResource(body, userType, create));
        attempt(() => readResource(body, groupType, { mode: 'replace', existing: group }));
      }),
      runs,
    );
  });
});

describe('properties', () => {
  test('operations are atomic: one that is refused after good ones refuses all', () => {
    const bad: PatchOperation = { op: 'replace', path: 'id', value: 'x', tolerances: [] };
    fc.assert(
      fc.property(fc.array(goodOperation, { maxLength: 4 }), (operations) => {
        const good = attempt(() =>
          parsePatch({ Operations: [...operations, { op: 'remove', path: 'title' }] }),
        );
        const before = structuredClone(user);
        expect(() => applyPatch(user, [...(good ?? []), bad], userType)).toThrow(GatehouseError);
        expect(user).toEqual(before);
      }),
      runs,
    );
  });

  test('operations one by one come to the same as all at once', () => {
    fc.assert(
      fc.property(goodOperation, goodOperation, (first, second) => {
        const one = attempt(() => step(user, first));
        const two = one && attempt(() => step(one, second));
        const both = attempt(
          () => applyPatch(user, parsePatch({ Operations: [first, second] }), userType).resource,
        );
        // Required attributes are checked at the end of a request: then one of the two may be refused alone.
        if (two !== undefined && both !== undefined) {
          expect(both).toEqual(two);
        }
      }),
      runs,
    );
  });

  test('replace at a path is idempotent: a second time changes nothing', () => {
    fc.assert(
      fc.property(fittingOperation, (operation) => {
        const replaced = { ...operation, op: 'replace' };
        const once = attempt(() => step(user, replaced));
        const twice =
          once && attempt(() => applyPatch(once, parsePatch({ Operations: [replaced] }), userType));
        // A filter may no longer find what it found before it changed; everything else is the same again.
        if (twice !== undefined && !JSON.stringify(replaced).includes('[')) {
          expect(twice.changed).toBe(false);
        }
      }),
      runs,
    );
  });

  test('whatever PATCH makes is what a PUT of it makes', () => {
    fc.assert(
      fc.property(fc.array(goodOperation, { minLength: 1, maxLength: 4 }), (operations) => {
        const result = attempt(() => applyPatch(user, parsePatch({ Operations: operations }), userType));
        if (result !== undefined) {
          const again = readResource({ schemas: [CORE], ...result.resource }, userType, create);
          expect(again.resource).toEqual(result.resource);
          expect(again.unknownAttributes).toEqual([]);
        }
      }),
      runs,
    );
  });

  test('a result holds nothing empty, and one primary value at most in each list', () => {
    fc.assert(
      fc.property(fc.array(goodOperation, { minLength: 1, maxLength: 4 }), (operations) => {
        const result = attempt(() => applyPatch(user, parsePatch({ Operations: operations }), userType));
        for (const value of result === undefined ? [] : inside(result.resource)) {
          expect([null, undefined, '']).not.toContain(value);
          expect(typeof value === 'object' && value !== null && Object.keys(value).length === 0).toBe(false);
          const primaries = Array.isArray(value) ? value.filter((element) => element.primary === true) : [];
          expect(primaries.length).toBeLessThan(2);
        }
      }),
      runs,
    );
  });

  test('`changed` tells exactly whether anything is different', () => {
    fc.assert(
      fc.property(goodOperation, (operation) => {
        const result = attempt(() => applyPatch(user, parsePatch({ Operations: [operation] }), userType));
        if (result !== undefined) {
          const isSame = JSON.stringify(sorted(result.resource)) === JSON.stringify(sorted(user));
          expect(result.changed).toBe(!isSame);
        }
      }),
      runs,
    );
  });
});

function step(resource: ScimObject, operation: unknown): ScimObject {
  return applyPatch(resource, parsePatch({ Operations: [operation] }), userType).resource;
}

/** The value and everything in it, at every depth. */
function inside(value: unknown): unknown[] {
  const parts = typeof value === 'object' && value !== null ? Object.values(value) : [];
  return [value, ...parts.flatMap(inside)];
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  return Object.entries(value)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, entry]) => [key, sorted(entry)]);
}
