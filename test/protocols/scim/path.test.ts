/** PATCH paths: every form is told apart, everything else refused before it can reach a resource. */
import { describe, expect, test } from '@jest/globals';
import { type PatchPath, parseKey, parsePath } from '../../../src/protocols/scim/path.ts';
import { CORE, CUSTOM, ENT, groupType, userType } from './patch-documents.ts';

/** A path in a few words: kind, where, filter or not, what was tolerated. */
function told(path: PatchPath): string {
  if (path.kind === 'unknown') {
    return 'unknown';
  }
  const tolerated = path.tolerances.map((name) => ` ~${name}`).join('');
  if (path.kind === 'schema') {
    return `${path.isExtension ? 'extension' : 'core'} ${path.schema.name}${tolerated}`;
  }
  const filter = path.filter === undefined ? '' : '[]';
  const sub = path.sub === undefined ? '' : `.${path.sub.name}`;
  return `${path.extension?.name ?? ''}:${path.attribute.name}${filter}${sub}${tolerated}`;
}

describe('parsePath', () => {
  test.each([
    ['userName', ':userName'],
    ['externalId', ':externalId'],
    ['meta.created', ':meta.created'],
    ['name.givenName', ':name.givenName'],
    ['emails', ':emails'],
    ['emails.value', ':emails.value'],
    ['emails[type eq "work"]', ':emails[]'],
    ['emails[type eq "work"].value', ':emails[].value'],
    ['emails[type eq "a]b" and (value co "[" or not (primary eq true))].value', ':emails[].value'],
    ['emails[value eq "a\\"]b"].type', ':emails[].type'],
    ['members[value eq "urn:a:b"]', 'unknown'],
    [' title ', ':title'],
    ['USERNAME', ':userName ~attribute_case'],
    ['Emails[Type EQ "work"].VALUE', ':emails[].value ~attribute_case'],
    [ENT, 'extension EnterpriseUser'],
    [`${ENT}:`, 'extension EnterpriseUser'],
    [`${ENT}:department`, 'EnterpriseUser:department'],
    [`${ENT}:manager.value`, 'EnterpriseUser:manager.value'],
    [`${ENT}.manager`, 'EnterpriseUser:manager ~urn_dot'],
    [`${ENT.toLowerCase()}:department`, 'EnterpriseUser:department'],
    [CORE, 'core User'],
    [`${CORE}:userName`, ':userName'],
    [`${CORE}:emails[type eq "work"].value`, ':emails[].value'],
    [`${CUSTOM}:tags[order eq 0].value`, 'Custom:tags[].value'],
    ['shoeSize', 'unknown'],
    ['shoe.size', 'unknown'],
    ['shoes[size eq 41].colour', 'unknown'],
    ['name.nick', 'unknown'],
    ['userName.part', 'unknown'],
    [`${ENT}:shoeSize`, 'unknown'],
    ['department', 'unknown'],
    ['urn:foo:bar:2.0:User:tag', 'unknown'],
    ['urn:foo:bar:2.0:User:tags[a eq "b:c.d"].e', 'unknown'],
    ['$ref', 'unknown'],
  ])('%s is %s', (text, wanted) => {
    expect(told(parsePath(text, userType))).toBe(wanted);
  });

  test('members of a group take a filter whose literal holds colons', () => {
    expect(told(parsePath('members[value eq "urn:a:b"]', groupType))).toBe(':members[]');
  });

  test.each([
    ['', 'invalid_path'],
    ['.', 'invalid_path'],
    ['name.', 'invalid_path'],
    ['.name', 'invalid_path'],
    ['name..givenName', 'invalid_path'],
    ['a.b.c', 'invalid_path'],
    ['1st', 'invalid_path'],
    ['user name', 'invalid_path'],
    ['userName\n', 'ok'],
    ['emails[type eq "work"', 'invalid_path'],
    ['emails[type eq "work].value', 'invalid_path'],
    ['emails]', 'invalid_path'],
    ['emails[type eq "work"]x', 'invalid_path'],
    ['emails[type eq "work"].', 'invalid_path'],
    ['emails[type eq "work"].a.b', 'invalid_path'],
    ['emails.value[type eq "work"]', 'invalid_path'],
    ['name[familyName eq "x"]', 'invalid_path'],
    ['userName[value eq "x"]', 'invalid_path'],
    ['emails[type eq]', 'invalid_filter'],
    ['emails[type]', 'invalid_filter'],
    ['emails[ ]', 'invalid_filter'],
    [`urn:a b:c`, 'invalid_path'],
    ['urn:', 'invalid_path'],
    [`${'a'.repeat(4097)}`, 'invalid_path'],
    [`emails[${'('.repeat(30)}type pr${')'.repeat(30)}]`, 'invalid_filter'],
    ['__proto__', 'invalid_path'],
    ['__proto__.polluted', 'invalid_path'],
    ['constructor.prototype', 'invalid_path'],
    ['name.__proto__', 'invalid_path'],
    ['emails[type eq "work"].constructor', 'invalid_path'],
    ['emails[__proto__ eq "x"]', 'invalid_path'],
    [`${ENT}:__proto__.polluted`, 'invalid_path'],
    ['urn:x:__proto__:y', 'invalid_path'],
    ['emails[type eq "__proto__"]', 'ok'],
  ])('S120 %j answers %s', (text, code) => {
    const act = () => parsePath(text, userType);
    if (code === 'ok') {
      expect(act).not.toThrow();
    } else {
      expect(act).toThrow(expect.objectContaining({ name: 'GatehouseError', code }));
    }
  });

  test('20 000 quotes in a hostile path are refused without a slow scan', () => {
    expect(() => parsePath('"\\'.repeat(20_000), userType)).toThrow(
      expect.objectContaining({ code: 'invalid_path' }),
    );
  });
});

describe('parseKey', () => {
  test.each([
    ['userName', ':userName'],
    ['UserName', ':userName ~attribute_case'],
    ['name.givenName', ':name.givenName ~dotted_key'],
    ['emails[type eq "work"].value', ':emails[].value ~filtered_key'],
    [`${ENT}:department`, 'EnterpriseUser:department'],
    [ENT, 'extension EnterpriseUser'],
    ['not a name!', 'unknown'],
    ['a.b.c', 'unknown'],
    ['', 'unknown'],
    ['urn:a b', 'unknown'],
    ['urn:x:y', 'unknown'],
  ])('%j is %s', (key, wanted) => {
    expect(told(parseKey(key, userType))).toBe(wanted);
  });
});

test('whoever sends every spelling of a name does not fill what is known for everybody who shares the type', () => {
  const spellings = Array.from({ length: 1_000 }, (_, number) =>
    [...'displayname'].map((char, at) => ((number >> at) & 1 ? char.toUpperCase() : char)).join(''),
  );
  for (const spelling of spellings) parseKey(spelling, userType);
  expect(parseKey('nickName', userType)).toBe(parseKey('nickName', userType));
});
