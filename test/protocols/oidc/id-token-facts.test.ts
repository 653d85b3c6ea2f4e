/** Verified claims become facts or one exact refusal (S69, S70, S75-S77, S84). */
import { describe, expect, test } from '@jest/globals';
import { isGatehouseError } from '../../../src/kernel/errors.ts';
import { type OidcFacts, readIdTokenClaims } from '../../../src/protocols/oidc/id-token-facts.ts';
import type { OidcSettings } from '../../../src/protocols/oidc/settings.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const now = NOW / 1000;
const TENANT = '11111111-2222-3333-4444-555555555555';
const OTHER_TENANT = '99999999-2222-3333-4444-555555555555';
const issuer = 'https://idp.example';
const settings: OidcSettings = { issuer, clientId: 'gatehouse' };
const good = { iss: issuer, aud: 'gatehouse', sub: 'u-1', iat: now - 10, exp: now + 290 };

interface Case {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly userInfo?: unknown;
  readonly settings?: Partial<OidcSettings>;
}

function read({ claims, userInfo, settings: extra }: Case): OidcFacts {
  return readIdTokenClaims({ ...good, ...claims }, userInfo, {
    settings: { ...settings, ...extra },
    now: NOW,
  });
}

function outcome(input: Case): string {
  try {
    read(input);
    return 'accepted';
  } catch (error) {
    if (!isGatehouseError(error, 'sign_in_refused')) throw error;
    return String(error.context.reason);
  }
}

const entraIssuer = `https://login.microsoftonline.com/${TENANT}/v2.0`;
const template = { issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0' };
const common = { issuer: 'https://login.microsoftonline.com/common/v2.0' };

describe('an ID token is held to this connection', () => {
  const cases: readonly (readonly [string, Case, string])[] = [
    ['S69 another audience', { claims: { aud: 'another' } }, 'oidc.audience'],
    ['S69 no audience', { claims: { aud: undefined } }, 'oidc.audience'],
    ['S69 an audience that only starts like ours', { claims: { aud: 'gatehouse2' } }, 'oidc.audience'],
    ['S69 an empty list of audiences', { claims: { aud: [] } }, 'oidc.audience'],
    ['S69 an audience hidden in a nested list', { claims: { aud: [['gatehouse']] } }, 'oidc.audience'],
    ['S69 azp of another', { claims: { azp: 'another' } }, 'oidc.authorized_party'],
    ['S69 azp as a list', { claims: { azp: ['gatehouse'] } }, 'oidc.authorized_party'],
    ['S69 several audiences without azp', { claims: { aud: ['gatehouse', 'b'] } }, 'oidc.authorized_party'],
    [
      'S69 several audiences with our azp',
      { claims: { aud: ['gatehouse', 'b'], azp: 'gatehouse' } },
      'accepted',
    ],
    ['S69 a list with us alone', { claims: { aud: ['gatehouse'] } }, 'accepted'],
    ['S70 another issuer', { claims: { iss: 'https://evil.example' } }, 'oidc.issuer'],
    ['S70 an issuer with a slash more', { claims: { iss: `${issuer}/` } }, 'oidc.issuer'],
    ['S70 an issuer in other case', { claims: { iss: 'https://IDP.example' } }, 'oidc.issuer'],
    ['S70 no issuer', { claims: { iss: undefined } }, 'oidc.issuer'],
    ['S70 an issuer list', { claims: { iss: [issuer] } }, 'oidc.issuer'],
    ['S70 template issuer without a tenant', { settings: template }, 'oidc.tenant'],
    ['S70 common issuer without a tenant', { settings: common }, 'oidc.tenant'],
    ['S70 a tenant that is no GUID', { settings: { ...template, tenantId: 'common' } }, 'oidc.tenant'],
    [
      'S70 template issuer, our tenant',
      { settings: { ...template, tenantId: TENANT }, claims: { iss: entraIssuer, tid: TENANT } },
      'accepted',
    ],
    [
      'S70 common issuer, our tenant in capitals',
      { settings: { ...common, tenantId: TENANT.toUpperCase() }, claims: { iss: entraIssuer, tid: TENANT } },
      'accepted',
    ],
    [
      'S70 template issuer, foreign tenant and issuer',
      {
        settings: { ...template, tenantId: TENANT },
        claims: { iss: entraIssuer.replace(TENANT, OTHER_TENANT), tid: OTHER_TENANT },
      },
      'oidc.issuer',
    ],
    [
      'S70 our issuer, foreign tid',
      { settings: { ...template, tenantId: TENANT }, claims: { iss: entraIssuer, tid: OTHER_TENANT } },
      'oidc.tenant',
    ],
    [
      'S70 our issuer, no tid',
      { settings: { ...template, tenantId: TENANT }, claims: { iss: entraIssuer } },
      'oidc.tenant',
    ],
    ['S72 the nonce of this sign-in', { settings: { nonce: 'n1' }, claims: { nonce: 'n1' } }, 'accepted'],
    ['S72 another nonce', { settings: { nonce: 'n1' }, claims: { nonce: 'n2' } }, 'oidc.nonce'],
    ['S72 no nonce', { settings: { nonce: 'n1' } }, 'oidc.nonce'],
  ];
  test.each(cases)('%s', (_title, input, expected) => {
    expect(outcome(input)).toBe(expected);
  });
});

describe('S76 the subject is one usable text', () => {
  const cases: readonly (readonly [string, unknown, string])[] = [
    ['255 characters', 'x'.repeat(255), 'accepted'],
    ['256 characters', 'x'.repeat(256), 'oidc.subject'],
    ['empty', '', 'oidc.subject'],
    ['only spaces', '  ', 'oidc.subject'],
    ['absent', undefined, 'oidc.subject'],
    ['null', null, 'oidc.subject'],
    ['a number', 42, 'oidc.subject'],
    ['a list', ['u-1'], 'oidc.subject'],
    ['an object', { toString: 'u-1' }, 'oidc.subject'],
    ['with NUL', 'u-1\u0000', 'oidc.subject'],
    ['with a line break', 'u-1\n', 'oidc.subject'],
    ['with a letter outside ASCII', 'ü-1', 'oidc.subject'],
  ];
  test.each(cases)('%s', (_title, sub, expected) => {
    expect(outcome({ claims: { sub } })).toBe(expected);
  });

  test('the same subject of another issuer is another identity', () => {
    const other = 'https://other.example';
    const facts = read({ claims: { iss: other }, settings: { issuer: other } });
    expect([facts.issuer, facts.subject]).not.toEqual([read({}).issuer, read({}).subject]);
  });
});

describe('S77 UserInfo speaks for the same subject or for nobody', () => {
  const cases: readonly (readonly [string, unknown, string])[] = [
    ['not asked', undefined, 'accepted'],
    ['the same subject', { sub: 'u-1' }, 'accepted'],
    ['another subject', { sub: 'u-2' }, 'oidc.userinfo_subject'],
    ['no subject', { email: 'a@b.test' }, 'oidc.userinfo_subject'],
    ['a subject list', { sub: ['u-1'] }, 'oidc.userinfo_subject'],
    ['no object', 'u-1', 'oidc.userinfo'],
    ['null', null, 'oidc.userinfo'],
    ['a list', [{ sub: 'u-1' }], 'oidc.userinfo'],
  ];
  test.each(cases)('%s', (_title, userInfo, expected) => {
    expect(outcome({ userInfo })).toBe(expected);
  });
});

describe('S84 times fit within sixty seconds', () => {
  const cases: readonly (readonly [string, Case, string])[] = [
    ['expired 59 s ago', { claims: { exp: now - 59 } }, 'accepted'],
    ['expired 60 s ago', { claims: { exp: now - 60 } }, 'oidc.expired'],
    ['issued in 60 s', { claims: { iat: now + 60 } }, 'accepted'],
    ['issued in 61 s', { claims: { iat: now + 61 } }, 'oidc.not_yet_valid'],
    ['valid from 60 s on', { claims: { nbf: now + 60 } }, 'accepted'],
    ['valid from 61 s on', { claims: { nbf: now + 61 } }, 'oidc.not_yet_valid'],
    ['eleven minutes old', { claims: { iat: now - 660 } }, 'accepted'],
    ['older than eleven minutes', { claims: { iat: now - 661 } }, 'oidc.too_old'],
    ['no exp', { claims: { exp: undefined } }, 'oidc.time'],
    ['no iat', { claims: { iat: undefined } }, 'oidc.time'],
    ['exp as text', { claims: { exp: String(now + 100) } }, 'oidc.time'],
    ['exp without end', { claims: { exp: Number.POSITIVE_INFINITY } }, 'oidc.time'],
    ['nbf as text', { claims: { nbf: 'now' } }, 'oidc.time'],
    ['auth_time as text', { claims: { auth_time: 'now' } }, 'oidc.time'],
    [
      'auth_time within max_age',
      { claims: { auth_time: now - 160 }, settings: { maxAgeSeconds: 100 } },
      'accepted',
    ],
    [
      'auth_time older than max_age',
      { claims: { auth_time: now - 161 }, settings: { maxAgeSeconds: 100 } },
      'oidc.auth_time',
    ],
    ['max_age asked, auth_time absent', { settings: { maxAgeSeconds: 100 } }, 'oidc.auth_time'],
    ['old auth_time, max_age not asked', { claims: { auth_time: now - 9999 } }, 'accepted'],
  ];
  test.each(cases)('%s', (_title, input, expected) => {
    expect(outcome(input)).toBe(expected);
  });
});

describe('S75 an address is verified only by the boolean beside it', () => {
  const address = 'ann@a.test';
  const cases: readonly (readonly [string, Case, readonly [string | undefined, boolean]])[] = [
    ['true', { claims: { email: address, email_verified: true } }, [address, true]],
    ['absent', { claims: { email: address } }, [address, false]],
    ['false', { claims: { email: address, email_verified: false } }, [address, false]],
    ['"true" as text', { claims: { email: address, email_verified: 'true' } }, [address, false]],
    ['1', { claims: { email: address, email_verified: 1 } }, [address, false]],
    ['[true]', { claims: { email: address, email_verified: [true] } }, [address, false]],
    ['verified without an address', { claims: { email_verified: true } }, [undefined, false]],
    ['an address list', { claims: { email: [address], email_verified: true } }, [undefined, false]],
    ['all in UserInfo', { userInfo: { sub: 'u-1', email: address, email_verified: true } }, [address, true]],
    [
      'address in the ID token, verdict about another in UserInfo',
      { claims: { email: address }, userInfo: { sub: 'u-1', email: 'x@y.test', email_verified: true } },
      [address, false],
    ],
    [
      'verdict in the ID token, address in UserInfo',
      { claims: { email_verified: true }, userInfo: { sub: 'u-1', email: address } },
      [address, false],
    ],
  ];
  test.each(cases)('%s', (_title, input, expected) => {
    const { email, emailVerified } = read(input);
    expect([email, emailVerified]).toEqual(expected);
  });
});

describe('facts', () => {
  test('a plain token gives plain facts and no absent keys', () => {
    const { claims, ...facts } = read({});
    expect(facts).toEqual({
      issuer,
      subject: 'u-1',
      emailVerified: false,
      hasGroupOverage: false,
      amr: [],
    });
    expect(Object.keys(facts)).not.toContain('email');
    expect(claims.get('sub')).toEqual(['u-1']);
  });

  test('name, amr, sid, auth_time, oid and the user name claim are read', () => {
    const claims = { name: 'Ann', amr: ['pwd', 'mfa'], sid: 's1', auth_time: now, oid: 'o1', upn: 'ann' };
    expect(read({ claims, settings: { userNameClaim: 'upn' } })).toMatchObject({
      name: 'Ann',
      amr: ['pwd', 'mfa'],
      idpSessionId: 's1',
      authTime: NOW,
      oid: 'o1',
      userName: 'ann',
    });
  });

  test('oid and sid come from the signed ID token only', () => {
    const facts = read({ userInfo: { sub: 'u-1', oid: 'stolen', sid: 'stolen' } });
    expect([facts.oid, facts.idpSessionId]).toEqual([undefined, undefined]);
  });

  test.each([
    ['a list', ['a', 'b', 'a'], ['a', 'b']],
    ['one text', 'a', ['a']],
    ['objects inside are left out', ['a', { id: 'b' }, null], ['a']],
    ['an empty list', [], []],
    ['an object is nothing', { a: true }, undefined],
    ['null is nothing', null, undefined],
  ])('groups from %s', (_title, groups, expected) => {
    expect(read({ claims: { groups } }).groups).toEqual(expected);
  });

  test('groups may have another claim name and come from UserInfo', () => {
    const userInfo = { sub: 'u-1', 'https://a.test/roles': ['x'] };
    expect(read({ userInfo, settings: { groupsClaim: 'https://a.test/roles' } }).groups).toEqual(['x']);
    expect(read({ settings: { groupsClaim: '__proto__' } }).groups).toBeUndefined();
  });

  test('the ID token decides where UserInfo says otherwise', () => {
    const facts = read({ claims: { name: 'Ann' }, userInfo: { sub: 'u-1', name: 'Eve', title: 'Chief' } });
    expect([facts.name, facts.claims.get('title')]).toEqual(['Ann', ['Chief']]);
  });

  test('a claim named __proto__ stays a claim', () => {
    const claims: unknown = JSON.parse(
      `${JSON.stringify(good).slice(0, -1)},"__proto__":{"sub":"x"},"constructor":"c"}`,
    );
    const facts = readIdTokenClaims(claims, undefined, { settings, now: NOW });
    expect([facts.subject, facts.claims.get('constructor')]).toEqual(['u-1', ['c']]);
  });

  test.each([
    ['null', null],
    ['text', 'x'],
    ['a list', []],
    ['undefined', undefined],
  ])('claims that are %s are refused', (_title, claims) => {
    expect(() => readIdTokenClaims(claims, undefined, { settings, now: NOW })).toThrow(
      expect.objectContaining({ code: 'sign_in_refused', context: { reason: 'oidc.id_token' } }),
    );
  });

  test('every refusal shows the same sentence', () => {
    const texts = [{ claims: { aud: 'x' } }, { claims: { sub: 1 } }, { userInfo: 3 }].map((input) => {
      try {
        return read(input).subject;
      } catch (error) {
        return isGatehouseError(error) ? error.detail : error;
      }
    });
    expect(new Set(texts).size).toBe(1);
  });
});

describe('too many groups for a token are not the same as none', () => {
  const cases: readonly (readonly [string, Case, readonly [boolean, readonly string[] | undefined]])[] = [
    ['no groups at all', {}, [false, undefined]],
    ['groups', { claims: { groups: ['a'] } }, [false, ['a']]],
    [
      'a distributed claim, as Entra sends it',
      {
        claims: {
          _claim_names: { groups: 'src1' },
          _claim_sources: { src1: { endpoint: 'https://graph.windows.net/x/getMemberObjects' } },
        },
      },
      [true, undefined],
    ],
    ['hasgroups', { claims: { hasgroups: true } }, [true, undefined]],
    ['hasgroups as text', { claims: { hasgroups: 'true' } }, [true, undefined]],
    ['hasgroups false', { claims: { hasgroups: false } }, [false, undefined]],
    ['another distributed claim', { claims: { _claim_names: { address: 'src1' } } }, [false, undefined]],
    [
      'the claim that the connection names',
      { claims: { _claim_names: { roles: 'src1' } }, settings: { groupsClaim: 'roles' } },
      [true, undefined],
    ],
    ['null beside the mark', { claims: { groups: null, hasgroups: true } }, [true, undefined]],
    ['groups beside the mark', { claims: { groups: [], hasgroups: true } }, [false, []]],
    [
      'groups in UserInfo beside the mark',
      { claims: { hasgroups: true }, userInfo: { sub: 'u-1', groups: ['b'] } },
      [false, ['b']],
    ],
    ['names that are no object', { claims: { _claim_names: 'groups' } }, [false, undefined]],
  ];
  test.each(cases)('%s', (_title, input, expected) => {
    const { hasGroupOverage, groups } = read(input);
    expect([hasGroupOverage, groups]).toEqual(expected);
  });
});
