/** Judges SAML responses on the thread that asks, as quickly as a test wants it. */
import { verifySamlResponse } from '../../src/http/saml/strategy.ts';
import type { SamlValidator } from '../../src/http/saml/validator.ts';
import { readHints } from '../../src/protocols/saml/hints.ts';

/** The same verdicts without threads. */
export const inProcessValidator: SamlValidator = {
  facts: verifySamlResponse,
  hints: async (samlResponse) => readHints(samlResponse),
  warm: () => undefined,
  close: async () => undefined,
};
