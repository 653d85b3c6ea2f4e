/** POST /.search: one search over all types of resource of a directory (RFC 7644 §3.4.3). */
import type { Request, Response } from 'express';
import type { ScimContext } from './context.ts';
import { groupsOf } from './groups.ts';
import { searchWishes } from './list-wishes.ts';
import { sendList } from './lists.ts';
import { usersOf } from './users.ts';

/** Answers users and groups in one list; what only one of them has is absent in the other. */
export async function searchAll(context: ScimContext, req: Request, res: Response): Promise<void> {
  await sendList(context, res, {
    wishes: searchWishes(req.body),
    kinds: [usersOf(context), groupsOf(context)],
  });
}
