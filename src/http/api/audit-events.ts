/** The audit trail of one organization over the management API, newest first. */
import { z } from 'zod';
import { INSTALLATION } from '../../core/audit.ts';
import type { OrganizationId } from '../../kernel/ids.ts';
import type { HttpDeps } from '../deps.ts';
import { pageFields, pageOf, queryField, readPage } from './paging.ts';
import { presentAuditEvent } from './present.ts';
import type { ApiRoute } from './route.ts';
import { organizationRoute, plainRoute } from './route.ts';
import { auditEventShape } from './shapes.ts';

const listQuery = z.strictObject({
  type: queryField(z.string().regex(/^[a-z_]{1,40}\.[a-z_]{1,40}$/, 'Such as member.suspended.')),
  ...pageFields,
});

async function listEvents(deps: HttpDeps, of: OrganizationId, query: z.output<typeof listQuery>) {
  const { rows, nextCursor } = await readPage(
    query,
    (page) => deps.storage.auditEvents.list(of, { type: query.type }, page),
    ({ id }) => id,
  );
  return { items: rows.map(presentAuditEvent), nextCursor };
}

/** All routes of this resource. */
export const auditEventRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/audit-events',
    operationId: 'listAuditEvents',
    summary: 'Lists what happened in this organization, newest first; type picks one kind of event.',
    tag: 'audit',
    guard: { kind: 'organization', permission: 'audit.read' },
    query: listQuery,
    status: 200,
    response: pageOf(auditEventShape),
    errors: [],
    handle: ({ deps, organization }, { query }) => listEvents(deps, organization.id, query),
  }),
  plainRoute({
    method: 'get',
    path: '/audit-events',
    operationId: 'listInstallationAuditEvents',
    summary:
      'Lists what happened to applications and signing keys, which belong to no organization; newest first.',
    tag: 'audit',
    guard: { kind: 'operator' },
    query: listQuery,
    status: 200,
    response: pageOf(auditEventShape),
    errors: [],
    handle: ({ deps }, { query }) => listEvents(deps, INSTALLATION, query),
  }),
];
