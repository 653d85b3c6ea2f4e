/** Addresses that get no mail any more, over the management API: what a mail provider's webhook reports, and how it is lifted. */
import { z } from 'zod';
import type { MailSuppression } from '../../core/entities/mail-suppression.ts';
import { allowMail, suppressMail } from '../../core/mail/mail-suppressions.ts';
import { emailField } from './fields.ts';
import { pageOf, pageQuery, readPage } from './paging.ts';
import { pathId } from './path-ids.ts';
import { isoTime } from './present.ts';
import type { ApiRoute } from './route.ts';
import { plainRoute } from './route.ts';
import { timeShape } from './shapes.ts';

const tag = 'mails';
const guard = { kind: 'operator' } as const;
const reasonField = z.enum(['bounce', 'complaint', 'other']);

const suppressionShape = z.object({
  id: z.string(),
  address: z.string(),
  reason: reasonField,
  createdAt: timeShape,
});

const present = ({ id, address, reason, createdAt }: MailSuppression): z.infer<typeof suppressionShape> => ({
  ...{ id, address, reason },
  createdAt: isoTime(createdAt),
});

/** All routes of this resource. */
export const mailSuppressionRoutes: readonly ApiRoute[] = [
  plainRoute({
    method: 'post',
    path: '/mail-suppressions',
    operationId: 'createMailSuppression',
    summary:
      'Stops all mail to an address, such as one that bounced. Telling it twice answers the first one again.',
    tag,
    guard,
    body: z.strictObject({ address: emailField, reason: reasonField.default('bounce') }),
    status: 201,
    response: suppressionShape,
    errors: [],
    handle: async ({ deps, cause }, { body }) => present(await suppressMail(deps, { ...body, cause })),
  }),
  plainRoute({
    method: 'get',
    path: '/mail-suppressions',
    operationId: 'listMailSuppressions',
    summary: 'Lists the addresses that get no mail, oldest first.',
    tag,
    guard,
    query: pageQuery,
    status: 200,
    response: pageOf(suppressionShape),
    errors: [],
    handle: async ({ deps }, { query }) => {
      const { rows, nextCursor } = await readPage(
        query,
        (page) => deps.storage.mailSuppressions.list(page),
        ({ id }) => id,
      );
      return { items: rows.map(present), nextCursor };
    },
  }),
  plainRoute({
    method: 'delete',
    path: '/mail-suppressions/:suppression',
    operationId: 'removeMailSuppression',
    summary: 'Lets mail go to the address again.',
    tag,
    guard,
    status: 204,
    errors: ['not_found'],
    handle: async ({ deps, cause }, { params }) =>
      allowMail(deps, { id: pathId('sup', params, 'suppression'), cause }),
  }),
];
