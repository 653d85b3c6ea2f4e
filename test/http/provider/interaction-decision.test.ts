/** What happens to a person who comes by for an application, as a table; and that nobody is sent round and round. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decideInteraction, type InteractionFacts } from '../../../src/http/provider/interaction-decision.ts';

const SESSION = {
  isFresh: false,
  ageMs: 60_000,
  isOfNamedOrganization: true,
  isHintedPerson: true,
};
const of = (session: Partial<typeof SESSION> | undefined, wishes: Partial<InteractionFacts> = {}) => ({
  prompts: [],
  ...wishes,
  ...(session === undefined ? {} : { session: { ...SESSION, ...session } }),
});

const CASES: readonly [string, InteractionFacts, string][] = [
  ['nobody is signed in', of(undefined), 'sign_in'],
  ['somebody is, and nothing is asked', of({}), 'resume'],
  ['prompt=login, signed in before', of({}, { prompts: ['login'] }), 'sign_in'],
  ['prompt=login, signed in since', of({ isFresh: true }, { prompts: ['login'] }), 'resume'],
  ['prompt=select_account, signed in before', of({}, { prompts: ['select_account'] }), 'sign_in'],
  [
    'prompt=select_account, signed in since',
    of({ isFresh: true }, { prompts: ['select_account'] }),
    'resume',
  ],
  ['young enough', of({}, { maxAge: 60 }), 'resume'],
  ['too old', of({}, { maxAge: 59 }), 'sign_in'],
  ['too old although signed in since', of({ isFresh: true }, { maxAge: 59 }), 'login_required'],
  ['of another organization', of({ isOfNamedOrganization: false }), 'sign_in'],
  ['still of another', of({ isFresh: true, isOfNamedOrganization: false }), 'access_denied'],
  ['another person than hinted', of({ isHintedPerson: false }), 'sign_in'],
  ['still another person', of({ isFresh: true, isHintedPerson: false }), 'login_required'],
];

describe('decideInteraction', () => {
  test.each(CASES)('%s: %s', (_title, facts, expected) => {
    const decision = decideInteraction(facts);
    expect(decision.kind === 'refuse' ? decision.error : decision.kind).toBe(expected);
  });

  test('a session opened since is never sent to sign in again; only a fitting one goes back to the application', () => {
    const session = fc.record({
      isFresh: fc.boolean(),
      ageMs: fc.nat(1_000_000),
      isOfNamedOrganization: fc.boolean(),
      isHintedPerson: fc.boolean(),
    });
    const prompts = fc.subarray(['login', 'select_account']);
    const maxAge = fc.option(fc.nat(1000), { nil: undefined });
    fc.assert(
      fc.property(session, prompts, maxAge, (given, asked, age) => {
        const { kind } = decideInteraction({ session: given, prompts: asked, maxAge: age });
        if (given.isFresh) expect(kind).not.toBe('sign_in');
        if (kind !== 'resume') return;
        expect(given).toMatchObject({ isOfNamedOrganization: true, isHintedPerson: true });
        expect(age === undefined || given.ageMs <= age * 1000).toBe(true);
        expect(given.isFresh || asked.length === 0).toBe(true);
      }),
    );
  });
});
