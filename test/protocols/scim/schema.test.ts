/** Promises of the schema tables: the published documents are complete, and names resolve without surprises. */
import { describe, expect, test } from '@jest/globals';
import enterpriseDocument from '../../../schemas/scim/EnterpriseUser.json' with { type: 'json' };
import groupDocument from '../../../schemas/scim/Group.json' with { type: 'json' };
import userDocument from '../../../schemas/scim/User.json' with { type: 'json' };
import { isGatehouseError } from '../../../src/kernel/errors.ts';
import {
  resourceTypeDocument,
  schemaDocument,
  serviceProviderConfigDocument,
} from '../../../src/protocols/scim/discovery.ts';
import { maxPageSize } from '../../../src/protocols/scim/list-response.ts';
import type { Attribute } from '../../../src/protocols/scim/schema.ts';
import {
  commonAttributes,
  findAttribute,
  findSchemaAttribute,
  findSubAttribute,
  groupResourceType,
  newScimObject,
  ownValue,
  parseSchema,
  splitUrn,
  userResourceType,
} from '../../../src/protocols/scim/schema.ts';

const user = userResourceType();
const group = groupResourceType();
const core = 'urn:ietf:params:scim:schemas:core:2.0:User';
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** Every attribute and sub-attribute of the given list. */
function all(attributes: readonly Attribute[]): readonly Attribute[] {
  return attributes.flatMap((attribute) => [attribute, ...attribute.subAttributes]);
}

describe('names', () => {
  test.each([
    ['userName', 'userName'],
    ['USERNAME', 'userName'],
    ['Id', 'id'],
    ['externalid', 'externalId'],
    ['META', 'meta'],
    ['schemas', 'schemas'],
    ['__proto__', undefined],
    ['constructor', undefined],
    ['department', undefined],
    ['', undefined],
  ])('%p resolves to %p', (name, expected) => {
    expect(findAttribute(user, name)?.attribute.name).toBe(expected);
  });

  test.each([
    ['emails', 'VALUE', 'value'],
    ['groups', '$REF', '$ref'],
    ['meta', 'lastmodified', 'lastModified'],
    ['emails', 'toString', undefined],
    ['userName', 'value', undefined],
  ])('%p has the sub-attribute %p as %p', (name, sub, expected) => {
    const found = findAttribute(user, name);
    expect(found && findSubAttribute(found.attribute, sub)?.name).toBe(expected);
  });

  test.each([
    [`${core}:userName`, core, false, 'userName'],
    [`${core.toUpperCase()}:name.familyName`, core, false, 'name.familyName'],
    [core, core, false, ''],
    [`${enterprise}:manager.value`, enterprise, true, 'manager.value'],
    [`${enterprise}.department`, enterprise, true, 'department'],
    [`${enterprise}:a[b eq "urn:x:1.0"].c`, enterprise, true, 'a[b eq "urn:x:1.0"].c'],
    [enterprise.toLowerCase(), enterprise, true, ''],
  ])('%p leads to its schema', (text, urn, isExtension, rest) => {
    const split = splitUrn(user, text);
    expect(split && { ...split, schema: split.schema.id }).toEqual({ schema: urn, isExtension, rest });
  });

  test.each([
    'userName',
    `${core}2:userName`,
    'urn:example:x:2.0:User:y',
    '',
    'urn:ietf:params:scim:schemas',
  ])('%p names no schema of the type', (text) => {
    expect(splitUrn(user, text)).toBeUndefined();
  });

  test('of two URNs where one begins the other, the longer is taken', () => {
    const short = parseSchema({ id: 'urn:example:A', name: 'A', attributes: [{ name: 'x' }] });
    const long = parseSchema({ id: 'urn:example:A:B', name: 'B', attributes: [{ name: 'y' }] });
    const type = userResourceType([short, long]);
    expect(splitUrn(type, 'urn:example:A:B:y')?.schema.id).toBe('urn:example:A:B');
    expect(splitUrn(type, 'urn:example:A:x')?.schema.id).toBe('urn:example:A');
  });

  test('S120 objects inherit nothing and only own keys are read', () => {
    const object = newScimObject();
    expect('toString' in object || '__proto__' in object).toBe(false);
    const name: string = '__proto__';
    object[name] = { toString: 'own' };
    expect(Object.keys(object)).toEqual(['__proto__']);
    expect('toString' in newScimObject()).toBe(false);
    expect(Reflect.set(Object.getPrototypeOf(object), 'a', 'b')).toBe(false);
    expect(ownValue({}, 'toString')).toBeUndefined();
    expect(ownValue({ a: 'b' }, 'a')).toBe('b');
  });
});

describe('documents', () => {
  const base = 'https://x.test/scim/v2/dir_1';

  test.each([
    ['User', user.schema, userDocument],
    ['Group', group.schema, groupDocument],
    ['EnterpriseUser', user.extensions[0]?.schema, enterpriseDocument],
  ])('%s is served as it is written in schemas/scim', (_name, schema, document) => {
    const { meta, ...served } = schemaDocument(schema ?? user.schema, base);
    expect(served).toEqual(document);
    expect(meta).toEqual({ resourceType: 'Schema', location: `${base}/Schemas/${document.id}` });
    expect(JSON.stringify(served)).not.toContain('null');
  });

  test.each([
    ['User', user.schema.attributes],
    ['Group', group.schema.attributes],
    ['EnterpriseUser', user.extensions[0]?.schema.attributes ?? []],
    ['the common attributes', commonAttributes],
  ])('%s: what is never returned is never readable, ids and references are exact', (_name, attributes) => {
    for (const attribute of all(attributes)) {
      expect(attribute.mutability === 'writeOnly').toBe(attribute.returned === 'never');
      const isExact = attribute.name === 'id' || attribute.name === '$ref' || attribute.type === 'binary';
      if (isExact) expect(attribute.caseExact).toBe(true);
    }
  });

  test.each([
    ['userName', { required: true, uniqueness: 'server', caseExact: false }],
    ['password', { mutability: 'writeOnly', returned: 'never' }],
    ['groups', { mutability: 'readOnly', multiValued: true }],
    ['id', { mutability: 'readOnly', returned: 'always', caseExact: true }],
    ['externalId', { mutability: 'readWrite', caseExact: true }],
    ['schemas', { returned: 'always', caseExact: false }],
    ['emails', { type: 'complex', multiValued: true, mutability: 'readWrite' }],
  ])('%s behaves as %j', (name, expected) => {
    expect(findAttribute(user, name)?.attribute).toMatchObject(expected);
  });

  test('resource types name their schemas', () => {
    expect(resourceTypeDocument(user, base)).toMatchObject({
      id: 'User',
      endpoint: '/Users',
      schema: core,
      schemaExtensions: [{ schema: enterprise, required: false }],
      meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/User` },
    });
    expect(resourceTypeDocument(group, base)).toMatchObject({ endpoint: '/Groups', schemaExtensions: [] });
  });

  test('S126 the advertised page limit is the enforced one', () => {
    const config = serviceProviderConfigDocument(base);
    expect(config.filter).toEqual({ supported: true, maxResults: maxPageSize });
    expect(config.patch).toEqual({ supported: true });
    expect(config.authenticationSchemes).toMatchObject([{ type: 'oauthbearertoken' }, { type: 'oauth2' }]);
    expect(config.meta.location).toBe(`${base}/ServiceProviderConfig`);
  });
});

describe('a custom schema', () => {
  const schema = (attributes: unknown) => ({ id: 'urn:example:Custom', name: 'Custom', attributes });

  test('takes the defaults of RFC 7643 §2.2', () => {
    const parsed = parseSchema(schema([{ name: 'badge' }]));
    expect(findSchemaAttribute(parsed, 'BADGE')).toEqual({
      name: 'badge',
      type: 'string',
      multiValued: false,
      description: '',
      required: false,
      caseExact: false,
      mutability: 'readWrite',
      returned: 'default',
      uniqueness: 'none',
      subAttributes: [],
      field: 'badge',
    });
  });

  test.each([
    ['no object', 'x'],
    ['null', null],
    ['no attributes', schema([])],
    ['an id that is no URN', { ...schema([{ name: 'a' }]), id: 'custom' }],
    ['an unknown type', schema([{ name: 'a', type: 'date' }])],
    ['an unknown mutability', schema([{ name: 'a', mutability: 'rw' }])],
    ['a complex attribute without parts', schema([{ name: 'a', type: 'complex' }])],
    ['a simple attribute with parts', schema([{ name: 'a', subAttributes: [{ name: 'b' }] }])],
    [
      'a complex part',
      schema([{ name: 'a', type: 'complex', subAttributes: [{ name: 'b', type: 'complex' }] }]),
    ],
    ['a name twice', schema([{ name: 'a' }, { name: 'A' }])],
    ['a name with a dot', schema([{ name: 'a.b' }])],
    ['S120 __proto__', schema([{ name: '__proto__' }])],
    ['S120 constructor', schema([{ name: 'constructor' }])],
  ])('with %s is refused', (_title, document) => {
    let caught: unknown;
    try {
      parseSchema(document);
    } catch (error) {
      caught = error;
    }
    expect(isGatehouseError(caught, 'internal')).toBe(true);
  });
});
