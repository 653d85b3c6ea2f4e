/** PATCH as real SCIM clients write it, beyond the experiments: Entra, Okta, OneLogin, JumpCloud; and the rules of RFC 7644 §3.5.2. */
import { describe, expect, test } from '@jest/globals';
import type { ScimObject } from '../../../src/protocols/scim/schema.ts';
import { add, CORE, CUSTOM, ENT, patch, remove, replace, user, withChanges } from './patch-documents.ts';

type Row = readonly [
  title: string,
  stored: Record<string, unknown>,
  operations: readonly unknown[],
  gives: Record<string, unknown>,
];

const work = { type: 'work', value: 'w@x.com', primary: true };
const home = { type: 'home', value: 'h@y.org' };
const enterprise = { department: 'Eng', costCenter: '7', manager: { value: 'm1', $ref: '../Users/m1' } };

const vendorForms: readonly Row[] = [
  [
    'Entra, flag aadOptscim062020: several attributes in one replace without a path',
    {},
    [
      {
        op: 'replace',
        value: {
          active: true,
          displayName: 'Ann',
          'name.givenName': 'Ann',
          [`${ENT}:department`]: 'Sales',
          [`${ENT}:manager`]: 'm2',
          'emails[type eq "work"].value': 'ann@x.com',
          'phoneNumbers[type eq "mobile"].value': '+47 1',
        },
      },
    ],
    {
      displayName: 'Ann',
      name: { givenName: 'Ann', familyName: 'Berg' },
      [ENT]: { ...enterprise, department: 'Sales', manager: { value: 'm2' } },
      emails: [{ ...work, value: 'ann@x.com' }, home],
      phoneNumbers: [{ type: 'mobile', value: '+47 1' }],
    },
  ],
  [
    'Entra, legacy: one operation for each attribute, booleans as text',
    {},
    [
      { op: 'Replace', path: 'active', value: 'False' },
      { op: 'Add', path: 'name.middleName', value: 'M' },
      { op: 'Replace', path: 'addresses[type eq "work"].locality', value: 'Oslo' },
      { op: 'Add', path: 'addresses[type eq "work"].postalCode', value: '0150' },
    ],
    {
      active: false,
      name: { givenName: 'Anna', familyName: 'Berg', middleName: 'M' },
      addresses: [{ type: 'work', locality: 'Oslo', postalCode: '0150' }],
    },
  ],
  [
    'Entra before December 2018: a dot after the URN',
    {},
    [replace(`${ENT}.department`, 'Sales')],
    { [ENT]: { ...enterprise, department: 'Sales' } },
  ],
  [
    'Entra clears a manager',
    {},
    [{ op: 'Remove', path: `${ENT}:manager` }],
    { [ENT]: { department: 'Eng', costCenter: '7' } },
  ],
  [
    'Entra clears a manager and sends the old one along',
    {},
    [{ op: 'Remove', path: `${ENT}:manager`, value: 'm1' }],
    { [ENT]: { department: 'Eng', costCenter: '7' } },
  ],
  [
    'Entra, an empty manager text clears',
    {},
    [replace(`${ENT}:manager`, '')],
    { [ENT]: { department: 'Eng', costCenter: '7', manager: undefined } },
  ],
  [
    'the same manager again keeps its address',
    {},
    [replace(`${ENT}:manager`, 'm1'), replace(`${ENT}:manager`, { value: 'm1', displayName: 'Boss' })],
    {},
  ],
  [
    'OneLogin, manager in SCIM 1.1 form with empty texts',
    {},
    [replace(`${ENT}:manager`, { managerId: 'm3', displayName: '', $ref: '' })],
    { [ENT]: { ...enterprise, manager: { value: 'm3' } } },
  ],
  [
    'OneLogin, roles removed by a list of values',
    { roles: [{ value: 'a' }, { value: 'b', type: 'x' }, { value: 'c' }] },
    [{ op: 'remove', path: 'roles', value: [{ value: 'a' }, { value: 'b' }] }],
    { roles: [{ value: 'c' }] },
  ],
  ['an empty list of values removes nothing', {}, [{ op: 'remove', path: 'emails', value: [] }], {}],
  ['remove with null is remove', {}, [{ op: 'remove', path: 'title', value: null }], { title: undefined }],
  [
    'JumpCloud, path null beside an object',
    {},
    [{ op: 'replace', path: null, value: { title: 'CTO' } }],
    { title: 'CTO' },
  ],
  [
    'a path of blanks is no path',
    {},
    [{ op: 'replace', path: ' ', value: { title: 'CTO' } }],
    { title: 'CTO' },
  ],
  [
    'OP, Path and VALUE in other letters',
    {},
    [{ OP: 'replace', Path: 'title', VALUE: 'CTO' }],
    { title: 'CTO' },
  ],
  [
    'Okta, a whole resource back: read-only parts are ignored',
    {},
    [
      {
        op: 'replace',
        value: { id: 'u1', meta: { version: '1' }, schemas: [CORE], groups: [{ value: 'g' }], title: 'CTO' },
      },
    ],
    { title: 'CTO' },
  ],
  ['schemas in a path mean nothing', {}, [add('schemas', [ENT])], {}],
];

const rules: readonly Row[] = [
  ['add replaces a single value', {}, [add('title', 'CTO')], { title: 'CTO' }],
  [
    'add merges a complex value',
    {},
    [add('name', { middleName: 'M' })],
    { name: { givenName: 'Anna', familyName: 'Berg', middleName: 'M' } },
  ],
  [
    'add appends to a list',
    {},
    [add('emails', [{ value: 'o@x.com' }])],
    { emails: [work, home, { value: 'o@x.com' }] },
  ],
  [
    'replace replaces a list',
    {},
    [replace('emails', [{ value: 'o@x.com' }])],
    { emails: [{ value: 'o@x.com' }] },
  ],
  ['replace makes an absent attribute', {}, [replace('nickName', 'An')], { nickName: 'An' }],
  ['an empty list unassigns', {}, [replace('emails', [])], { emails: undefined }],
  ['add of an empty list adds nothing', {}, [add('emails', [])], {}],
  [
    'null in a complex value unassigns that part alone',
    {},
    [replace('name', { givenName: null })],
    { name: { familyName: 'Berg' } },
  ],
  [
    'a complex value that loses its last part goes',
    {},
    [remove('name.givenName'), remove('name.familyName')],
    { name: undefined },
  ],
  [
    'an extension that loses its last attribute goes',
    {},
    [remove(`${ENT}:department`), remove(`${ENT}:costCenter`), remove(`${ENT}:manager`)],
    { [ENT]: undefined },
  ],
  ['a list that loses its last element goes', {}, [remove('emails[value pr]')], { emails: undefined }],
  ['remove by a filter that matches nothing changes nothing', {}, [remove('emails[type eq "zz"]')], {}],
  [
    'null by a filter that matches nothing changes nothing',
    {},
    [replace('emails[type eq "zz"].value', null)],
    {},
  ],
  [
    '"" by a filter that matches nothing changes nothing',
    {},
    [replace('emails[type eq "zz"].value', '')],
    {},
  ],
  ['null by a filter drops the element', {}, [replace('emails[type eq "home"]', null)], { emails: [work] }],
  [
    'replace of an element keeps its place and what the filter demands',
    {},
    [replace('emails[type eq "work"]', { value: 'n@x.com' })],
    { emails: [{ type: 'work', value: 'n@x.com' }, home] },
  ],
  [
    'add to an element merges into it',
    {},
    [add('emails[type eq "work"]', { display: 'W' })],
    { emails: [{ ...work, display: 'W' }, home] },
  ],
  [
    'add of a whole element that a filter describes',
    {},
    [add('emails[type eq "other"]', { value: 'o@x.com' })],
    { emails: [work, home, { type: 'other', value: 'o@x.com' }] },
  ],
  [
    'a sub-attribute of every element',
    {},
    [replace('emails.display', 'D')],
    {
      emails: [
        { ...work, display: 'D' },
        { ...home, display: 'D' },
      ],
    },
  ],
  [
    'remove a sub-attribute of every element',
    {},
    [remove('emails.type')],
    { emails: [{ value: 'w@x.com', primary: true }, { value: 'h@y.org' }] },
  ],
  [
    'a sub-attribute of an absent list makes one element',
    { emails: undefined },
    [replace('emails.value', 'n@x.com')],
    { emails: [{ value: 'n@x.com' }] },
  ],
  [
    'a sub-attribute of the only element',
    { emails: [work] },
    [replace('emails.value', 'n@x.com')],
    { emails: [{ ...work, value: 'n@x.com' }] },
  ],
  [
    'elements that become the same are one',
    {
      emails: [
        { type: 'a', value: '1' },
        { type: 'b', value: '1' },
      ],
    },
    [replace('emails.type', 'work')],
    { emails: [{ type: 'work', value: '1' }] },
  ],
  [
    'the same address under another type is another value',
    {},
    [add('emails', [{ type: 'other', value: 'w@x.com' }])],
    { emails: [work, home, { type: 'other', value: 'w@x.com' }] },
  ],
  [
    'the same address in other letters is the same value, kept as last written',
    {},
    [add('emails', [{ type: 'work', value: 'W@x.com' }])],
    { emails: [{ ...work, value: 'W@x.com' }, home] },
  ],
  [
    'two new primaries: the first one stays',
    {},
    [
      add('emails', [
        { value: '1', primary: true },
        { value: '2', primary: true },
      ]),
    ],
    {
      emails: [
        { ...work, primary: false },
        home,
        { value: '1', primary: true },
        { value: '2', primary: false },
      ],
    },
  ],
  [
    'operations see what earlier ones did',
    {},
    [add('nickName', 'A'), replace('nickName', 'B'), remove('title'), add('title', 'C')],
    { nickName: 'B', title: 'C' },
  ],
  ['active is never unassigned: the stored value stays', { active: false }, [remove('active')], {}],
  [
    'active stays as an earlier operation left it when a later one removes it',
    {},
    [replace('active', false), remove('active')],
    { active: false },
  ],
  [
    'an element that loses its only part goes',
    { emails: [{ value: 'a' }, { type: 'work', value: 'b' }] },
    [remove('emails[value eq "a"].value')],
    { emails: [{ type: 'work', value: 'b' }] },
  ],
  [
    'an element built from a filter that turns out to be there is not stored twice',
    {},
    [add('emails[type eq "zz"]', { type: 'home', value: 'h@y.org' })],
    {},
  ],
  ['active null is not a re-activation', { active: false }, [replace('active', null)], {}],
  [
    'values come back byte for byte',
    {},
    [replace('title', '  Ünï \u{1F600} code  ')],
    { title: '  Ünï \u{1F600} code  ' },
  ],
  [
    'unknown sub-attributes are ignored',
    {},
    [add('name', { nick: 'x', middleName: 'M' }), replace('name.nick', 'x')],
    { name: { givenName: 'Anna', familyName: 'Berg', middleName: 'M' } },
  ],
  [
    'unknown URNs are ignored',
    {},
    [replace('urn:foo:bar:2.0:User:tag', 'x'), replace('urn:foo:bar:2.0:User:tags[a eq "b"].c', 'x')],
    {},
  ],
  ['a URN alone of no known schema is ignored', {}, [replace('urn:foo:bar:2.0:User', { a: 1 })], {}],
  ['null for a whole extension removes it', {}, [replace(ENT, null)], { [ENT]: undefined }],
  ['the core URN as path takes core attributes', {}, [replace(CORE, { title: 'CTO' })], { title: 'CTO' }],
  [
    'a dotted key inside an extension',
    {},
    [{ op: 'replace', value: { [ENT]: { 'manager.value': 'm2' } } }],
    { [ENT]: { ...enterprise, manager: { value: 'm2' } } },
  ],
  [
    'an unknown URN as key',
    {},
    [{ op: 'add', value: { 'urn:a:b:2.0:C': { x: 1 }, 'not a name!': 1, 'a.b.c': 2 } }],
    {},
  ],
];

const custom: readonly Row[] = [
  ['an integer', {}, [add(`${CUSTOM}:level`, 3)], { [CUSTOM]: { level: 3 } }],
  ['a decimal', {}, [add(`${CUSTOM}:ratio`, 0.5)], { [CUSTOM]: { ratio: 0.5 } }],
  [
    'a date of Entra, seven digits',
    {},
    [add(`${CUSTOM}:hired`, '2026-11-20T10:00:00.1234567Z')],
    { [CUSTOM]: { hired: '2026-11-20T10:00:00.1234567Z' } },
  ],
  ['base64', {}, [add(`${CUSTOM}:photo`, 'aGVq')], { [CUSTOM]: { photo: 'aGVq' } }],
  [
    'a list of texts, without repetitions',
    {},
    [add(`${CUSTOM}:skills`, ['a', 'b', 'a']), add(`${CUSTOM}:skills`, 'b')],
    { [CUSTOM]: { skills: ['a', 'b'] } },
  ],
  [
    'a text removed by its value',
    { [CUSTOM]: { skills: ['a', 'b'] } },
    [{ op: 'remove', path: `${CUSTOM}:skills`, value: ['a'] }],
    { [CUSTOM]: { skills: ['b'] } },
  ],
  [
    'a text removed by filter',
    { [CUSTOM]: { skills: ['a', 'b'] } },
    [remove(`${CUSTOM}:skills[value eq "a"]`)],
    { [CUSTOM]: { skills: ['b'] } },
  ],
  [
    'a text replaced by filter',
    { [CUSTOM]: { skills: ['a', 'b'] } },
    [replace(`${CUSTOM}:skills[value eq "a"]`, 'z')],
    { [CUSTOM]: { skills: ['z', 'b'] } },
  ],
  [
    'an immutable attribute may be set once',
    {},
    [add(`${CUSTOM}:badge`, 'B1')],
    { [CUSTOM]: { badge: 'B1' } },
  ],
  [
    'an equal value passes an immutable attribute',
    { [CUSTOM]: { badge: 'B1' } },
    [replace(`${CUSTOM}:badge`, 'B1')],
    {},
  ],
  [
    'a list inside an element appends',
    { [CUSTOM]: { keys: [{ value: 'k', codes: ['1'] }] } },
    [add(`${CUSTOM}:keys[value eq "k"].codes`, ['2', '1'])],
    { [CUSTOM]: { keys: [{ value: 'k', codes: ['1', '2'] }] } },
  ],
  [
    'a list inside an element is replaced',
    { [CUSTOM]: { keys: [{ value: 'k', codes: ['1'] }] } },
    [replace(`${CUSTOM}:keys[value eq "k"].codes`, ['2'])],
    { [CUSTOM]: { keys: [{ value: 'k', codes: ['2'] }] } },
  ],
  [
    'an immutable part may be set once',
    { [CUSTOM]: { desk: { site: 'A' } } },
    [add(`${CUSTOM}:desk.serial`, 's')],
    { [CUSTOM]: { desk: { site: 'A', serial: 's' } } },
  ],
  [
    'a read-only attribute outlives its extension',
    { [CUSTOM]: { score: 7, level: 1 } },
    [remove(CUSTOM)],
    { [CUSTOM]: { score: 7 } },
  ],
  ['a read-only key is ignored', {}, [add(CUSTOM, { score: 9, level: 1 })], { [CUSTOM]: { level: 1 } }],
];

describe.each([
  ['PATCH as vendors send it', vendorForms],
  ['PATCH by the rules', rules],
  ['PATCH by a custom schema', custom],
])('%s', (_name, rows) => {
  test.each(rows)('%s', (_title, stored, operations, gives) => {
    const before = withChanges(user, stored) as ScimObject;
    const copy = structuredClone(before);
    const result = patch(before, operations);
    expect(result.resource).toEqual(withChanges(before, gives));
    expect(result.changed).toBe(Object.keys(gives).length > 0);
    expect(before).toEqual(copy);
  });
});
