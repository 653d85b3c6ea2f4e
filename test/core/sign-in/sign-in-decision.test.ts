/** The pure decision of every single sign-on: each combination of facts, held to rules stated once. */
import { describe, expect, test } from '@jest/globals';
import type { Person, SignInDecision, SignInFacts } from '../../../src/core/sign-in/sign-in-decision.ts';
import { decideSignIn } from '../../../src/core/sign-in/sign-in-decision.ts';
import { aDirectoryUser, aMembership, anInvitation, nextId } from '../../support/builders.ts';

const organizationId = nextId('org');
const directoryId = nextId('dir');

type Kind = 'active' | 'suspended' | 'inactive' | 'unpushed' | 'unpushed suspended';

function person(kind: Kind): Person {
  const isSuspended = kind === 'suspended' || kind === 'unpushed suspended';
  const membership = aMembership(organizationId, nextId('usr'), {
    status: isSuspended ? 'suspended' : 'active',
  });
  if (kind === 'unpushed' || kind === 'unpushed suspended') return { membership, directoryUser: undefined };
  return {
    membership,
    directoryUser: aDirectoryUser(directoryId, membership, { isActive: kind !== 'inactive' }),
  };
}

const invitation = anInvitation(organizationId);
const BOOLEANS = [false, true] as const;
const BOUND: readonly (Kind | undefined)[] = [
  undefined,
  'active',
  'suspended',
  'inactive',
  'unpushed',
  'unpushed suspended',
];
const FOUND: readonly (readonly Kind[])[] = [
  [],
  ['active'],
  ['suspended'],
  ['inactive'],
  ['active', 'active'],
];

/** Every combination of one value from each list. */
function combine<Lists extends Readonly<Record<string, readonly unknown[]>>>(
  lists: Lists,
): readonly { readonly [Name in keyof Lists]: Lists[Name][number] }[];
function combine(lists: Readonly<Record<string, readonly unknown[]>>): readonly object[] {
  return Object.entries(lists).reduce<readonly object[]>(
    (rows, [name, values]) => rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value }))),
    [{}],
  );
}

const combinations = combine({
  provisioning: ['manual', 'directory'] as const,
  bound: BOUND,
  byExternalId: FOUND,
  byUserName: FOUND,
  isTaken: BOOLEANS,
  jit: BOOLEANS,
  isAddressVerified: BOOLEANS,
  isDomainProved: BOOLEANS,
  hasInvitation: BOOLEANS,
  isAddressTaken: BOOLEANS,
});
type Combination = (typeof combinations)[number];

interface Case extends Pick<Combination, 'bound' | 'byExternalId' | 'byUserName' | 'isTaken'> {
  readonly facts: SignInFacts;
}

const caseOf = ({ bound, byExternalId, byUserName, isTaken, hasInvitation, ...rest }: Combination): Case => ({
  bound,
  byExternalId,
  byUserName,
  isTaken,
  facts: {
    ...rest,
    bound: bound && person(bound),
    byExternalId: byExternalId.map(person),
    byUserName: byUserName.map(person),
    isBoundToAnother: () => isTaken,
    invitation: hasInvitation ? invitation : undefined,
  },
});

const told = (decision: SignInDecision): string => {
  if (decision.kind === 'refuse') return decision.reason;
  return decision.kind === 'enter' && decision.bind ? 'enter and bind' : decision.kind;
};

/** The rule for a person the directory speaks of, written as a table. */
const WORD_ON: Readonly<Record<Kind, string>> = {
  active: 'enter',
  suspended: 'identity.inactive',
  inactive: 'identity.inactive',
  unpushed: 'identity.not_in_directory',
  'unpushed suspended': 'identity.not_in_directory',
};

function ruleOfDirectory({ bound, byExternalId, byUserName, isTaken }: Case): string {
  if (bound !== undefined) return WORD_ON[bound];
  const candidates = byExternalId.length > 0 ? byExternalId : byUserName;
  const [only] = candidates;
  if (only === undefined) return 'identity.not_in_directory';
  if (candidates.length > 1) return 'identity.ambiguous';
  if (isTaken) return 'identity.already_bound';
  return WORD_ON[only] === 'enter' ? 'enter and bind' : WORD_ON[only];
}

function ruleOfManual({ facts, bound }: Case): string {
  if (bound !== undefined) return bound.endsWith('suspended') ? 'identity.inactive' : 'enter';
  if (!facts.isAddressVerified) return 'identity.unknown';
  if (facts.isAddressTaken) return 'identity.address_taken';
  if (facts.invitation !== undefined) return 'accept_invitation';
  return facts.jit && facts.isDomainProved ? 'join' : 'identity.not_invited';
}

const cases = combinations.map(caseOf);

describe('decideSignIn', () => {
  test('all combinations are looked at', () => {
    expect(cases).toHaveLength(2 * 6 * 5 * 5 * 64);
  });

  test('a directory-managed organization lets in exactly whom the directory holds as active', () => {
    for (const one of cases.filter(({ facts }) => facts.provisioning === 'directory'))
      expect(told(decideSignIn(one.facts))).toBe(ruleOfDirectory(one));
  });

  test('a manual organization lets in known identities, then the invited, then just-in-time', () => {
    for (const one of cases.filter(({ facts }) => facts.provisioning === 'manual'))
      expect(told(decideSignIn(one.facts))).toBe(ruleOfManual(one));
  });

  test('S145 nobody joins or accepts an invitation by signing in where a directory manages people', () => {
    const kinds = cases
      .filter(({ facts }) => facts.provisioning === 'directory')
      .map(({ facts }) => decideSignIn(facts).kind);
    expect(new Set(kinds)).toEqual(new Set(['enter', 'refuse']));
  });

  test('S74 S150 no address, verified or not, enters as somebody who is already there', () => {
    for (const { facts } of cases.filter(({ bound }) => bound === undefined)) {
      const decision = decideSignIn(facts);
      if (decision.kind !== 'enter') continue;
      expect([...facts.byExternalId, ...facts.byUserName]).toContain(decision.person);
      expect(facts.provisioning).toBe('directory');
    }
  });

  test('whoever enters is an active member', () => {
    for (const { facts } of cases) {
      const decision = decideSignIn(facts);
      if (decision.kind === 'enter') expect(decision.person.membership.status).toBe('active');
    }
  });
});
