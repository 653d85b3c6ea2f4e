/** Builds links that admins pass on. */
import type { ShareableLink } from '../../src/core/entities/shareable-link.ts';
import type { OrganizationId } from '../../src/kernel/ids.ts';
import { BUILT_AT, nextId, nextText } from './builders.ts';

/** Open for seven days and a hundred people, one of whom has joined. */
export function aShareableLink(
  organizationId: OrganizationId,
  overrides: Partial<ShareableLink> = {},
): ShareableLink {
  return {
    id: nextId('lnk'),
    version: 1,
    organizationId,
    role: 'member',
    teams: [],
    domains: [],
    tokenHash: nextText('link-hash'),
    maxUses: 100,
    uses: 1,
    createdBy: { kind: 'operator' },
    createdAt: BUILT_AT,
    expiresAt: BUILT_AT + 7 * 86_400_000,
    revokedAt: null,
    askedAt: null,
    ...overrides,
  };
}
