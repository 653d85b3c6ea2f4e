/** What happens to a person who comes by for an application, as a table; and that nobody is sent round and round. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decideInteraction, type InteractionFacts } from '../../../src/http/provider/interaction-decision.ts';

type Known = NonNullable<InteractionFacts['session']>;
const SESSION: Known = {
  since: 'nothing',
  ageMs: 60_000,
  isOfNamedOrganization: true,
  isHintedPerson: true,
};
const of = (session: Partial<Known> | undefined, wishes: Partial<InteractionFacts> = {}) => ({
  prompts: [],
  ...wishes,
  ...(session === undefined ? {} : { session: { ...SESSION, ...session } }),
});

const CASES: readonly [string, InteractionFacts, string][] = [
  ['nobody is signed in', of(undefined), 'sign_in'],
  ['somebody is, and nothing is asked', of({}), 'resume'],
  ['prompt=login, signed in before', of({}, { prompts: ['login'] }), 'sign_in'],
  [
    'prompt=login, signed in since without a proof',
    of({ since: 'session' }, { prompts: ['login'] }),
    'sign_in',
  ],
  ['prompt=login, proved since', of({ since: 'proof' }, { prompts: ['login'] }), 'resume'],
  ['prompt=select_account, signed in before', of({}, { prompts: ['select_account'] }), 'sign_in'],
  [
    'prompt=select_account, signed in since',
    of({ since: 'session' }, { prompts: ['select_account'] }),
    'resume',
  ],
  ['young enough', of({}, { maxAge: 60 }), 'resume'],
  ['too old', of({}, { maxAge: 59 }), 'sign_in'],
  ['too old although signed in since', of({ since: 'session' }, { maxAge: 59 }), 'login_required'],
  ['proved since, however long the way back took', of({ since: 'proof' }, { maxAge: 59 }), 'resume'],
  ['of another organization', of({ isOfNamedOrganization: false }), 'sign_in'],
  ['still of another', of({ since: 'proof', isOfNamedOrganization: false }), 'access_denied'],
  ['another person than hinted', of({ isHintedPerson: false }), 'sign_in'],
  ['still another person', of({ since: 'proof', isHintedPerson: false }), 'login_required'],
];

describe('decideInteraction', () => {
  test.each(CASES)('%s: %s', (_title, facts, expected) => {
    const decision = decideInteraction(facts);
    expect(decision.kind === 'refuse' ? decision.error : decision.kind).toBe(expected);
  });

  test('who has proved it since is never sent to sign in again; only a fitting session goes back to the application', () => {
    const session = fc.record({
      since: fc.constantFrom('nothing' as const, 'session' as const, 'proof' as const),
      ageMs: fc.nat(1_000_000),
      isOfNamedOrganization: fc.boolean(),
      isHintedPerson: fc.boolean(),
    });
    const prompts = fc.subarray(['login', 'select_account']);
    const maxAge = fc.option(fc.nat(1000), { nil: undefined });
    fc.assert(
      fc.property(session, prompts, maxAge, (given, asked, age) => {
        const { kind } = decideInteraction({ session: given, prompts: asked, maxAge: age });
        const isProved = given.since === 'proof';
        if (isProved) expect(kind).not.toBe('sign_in');
        if (given.since === 'session') expect(kind === 'sign_in').toBe(asked.includes('login'));
        if (kind !== 'resume') return;
        expect(given).toMatchObject({ isOfNamedOrganization: true, isHintedPerson: true });
        expect(isProved || age === undefined || given.ageMs <= age * 1000).toBe(true);
        expect(isProved || !asked.includes('login')).toBe(true);
        expect(given.since !== 'nothing' || asked.length === 0).toBe(true);
      }),
    );
  });
});
