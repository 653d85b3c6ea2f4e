/** Builder of a recorded attempt to sign in, with quiet defaults. */
import type { SignInAttempt } from '../../src/core/entities/sign-in-attempt.ts';
import type { OrganizationId } from '../../src/kernel/ids.ts';
import { BUILT_AT, nextId } from './builders.ts';

export function aSignInAttempt(
  organizationId: OrganizationId,
  overrides: Partial<SignInAttempt> = {},
): SignInAttempt {
  return {
    id: nextId('rec'),
    organizationId,
    protocol: 'saml',
    connectionId: nextId('con'),
    signInId: nextId('sin'),
    step: 'decision',
    at: BUILT_AT,
    ms: 1.5,
    timings: [{ step: 'callback', ms: 1 }],
    requestId: 'req-1',
    status: 303,
    facts: [{ name: 'NameID', values: ['ada'], count: 1, isVerified: true }],
    notes: [],
    outcome: { kind: 'enter', membershipId: nextId('mem') },
    failure: null,
    ...overrides,
  };
}
