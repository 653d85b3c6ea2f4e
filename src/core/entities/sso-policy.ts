/** What stands beside a required single sign-on: the test sign-in that comes before it, and the owner's way past it. */
import type {
  ConnectionId,
  EmergencyCodeId,
  MembershipId,
  OrganizationId,
  TestSignInId,
} from '../../kernel/ids.ts';
import type { OrgRole } from '../access/roles.ts';
import type { Actor } from './journal.ts';

/** What the identity provider said in a test, as read from verified bytes. */
export interface TestFacts {
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | null;
  readonly isEmailVerified: boolean;
  readonly userName: string | null;
  readonly externalIds: readonly string[];
  readonly name: string | null;
  /** By name; long lists are cut. */
  readonly claims: Readonly<Record<string, readonly string[]>>;
}

/** What a real sign-in would have done. `connect`: the identity has been bound to whoever ran the test and asked for it. */
export type TestDecision =
  | { readonly kind: 'enter' | 'connect'; readonly membershipId: MembershipId }
  | { readonly kind: 'accept_invitation'; readonly role: OrgRole }
  | { readonly kind: 'join'; readonly role: OrgRole }
  | { readonly kind: 'refuse'; readonly reason: string };

export interface TestReport {
  /** Why the test failed, exactly; null when it passed. */
  readonly reason: string | null;
  /** Null when nothing could be believed. */
  readonly facts: TestFacts | null;
  readonly decision: TestDecision | null;
}

/** One real sign-in through a connection that opens no session. */
export interface TestSignIn {
  readonly id: TestSignInId;
  readonly organizationId: OrganizationId;
  readonly connectionId: ConnectionId;
  /** Keyed hash of the value in the address that starts it. */
  readonly tokenHash: string;
  readonly startedBy: Actor;
  /** The owner who runs it, whose browser alone may; null for the operator. */
  readonly membershipId: MembershipId | null;
  /** The owner agreed beforehand that an identity with their own verified address becomes theirs (S156). */
  readonly connects: boolean;
  /** Keyed hash of what the connection trusts: a later change of it is another connection, not tested. */
  readonly settingsMark: string;
  readonly status: 'open' | 'passed' | 'failed';
  readonly report: TestReport | null;
  readonly createdAt: number;
  /** Open: when the address stops working. Finished: when the result is forgotten. */
  readonly expiresAt: number;
  readonly finishedAt: number | null;
}

/** A sealed way in for one owner, whatever the organization requires: shown once, used once, known to all owners. */
export interface EmergencyCode {
  readonly id: EmergencyCodeId;
  readonly version: number;
  readonly organizationId: OrganizationId;
  /** The owner whom it lets in. */
  readonly membershipId: MembershipId;
  readonly codeHash: string;
  readonly createdBy: Actor;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly usedAt: number | null;
  readonly revokedAt: number | null;
}
