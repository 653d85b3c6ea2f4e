/** The committed corpus: adding an attack or an identity provider is adding a file. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { verifyPostedLogout, verifyRedirectedLogout } from '../../../src/http/saml/logout-verification.ts';
import { verifySamlResponse } from '../../../src/http/saml/strategy.ts';
import { isGatehouseError } from '../../../src/kernel/errors.ts';
import { attacks } from '../../support/saml-attacks.ts';
import { attackCases, attackIndex, caseOf, fieldOf, isCase } from '../../support/saml-cases.ts';
import { FIXTURE_NOW, fixtureContext, fixtureTrust } from '../../support/saml-fixture-context.ts';
import { fixtureLogout } from '../../support/saml-logout-builder.ts';

const folder = (name: string): URL => new URL(`../../fixtures/saml/${name}/`, import.meta.url);

const verify = (samlResponse: string) =>
  verifySamlResponse({
    samlResponse,
    connection: fixtureTrust(),
    pending: { requestId: '_request1' },
    now: FIXTURE_NOW,
  });

interface Entry {
  readonly file: string;
  readonly line: string;
  readonly mutation: string;
  readonly reason: string;
}

const index = attackIndex();

describe('attack files', () => {
  test('the corpus is there, and every file of it is in the index', () => {
    const files = readdirSync(folder('attacks')).filter((file) => !/^(?:index\.json|README\.md)$/.test(file));
    expect(files.length).toBeGreaterThan(180);
    expect(files.sort()).toEqual(index.map(({ file }) => file).sort());
  });

  const messages = index.filter((entry) => !isCase(entry));
  test.each(messages)('$line refused as $reason: $mutation', async ({ file, reason }) => {
    const refused = { code: 'sign_in_refused', context: { reason } };
    await expect(verify(fieldOf(file))).rejects.toMatchObject(refused);
  });

  test('they are what the script makes: no row is without its file, no file of another day', () => {
    const written = index.filter(isCase).map(({ file }) => caseOf(file));
    expect(written).toEqual(JSON.parse(JSON.stringify(attackCases())));
    const rows = attacks(fixtureContext());
    expect(messages.map(({ file }) => fieldOf(file))).toEqual(rows.map(({ samlResponse }) => samlResponse));
  });
});

const logoutIndex: readonly Entry[] = JSON.parse(
  readFileSync(new URL('index.json', folder('logout-attacks')), 'utf8'),
);

/** What the logout address makes of one file of its corpus. */
function refusalOf(file: string): unknown {
  const bytes = readFileSync(new URL(file, folder('logout-attacks')));
  const { idpEntityId, logoutUrl, cert, now } = fixtureLogout();
  const judged = { trust: { idpEntityId, logoutUrl, certificates: [cert] }, now };
  const fields = {
    SAMLRequest: file.endsWith('.txt') ? bytes.toString() : bytes.toString('base64'),
    SAMLResponse: undefined,
    RelayState: undefined,
  };
  try {
    if (file.endsWith('.query')) verifyRedirectedLogout({ rawQuery: bytes.toString(), ...judged });
    else verifyPostedLogout({ fields, ...judged });
    return 'accepted';
  } catch (error) {
    return isGatehouseError(error, 'sign_in_refused') ? error.context.reason : error;
  }
}

describe('logout attack files', () => {
  test('the corpus is there, and every file of it is in the index', () => {
    const files = readdirSync(folder('logout-attacks')).filter((file) => file !== 'index.json');
    expect(files.length).toBeGreaterThan(60);
    expect(files.sort()).toEqual(logoutIndex.map(({ file }) => file).sort());
  });

  test.each(logoutIndex)('$line refused as $reason: $file', ({ file, reason }) => {
    expect(refusalOf(file)).toBe(reason);
  });
});

describe('good files', () => {
  test.each(readdirSync(folder('good')))('%s signs the fixture person in', async (file) => {
    const facts = await verify(readFileSync(new URL(file, folder('good'))).toString('base64'));
    expect(facts.nameId).toBe('ada@corp.example');
  });
});
