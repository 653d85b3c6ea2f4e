/** The engine's own opinion of an assertion whose signature holds: what it refuses is refused, whoever else agrees. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { askEngine, type EngineInput } from '../../../src/http/saml/engine.ts';
import { parseXml } from '../../../src/protocols/saml/parse-xml.ts';
import { MESSAGE_RULES } from '../../../src/protocols/saml/scan-response.ts';
import { outer } from '../../support/saml-attack-row.ts';
import { oktaLike } from '../../support/saml-builder.ts';
import { FIXTURE_NOW, fixtureContext } from '../../support/saml-fixture-context.ts';

const context = fixtureContext();
const xml = oktaLike(context);

const ask = (change: (xml: string) => string = (text) => text, question: Partial<EngineInput> = {}) => {
  const [root] = [parseXml(change(xml), MESSAGE_RULES)];
  const assertion = root.children.find(({ local }) => local === 'Assertion');
  if (assertion === undefined) throw new Error('no assertion');
  return askEngine({
    ...{ assertion, inResponseTo: context.requestId, certificates: [context.cert] },
    expected: {
      ...{ entityId: context.idpEntityId, spEntityId: context.spEntityId, acsUrl: context.acsUrl },
      ...{ requestId: context.requestId, now: FIXTURE_NOW, skewMs: 120_000, maxAgeMs: 300_000 },
    },
    ...question,
  });
};

describe('passport-saml over a verified assertion', () => {
  test('S17 finds the person whom our reader finds', async () => {
    expect(await ask()).toEqual({ issuer: context.idpEntityId, nameId: context.nameId });
  });

  const refused: readonly (readonly [what: string, change: (text: string) => string])[] = [
    [
      'S38 another audience',
      (text) => text.replace(`<saml:Audience>${context.spEntityId}`, '<saml:Audience>urn:x'),
    ],
    [
      'S39 expired',
      (text) => text.replaceAll(/NotOnOrAfter="[^"]*"/g, 'NotOnOrAfter="2001-01-01T00:00:00Z"'),
    ],
    ['S42 another request', (text) => text.replaceAll('_request1', '_request2')],
    ['no conditions', (text) => text.replace(outer(text, 'saml:Conditions'), '')],
  ];
  test.each(refused)('%s: refused', async (_what, change) => {
    await expect(ask(change)).rejects.toThrow();
  });

  test('S44 a response that answers another request is refused whatever its assertion says', async () => {
    await expect(ask(undefined, { inResponseTo: '_request2' })).rejects.toThrow();
  });

  test('S55 attributes are none of its business, whatever their names', async () => {
    const hostile = (text: string) => text.replace('Name="groups"', 'Name="nameID"');
    expect(await ask(hostile)).toMatchObject({ nameId: context.nameId });
  });

  test('a small collection takes back what was read: a hundred judgements a second would otherwise ask for full ones', async () => {
    setFlagsFromString('--expose-gc');
    const collect: (options: { readonly type: 'minor' }) => void = runInNewContext('gc');
    const values = '<saml:AttributeValue>of many</saml:AttributeValue>'.repeat(2000);
    const askWithMany = () => ask((text) => text.replace('<saml:AttributeValue', `${values}$&`));
    const heapAfter = async (times: number) => {
      for (let time = 0; time < times; time += 1) {
        await askWithMany();
        await new Promise((resolve) => setImmediate(resolve));
        collect({ type: 'minor' });
      }
      return process.memoryUsage().heapUsed;
    };
    const before = await heapAfter(10);
    const grownBytes = ((await heapAfter(10)) - before) / 10;
    expect(grownBytes).toBeLessThan(300_000);
  });
});
