/** The audit trail of one organization over the management API, newest first. */
import { z } from 'zod';
import { pageFields, pageOf, queryField, readPage } from './paging.ts';
import { presentAuditEvent } from './present.ts';
import type { ApiRoute } from './route.ts';
import { organizationRoute } from './route.ts';
import { auditEventShape } from './shapes.ts';

/** All routes of this resource. */
export const auditEventRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/audit-events',
    operationId: 'listAuditEvents',
    summary: 'Lists what happened in this organization, newest first; type picks one kind of event.',
    tag: 'audit',
    guard: { kind: 'organization', permission: 'audit.read' },
    query: z.strictObject({
      type: queryField(z.string().regex(/^[a-z_]{1,40}\.[a-z_]{1,40}$/, 'Such as member.suspended.')),
      ...pageFields,
    }),
    status: 200,
    response: pageOf(auditEventShape),
    errors: [],
    handle: async ({ deps, organization }, { query }) => {
      const { rows, nextCursor } = await readPage(
        query,
        (page) => deps.storage.auditEvents.list(organization.id, { type: query.type }, page),
        ({ id }) => id,
      );
      return { items: rows.map(presentAuditEvent), nextCursor };
    },
  }),
];
