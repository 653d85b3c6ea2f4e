/** Every reason a sign-in can end for is explained to the admin who reads it: a new code without words turns this red. */
import { globSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { explainSignIn } from '../../src/http/explanations/explain.ts';

/** Types of audit events look like reasons and are none. */
const AUDIT_TYPES = new Set(
  readFileSync('src/core/entities/journal.ts', 'utf8').match(/'[a-z_]+\.[a-z_]+'/g) ?? [],
);

/** Reasons as they are thrown or listed; not the causes themselves. */
function reasonsIn(files: readonly string[]): readonly string[] {
  const texts = files.map((file) => readFileSync(file, 'utf8'));
  const found = texts.flatMap(
    (text) =>
      text.match(
        /'(?:saml|oidc|sign_in|identity|password|second_step|second_factor|passkey|emergency|test|invitation|unread)\.[a-z0-9_]+'/g,
      ) ?? [],
  );
  return [...new Set(found)].filter((word) => !AUDIT_TYPES.has(word)).map((word) => word.slice(1, -1));
}

const unexplained = (reasons: readonly string[]) => {
  const { cause } = explainSignIn('no such reason', { protocol: 'saml' });
  return reasons.filter((reason) => explainSignIn(reason, { protocol: 'saml' }).cause === cause);
};

const sources = globSync('src/**/*.ts').filter((file) => !file.startsWith('src/http/explanations/'));

test('every reason in the sources has a cause in plain language', () => {
  const reasons = reasonsIn(sources);
  expect(reasons.length).toBeGreaterThan(90);
  expect(unexplained(reasons)).toEqual([]);
});

test('every code of an error that can end a sign-in without a reason of its own has words too', () => {
  const codes = Object.keys(JSON.parse(readFileSync('schemas/errors.json', 'utf8')));
  expect(codes.length).toBeGreaterThan(50);
  expect(unexplained(codes)).toEqual([]);
});

test('the gate can fail: a reason without words is found', () => {
  expect(unexplained(['saml.audience', 'saml.invented_yesterday'])).toEqual(['saml.invented_yesterday']);
});

test('causes are sentences, and name a place wherever there is something to mend', () => {
  for (const reason of reasonsIn(sources)) {
    const { cause, where, here } = explainSignIn(reason, { protocol: 'saml' });
    expect(cause).toMatch(/^[A-Z].{20,}\.$/s);
    expect([reason, typeof where, here === null || here.length > 3]).toEqual([reason, 'object', true]);
  }
});
