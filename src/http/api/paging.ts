/** Lists page by page: opaque cursors over keyset pages, the same for every list. */
import { z } from 'zod';
import type { PageRequest } from '../../core/ports/paging.ts';

const MOST = 200;
/** Rows on a page where nobody says. */
export const USUAL_PAGE = 50;

/** What a cursor that is not ours is told. */
export const UNKNOWN_CURSOR = 'Send the nextCursor of the page before, unchanged.';

/** The id in a cursor of ours; undefined for anything else. */
export function readCursor(text: string): string | undefined {
  const id = Buffer.from(text, 'base64url').toString('utf8');
  return /^[a-z]{2,4}_[0-9a-z]{26}$/.test(id) && cursorAfter(id) === text ? id : undefined;
}

const cursorField = z.string().transform((text, context) => {
  const id = readCursor(text);
  if (id !== undefined) return id;
  context.addIssue({ code: 'custom', message: UNKNOWN_CURSOR });
  return z.NEVER;
});

/** A query parameter that may be left empty: `?role=` says the same as nothing. */
export const queryField = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional()).optional();

/** The parameters that every list takes. */
export const pageFields = {
  cursor: queryField(cursorField),
  limit: queryField(
    z
      .string()
      .regex(/^[1-9]\d{0,2}$/, `A number from 1 to ${MOST}.`)
      .transform(Number)
      .pipe(z.number().max(MOST, `A number from 1 to ${MOST}.`)),
  ),
};

/** A list of pages without any other parameter. */
export const pageQuery = z.strictObject(pageFields);

interface PageChoice {
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Null on the last page. */
  readonly nextCursor: string | null;
}

/** The cursor of the page that starts after this id. */
export const cursorAfter = (id: string): string => Buffer.from(id, 'utf8').toString('base64url');

/** Reads one page. One row more than asked for tells whether there is another; `idOf` names what the next one starts after. */
export async function readPage<Row>(
  choice: PageChoice,
  list: (page: PageRequest) => Promise<readonly Row[]>,
  idOf: (row: Row) => string,
): Promise<Page<Row>> {
  const limit = choice.limit ?? USUAL_PAGE;
  const found = await list({ after: choice.cursor, limit: limit + 1 });
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  const isMore = found.length > limit && last !== undefined;
  return { rows, nextCursor: isMore ? cursorAfter(idOf(last)) : null };
}

/** The schema of a page's answer. */
export const pageOf = <Shape extends z.ZodType>(item: Shape) =>
  z.object({
    items: z.array(item),
    nextCursor: z
      .string()
      .nullable()
      .describe('Send it as `cursor` for the next page; null on the last one.'),
  });

/** The schema of a list that is always answered whole: `nextCursor` is there so that every list is read the same way. */
export const wholeListOf = <Shape extends z.ZodType>(item: Shape) =>
  z.object({ items: z.array(item), nextCursor: z.null() });

/** A list answered whole. */
export const wholeList = <Row, Item>(rows: readonly Row[], present: (row: Row) => Item) => ({
  items: rows.map((row) => present(row)),
  nextCursor: null,
});
