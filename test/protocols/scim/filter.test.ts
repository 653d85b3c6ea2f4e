/** Promises of the filter engine, as tables: which of three people each filter finds, and which filters are refused. */
import { describe, expect, test } from '@jest/globals';
import { isGatehouseError } from '../../../src/kernel/errors.ts';
import {
  matches,
  matchesElement,
  parseElementFilter,
  parseFilter,
} from '../../../src/protocols/scim/filter.ts';
import type { ScimObject } from '../../../src/protocols/scim/schema.ts';
import { findAttribute, groupResourceType } from '../../../src/protocols/scim/schema.ts';
import { core, enterprise, resources, userType } from './filter-resources.ts';

const refused = 'refused';

/** The letters of the people found, or that the filter was refused as a filter. */
function found(text: string): string {
  const filter = text.replaceAll('ENT', enterprise).replaceAll('CORE', core);
  try {
    const parsed = parseFilter(filter, userType);
    const hits = Object.entries(resources).filter(([, resource]) => matches(parsed, resource));
    return hits.map(([letter]) => letter).join('');
  } catch (error) {
    if (isGatehouseError(error, 'invalid_filter')) return refused;
    throw error;
  }
}

describe('the fifty filters that npm parsers were measured with', () => {
  test.each([
    ['F01', 'userName eq "alice@x.com"', 'a'],
    ['F02', 'userName Eq "ALICE@X.COM"', 'a'],
    ['F03', 'USERNAME eq "bob@x.com"', 'b'],
    ['F04', 'externalId eq "E1"', 'a'],
    ['F05', 'title pr', 'a'],
    ['F06', 'emails pr', 'ab'],
    ['F07', 'not (title pr)', 'bc'],
    ['F08', 'not(title pr)', 'bc'],
    ['F09', 'active eq true', 'ac'],
    ['F10', 'active eq "True"', 'ac'],
    ['F11', 'active eq True', 'ac'],
    ['F12', 'title eq null', 'bc'],
    ['F13', 'title eq "Engineer" or active eq false and loginCount gt 100', 'a'],
    ['F14', '(title eq "Engineer" or active eq false) and loginCount gt 7', 'b'],
    ['F15', 'userName sw "bob" or userName sw "carol" and active eq false', 'b'],
    ['F16', 'emails[type eq "work" and value co "@work.com"]', 'a'],
    ['F17', 'emails.type eq "work" and emails.value co "@work.com"', 'ab'],
    ['F18', 'emails[type eq "work"].value eq "alice@work.com"', 'a'],
    ['F19', 'emails eq "bob@work.com"', 'b'],
    ['F20', 'emails co "home.org"', 'ab'],
    ['F21', 'ENT:department eq "Eng"', 'a'],
    ['F22', 'ENT:manager.value eq "m1"', 'a'],
    ['F23', 'CORE:userName sw "ali"', 'a'],
    ['F24', 'name.familyName co "O\'Malley"', 'a'],
    ['F25', 'displayName eq "Alice \\"Al\\" O\'Neil"', 'a'],
    ['F26', 'displayName eq "Bob]"', 'b'],
    ['F27', 'meta.lastModified gt "2024-05-01T10:30:00Z"', 'b'],
    ['F28', 'meta.lastModified eq "2024-05-01T11:30:00.000Z"', 'b'],
    ['F29', 'loginCount ge 7', 'bc'],
    ['F30', 'loginCount lt 10', 'ac'],
    ['F31', 'userName ne "alice@x.com"', 'bc'],
    ['F32', 'nickName ne "x"', 'abc'],
    ['F33', 'userName eq "x" or ( active eq true and ( title pr or loginCount eq 7 ) )', 'ac'],
    ['F34', 'userName eq', refused],
    ['F35', 'userName foo "x"', refused],
    ['F36', 'userName eq "x" and', refused],
    ['F37', '(userName eq "x"', refused],
    ['F38', 'userName eq "x" junk', refused],
    ['F39', 'userName eq alice@x.com', 'a'],
    ['F40', 'userName eq "unterminated', refused],
    ['F41', 'emails[type eq "work" and (value co "home" or primary eq true)]', 'ab'],
    ['F42', 'emails[not (type eq "home")]', 'ab'],
    ['F43', 'userName sw ""', 'abc'],
    ['F44', 'displayName eq "caf\\u00e9"', ''],
    ['F45', 'active gt true', refused],
    ['F46', 'userName eq "a" AND active eq true', ''],
    ['F47', 'NOT (active eq true)', 'b'],
    ['F48', 'schemas eq "CORE"', 'ab'],
    ['F49', 'title pr and not (active eq false) or userName eq "bob@x.com"', 'ab'],
    ['F50', 'userName   eq   "alice@x.com"', 'a'],
  ])('%s %s finds %p', (_id, text, expected) => {
    expect(found(text)).toBe(expected);
  });
});

describe('identity provider forms and fine points', () => {
  test.each([
    ['emails.type eq "work" and emails.value co "@home.org"', 'ab'],
    ['emails[type eq "work" and value co "@home.org"]', 'b'],
    ['externalId eq "E1" and not (externalId eq "e1")', 'a'],
    ['externalId co "e"', 'b'],
    ['ENT:manager eq "m1"', 'a'],
    ['ENT:manager eq "M1"', ''],
    ['manager eq "m1" and id eq "dusr_A1"', 'a'],
    ['ENT.department eq "eng"', 'a'],
    ['URN:IETF:params:scim:schemas:EXTENSION:enterprise:2.0:user:Department eq "eng"', 'a'],
    ['ENT:manager.displayName pr', 'a'],
    ['CORE:name.givenName eq "alice"', 'a'],
    ['CORE:meta.resourceType eq "User"', 'abc'],
    ['meta.lastModified ge "2024-05-01T10:00:00.1234567Z"', 'ab'],
    ['meta.lastModified gt "2024-05-01T10:00:00.1234567Z"', 'b'],
    ['meta.lastModified gt "2024-05-01T10:00:00.1234566Z"', 'ab'],
    ['meta.lastModified eq "2024-05-01T12:00:00.1234567+02:00"', 'a'],
    ['meta.lastModified lt 2024-01-01T00:00:00Z', 'c'],
    ['META.LastModified sw "2024"', 'ab'],
    ['meta.created ne "2024-01-01T00:00:00Z"', 'bc'],
    ['emails[type eq "work"].value ew ".ORG"', 'b'],
    ['emails[type eq "work" or type eq "home"].value eq "bob@work.com"', 'b'],
    ['emails[type eq "work"].value pr', 'ab'],
    ['emails[type eq "mobile"].value pr', ''],
    ['not (emails[type eq "work"].value eq "alice@work.com")', 'bc'],
    ['emails[primary eq "True"].type eq "work"', 'ab'],
    ['EMAILS[TYPE EQ "WORK" AND VALUE EW "work.com"]', 'a'],
    ['schemas eq "URN:IETF:PARAMS:SCIM:SCHEMAS:Core:2.0:USER"', 'ab'],
    ['groups.value eq "dgrp_1"', 'a'],
    ['groups eq "dgrp_1"', 'a'],
    ['groups eq "DGRP_1"', ''],
    ['groups[display eq "staff"]', 'a'],
    ['id eq "dusr_B2"', 'b'],
    ['id eq "DUSR_B2"', ''],
    ['tags eq "blue"', 'a'],
    ['tags[value eq "RED"]', 'a'],
    ['tags ne "blue"', 'abc'],
    ['boxes[labels eq "x"]', ''],
    ['emails[type eq "work" and primary eq true].value ew "home.org"', 'b'],
    ['name[familyName sw "o" and givenName eq "alice"]', 'a'],
    ['name pr', 'a'],
    ['active pr', 'abc'],
    ['title ne null', 'a'],
    ['title eq ""', 'c'],
    ['nickName ne "bobby"', 'ac'],
    ['not (nickName eq "bobby")', 'ac'],
    ['title co ""', 'ac'],
    ['title gt "design"', 'a'],
    ['title le "engineer"', 'ac'],
    ['title ge "F"', ''],
    ['badge eq "QUJD"', 'a'],
    ['badge eq "qujd"', ''],
    ['ratio eq 5e-1', 'a'],
    ['ratio lt 0.75', 'a'],
    ['loginCount ne 7', 'ab'],
    ['loginCount le 5', 'a'],
    ['displayName eq "\\u0042ob]"', 'b'],
    ['displayName eq Bob', ''],
    ['title eq engineer', 'a'],
    ['userName eq " Alice@X.com "', 'a'],
    ['userName eq "\\uff41lice@x.com"', 'a'],
    ['userName eq "ali\\u200bce@x.com"', 'a'],
    ['( ( userName eq "bob@x.com" ) )', 'b'],
    ['not (not (title pr))', 'a'],
    ['(title pr)and(active eq true)', 'a'],
    ['active eq false and title pr or title pr and active eq true', 'a'],
    ['\tuserName\neq "bob@x.com" ', 'b'],
  ])('%s finds %p', (text, expected) => {
    expect(found(text)).toBe(expected);
  });
});

describe('a filter that means nothing is refused and never lists everybody', () => {
  test.each([
    [''],
    ['   '],
    ['userName'],
    ['eq "x"'],
    ['userName "x"'],
    ['userName eq "x" or'],
    ['or userName eq "x"'],
    ['userName eq "x" or or title pr'],
    ['userName eq and active eq true'],
    ['not title pr'],
    ['not'],
    ['()'],
    ['(title pr))'],
    ['title pr]'],
    ['title pr "x"'],
    ['title pr title pr'],
    ['emails[]'],
    ['emails[type eq "work"'],
    ['emails[type eq "work")'],
    ['emails(type eq "work")'],
    ['emails [type eq "work"]'],
    ['emails[type eq "work"] .value eq "x"'],
    ['emails[type eq "work"].'],
    ['emails[type eq "work"].nothing eq "x"'],
    ['emails[type eq "work"].value'],
    ['emails[emails[type eq "x"]]'],
    ['boxes[labels[value eq "x"]]'],
    ['emails.value[type eq "work"]'],
    ['emails[userName eq "x"]'],
    ['userName[value eq "x"]'],
    ['emails.value.more eq "x"'],
    ['emails. eq "x"'],
    ['.value eq "x"'],
    ['name eq "x"'],
    ['meta eq "x"'],
    ['addresses co "x"'],
    ['email Co "x"'],
    ['unknown pr'],
    ['ENT eq "x"'],
    ['ENT: pr'],
    ['ENT:userName eq "x"'],
    ['CORE:department eq "x"'],
    ['urn:example:none:2.0:User:department eq "x"'],
    ['userName.value eq "x"'],
    ['active eq "yes"'],
    ['active eq 1'],
    ['active co true'],
    ['active le "true"'],
    ['badge gt "x"'],
    ['loginCount eq "7"'],
    ['loginCount eq seven'],
    ['loginCount eq 0x7'],
    ['loginCount eq 1e999'],
    ['loginCount sw 1'],
    ['meta.created gt "yesterday"'],
    ['meta.created gt "2024-02-30T00:00:00Z"'],
    ['title gt null'],
    ['userName eq"x"'],
    ['userName eq "x"and title pr'],
    ['userName eq "\\x"'],
    ['userName eq "\\ud800"'],
    ['userName eq "\ud800"'],
    ['userName eq "line\nbreak"'],
    ['userName eq "x\\"'],
    ["userName eq 'two words'"],
    ['userName eq {"$ne":1}'],
    ['__proto__ pr'],
    ['constructor.prototype pr'],
    ['__proto__.polluted eq "x"'],
  ])('%j', (text) => {
    expect(found(text)).toBe(refused);
  });

  test('the error says where', () => {
    expect(() => parseFilter('userName foo "x"', userType)).toThrow(
      expect.objectContaining({ detail: expect.stringContaining('character 10'), context: { position: 10 } }),
    );
  });

  test('the error repeats little of an endless name', () => {
    expect(() => parseFilter(`${'x'.repeat(4000)} pr`, userType)).toThrow(
      expect.objectContaining({ detail: expect.stringMatching(/^.{1,160}$/) }),
    );
  });
});

describe('bounds', () => {
  const nest = (depth: number) => `${'('.repeat(depth)}title pr${')'.repeat(depth)}`;
  const chain = (terms: number) => Array(terms).fill('id pr').join(' or ');
  const long = (length: number) => `title eq "${'x'.repeat(length - 11)}"`;

  test.each([
    ['20 parentheses', nest(20), 'a'],
    ['19 parentheses and a bracket', `${'('.repeat(19)}emails[type pr]${')'.repeat(19)}`, 'ab'],
    ['100 terms', chain(100), 'abc'],
    ['4,096 characters', long(4096), ''],
  ])('S123 %s are taken', (_title, text, expected) => {
    expect(found(text)).toBe(expected);
  });

  test.each([
    ['21 parentheses', nest(21)],
    ['20 parentheses and a bracket', `${'('.repeat(20)}emails[type pr]${')'.repeat(20)}`],
    ['21 negations', `${'not('.repeat(21)}title pr${')'.repeat(21)}`],
    ['10,000 parentheses', nest(10_000)],
    ['101 terms', chain(101)],
    ['101 terms inside brackets', `emails[${Array(101).fill('type pr').join(' or ')}]`],
    ['5,000 terms', chain(5000)],
    ['4,097 characters', long(4097)],
    ['a megabyte literal', long(1_000_000)],
    ['only opening parentheses', '('.repeat(4096)],
  ])('S123 %s are refused', (_title, text) => {
    expect(found(text)).toBe(refused);
  });
});

describe('security of matching', () => {
  test.each(['.*', '^alice', '(a+)+$', '[a-z]', '%', '_lice', '\\\\', 'a|b', '$'])(
    'S124 %p is literal text',
    (text) => {
      for (const op of ['co', 'sw', 'ew']) expect(found(`userName ${op} "${text}"`)).toBe('');
    },
  );

  test.each(['password', 'PASSWORD', 'CORE:password', 'hiddenPlan'])(
    'S125 S132 %s cannot be asked about',
    (name) => {
      for (const rest of ['pr', 'eq "x"', 'sw "a"', 'ne null'])
        expect(found(`${name} ${rest}`)).toBe(refused);
    },
  );

  test('S231 a polluted Object.prototype changes no answer', () => {
    const polluted = { title: 'Engineer', active: true, value: 'x' };
    try {
      for (const [key, value] of Object.entries(polluted)) {
        Object.defineProperty(Object.prototype, key, { value, configurable: true, writable: true });
      }
      const bare: ScimObject = { userName: 'x', emails: [{ type: 'work' }] };
      for (const text of ['title pr', 'active eq true', 'emails eq "x"', 'emails[value pr]']) {
        expect(matches(parseFilter(text, userType), bare)).toBe(false);
      }
    } finally {
      for (const key of Object.keys(polluted)) Reflect.deleteProperty(Object.prototype, key);
    }
  });
});

describe('groups', () => {
  const group: ScimObject = {
    id: 'dgrp_1',
    displayName: 'Sales EMEA',
    members: [{ value: 'dusr_A1', type: 'User', display: 'Alice' }],
  };
  test.each([
    ['displayName eq "sales emea"', true],
    ['members eq "dusr_A1"', true],
    ['id eq "dgrp_1" and members eq "dusr_A1"', true],
    ['id eq "dgrp_1" and members eq "dusr_B2"', false],
    ['members[value eq "dusr_A1"]', true],
    ['members.type eq "Group"', false],
    ['members pr', true],
  ])('%s is %p', (text, expected) => {
    expect(matches(parseFilter(text, groupResourceType()), group)).toBe(expected);
  });
});

describe('elements of a PATCH path', () => {
  const inside = (attribute: string) => {
    const found = findAttribute(userType, attribute);
    if (found === undefined) throw new Error(`no attribute ${attribute}`);
    return found.attribute;
  };
  test.each([
    ['emails', 'type eq "work"', { type: 'Work', value: 'a@b.c' }, true],
    ['emails', 'Type EQ "home"', { type: 'work', value: 'a@b.c' }, false],
    ['emails', 'value eq "a]b:c.d"', { value: 'a]b:c.d' }, true],
    ['roles', 'primary eq "True"', { value: 'x', primary: true }, true],
    ['roles', 'primary eq "True"', { value: 'x' }, false],
    ['tags', 'value eq "blue"', 'Blue', true],
    ['tags', 'not (value eq "blue")', 'Blue', false],
  ])('%s[%s]', (attribute, text, element, expected) => {
    expect(matchesElement(parseElementFilter(text, inside(attribute)), element)).toBe(expected);
  });

  test.each(['', 'type', 'type eq', 'userName eq "x"', 'type eq "x"]', '('.repeat(21), 'value[x pr]'])(
    'emails[%s] is refused',
    (text) => {
      expect(() => parseElementFilter(text, inside('emails'))).toThrow(
        expect.objectContaining({ code: 'invalid_filter' }),
      );
    },
  );
});
