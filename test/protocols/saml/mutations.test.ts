/** S32: whatever happens to the bytes of a signed response, it identifies the same person or nobody. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { verifySamlResponse } from '../../../src/http/saml/strategy.ts';
import { isGatehouseError } from '../../../src/kernel/errors.ts';
import type { SamlFacts } from '../../../src/protocols/saml/read-assertion.ts';
import { goodResponses } from '../../support/saml-attacks.ts';
import { FIXTURE_NOW, fixtureContext, fixtureTrust } from '../../support/saml-fixture-context.ts';

/** Nightly runs raise this; the default keeps the suite short. */
const RUNS = Number(process.env.SAML_MUTATIONS ?? 3000);

const context = fixtureContext();
const samples = goodResponses(context).map(({ samlResponse }) => Buffer.from(samlResponse, 'base64'));

async function factsOf(bytes: Buffer): Promise<SamlFacts | 'refused'> {
  try {
    return await verifySamlResponse({
      samlResponse: bytes.toString('base64'),
      connection: fixtureTrust(context),
      pending: { requestId: context.requestId },
      now: FIXTURE_NOW,
    });
  } catch (error) {
    // Anything but the coded refusal is a crash an attacker can cause, and fails the property.
    if (isGatehouseError(error, 'sign_in_refused')) return 'refused';
    throw error;
  }
}

const mutation = fc.record({
  sample: fc.nat({ max: samples.length - 1 }),
  /** Millionths of the length: of doubles from 0 to 1 nearly all are next to nothing. */
  at: fc.nat({ max: 999_999 }),
  kind: fc.constantFrom('flip', 'set', 'drop', 'insert', 'repeat'),
  byte: fc.integer({ min: 1, max: 255 }),
});

function mutate(original: Buffer, { at, kind, byte }: { at: number; kind: string; byte: number }): Buffer {
  const offset = Math.floor((at / 1_000_000) * original.length);
  const before = original.subarray(0, offset);
  const after = original.subarray(offset + 1);
  const here = original[offset] ?? 0;
  const middle: Record<string, number[]> = {
    flip: [here ^ byte],
    set: [byte & 0x7f],
    drop: [],
    insert: [here, byte & 0x7f],
    repeat: [here, here],
  };
  return Buffer.concat([before, Buffer.from(middle[kind] ?? []), after]);
}

test('S32 a mutated response is refused or identifies exactly the same person', async () => {
  const originals = await Promise.all(samples.map(factsOf));
  expect(originals).not.toContain('refused');
  await fc.assert(
    fc.asyncProperty(mutation, async ({ sample, ...change }) => {
      const facts = await factsOf(mutate(samples[sample] ?? Buffer.alloc(0), change));
      if (facts !== 'refused') expect(facts).toEqual(originals[sample]);
    }),
    { numRuns: RUNS },
  );
});
