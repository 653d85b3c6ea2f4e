/** The journal: who caused a change, the audit row that tells it, and the message that leaves Gatehouse because of it. */
import type { AuditEventId, OrganizationId, OutboxEventId } from '../../kernel/ids.ts';

/** Whoever caused a change. `system` is Gatehouse itself (expiry, cut-over). */
export type Actor =
  | { readonly kind: 'operator' }
  | {
      readonly kind: 'member';
      readonly userId: string;
      readonly membershipId: string;
      readonly email: string | null;
    }
  | {
      readonly kind: 'directory';
      readonly directoryId: string;
      readonly tokenId: string;
      readonly tokenName: string;
    }
  | { readonly kind: 'connection'; readonly connectionId: string }
  | { readonly kind: 'invitee'; readonly invitationId: string }
  | {
      readonly kind: 'api_key';
      readonly apiKeyId: string;
      readonly name: string;
      /** Whose key it is; null for keys of the organization. */
      readonly membershipId: string | null;
    }
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'system' };

/** What every use case is told about the request that caused it. */
export interface Cause {
  readonly actor: Actor;
  readonly requestId: string;
  /** True for what a shadow directory pushes: its audit rows and events say so. */
  readonly isShadow?: true | undefined;
  /** The caller's network address as the edge saw it; absent for jobs. */
  readonly ip?: string | undefined;
  /** The browser or program as it calls itself, bounded by the edge; absent for jobs and when it says nothing. */
  readonly userAgent?: string | undefined;
}

export type AuditType =
  | 'organization.created'
  | 'organization.updated'
  | 'organization.removed'
  | 'organization.provisioning_changed'
  | 'organization.ownership_transferred'
  | 'organization.reprojection_started'
  | 'team.created'
  | 'team.updated'
  | 'team.removed'
  | 'team.member_set'
  | 'team.member_removed'
  | 'member.added'
  | 'member.updated'
  | 'member.roles_changed'
  | 'member.resources_changed'
  | 'member.suspended'
  | 'member.reactivated'
  | 'member.removed'
  | 'org_role.created'
  | 'org_role.updated'
  | 'org_role.removed'
  | 'directory.created'
  | 'directory.updated'
  | 'directory.switched_on'
  | 'directory.rolled_back'
  | 'directory.removed'
  | 'directory_extension.created'
  | 'directory_extension.updated'
  | 'directory_extension.removed'
  | 'directory_token.created'
  | 'directory_token.removed'
  | 'directory_user.created'
  | 'directory_user.updated'
  | 'directory_user.removed'
  | 'adoption_conflict.opened'
  | 'adoption_conflict.resolved'
  | 'cutover.decided'
  | 'directory_group.created'
  | 'directory_group.updated'
  | 'directory_group.members_changed'
  | 'directory_group.removed'
  | 'group_mapping.created'
  | 'group_mapping.updated'
  | 'group_mapping.removed'
  | 'mapping_test.created'
  | 'mapping_test.updated'
  | 'mapping_test.removed'
  | 'mapping_draft.created'
  | 'mapping_draft.updated'
  | 'mapping_draft.applied'
  | 'mapping_draft.removed'
  | 'connection.created'
  | 'connection.updated'
  | 'connection.removed'
  | 'connection.key_created'
  | 'connection.key_rotated'
  | 'connection.key_removed'
  | 'connection.metadata_staged'
  | 'connection.metadata_applied'
  | 'connection.certificate_expiring'
  | 'connection.certificate_expired'
  | 'connection.unreachable'
  | 'connection.reachable'
  | 'domain.created'
  | 'domain.updated'
  | 'domain.verified'
  | 'domain.missing'
  | 'domain.unanswered'
  | 'domain.lapsed'
  | 'domain.removed'
  | 'invitation.created'
  | 'invitation.updated'
  | 'invitation.resent'
  | 'invitation.link_shown'
  | 'invitation.revoked'
  | 'invitation.voided'
  | 'invitation.accepted'
  | 'invitation.asked_for'
  | 'invitation_link.created'
  | 'invitation_link.revoked'
  | 'invitation_link.voided'
  | 'invitation_link.used'
  | 'invitation_link.asked_for'
  | 'identity.connected'
  | 'test_sign_in.started'
  | 'test_sign_in.passed'
  | 'test_sign_in.failed'
  | 'emergency_code.created'
  | 'emergency_code.used'
  | 'emergency_code.rejected'
  | 'emergency_code.revoked'
  | 'session.started'
  | 'session.ended'
  | 'password.accepted'
  | 'password.rejected'
  | 'password.changed'
  | 'password.reset_requested'
  | 'password.reset'
  | 'email.changed'
  | 'credentials.undone'
  | 'second_factor.enabled'
  | 'second_factor.disabled'
  | 'second_factor.rejected'
  | 'second_factor.codes_renewed'
  | 'second_factor.recovery_code_used'
  | 'second_factor.reset'
  | 'passkey.added'
  | 'passkey.removed'
  | 'passkey.accepted'
  | 'saml.accepted'
  | 'saml.rejected'
  | 'saml.logout'
  | 'oidc.accepted'
  | 'oidc.rejected'
  | 'oidc.logout'
  | 'directory_token.expiring'
  | 'api_key.expiring'
  | 'recorder_entry.replayed'
  | 'application.created'
  | 'application.updated'
  | 'application.removed'
  | 'application_secret.created'
  | 'application_secret.removed'
  | 'application_grant.created'
  | 'application_grant.refused'
  | 'application_grant.revoked'
  | 'directory_client.created'
  | 'directory_client.removed'
  | 'signing_key.created'
  | 'signing_key.retired'
  | 'signing_key.removed'
  | 'operator.claimed'
  | 'access_review.created'
  | 'access_review.decided'
  | 'access_review.completed'
  | 'audit.pruned'
  | 'audit.erased'
  | 'mail.unreadable'
  | 'mail_suppression.created'
  | 'mail_suppression.removed'
  | 'webhook.created'
  | 'webhook.updated'
  | 'webhook.secret_rotated'
  | 'webhook.replayed'
  | 'webhook.disabled'
  | 'webhook.event_failed'
  | 'webhook.removed'
  | 'api_key.created'
  | 'api_key.removed';

export interface AuditEvent {
  readonly id: AuditEventId;
  readonly organizationId: OrganizationId;
  readonly type: AuditType;
  readonly actor: Actor;
  /** The thing the change happened to, such as `{ kind: 'membership', id: 'mem_…' }`. */
  readonly target: { readonly kind: string; readonly id: string };
  /** Before and after, reasons, counts. Never a secret, a token or a password. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly requestId: string;
  readonly ip: string | null;
  readonly at: number;
}

/** Where an audit row stands in the chain of its organization (S214). */
export interface AuditLink {
  /** From 1, without gaps. */
  readonly seq: number;
  /** Null once the personal part of the row has been erased; then only its digest is left. */
  readonly salt: string | null;
  readonly personalDigest: string;
  readonly hash: string;
}

export interface ChainedAuditEvent {
  readonly event: AuditEvent;
  readonly link: AuditLink;
}

/** The last row of a chain, and the row before the first one that is kept. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
  readonly baseSeq: number;
  readonly baseHash: string;
}

/** A message that leaves Gatehouse after the change it belongs to has committed. */
export interface OutboxEvent {
  readonly id: OutboxEventId;
  readonly organizationId: OrganizationId;
  /** `event`: for the product behind Gatehouse. `mail`: for a person. `logout`: tells an application that somebody is out. */
  readonly kind: 'event' | 'mail' | 'logout';
  readonly type: string;
  /** JSON text; sealed at rest when `kind` is `mail`, because mails carry links that let people in. */
  readonly payload: string;
  readonly createdAt: number;
  readonly attempts: number;
  /** When to try (again), epoch ms; null once delivered or given up. */
  readonly dueAt: number | null;
  readonly deliveredAt: number | null;
  readonly lastError: string | null;
}

/** An event and its place among all of them, in the order in which they were committed: greater is later, with gaps. */
export interface PlacedEvent {
  readonly position: number;
  readonly event: OutboxEvent;
}
