/** The engine's own opinion of an assertion whose signature holds: what it refuses is refused, whoever else agrees. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, jest, test } from '@jest/globals';
import { AbstractStrategy } from '@node-saml/passport-saml';
import { askEngine, type EngineInput } from '../../../src/http/saml/engine.ts';
import { parseXml } from '../../../src/protocols/saml/parse-xml.ts';
import { MESSAGE_RULES } from '../../../src/protocols/saml/scan-response.ts';
import type { XmlElement } from '../../../src/protocols/saml/xml-tree.ts';
import { outer } from '../../support/saml-attack-row.ts';
import { oktaLike } from '../../support/saml-builder.ts';
import { FIXTURE_NOW, fixtureContext } from '../../support/saml-fixture-context.ts';

const context = fixtureContext();
const xml = oktaLike(context);

const ask = (change: (xml: string) => string = (text) => text, question: Partial<EngineInput> = {}) =>
  askTree(parseXml(change(xml), MESSAGE_RULES), question);

function askTree(root: XmlElement, question: Partial<EngineInput> = {}) {
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
}

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

  test('what passport keeps of a judged response does not reach its tree: only full collections look where it lies', async () => {
    setFlagsFromString('--expose-gc');
    const collect: (options: { readonly type: 'major' }) => void = runInNewContext('gc');
    const strategies: unknown[] = [];
    const authenticate = AbstractStrategy.prototype.authenticate;
    const spy = jest.spyOn(AbstractStrategy.prototype, 'authenticate').mockImplementation(function (
      this: AbstractStrategy,
      ...asked: Parameters<typeof authenticate>
    ) {
      strategies.push(this);
      return authenticate.apply(this, asked);
    });
    const trees: WeakRef<object>[] = [];
    const judge = async () => {
      const root = parseXml(xml, MESSAGE_RULES);
      trees.push(new WeakRef(root));
      await askTree(root);
    };
    for (let time = 0; time < 3; time += 1) await judge();
    spy.mockRestore();
    // What a WeakRef was made of is held until the turn is over.
    await new Promise(setImmediate);
    collect({ type: 'major' });
    expect(strategies).toHaveLength(3);
    expect(trees.map((tree) => tree.deref())).toEqual([undefined, undefined, undefined]);
  });
});
