/** Bulk requests as a migration tool writes them. */
import type { Response } from 'supertest';
import type { ScimCaller } from './scim.ts';

const REQUEST_URN = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';

/** One entry of a BulkResponse. */
export interface BulkAnswer {
  readonly method?: string;
  readonly bulkId?: string;
  readonly location?: string;
  readonly version?: string;
  readonly status: string;
  readonly response?: { readonly scimType?: string; readonly detail: string };
}

/** Wraps operations in a BulkRequest. */
export const bulkOf = (
  operations: readonly unknown[],
  envelope: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> => ({ schemas: [REQUEST_URN], Operations: operations, ...envelope });

/** Sends operations and answers the entries of the response; fails when the request as a whole is refused. */
export async function bulk(
  scim: ScimCaller,
  operations: readonly unknown[],
  envelope?: Readonly<Record<string, unknown>>,
): Promise<readonly BulkAnswer[]> {
  const answer: Response = await scim.post('/Bulk', bulkOf(operations, envelope));
  if (answer.status !== 200) throw new Error(`/Bulk answered ${answer.status}: ${answer.text}`);
  return answer.body.Operations;
}

/** The id at the end of a location; '' when there is none. */
export const idAt = ({ location = '' }: Pick<BulkAnswer, 'location'> = {}): string =>
  location.slice(location.lastIndexOf('/') + 1);

/** The statuses, in order. */
export const statusesOf = (answers: readonly BulkAnswer[]): readonly string[] =>
  answers.map(({ status }) => status);

export const postUser = (bulkId: string, data: Readonly<Record<string, unknown>> = {}) => ({
  method: 'POST',
  path: '/Users',
  bulkId,
  data: { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: bulkId, ...data },
});

export const postGroup = (bulkId: string, memberIds: readonly string[] = []) => ({
  method: 'POST',
  path: '/Groups',
  bulkId,
  data: {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
    displayName: bulkId,
    members: memberIds.map((value) => ({ value })),
  },
});
