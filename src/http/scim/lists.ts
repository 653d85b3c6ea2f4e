/** Answers lists and searches over one type of resource or several: filter, order, page, and the cursor to the next one. */
import type { Response } from 'express';
import type { Position } from '../../core/ports/paging.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { parseProjection } from '../../protocols/scim/attributes.ts';
import { type Filter, parseFilter } from '../../protocols/scim/filter.ts';
import { listBeginning, type Paging, parsePaging } from '../../protocols/scim/list-response.ts';
import type { ResourceType } from '../../protocols/scim/schema.ts';
import { parseSort, type Sort } from '../../protocols/scim/sorting.ts';
import { openAnswer } from './answers.ts';
import type { ScimContext } from './context.ts';
import type { CursorList } from './cursors.ts';
import {
  comparePositions,
  type FoundPage,
  findListPage,
  type ListAsk,
  type ListSource,
  MAX_CANDIDATES,
} from './list-page.ts';
import type { ListWishes } from './list-wishes.ts';
import { type ListedRow, writeResources } from './resource-texts.ts';

/** One type of resource of a directory, to be listed alone or together with others. */
export interface ListKind {
  readonly type: ResourceType;
  find(ask: ListAsk): Promise<FoundPage<ListedRow>>;
}

/** The kind whose rows `source` has. */
export function listKind<Row extends ListedRow, Field extends string, By extends string>(
  type: ResourceType,
  source: ListSource<Row, Field, By, ListedRow>,
): ListKind {
  return { type, find: (ask) => findListPage(source, ask) };
}

/**
 * Sends one page of a ListResponse. Unsorted, one kind follows the other; sorted, their resources are merged. A filter or
 * sorting may name what any of the kinds has. Throws `invalid_filter`, `invalid_value`, `too_many`, and for cursors
 * `invalid_cursor`, `expired_cursor`, `invalid_count`.
 */
export async function sendList(
  context: ScimContext,
  res: Response,
  { wishes, kinds }: { readonly wishes: ListWishes; readonly kinds: readonly ListKind[] },
): Promise<void> {
  const projections = {
    user: parseProjection(wishes, context.userType),
    group: parseProjection(wishes, context.groupType),
  };
  const types = kinds.map(({ type }) => type);
  const questions = questionsOf(wishes, kinds, types);
  const page = pageOf(context, wishes, types);
  const found = await findAmong(questions, page);
  // One more than the page holds may have been asked for, to know whether there is a next one.
  const rows = found.found.slice(0, page.count).map(({ row }) => row);
  const out = openAnswer(res, 200);
  const taken = out.add(beginningOf(context, page, found));
  if (taken !== undefined) await taken;
  await writeResources(out, context, { rows, projections });
  out.end(']}');
}

function beginningOf(
  context: ScimContext,
  { startIndex, count, list }: Page,
  { found, total }: FoundPage<ListedRow>,
): string {
  const itemsPerPage = Math.min(found.length, count);
  const last = found.length > count ? found[count - 1] : undefined;
  const position = last && { key: last.key, id: last.row.id };
  const nextCursor =
    list === undefined || position === undefined
      ? undefined
      : context.deps.cursors.issue(list, { position, count }, context.deps.clock());
  return listBeginning({ totalResults: total, startIndex, itemsPerPage, nextCursor });
}

/** One kind with the filter and sorting as they read for its type. */
interface Question {
  readonly kind: ListKind;
  readonly filter: Filter | undefined;
  readonly sort: Sort | undefined;
}

function questionsOf(
  wishes: ListWishes,
  kinds: readonly ListKind[],
  types: readonly ResourceType[],
): readonly Question[] {
  const sorts = parseSort(wishes, types);
  return kinds.map((kind, index) => {
    const others = types.filter((type) => type !== kind.type);
    const filter = wishes.filter === undefined ? undefined : parseFilter(wishes.filter, kind.type, others);
    return { kind, filter, sort: sorts?.[index] };
  });
}

/** The wanted page, however it was asked for. */
interface Page {
  readonly offset: number;
  readonly count: number;
  /** How many to look for. */
  readonly limit: number;
  readonly after: Position | undefined;
  /** Of index paging only. */
  readonly startIndex: number | undefined;
  /** Of cursor paging only. */
  readonly list: CursorList | undefined;
}

function pageOf(context: ScimContext, wishes: ListWishes, types: readonly ResourceType[]): Page {
  const { startIndex, count } = parsePaging(wishes);
  if (wishes.cursor === undefined) {
    return { offset: startIndex - 1, count, limit: count, after: undefined, startIndex, list: undefined };
  }
  const list = {
    directoryId: context.directoryId,
    endpoint: types.map(({ endpoint }) => endpoint).join(),
    wishes,
  };
  const place =
    wishes.cursor === '' ? { count, position: undefined } : readCursor(context, list, { wishes, count });
  const limit = place.count === 0 ? 0 : place.count + 1;
  return { offset: 0, count: place.count, limit, after: place.position, startIndex: undefined, list };
}

function readCursor(
  { deps }: ScimContext,
  list: CursorList,
  { wishes, count }: { readonly wishes: ListWishes; readonly count: Paging['count'] },
): { readonly count: number; readonly position: Position } {
  const isCounted = (wishes.count ?? '').trim() !== '';
  return deps.cursors.read(list, wishes.cursor ?? '', {
    now: deps.clock(),
    count: isCounted ? count : undefined,
  });
}

function findAmong(questions: readonly Question[], page: Page): Promise<FoundPage<ListedRow>> {
  const [only, ...others] = questions;
  if (only === undefined)
    throw new GatehouseError('internal', 'A list of no kind of resource was asked for.');
  if (others.length === 0) {
    const { filter, sort } = only;
    const { offset, limit, after } = page;
    return only.kind.find({ filter, sort, offset, limit, after });
  }
  return only.sort === undefined ? findInTurn(questions, page) : findMerged(questions, page, only.sort);
}

/** Unsorted: all of the first kind, then all of the next. Ids tell the kinds apart. */
async function findInTurn(questions: readonly Question[], page: Page): Promise<FoundPage<ListedRow>> {
  const { after } = page;
  const found: FoundPage<ListedRow>['found'][number][] = [];
  let total = 0;
  const begins =
    after === undefined
      ? 0
      : Math.max(
          0,
          questions.findIndex(({ kind }) => isOf(kind, after.id)),
        );
  for (const [index, question] of questions.entries()) {
    const isPassed = index < begins;
    const rest = await question.kind.find({
      ...question,
      offset: Math.max(0, page.offset - total),
      limit: isPassed ? 0 : page.limit - found.length,
      after: index === begins ? after : undefined,
    });
    found.push(...rest.found);
    total += rest.total;
  }
  return { found, total };
}

const isOf = ({ type }: ListKind, id: string): boolean => id.startsWith(type.name === 'User' ? 'du_' : 'dg_');

/** Sorted: the beginning of each kind, up to the end of the page, is merged. Throws `too_many` beyond 20,000. */
async function findMerged(
  questions: readonly Question[],
  { offset, limit, after }: Page,
  { isDescending }: Sort,
): Promise<FoundPage<ListedRow>> {
  if (offset + limit > MAX_CANDIDATES) {
    throw new GatehouseError(
      'too_many',
      `A sorted search over all types reaches ${MAX_CANDIDATES} resources by startIndex. Use a cursor, or one type.`,
      { field: 'startIndex' },
    );
  }
  const found: FoundPage<ListedRow>['found'][number][] = [];
  let total = 0;
  for (const question of questions) {
    const page = await question.kind.find({
      ...question,
      offset: 0,
      limit: offset + limit,
      after,
      isMerged: true,
    });
    found.push(...page.found);
    total += page.total;
  }
  const compare = comparePositions(isDescending);
  found.sort((left, right) =>
    compare({ key: left.key, id: left.row.id }, { key: right.key, id: right.row.id }),
  );
  return { found: found.slice(offset, offset + limit), total };
}
