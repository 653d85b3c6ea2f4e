/** Warns when a directory has given one externalId to two people: look-ups by it, and sign-ins, can no longer tell them apart. */
import type { Response } from 'express';
import type { DirectoryUser } from '../../core/entities/directory.ts';
import { loggerOf } from '../request-facts.ts';
import type { ScimContext } from './context.ts';
import { type NotedTolerances, noteTolerances } from './noted-tolerances.ts';

/** Adds `external_id_shared` to what the request made use of, when somebody else of this directory has the externalId. */
export async function noteSharedExternalId(
  context: ScimContext,
  res: Response,
  subject: { readonly user: DirectoryUser; readonly noted: NotedTolerances },
): Promise<void> {
  const { user, noted } = subject;
  if (user.externalId === null) return;
  const sameId = { kind: 'equals', field: 'externalId', value: user.externalId } as const;
  const { directoryUsers } = context.deps.storage;
  const page = { offset: 0, limit: 2 };
  const { rows } = await directoryUsers.queryShown(context.organizationId, context.directoryId, sameId, page);
  if (rows.every(({ id }) => id === user.id)) return;
  noteTolerances(res, { ...noted, tolerances: [...noted.tolerances, 'external_id_shared'] });
  loggerOf(res).warn('scim externalId is shared', {
    directoryId: context.directoryId,
    userIds: rows.map(({ id }) => id),
  });
}
