/** What core asks of storage about requiring single sign-on: test sign-ins and emergency codes. */

import type { ConnectionId, EmergencyCodeId, OrganizationId, TestSignInId } from '../../kernel/ids.ts';
import type { EmergencyCode, TestReport, TestSignIn } from '../entities/sso-policy.ts';

export interface TestSignInRepository {
  /** Unique: `tokenHash`. */
  insert(organizationId: OrganizationId, test: TestSignIn): Promise<void>;
  find(organizationId: OrganizationId, id: TestSignInId): Promise<TestSignIn | undefined>;
  /** Newest first. */
  list(
    organizationId: OrganizationId,
    connectionId: ConnectionId,
    limit: number,
  ): Promise<readonly TestSignIn[]>;
  /** open and unexpired -> finished, in one conditional write; true for exactly one caller (law 5). */
  claim(
    organizationId: OrganizationId,
    id: TestSignInId,
    outcome: {
      readonly status: 'passed' | 'failed';
      readonly report: TestReport;
      readonly now: number;
      readonly expiresAt: number;
    },
  ): Promise<boolean>;
  /** GLOBAL: the address names the organization (law 1). */
  findByTokenHash(tokenHash: string): Promise<TestSignIn | undefined>;
  /** GLOBAL: housekeeping. */
  removeExpired(now: number): Promise<number>;
}

/** They go with the membership they let in. */
export interface EmergencyCodeRepository {
  /** Unique: `codeHash`. */
  insert(organizationId: OrganizationId, code: EmergencyCode): Promise<void>;
  find(organizationId: OrganizationId, id: EmergencyCodeId): Promise<EmergencyCode | undefined>;
  /** Newest first. */
  list(organizationId: OrganizationId, limit: number): Promise<readonly EmergencyCode[]>;
  update(organizationId: OrganizationId, next: EmergencyCode, expectedVersion: number): Promise<void>;
  /** unused, not revoked and unexpired -> used, in one conditional write; true for exactly one caller (law 5). */
  claim(organizationId: OrganizationId, id: EmergencyCodeId, now: number): Promise<boolean>;
  /** GLOBAL: the code names the organization (law 1). */
  findByHash(codeHash: string): Promise<EmergencyCode | undefined>;
}
