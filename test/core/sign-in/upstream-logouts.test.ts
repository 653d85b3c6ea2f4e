/** Which sessions a provider's logout message means: a table, and what an unknown fact does. */
import { describe, expect, test } from '@jest/globals';
import type { UpstreamSession } from '../../../src/core/entities/session.ts';
import { isMeant, type SignedOutUpstream } from '../../../src/core/sign-in/upstream-logouts.ts';
import { aConnection, aMembership, aSession, aUser, nextId } from '../../support/builders.ts';

const organizationId = nextId('org');
const connection = aConnection(organizationId);
const membership = aMembership(organizationId, aUser().id);
const EMAIL = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';
const PERSISTENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';
const UNSPECIFIED = 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified';
const NOTHING = { nameId: null, nameIdFormat: null, sessionIndex: null, sid: null, idToken: null };

const session = (upstream: Partial<UpstreamSession>, connectionId = connection.id) =>
  aSession(membership, { connectionId, upstream: { ...NOTHING, ...upstream } });

const ADA: UpstreamSession = { ...NOTHING, nameId: 'ada', nameIdFormat: EMAIL, sessionIndex: '_1' };

const saml = (more: Partial<Extract<SignedOutUpstream, { protocol: 'saml' }>> = {}): SignedOutUpstream => ({
  ...{ protocol: 'saml', nameId: 'ada', nameIdFormat: EMAIL, sessionIndexes: [] },
  ...more,
});

describe('SAML', () => {
  const table: readonly [string, SignedOutUpstream, boolean][] = [
    ['the same name and format', saml(), true],
    ['another name', saml({ nameId: 'Ada' }), false],
    ['another format', saml({ nameIdFormat: PERSISTENT }), false],
    ['a format that says nothing', saml({ nameIdFormat: UNSPECIFIED }), true],
    ['no format', saml({ nameIdFormat: undefined }), true],
    ['its index', saml({ sessionIndexes: ['_1'] }), true],
    ['its index among others', saml({ sessionIndexes: ['_0', '_1'] }), true],
    ['another index', saml({ sessionIndexes: ['_2'] }), false],
  ];
  test.each(table)('%s', (_title, who, expected) => {
    expect(isMeant(session(ADA), connection, who)).toBe(expected);
  });

  test('an index or a format the provider did not say at sign-in spares nobody', () => {
    const who = saml({ sessionIndexes: ['_2'] });
    expect(isMeant(session({ ...ADA, sessionIndex: null }), connection, who)).toBe(true);
    expect(isMeant(session({ ...ADA, nameIdFormat: null }), connection, saml())).toBe(true);
  });
});

describe('OIDC', () => {
  const oidc = (sid: string | undefined): SignedOutUpstream => ({
    ...{ protocol: 'oidc', issuer: 'https://idp.example', subject: 'ada', sid },
  });
  test.each([
    ['no sid in the message', 's1', undefined, true],
    ['the same sid', 's1', 's1', true],
    ['another sid', 's1', 's2', false],
    ['a sid the provider did not say at sign-in', null, 's2', true],
  ])('%s', (_title, known, named, expected) => {
    expect(isMeant(session({ sid: known }), connection, oidc(named))).toBe(expected);
  });
});

describe('S66 never', () => {
  test('a session of another connection, or of none', () => {
    const other = aConnection(organizationId).id;
    expect(isMeant(session(ADA, other), connection, saml())).toBe(false);
    expect(isMeant(aSession(membership, { connectionId: null }), connection, saml())).toBe(false);
  });
});
