/** Every attack of the corpus ends in its exact reason, every good response in the same identity. */
import { describe, expect, test } from '@jest/globals';
import { type SamlTrust, verifySamlResponse } from '../../../src/http/saml/strategy.ts';
import { isGatehouseError } from '../../../src/kernel/errors.ts';
import type { SamlFacts } from '../../../src/protocols/saml/read-assertion.ts';
import { attacks, goodResponses, oddities } from '../../support/saml-attacks.ts';
import { goodResponse } from '../../support/saml-builder.ts';
import { FIXTURE_NOW, fixtureContext, fixtureTrust } from '../../support/saml-fixture-context.ts';
import { attackerKey, testCertificate } from '../../support/saml-keys.ts';

const NOW = FIXTURE_NOW;
const context = fixtureContext();
const connection = fixtureTrust();

type Change = Partial<Omit<Parameters<typeof verifySamlResponse>[0], 'connection'>> & {
  connection?: Partial<SamlTrust>;
};

const verify = (samlResponse: unknown, change: Change = {}): Promise<SamlFacts> =>
  verifySamlResponse({
    samlResponse,
    pending: { requestId: context.requestId },
    now: NOW,
    ...change,
    connection: { ...connection, ...change.connection },
  });

/** The exact reason of the refusal, or who was let in. */
async function outcome(samlResponse: unknown, change: Change = {}): Promise<unknown> {
  try {
    const facts = await verify(samlResponse, change);
    return `accepted ${facts.nameId}`;
  } catch (error) {
    if (isGatehouseError(error, 'sign_in_refused')) return error.context.reason;
    throw error;
  }
}

describe('good responses', () => {
  test.each(goodResponses(context))(
    '$name: the facts are those of the assertion',
    async ({ samlResponse }) => {
      const facts = await verify(samlResponse);
      expect(facts).toMatchObject({
        assertionId: '_assertion1',
        issuer: context.idpEntityId,
        nameId: context.nameId,
        sessionIndex: '_session1',
        sessionNotOnOrAfter: undefined,
        authnInstant: NOW - 5000,
        expiresAt: NOW + 300_000 + 120_000,
      });
      expect(facts.attributes.size).toBe(2);
    },
  );

  test.each(oddities(context))('$line accepted as the same person: $name', async ({ samlResponse }) => {
    const facts = await verify(samlResponse);
    expect([facts.nameId, facts.issuer, facts.sessionIndex]).toEqual([
      context.nameId,
      context.idpEntityId,
      '_session1',
    ]);
    expect(facts.attributes.get('groups')).toEqual(['Engineering', 'Staff']);
  });
});

describe('attacks', () => {
  test.each(attacks(context))('$line refused as $reason: $name', async ({ samlResponse, reason }) => {
    expect(await outcome(samlResponse)).toBe(reason);
  });

  test('S27 a doubled parameter, a number and nothing are refused as saml.not_one_string', async () => {
    const good = goodResponse(context);
    const outcomes = await Promise.all(
      [[good, good], 7, undefined, null, '', {}].map((field) => outcome(field)),
    );
    expect(new Set(outcomes)).toEqual(new Set(['saml.not_one_string']));
  });

  test('refusals carry one sentence outside, whatever the reason', async () => {
    const refusals = await Promise.allSettled(
      attacks(context).map(({ samlResponse }) => verify(samlResponse)),
    );
    const texts = refusals.map((one) => (one.status === 'rejected' ? one.reason.detail : 'accepted'));
    expect(new Set(texts).size).toBe(1);
  });
});

describe('which signatures a connection wants', () => {
  const table = [
    ['any', 'assertion', 'accepted ada@corp.example'],
    ['any', 'response', 'accepted ada@corp.example'],
    ['any', 'both', 'accepted ada@corp.example'],
    ['assertion', 'assertion', 'accepted ada@corp.example'],
    ['assertion', 'response', 'saml.unsigned_assertion'],
    ['assertion', 'both', 'accepted ada@corp.example'],
    ['response', 'assertion', 'saml.unsigned_response'],
    ['response', 'response', 'accepted ada@corp.example'],
    ['response', 'both', 'accepted ada@corp.example'],
    ['both', 'assertion', 'saml.unsigned_response'],
    ['both', 'response', 'saml.unsigned_assertion'],
    ['both', 'both', 'accepted ada@corp.example'],
  ] as const;
  test.each(table)('%s, %s signed: %s', async (signatures, mode, expected) => {
    expect(await outcome(goodResponse(context, mode), { connection: { signatures } })).toBe(expected);
  });

  test('any: a response signature that is there must hold, though the assertion has a good one', async () => {
    const xml = Buffer.from(goodResponse(context, 'both'), 'base64').toString();
    const tampered = xml.replace('ID="_response1"', 'Consent="urn:x" ID="_response1"');
    expect(tampered).not.toBe(xml);
    expect(await outcome(Buffer.from(tampered).toString('base64'))).toBe('saml.signature');
  });
});

describe('certificates of the connection', () => {
  const certificate = (...certificates: string[]) => ({ connection: { certificates } });
  const table: readonly [string, string[], string][] = [
    ['S60 none', [], 'saml.certificate'],
    ['S60 empty text', [''], 'saml.certificate'],
    ['S60 garbage', ['garbage'], 'saml.certificate'],
    ['S60 garbage beside a good one', [context.cert, 'garbage'], 'saml.certificate'],
    ['S21 RSA below 2048 bits', [testCertificate('weak')], 'saml.certificate_weak'],
    ['S21 expired', [testCertificate('expired')], 'saml.certificate_expired'],
    ['S58 of another identity provider', [attackerKey().cert], 'saml.signature'],
    ['current and next', [testCertificate('next'), context.cert], 'accepted ada@corp.example'],
    ['expired beside a good one', [testCertificate('expired'), context.cert], 'accepted ada@corp.example'],
  ];
  test.each(table)('%s', async (_name, certificates, expected) => {
    expect(await outcome(goodResponse(context), certificate(...certificates))).toBe(expected);
  });
});

describe('requests', () => {
  const unsolicited = { ...context, requestId: undefined };
  test('S42 an unsolicited response is refused unless the connection allows it', async () => {
    const none = { pending: { requestId: undefined } };
    const field = goodResponse(unsolicited);
    expect(await outcome(field, none)).toBe('saml.unsolicited');
    expect(await outcome(field, { ...none, allowUnsolicited: true })).toBe('accepted ada@corp.example');
  });

  test('S49 an unsolicited response that names a request is refused', async () => {
    const change = { pending: { requestId: undefined }, allowUnsolicited: true };
    expect(await outcome(goodResponse(context), change)).toBe('saml.unsolicited_in_response_to');
  });

  test('S44 a response for one connection is refused at another', async () => {
    const elsewhere = {
      acsUrl: 'https://gate.example/saml/con_2/acs',
      spEntityId: 'https://gate.example/saml/con_2',
    };
    expect(await outcome(goodResponse(context), { connection: elsewhere })).toBe('saml.destination');
  });
});
