/** Who is it, and may they come in: the pure decision at the heart of every single sign-on. */
import type { DirectoryUser } from '../entities/directory.ts';
import type { Invitation } from '../entities/invitation.ts';
import type { Membership } from '../entities/people.ts';

/** A member and, when a directory pushed them, the directory's word on them. */
export interface Person {
  readonly membership: Membership;
  readonly directoryUser: Pick<DirectoryUser, 'isActive'> | undefined;
}

/** Everything the decision needs, loaded beforehand inside the same transaction. */
export interface SignInFacts {
  readonly provisioning: 'manual' | 'directory';
  /** The person this (connection, issuer, subject) is already bound to. */
  readonly bound: Person | undefined;
  /** Directory people whose externalId equals a subject; then those whose userName equals the stated one. */
  readonly byExternalId: readonly Person[];
  readonly byUserName: readonly Person[];
  /** True when the person found is bound to another subject of this connection. */
  readonly isBoundToAnother: (person: Person) => boolean;
  readonly jit: boolean;
  readonly isAddressVerified: boolean;
  readonly isDomainProved: boolean;
  /** A pending invitation for exactly the verified address. */
  readonly invitation: Invitation | undefined;
  /** Somebody already uses the address, as global sign-in address or as a member here. */
  readonly isAddressTaken: boolean;
}

/** Exact reasons; outside they all look alike (law 10). */
export type SignInRefusal =
  | 'identity.unknown'
  | 'identity.ambiguous'
  | 'identity.already_bound'
  | 'identity.inactive'
  | 'identity.not_in_directory'
  | 'identity.address_taken'
  | 'identity.not_invited'
  | 'identity.other_address';

export type SignInDecision =
  | { readonly kind: 'enter'; readonly person: Person; readonly bind: boolean }
  | { readonly kind: 'accept_invitation'; readonly invitation: Invitation }
  | { readonly kind: 'join' }
  | { readonly kind: 'refuse'; readonly reason: SignInRefusal };

const refuse = (reason: SignInRefusal): SignInDecision => ({ kind: 'refuse', reason });

/**
 * Decides a sign-in. In a directory-managed organization only people the directory holds as active come in; in a manual
 * one known identities do, then a pending invitation for the verified address, then just-in-time joining. E-mail never
 * selects an account (law 2).
 */
export function decideSignIn(facts: SignInFacts): SignInDecision {
  return facts.provisioning === 'directory' ? decideDirectory(facts) : decideManual(facts);
}

function decideDirectory(facts: SignInFacts): SignInDecision {
  if (facts.bound !== undefined) return enterDirectoryPerson(facts.bound, false);
  const candidates = facts.byExternalId.length > 0 ? facts.byExternalId : facts.byUserName;
  const [person, ...others] = candidates;
  if (person === undefined) return refuse('identity.not_in_directory');
  if (others.length > 0) return refuse('identity.ambiguous');
  // A second subject for a bound person is how a reassigned address would take over an account.
  if (facts.isBoundToAnother(person)) return refuse('identity.already_bound');
  return enterDirectoryPerson(person, true);
}

function enterDirectoryPerson(person: Person, bind: boolean): SignInDecision {
  if (person.directoryUser === undefined) return refuse('identity.not_in_directory');
  if (!person.directoryUser.isActive || person.membership.status !== 'active')
    return refuse('identity.inactive');
  return { kind: 'enter', person, bind };
}

function decideManual(facts: SignInFacts): SignInDecision {
  if (facts.bound !== undefined) {
    return facts.bound.membership.status === 'active'
      ? { kind: 'enter', person: facts.bound, bind: false }
      : refuse('identity.inactive');
  }
  if (!facts.isAddressVerified) return refuse('identity.unknown');
  if (facts.isAddressTaken) return refuse('identity.address_taken');
  if (facts.invitation !== undefined) return { kind: 'accept_invitation', invitation: facts.invitation };
  if (facts.jit && facts.isDomainProved) return { kind: 'join' };
  return refuse('identity.not_invited');
}
