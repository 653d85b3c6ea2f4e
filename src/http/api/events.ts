/** The events of every organization for the product behind the gateway: read on from where it was, in one order, none left out. */
import { z } from 'zod';
import { eventForm } from '../../core/journal/event-form.ts';
import { findOrganization } from '../../core/organization/organization-lookup.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { pageFields, queryField } from './paging.ts';
import type { ApiRoute } from './route.ts';
import { plainRoute } from './route.ts';
import { timeShape } from './shapes.ts';

const USUAL = 50;

const cursorOf = (position: number): string => Buffer.from(`events:${position}`).toString('base64url');

const cursorField = z.string().transform((text, context) => {
  const [, digits] = /^events:(0|[1-9]\d{0,14})$/.exec(Buffer.from(text, 'base64url').toString()) ?? [];
  if (digits !== undefined && cursorOf(Number(digits)) === text) return Number(digits);
  context.addIssue({ code: 'custom', message: 'Send the nextCursor of an earlier answer, unchanged.' });
  return z.NEVER;
});

const query = z.strictObject({
  cursor: queryField(cursorField),
  limit: pageFields.limit,
  organization: queryField(z.string().max(200, 'An id or a slug.')),
});

const eventShape = z.object({
  id: z.string(),
  type: z.string().describe('One of those in docs/events.md.'),
  organizationId: z.string().nullable().describe('Null for applications, signing keys and the like.'),
  createdAt: timeShape,
  data: z.object({
    auditEventId: z.string(),
    target: z.object({ kind: z.string(), id: z.string() }),
    details: z.record(z.string(), z.unknown()),
    audit: z
      .object({ seq: z.int(), hash: z.string() })
      .optional()
      .describe('The place in the audit chain; absent from events of older versions.'),
  }),
});

/** All routes of this resource. */
export const eventRoutes: readonly ApiRoute[] = [
  plainRoute({
    method: 'get',
    path: '/events',
    operationId: 'listEvents',
    summary:
      'The events behind `cursor`, oldest first, of every organization or of one. Keep nextCursor and ask again: none is left out, none comes twice.',
    tag: 'events',
    guard: { kind: 'operator' },
    query,
    status: 200,
    response: z.object({
      items: z.array(eventShape),
      nextCursor: z.string().describe('Where to go on, also when nothing more is there yet.'),
      hasMore: z.boolean(),
    }),
    errors: ['not_found'],
    handle: async ({ deps }, { query: { cursor = 0, limit = USUAL, organization } }) => {
      const one = organization === undefined ? undefined : await findOrganization(deps.storage, organization);
      if (organization !== undefined && one === undefined)
        throw new GatehouseError('not_found', 'No such organization.');
      const found = await deps.storage.outbox.listEvents({ organizationId: one?.id }, cursor, limit + 1);
      const page = found.slice(0, limit);
      const hasMore = found.length > limit;
      return {
        items: page.map(({ event }) => eventForm(event)),
        nextCursor: cursorOf(page.at(-1)?.position ?? cursor),
        hasMore,
      };
    },
  }),
];
