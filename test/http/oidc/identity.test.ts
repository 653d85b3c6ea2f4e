/** From the facts of a verified token to the identity of a sign-in, and which claims are worth a call to UserInfo. */
import { describe, expect, test } from '@jest/globals';
import { oidcIdentity } from '../../../src/http/oidc/identity.ts';
import { wantedClaims } from '../../../src/http/oidc/wanted-claims.ts';
import { readIdTokenClaims } from '../../../src/protocols/oidc/id-token-facts.ts';
import { aConnection, aGroupMapping, nextId, oidcSettings } from '../../support/builders.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const organizationId = nextId('org');
type Choice = Partial<ReturnType<typeof aConnection>>;

function identityOf(claims: object, choice: Choice = {}, issuer = 'https://idp.example') {
  const connection = aConnection(organizationId, { settings: oidcSettings({ issuer }), ...choice });
  const good = { iss: issuer, aud: 'gatehouse', sub: 'u-1', iat: NOW / 1000 - 10, exp: NOW / 1000 + 290 };
  const settings = { issuer, clientId: 'gatehouse', groupsClaim: connection.attributes.groups };
  const facts = readIdTokenClaims({ ...good, ...claims }, undefined, { settings, now: NOW });
  return oidcIdentity(connection, { ...facts, idToken: 'a.b.c' });
}

describe('too many groups', () => {
  const overage = { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'x' } } };

  test.each<readonly [string, object, Choice, readonly string[] | undefined]>([
    ['groups that were sent', { groups: ['a'] }, {}, ['a']],
    ['none, and said so', { groups: [] }, {}, []],
    ['none sent, no claim named', {}, {}, undefined],
    ['none sent, the claim is named: there are none', {}, { attributes: { groups: 'groups' } }, []],
    ['Entra sent a link, no claim named', overage, {}, undefined],
    [
      'Entra sent a link, the claim is named: unknown',
      overage,
      { attributes: { groups: 'groups' } },
      undefined,
    ],
  ])('%s', (_title, claims, choice, expected) => {
    const { claims: told, untold } = identityOf(claims, choice);
    expect(told.get('groups')).toEqual(expected);
    expect(untold?.includes('groups')).toBe(claims === overage);
  });
});

describe('S75 whose word on an address counts', () => {
  const google = 'https://accounts.google.com';
  test.each<readonly [string, string, object, boolean]>([
    ['an identity provider of the company', 'https://idp.example', {}, true],
    ['Google for a domain it serves', google, { hd: 'corp.example' }, true],
    ['Google for a private account with an address of the company', google, {}, false],
    ['Google for its own mail', google, { email: 'ada@gmail.com' }, true],
    ['Google, not verified', google, { hd: 'corp.example', email_verified: false }, false],
  ])('%s', (_title, issuer, claims, expected) => {
    const said = { email: 'ada@corp.example', email_verified: true, ...claims };
    const { isEmailVerified, userName } = identityOf(said, {}, issuer);
    expect([isEmailVerified, userName !== null]).toEqual([expected, expected]);
  });

  test('an address from a claim of the connection’s own choice is told, and vouched for by nobody', () => {
    const said = { email: 'ada@corp.example', email_verified: true, mail: 'boss@corp.example' };
    const { email, isEmailVerified } = identityOf(said, { attributes: { email: 'mail' } });
    expect([email, isEmailVerified]).toEqual(['boss@corp.example', false]);
  });
});

describe('claims that count', () => {
  const mapping = (claim: string) =>
    aGroupMapping(organizationId, { match: { kind: 'claim', claim, value: 'x' } });
  test.each<readonly [string, Choice, readonly string[], readonly string[]]>([
    ['nothing configured', {}, [], ['email', 'name']],
    [
      'everything configured',
      { attributes: { email: 'mail', name: 'cn', groups: 'roles' }, userNameClaim: 'upn' },
      [],
      ['mail', 'cn', 'upn'],
    ],
    ['mapped claims', {}, ['department', 'groups'], ['email', 'name', 'department', 'groups']],
    [
      'mapped groups under another name',
      { attributes: { groups: 'roles' } },
      ['groups'],
      ['email', 'name', 'roles'],
    ],
  ])('%s', (_title, choice, mapped, expected) => {
    expect(wantedClaims(aConnection(organizationId, choice), mapped.map(mapping))).toEqual(expected);
  });
});
