/** Builders of what stands beside a required single sign-on. */

import type { ApiKey } from '../../src/core/entities/api-key.ts';
import type { Connection } from '../../src/core/entities/connection.ts';
import type { Membership } from '../../src/core/entities/people.ts';
import type { EmergencyCode, TestSignIn } from '../../src/core/entities/sso-policy.ts';
import { BUILT_AT, nextId, nextText } from './builders.ts';

/** A test that was started a moment ago. */
export function aTestSignIn(
  connection: Pick<Connection, 'organizationId' | 'id'>,
  overrides: Partial<TestSignIn> = {},
): TestSignIn {
  return {
    id: nextId('tsi'),
    organizationId: connection.organizationId,
    connectionId: connection.id,
    tokenHash: nextText('test-hash'),
    startedBy: { kind: 'operator' },
    membershipId: null,
    connects: false,
    settingsMark: 'mark',
    status: 'open',
    report: null,
    createdAt: BUILT_AT,
    expiresAt: BUILT_AT + 900_000,
    finishedAt: null,
    ...overrides,
  };
}

/** A sealed code of this member, good for a day. */
export function anEmergencyCode(
  membership: Pick<Membership, 'organizationId' | 'id'>,
  overrides: Partial<EmergencyCode> = {},
): EmergencyCode {
  return {
    id: nextId('emc'),
    version: 1,
    organizationId: membership.organizationId,
    membershipId: membership.id,
    codeHash: nextText('code-hash'),
    createdBy: { kind: 'operator' },
    createdAt: BUILT_AT,
    expiresAt: BUILT_AT + 86_400_000,
    usedAt: null,
    revokedAt: null,
    ...overrides,
  };
}

/** A personal key of this member that does not end. */
export function anApiKey(
  membership: Pick<Membership, 'organizationId' | 'id'>,
  overrides: Partial<ApiKey> = {},
): ApiKey {
  return {
    id: nextId('apk'),
    organizationId: membership.organizationId,
    ...{ connectionId: null, amr: [] },
    name: 'Nightly export',
    kind: 'personal',
    membershipId: membership.id,
    teamId: null,
    createdBy: membership.id,
    scopes: ['members.read'],
    orgRole: 'member',
    tokenHash: nextText('key-hash'),
    createdAt: BUILT_AT,
    expiresAt: null,
    expiryWarnedDays: null,
    lastUsedAt: null,
    ...overrides,
  };
}
