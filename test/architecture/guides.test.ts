/** The guides in docs/guides: one for each product, with every field that the API tells its admin to fill in, and no reason that there is not. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { IDENTITY_PROVIDERS } from '../../src/core/entities/connection.ts';
import { OIDC_SETUP } from '../../src/http/api/oidc-setup.ts';
import { SAML_PRESETS } from '../../src/http/api/saml-presets.ts';
import { OIDC_CAUSES } from '../../src/http/explanations/oidc-causes.ts';
import { SAML_CAUSES } from '../../src/http/explanations/saml-causes.ts';
import { DECISION_CAUSES, FLOW_CAUSES } from '../../src/http/explanations/sign-in-causes.ts';

const read = (name: string) => readFileSync(`docs/guides/${name}.md`, 'utf8');
const known = new Set(
  [OIDC_CAUSES, SAML_CAUSES, DECISION_CAUSES, FLOW_CAUSES].flatMap((causes) => Object.keys(causes)),
);
const reasonsIn = (text: string) =>
  [...text.matchAll(/^\| `([a-z_.]+)` \|/gm)].map(([, reason = '']) => reason);

test('each product has its guide, and README and index lead there', () => {
  const found = readdirSync('docs/guides').filter((name) => name !== 'README.md');
  expect(found.sort()).toEqual(IDENTITY_PROVIDERS.map((name) => `${name}.md`).sort());
  for (const file of found) expect(read('README')).toContain(`(${file})`);
  expect(readFileSync('README.md', 'utf8')).toContain('(docs/guides/README.md)');
});

describe.each([...IDENTITY_PROVIDERS])('%s', (preset) => {
  const text = read(preset);

  test('has every field and attribute that idpSetup names', () => {
    const [saml = '', oidc = ''] = text.split('## OpenID Connect');
    for (const [part, { fields, send }] of [
      [saml, SAML_PRESETS[preset]],
      [oidc, OIDC_SETUP[preset]],
    ] as const) {
      const wanted = fields.map(([label]) => label);
      expect(wanted.filter((label) => !part.includes(label))).toEqual([]);
      const short = send.map(([attribute]) => attribute).filter((attribute) => !attribute.includes('/'));
      expect(short.filter((attribute) => !text.includes(attribute))).toEqual([]);
    }
  });

  test('names reasons that the recorder knows, and fixtures that are there', () => {
    const reasons = reasonsIn(text);
    expect(reasons.length).toBeGreaterThanOrEqual(3);
    expect(reasons.filter((reason) => !known.has(reason))).toEqual([]);
    for (const [, path = ''] of text.matchAll(/`(test\/fixtures\/[^`]+)`/g))
      expect(existsSync(path)).toBe(true);
  });
});
