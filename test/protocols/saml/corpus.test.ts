/** The committed corpus: adding an attack or an identity provider is adding a file. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { verifySamlResponse } from '../../../src/http/saml/strategy.ts';
import { FIXTURE_NOW, fixtureTrust } from '../../support/saml-fixture-context.ts';

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

const index: readonly Entry[] = JSON.parse(readFileSync(new URL('index.json', folder('attacks')), 'utf8'));

describe('attack files', () => {
  test('the corpus is there, and every file of it is in the index', () => {
    const files = readdirSync(folder('attacks')).filter((file) => file !== 'index.json');
    expect(files.length).toBeGreaterThan(80);
    expect(files.sort()).toEqual(index.map(({ file }) => file).sort());
  });

  test.each(index)('$line refused as $reason: $mutation', async ({ file, reason }) => {
    const bytes = readFileSync(new URL(file, folder('attacks')));
    const field = file.endsWith('.txt') ? bytes.toString() : bytes.toString('base64');
    await expect(verify(field)).rejects.toMatchObject({ code: 'sign_in_refused', context: { reason } });
  });
});

describe('good files', () => {
  test.each(readdirSync(folder('good')))('%s signs the fixture person in', async (file) => {
    const facts = await verify(readFileSync(new URL(file, folder('good'))).toString('base64'));
    expect(facts.nameId).toBe('ada@corp.example');
  });
});
