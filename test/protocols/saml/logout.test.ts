/** Logout messages: every attack ends in its exact reason, good ones in their facts, and what we write can be read. */
import { describe, expect, test } from '@jest/globals';
import {
  type LogoutTrust,
  type VerifiedLogout,
  verifyPostedLogout,
  verifyRedirectedLogout,
} from '../../../src/http/saml/logout-verification.ts';
import { isGatehouseError } from '../../../src/kernel/errors.ts';
import { buildRedirect, readRedirect } from '../../../src/protocols/saml/redirect-binding.ts';
import { writeLogoutRequest, writeLogoutResponse } from '../../../src/protocols/saml/write-logout.ts';
import { encode } from '../../support/saml-builder.ts';
import { idpKey, testCertificate } from '../../support/saml-keys.ts';
import { type LogoutAttack, logoutAttacks } from '../../support/saml-logout-attacks.ts';
import {
  fixtureLogout,
  logoutRequest,
  logoutResponse,
  postedLogout,
  queryOf,
  redirectPieces,
} from '../../support/saml-logout-builder.ts';

const context = fixtureLogout();
const { now } = context;
const trust: LogoutTrust = {
  idpEntityId: context.idpEntityId,
  certificates: [context.cert],
  logoutUrl: context.logoutUrl,
};

const redirected = (rawQuery: string, change: Partial<LogoutTrust> = {}): VerifiedLogout =>
  verifyRedirectedLogout({ rawQuery, trust: { ...trust, ...change }, now });

const posted = (fields: Readonly<Record<string, unknown>>): VerifiedLogout =>
  verifyPostedLogout({
    fields: { SAMLRequest: undefined, SAMLResponse: undefined, RelayState: undefined, ...fields },
    trust,
    now,
  });

async function outcome(run: () => VerifiedLogout): Promise<unknown> {
  try {
    return run().facts;
  } catch (error) {
    if (isGatehouseError(error, 'sign_in_refused')) return error.context.reason;
    throw error;
  }
}

const verify = ({ binding, message }: LogoutAttack) =>
  outcome(() => (binding === 'redirect' ? redirected(message) : posted({ SAMLRequest: message })));

const FACTS = {
  id: '_logout1',
  nameId: 'ada@corp.example',
  nameIdFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
  sessionIndexes: ['_session1'],
  expiresAt: now + 300_000 + 120_000,
};

test.each(logoutAttacks(context))('$line $binding refused as $reason: $name', async (attack) => {
  expect(await verify(attack)).toBe(attack.reason);
});

describe('genuine messages', () => {
  const xml = logoutRequest(context);

  test('a request by either binding gives the same facts', async () => {
    expect(redirected(queryOf(redirectPieces(xml, context.key)))).toMatchObject({
      kind: 'LogoutRequest',
      facts: FACTS,
    });
    expect(await posted({ SAMLRequest: postedLogout(xml, context) })).toMatchObject({ facts: FACTS });
  });

  test('the order of parameters does not matter, strangers do not, and RelayState comes back decoded', () => {
    const pieces = redirectPieces(xml, context.key, { relayState: 'a b&c' });
    const query = queryOf(pieces).split('&').toReversed().join('&');
    expect(redirected(`client-request-id=1&${query}`)).toMatchObject({ facts: FACTS, relayState: 'a b&c' });
  });

  test.each([
    ['sha384', 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha384'],
    ['sha512', 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512'],
  ])('signed with RSA and %s', (hash, algorithm) => {
    expect(redirected(queryOf(redirectPieces(xml, context.key, { hash, algorithm }))).facts).toEqual(FACTS);
  });

  test('a response by either binding gives its facts', async () => {
    const answer = logoutResponse(context);
    const facts = { inResponseTo: '_request1', isSuccess: true };
    const pieces = redirectPieces(answer, context.key, { parameter: 'SAMLResponse' });
    expect(redirected(queryOf(pieces))).toMatchObject({ kind: 'LogoutResponse', facts });
    expect(await posted({ SAMLResponse: postedLogout(answer, context) })).toMatchObject({ facts });
  });

  test('a partial logout is told apart from a whole one', () => {
    const partial = logoutResponse(context).replace(
      'status:Success"/>',
      'status:Success"><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:PartialLogout"/></samlp:StatusCode>',
    );
    const pieces = redirectPieces(partial, context.key, { parameter: 'SAMLResponse' });
    expect(redirected(queryOf(pieces)).facts).toMatchObject({ isSuccess: false });
  });

  test('current and next certificate; an expired one alone is none', async () => {
    const query = queryOf(redirectPieces(xml, context.key));
    expect(redirected(query, { certificates: [testCertificate('next'), context.cert] }).facts).toEqual(FACTS);
    const expired = { certificates: [testCertificate('expired')] };
    expect(await outcome(() => redirected(query, expired))).toBe('saml.certificate_expired');
  });
});

describe('forms', () => {
  test.each([
    ['neither message', {}],
    ['both messages', { SAMLRequest: 'x', SAMLResponse: 'x' }],
  ])('S65 %s', async (_name, fields) => {
    expect(await outcome(() => posted(fields))).toBe('saml.query');
  });

  test('S27 a doubled field', async () => {
    const field = postedLogout(logoutRequest(context), context);
    expect(await outcome(() => posted({ SAMLRequest: [field, field] }))).toBe('saml.not_one_string');
  });

  test('S65 a response without a signature', async () => {
    expect(await outcome(() => posted({ SAMLResponse: encode(logoutResponse(context)) }))).toBe(
      'saml.unsigned',
    );
  });
});

describe('what we write', () => {
  const head = { id: '_ours', spEntityId: 'https://gate.example/sp', destination: context.logoutUrl, now };
  const asIdp = { idpEntityId: 'https://gate.example/sp' };
  const queryPart = (url: string) => url.slice(url.indexOf('?') + 1);

  test('a request is read back as what it says, names with markup included', () => {
    const nameId = `"a"<b>&'c'@corp.example`;
    const xml = writeLogoutRequest({ ...head, nameId, nameIdFormat: 'urn:x:"y"', sessionIndex: '<i>' });
    const url = buildRedirect({
      ...{ url: context.logoutUrl, parameter: 'SAMLRequest', xml, relayState: 'ghr_x' },
      privateKey: idpKey().key,
    });
    expect(redirected(queryPart(url), asIdp)).toMatchObject({
      relayState: 'ghr_x',
      facts: { id: '_ours', nameId, nameIdFormat: 'urn:x:"y"', sessionIndexes: ['<i>'] },
    });
  });

  test('the subject has the qualifiers with which it came (SAML core §3.7.1), and none it did not have', () => {
    const subject = { nameId: 'ada', nameIdFormat: null, sessionIndex: null };
    const qualified = {
      nameQualifier: 'https://idp.example/"e"',
      spNameQualifier: 'https://gate.example/sp',
    };
    expect(writeLogoutRequest({ ...head, ...subject, ...qualified })).toContain(
      '<saml:NameID NameQualifier="https://idp.example/&quot;e&quot;" SPNameQualifier="https://gate.example/sp">ada</saml:NameID>',
    );
    expect(writeLogoutRequest({ ...head, ...subject })).toContain('<saml:NameID>ada</saml:NameID>');
  });

  test('a response goes to an address with a query of its own, without a RelayState that is too long', () => {
    const xml = writeLogoutResponse({ ...head, inResponseTo: '_theirs' });
    const url = buildRedirect({
      ...{ url: 'https://idp.example/slo?tenant=1', parameter: 'SAMLResponse', xml },
      relayState: 'x'.repeat(81),
      privateKey: idpKey().key,
    });
    expect(url).toMatch(
      /^https:\/\/idp\.example\/slo\?tenant=1&SAMLResponse=[^&]+&SigAlg=[^&]+&Signature=[^&]+$/,
    );
    expect(readRedirect(queryPart(url), [idpKey().cert]).xml).toBe(xml);
    expect(redirected(queryPart(url), asIdp).facts).toEqual({ inResponseTo: '_theirs', isSuccess: true });
  });
});
