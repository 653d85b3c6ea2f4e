/** The list of members for somebody who types: its cursors say in which part of the answer the next page goes on. */
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { type SearchPlace, searchMembers } from '../../core/members/member-search.ts';
import type { MemberFilter } from '../../core/ports/people.ts';
import type { OrganizationId } from '../../kernel/ids.ts';
import { parseId } from '../../kernel/ids.ts';
import type { HttpDeps } from '../deps.ts';
import { readCursor, UNKNOWN_CURSOR, USUAL_PAGE } from './paging.ts';
import { presentMember } from './present.ts';

/** As it stands in a cursor: the part by its initial, then behind whom. */
const placeShape = z.union([
  z.tuple([z.literal('s'), z.string().max(320), z.string()]),
  z.tuple([z.literal('e'), z.string()]),
]);

function placeOf(text: string): SearchPlace | undefined {
  const said = placeShape.safeParse(parsed(Buffer.from(text, 'base64url').toString('utf8')));
  if (!said.success || parseId('mem', said.data.at(-1) ?? '') === undefined) return undefined;
  const [part, first, id] = said.data;
  const place: SearchPlace =
    part === 's'
      ? { part: 'email_start', after: { emailKey: first, id: id ?? '' } }
      : { part: 'elsewhere', after: first };
  return cursorOf(place) === text ? place : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function cursorOf(place: SearchPlace): string {
  const said =
    place.part === 'email_start' ? ['s', place.after?.emailKey, place.after?.id] : ['e', place.after];
  return Buffer.from(JSON.stringify(said), 'utf8').toString('base64url');
}

/** A cursor of the list (an id), or of a search. */
export const memberCursorField = z.string().transform((text, context) => {
  const place = placeOf(text) ?? readCursor(text);
  if (place !== undefined) return place;
  context.addIssue({ code: 'custom', message: UNKNOWN_CURSOR });
  return z.NEVER;
});

/** Whether a cursor belongs to what is asked with it. */
export const fitsCursor = ({ q, cursor }: { readonly q?: unknown; readonly cursor?: unknown }): boolean =>
  cursor === undefined || (typeof cursor === 'object') === (q !== undefined);

/** One page of a search as the API answers it. */
export async function answerSearch(
  deps: HttpDeps,
  ask: {
    readonly organizationId: OrganizationId;
    readonly filter: MemberFilter & { readonly text: string };
    readonly cursor: SearchPlace | string | undefined;
    readonly limit: number | undefined;
  },
) {
  const { organizationId, filter, cursor, limit } = ask;
  const { members, next } = await searchMembers(deps, {
    organizationId,
    filter,
    from: typeof cursor === 'object' ? cursor : { part: 'email_start' },
    limit: limit ?? USUAL_PAGE,
    pause: () => setImmediate(),
  });
  return { items: members.map(presentMember), nextCursor: next === undefined ? null : cursorOf(next) };
}
