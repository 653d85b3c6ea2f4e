/** People: the user across organizations, and the membership in one of them. */
import type { ConnectionId, MembershipId, OrganizationId, TeamId, UserId } from '../../kernel/ids.ts';
import type { OrgRole, TeamRole } from '../access/roles.ts';

/** A person. `email` and `passwordHash` exist only for people who chose them; a directory never writes these (law 3). */
export interface User {
  readonly id: UserId;
  readonly version: number;
  readonly email: string | null;
  /** The folded form of `email`; unique. */
  readonly emailKey: string | null;
  readonly name: string;
  /** https, chosen by the person; Gatehouse never loads it and shows it on no page of its own. */
  readonly avatarUrl: string | null;
  /** When a mail that reached `email` was answered; null while the address is only claimed (S151). */
  readonly emailVerifiedAt: number | null;
  /** Argon2id in PHC string form; null for people who sign in elsewhere. */
  readonly passwordHash: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export type MembershipStatus = 'active' | 'suspended';
export type MembershipSource = 'manual' | 'invitation' | 'directory' | 'sso';

/** A user in an organization. E-mail and name are what this organization knows, not the global sign-in data. */
export interface Membership {
  readonly id: MembershipId;
  readonly version: number;
  readonly organizationId: OrganizationId;
  readonly userId: UserId;
  readonly email: string | null;
  readonly emailKey: string | null;
  readonly name: string;
  /** What the person shows here: the account's own when they joined, until they choose another. */
  readonly avatarUrl: string | null;
  readonly status: MembershipStatus;
  readonly source: MembershipSource;
  /** The result of `resolveRoles`; the ledger is the truth. */
  readonly orgRole: OrgRole;
  /** What the invitation said; null for people who came another way. */
  readonly department: string | null;
  /** Of a session, a personal key or an application in use, to the quarter of an hour; null: never. A directory's tokens do not count. */
  readonly lastActiveAt: number | null;
  /** When the person last began a session here; null: never. */
  readonly lastSignedInAt: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface Team {
  readonly id: TeamId;
  readonly version: number;
  readonly organizationId: OrganizationId;
  readonly name: string;
  readonly isDefault: boolean;
  /** Somebody owns it, or has: from then on it is for its owners, and after them for those of the organization. */
  readonly wasOwned: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** The resolved role of one member in one team; like `Membership.orgRole` a result, not a reason. */
export interface TeamMember {
  readonly teamId: TeamId;
  readonly membershipId: MembershipId;
  readonly role: TeamRole;
}

/** A sign-in identity is (connection, issuer, subject) and nothing else (law 2). */
export interface Identity {
  readonly organizationId: OrganizationId;
  readonly connectionId: ConnectionId;
  readonly issuer: string;
  readonly subject: string;
  readonly userId: UserId;
  readonly membershipId: MembershipId;
  readonly createdAt: number;
}
