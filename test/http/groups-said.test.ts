/** What a sign-in says of groups, whatever the protocol: sent, sent and empty, left out, too many to say. Against the rule, over all of them. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { oidcIdentity } from '../../src/http/oidc/identity.ts';
import { samlIdentity } from '../../src/http/saml/identity.ts';
import { readIdTokenClaims } from '../../src/protocols/oidc/id-token-facts.ts';
import { aConnection, nextId, oidcSettings } from '../support/builders.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const issuer = 'https://idp.example';
const organizationId = nextId('org');
const connectionWith = (groups: string | undefined) =>
  aConnection(organizationId, {
    settings: oidcSettings({ issuer }),
    attributes: groups === undefined ? {} : { groups },
  });

/** What roles rest on after a sign-in: undefined leaves them as they were (decision 10, §4). */
type Said = readonly string[] | undefined;

/** A claim as documents spell it, and what that says. */
const NAMES = fc.uniqueArray(fc.stringMatching(/^[A-Za-z]{1,8}$/), { maxLength: 4 });
const sentClaim = fc.oneof(
  NAMES.map((names): readonly [unknown, Said] => [names, names]),
  fc.constantFrom<readonly [unknown, Said]>(['one', ['one']], ['', []], [[null, {}, ''], []]),
  fc.constantFrom<readonly [unknown, Said]>([null, undefined], [{}, undefined], [undefined, undefined]),
);

test('S146: groups that OpenID Connect sent empty are none, those it left out are as they were, whichever document speaks', () => {
  const cases = fc.record({
    idToken: sentClaim,
    userInfo: fc.option(sentClaim, { nil: undefined }),
    isOverage: fc.boolean(),
    claim: fc.constantFrom(undefined, 'groups', 'roles'),
  });
  fc.assert(
    fc.property(cases, ({ idToken, userInfo, isOverage, claim }) => {
      const spelled = (value: unknown) => (value === undefined ? {} : { [claim ?? 'groups']: value });
      const facts = readIdTokenClaims(
        {
          ...{ iss: issuer, aud: 'gatehouse', sub: 'u-1', iat: NOW / 1000, exp: NOW / 1000 + 300 },
          ...spelled(idToken[0]),
          ...(isOverage ? { hasgroups: true } : {}),
        },
        userInfo === undefined ? undefined : { sub: 'u-1', ...spelled(userInfo[0]) },
        { settings: { issuer, clientId: 'gatehouse', groupsClaim: claim }, now: NOW },
      );
      const { claims } = oidcIdentity(connectionWith(claim), { ...facts, idToken: 'a.b.c' });
      const said = idToken[1] ?? userInfo?.[1];
      const silence = claim === undefined || isOverage ? undefined : [];
      expect(claims.get('groups')).toEqual(said ?? silence);
    }),
  );
});

test('S146: any other claim that was sent empty says nothing is there, too', () => {
  const claims = { iss: issuer, aud: 'gatehouse', sub: 'u-1', iat: NOW / 1000, exp: NOW / 1000 + 300 };
  const read = (extra: object) =>
    readIdTokenClaims(
      { ...claims, ...extra },
      { sub: 'u-1', department: ['Sales'] },
      { settings: { issuer, clientId: 'gatehouse' }, now: NOW },
    ).claims.get('department');
  expect(read({ department: [] })).toEqual([]);
  expect(read({ department: null })).toEqual(['Sales']);
  expect(read({})).toEqual(['Sales']);
});

test('S146: an attribute of SAML that was sent without values, or with an empty one, gives no group; one left out only where it is named', () => {
  const cases = fc.record({
    values: fc.option(fc.oneof(NAMES, fc.constant([''])), { nil: undefined }),
    isOverage: fc.boolean(),
    claim: fc.constantFrom(undefined, 'groups', 'roles'),
  });
  fc.assert(
    fc.property(cases, ({ values, isOverage, claim }) => {
      const attributes = new Map<string, readonly string[]>([
        ...(values === undefined ? [] : [[claim ?? 'groups', values] as const]),
        ...(isOverage
          ? [['http://schemas.microsoft.com/claims/groups.link', ['https://graph']] as const]
          : []),
      ]);
      const identity = samlIdentity(connectionWith(claim), {
        ...{ assertionId: '_a', issuer, nameId: 'ada', authnInstant: NOW, expiresAt: NOW, attributes },
        ...{ nameIdFormat: undefined, sessionIndex: undefined, sessionNotOnOrAfter: undefined },
        authnContext: undefined,
      });
      const silence = claim === undefined || isOverage ? undefined : [];
      expect(identity.claims.get('groups')).toEqual(values ?? silence);
    }),
  );
});
