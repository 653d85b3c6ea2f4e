/** What the tests of S1 to S32 must notice the loss of: the one shape of a signed response. */
import type { Guard } from '../../scripts/guards/guard.ts';

const ATTACKS = 'test/protocols/saml/attacks.test.ts';
const SCAN = 'src/protocols/saml/scan-response.ts';

/** Assertions are counted: without it the first one is read. */
const ONE_ASSERTION = {
  file: SCAN,
  without: 'if (assertion === undefined || found.length !== 1 || assertion.parent !== root) {',
  put: 'if (assertion === undefined) {',
  test: ATTACKS,
};

export const samlDocumentGuards: readonly Guard[] = [
  {
    line: 'S1',
    file: SCAN,
    without: "if (!signed.responseSigned && !signed.assertionSigned) refuse('saml.unsigned');",
    put: '',
    test: ATTACKS,
  },
  { line: 'S2', ...ONE_ASSERTION },
  { line: 'S3', ...ONE_ASSERTION },
  { line: 'S4', ...ONE_ASSERTION },
  { line: 'S5', ...ONE_ASSERTION },
];
