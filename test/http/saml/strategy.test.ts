/** The passport seam: the clock we live by. Refusals are in test/protocols/saml. */
import { describe, expect, test } from '@jest/globals';
import { verifySamlResponse } from '../../../src/http/saml/strategy.ts';
import { goodResponse } from '../../support/saml-builder.ts';
import { fixtureContext, fixtureTrust } from '../../support/saml-fixture-context.ts';

describe('the clock', () => {
  const years = [2019, 2026, 2060];
  test.each(years)('is the one we pass, in %i as today', async (year) => {
    const now = Date.UTC(year, 0, 1);
    const context = { ...fixtureContext(), now };
    const connection = fixtureTrust(context);
    const verify = (at: number) =>
      verifySamlResponse({
        samlResponse: goodResponse(context),
        connection,
        pending: { requestId: context.requestId },
        now: at,
      });
    await expect(verify(now)).resolves.toMatchObject({ nameId: context.nameId });
    await expect(verify(now + 301_000)).rejects.toMatchObject({ context: { reason: 'saml.too_old' } });
  });
});
