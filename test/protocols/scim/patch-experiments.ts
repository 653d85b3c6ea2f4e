/** The experiments of the SCIM dossier on a user, as data: what is sent and what is right afterwards. */
import { add, CORE, CUSTOM, ENT, remove, replace } from './patch-documents.ts';

export interface Experiment {
  readonly title: string;
  /** Attributes of the stored resource that differ from the usual one. */
  readonly stored?: Record<string, unknown>;
  readonly operations: readonly unknown[];
  /** What is different afterwards; undefined means gone. */
  readonly gives: Record<string, unknown>;
  readonly tolerates?: readonly string[];
}

const [work, home] = [
  { type: 'work', value: 'w@x.com', primary: true },
  { type: 'home', value: 'h@y.org' },
];
const enterprise = { department: 'Eng', costCenter: '7', manager: { value: 'm1', $ref: '../Users/m1' } };
export const experiments: readonly Experiment[] = [
  { title: 'P01 replace active', operations: [replace('active', false)], gives: { active: false } },
  {
    title: 'P02 Entra sends "False": a boolean is stored',
    operations: [{ op: 'Replace', path: 'active', value: 'False' }],
    gives: { active: false },
    tolerates: ['op_case', 'boolean_text'],
  },
  {
    title: 'P03 Okta deactivates without a path',
    operations: [{ op: 'replace', value: { active: false } }],
    gives: { active: false },
    tolerates: [],
  },
  {
    title: 'P04 op REPLACE',
    operations: [{ op: 'REPLACE', path: 'title', value: 'CTO' }],
    gives: { title: 'CTO' },
    tolerates: ['op_case'],
  },
  {
    title: 'P05 op Add',
    operations: [{ op: 'Add', path: 'nickName', value: 'An' }],
    gives: { nickName: 'An' },
    tolerates: ['op_case'],
  },
  {
    title: 'P06 DisplayName as path',
    operations: [replace('DisplayName', 'A')],
    gives: { displayName: 'A' },
    tolerates: ['attribute_case'],
  },
  {
    title: 'P07 UserName as key',
    operations: [{ op: 'replace', value: { UserName: 'new@x.com' } }],
    gives: { userName: 'new@x.com' },
    tolerates: ['attribute_case'],
  },
  {
    title: 'P08 name.FamilyName',
    operations: [replace('name.FamilyName', 'Lind')],
    gives: { name: { givenName: 'Anna', familyName: 'Lind' } },
    tolerates: ['attribute_case'],
  },
  {
    title: 'P09 a filtered sub-attribute changes alone; primary stays',
    operations: [replace('emails[type eq "work"].value', 'n@x.com')],
    gives: { emails: [{ ...work, value: 'n@x.com' }, home] },
    tolerates: [],
  },
  {
    title: 'P10 add to a filter that matches nothing creates',
    operations: [add('emails[type eq "other"].value', 'o@x.com')],
    gives: { emails: [work, home, { type: 'other', value: 'o@x.com' }] },
    tolerates: ['create_on_replace'],
  },
  {
    title: 'P11 replace on a filter that matches nothing creates (Entra)',
    operations: [replace('emails[type eq "other"].value', 'o@x.com')],
    gives: { emails: [work, home, { type: 'other', value: 'o@x.com' }] },
    tolerates: ['create_on_replace'],
  },
  {
    title: 'P12 several filtered adds build one element',
    operations: [
      add('addresses[type eq "work"].locality', 'Oslo'),
      add('addresses[type eq "work"].country', 'NO'),
    ],
    gives: { addresses: [{ type: 'work', locality: 'Oslo', country: 'NO' }] },
  },
  {
    title: 'P13 an and-filter builds an element',
    operations: [add('emails[type eq "x" and primary eq false].value', 'x@x.com')],
    gives: { emails: [work, home, { type: 'x', primary: false, value: 'x@x.com' }] },
  },
  {
    title: 'P14 emails[Type eq ..].Value',
    operations: [replace('emails[Type eq "work"].Value', 'n@x.com')],
    gives: { emails: [{ ...work, value: 'n@x.com' }, home] },
  },
  {
    title: 'P15 a type compares without case',
    operations: [replace('emails[type eq "Work"].value', 'n@x.com')],
    gives: { emails: [{ ...work, value: 'n@x.com' }, home] },
  },
  {
    title: 'P16 operator EQ',
    operations: [replace('emails[type EQ "work"].value', 'n@x.com')],
    gives: { emails: [{ ...work, value: 'n@x.com' }, home] },
  },
  {
    title: 'P17 roles[primary eq "True"] creates a role with a boolean',
    operations: [
      { op: 'Add', path: 'roles[primary eq "True"].value', value: 'admin' },
      { op: 'Add', path: 'roles[primary eq "True"].display', value: 'Admin' },
    ],
    gives: { roles: [{ primary: true, value: 'admin', display: 'Admin' }] },
  },
  {
    title: 'P18 roles[primary eq "True"] finds the boolean',
    stored: { roles: [{ primary: true, value: 'admin' }] },
    operations: [replace('roles[primary eq "True"].value', 'viewer')],
    gives: { roles: [{ primary: true, value: 'viewer' }] },
  },
  {
    title: 'P19 a new primary demotes the old one',
    operations: [replace('emails[type eq "home"].primary', true)],
    gives: {
      emails: [
        { ...work, primary: false },
        { ...home, primary: true },
      ],
    },
  },
  {
    title: 'P20 an added primary demotes the old one',
    operations: [add('emails', [{ type: 'other', value: 'o@x.com', primary: true }])],
    gives: {
      emails: [{ ...work, primary: false }, home, { type: 'other', value: 'o@x.com', primary: true }],
    },
  },
  {
    title: 'P35 extension path with the dot of 2.0',
    operations: [replace(`${ENT}:department`, 'Sales')],
    gives: { [ENT]: { ...enterprise, department: 'Sales' } },
  },
  {
    title: 'P36 a manager as text; the address of the former one goes',
    operations: [{ op: 'Add', path: `${ENT}:manager`, value: 'm2' }],
    gives: { [ENT]: { ...enterprise, manager: { value: 'm2' } } },
    tolerates: ['op_case', 'manager_text'],
  },
  {
    title: 'P37 manager.value',
    operations: [replace(`${ENT}:manager.value`, 'm2')],
    gives: { [ENT]: { ...enterprise, manager: { value: 'm2' } } },
  },
  {
    title: 'P38 URN:attr as key',
    operations: [{ op: 'replace', value: { [`${ENT}:department`]: 'Sales' } }],
    gives: { [ENT]: { ...enterprise, department: 'Sales' } },
  },
  {
    title: 'P39 a whole extension as key merges',
    operations: [{ op: 'replace', value: { [ENT]: { department: 'Sales' } } }],
    gives: { [ENT]: { ...enterprise, department: 'Sales' } },
  },
  {
    title: 'P40 a URN alone as path merges',
    operations: [replace(ENT, { department: 'Sales' })],
    gives: { [ENT]: { ...enterprise, department: 'Sales' } },
  },
  { title: 'P41 remove a whole extension', operations: [remove(ENT)], gives: { [ENT]: undefined } },
  {
    title: 'P42 an absent extension is made',
    stored: { [ENT]: undefined },
    operations: [add(`${ENT}:department`, 'Eng')],
    gives: { [ENT]: { department: 'Eng' } },
  },
  {
    title: 'P43 a URN in another case is the same extension',
    operations: [replace(`${ENT.toUpperCase()}:department`, 'Sales')],
    gives: { [ENT]: { ...enterprise, department: 'Sales' } },
  },
  {
    title: 'P44 a core URN before the attribute',
    operations: [replace(`${CORE}:name.familyName`, 'Lind')],
    gives: { name: { givenName: 'Anna', familyName: 'Lind' } },
  },
  {
    title: 'P45 dotted keys are paths',
    operations: [{ op: 'replace', value: { 'name.givenName': 'Ann', 'name.familyName': 'Lind' } }],
    gives: { name: { givenName: 'Ann', familyName: 'Lind' } },
    tolerates: ['dotted_key'],
  },
  {
    title: 'P46 a complex key merges',
    operations: [{ op: 'replace', value: { name: { givenName: 'Ann' } } }],
    gives: { name: { givenName: 'Ann', familyName: 'Berg' } },
  },
  {
    title: 'P47 a complex path merges',
    operations: [replace('name', { givenName: 'Ann' })],
    gives: { name: { givenName: 'Ann', familyName: 'Berg' } },
  },
  {
    title: 'P48 a filtered key is a path',
    operations: [{ op: 'replace', value: { 'emails[type eq "work"].value': 'n@x.com' } }],
    gives: { emails: [{ ...work, value: 'n@x.com' }, home] },
    tolerates: ['filtered_key'],
  },
  {
    title: 'P49 remove name.givenName',
    operations: [remove('name.givenName')],
    gives: { name: { familyName: 'Berg' } },
  },
  {
    title: 'P50 remove a sub-attribute of one element',
    operations: [remove('emails[type eq "home"].value')],
    gives: { emails: [work, { type: 'home' }] },
  },
  {
    title: 'P51 remove one element',
    operations: [remove('emails[type eq "work"]')],
    gives: { emails: [home] },
  },
  { title: 'P52 remove what is absent', operations: [remove('nickName')], gives: {} },
  {
    title: 'P56 an unknown attribute is ignored and reported',
    operations: [replace('shoeSize', '41')],
    gives: {},
    tolerates: ['unknown_attribute'],
  },
  {
    title: 'P61 null unassigns',
    operations: [replace('displayName', null)],
    gives: { displayName: undefined },
    tolerates: ['null_value'],
  },
  {
    title: 'P62 an added value that is there is not stored twice',
    operations: [
      { op: 'add', value: { emails: [{ value: 'w@x.com' }, { type: 'other', value: 'o@x.com' }] } },
    ],
    gives: { emails: [work, home, { type: 'other', value: 'o@x.com' }] },
  },
  {
    title: 'P63 every element that matches changes',
    stored: {
      emails: [
        { type: 'a', value: '1@x.com' },
        { type: 'b', value: '2@x.com' },
      ],
    },
    operations: [replace('emails[value ew "x.com"].type', 'work')],
    gives: {
      emails: [
        { type: 'work', value: '1@x.com' },
        { type: 'work', value: '2@x.com' },
      ],
    },
  },
  {
    title: 'P64 remove by not',
    operations: [remove('emails[not (type eq "work")]')],
    gives: { emails: [work] },
  },
  {
    title: 'P65 a bracket inside the literal',
    stored: { emails: [{ value: 'a]b' }] },
    operations: [replace('emails[value eq "a]b"].type', 'odd')],
    gives: { emails: [{ value: 'a]b', type: 'odd' }] },
  },
  {
    title: 'P66 dots inside the literal',
    operations: [replace('emails[value eq "w@x.com"].type', 'other')],
    gives: { emails: [{ ...work, type: 'other' }, home] },
  },
  {
    title: 'P67 a value path under a URN',
    stored: {
      [CUSTOM]: {
        tags: [
          { order: 0, value: 'a' },
          { order: 1, value: 'b' },
        ],
      },
    },
    operations: [replace(`${CUSTOM}:tags[order eq 0].value`, 'z')],
    gives: {
      [CUSTOM]: {
        tags: [
          { order: 0, value: 'z' },
          { order: 1, value: 'b' },
        ],
      },
    },
  },
  {
    title: 'P76 a whole element is replaced by what is given',
    operations: [replace('emails[type eq "work"]', { value: 'n@x.com', type: 'work' })],
    gives: { emails: [{ value: 'n@x.com', type: 'work' }, home] },
  },
  {
    title: 'P79 a role whose value is JSON text is stored as given',
    operations: [{ op: 'Add', path: 'roles', value: [{ value: '{"id":"1","value":"Admin"}' }] }],
    gives: { roles: [{ value: '{"id":"1","value":"Admin"}' }] },
  },
  {
    title: 'P80 one object for an absent list becomes a list',
    operations: [add('phoneNumbers', { value: '+47 1', type: 'work' })],
    gives: { phoneNumbers: [{ value: '+47 1', type: 'work' }] },
    tolerates: ['single_for_multi'],
  },
];
