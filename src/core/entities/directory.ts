/** What a customer's directory pushes: the SCIM endpoint itself, its tokens, users, groups and group members. */
import type {
  DirectoryClientId,
  DirectoryGroupId,
  DirectoryId,
  DirectoryTokenId,
  DirectoryUserId,
  GroupMappingId,
  MembershipId,
  OrganizationId,
  TeamId,
  UserId,
} from '../../kernel/ids.ts';
import type { OrgRole, Resource, ResourceRole, TeamRole } from '../access/roles.ts';
import type { DirectoryExtension } from './directory-extension.ts';

export const DIRECTORY_KINDS = [
  'okta',
  'entra',
  'google',
  'onelogin',
  'jumpcloud',
  'ping',
  'generic',
] as const;
export type DirectoryKind = (typeof DIRECTORY_KINDS)[number];

export const ADOPTION_POLICIES = ['adopt', 'queue', 'reject'] as const;
export type AdoptionPolicy = (typeof ADOPTION_POLICIES)[number];

export interface Directory {
  readonly id: DirectoryId;
  readonly version: number;
  readonly organizationId: OrganizationId;
  readonly kind: DirectoryKind;
  readonly name: string;
  /** `draft`: being set up, pushes nothing. `disabled`: its tokens are dead. */
  readonly status: 'draft' | 'active' | 'disabled';
  readonly adoption: AdoptionPolicy;
  /** Takes pushes while it is a draft, and nobody becomes a member by them; never true of an active one. */
  readonly isShadow: boolean;
  /** In the order in which they were added; their URNs differ in more than letter case. */
  readonly extensions: readonly DirectoryExtension[];
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface DirectoryToken {
  readonly id: DirectoryTokenId;
  readonly organizationId: OrganizationId;
  readonly directoryId: DirectoryId;
  readonly name: string;
  readonly tokenHash: string;
  readonly createdAt: number;
  /** Epoch ms; null never expires. */
  readonly expiresAt: number | null;
  readonly lastUsedAt: number | null;
  /** The last expiry warning that was given, in days before the end; null: none yet. */
  readonly expiryWarnedDays: number | null;
}

/** A client of the token endpoint whose access tokens open one directory's SCIM endpoint (RFC 6749 §4.4). */
export interface DirectoryClient {
  /** Its `client_id`. */
  readonly id: DirectoryClientId;
  readonly organizationId: OrganizationId;
  readonly directoryId: DirectoryId;
  readonly name: string;
  readonly secretHash: string;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
}

/** A resource document as the edge understands it; opaque to core, never null-valued. */
export type DirectoryAttributes = Readonly<Record<string, unknown>>;

/**
 * What an admin said of a shadow before the switch. `orgRole`: what the member was then; who has risen or fallen since is
 * not the person that was decided about.
 */
export type CutoverDecision =
  | { readonly kind: 'adopt'; readonly membershipId: MembershipId; readonly orgRole: OrgRole }
  | { readonly kind: 'separate' };

/** What a membership would say of a pushed person. */
export interface ShadowProfile {
  readonly name: string;
  readonly email: string | null;
  /** Absent: the rules decide. */
  readonly decision?: CutoverDecision;
}

export interface DirectoryUser {
  readonly id: DirectoryUserId;
  readonly version: number;
  readonly organizationId: OrganizationId;
  readonly directoryId: DirectoryId;
  /** Of a shadow: reserved, and nobody's. */
  readonly membershipId: MembershipId;
  readonly userId: UserId;
  /** Set for a shadow: somebody in a directory that is not switched on, behind whom no membership stands. */
  readonly shadow: ShadowProfile | null;
  readonly isActive: boolean;
  readonly userName: string;
  /** Folded; unique inside the directory. */
  readonly userNameKey: string;
  readonly externalId: string | null;
  readonly displayNameKey: string | null;
  /** Folded values of all e-mail addresses, for look-ups. */
  readonly emailKeys: readonly string[];
  readonly attributes: DirectoryAttributes;
  /** The JSON text that `attributes` was read from, where storage has one; a copy of the entity does not take it along. */
  readonly attributesText?: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** As much of a user as answers are made of, the document unread. */
export interface ShownUser
  extends Pick<DirectoryUser, 'id' | 'version' | 'isActive' | 'createdAt' | 'updatedAt'> {
  /** The JSON text of `attributes`. */
  readonly attributesText: string;
  /** Whether no group has the user among its members; absent: somebody would have to look. */
  readonly isInNoGroup?: boolean;
}

export interface DirectoryGroup {
  readonly id: DirectoryGroupId;
  readonly version: number;
  readonly organizationId: OrganizationId;
  readonly directoryId: DirectoryId;
  readonly displayName: string;
  /** Folded; not unique: Entra may push two groups of one name. */
  readonly displayNameKey: string;
  readonly externalId: string | null;
  readonly attributes: DirectoryAttributes;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** One row per member; never an array in the group. */
export interface GroupMember {
  readonly groupId: DirectoryGroupId;
  readonly memberId: DirectoryUserId | DirectoryGroupId;
  readonly memberKind: 'user' | 'group';
}

export type MappingMatch =
  | { readonly kind: 'group_id'; readonly groupId: DirectoryGroupId }
  | { readonly kind: 'group_name'; readonly groupName: string }
  | { readonly kind: 'group_pattern'; readonly groupPattern: string }
  | { readonly kind: 'claim'; readonly claim: string; readonly value: string };

/** What a mapping gives. Never owner (law 8). */
export type MappingGrant =
  | { readonly scope: 'org'; readonly role: Exclude<OrgRole, 'owner'> }
  | { readonly scope: 'team'; readonly teamId: TeamId; readonly role: TeamRole }
  | { readonly scope: 'resource'; readonly resource: Resource; readonly role: ResourceRole };

export interface GroupMapping {
  readonly id: GroupMappingId;
  readonly version: number;
  readonly organizationId: OrganizationId;
  readonly match: MappingMatch;
  readonly grants: readonly MappingGrant[];
  /** Position for the `ranked` policy: lower wins. */
  readonly rank: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}
