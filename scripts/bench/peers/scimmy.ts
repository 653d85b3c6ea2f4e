/**
 * scimmy + scimmy-routers behind Express 5, as fast as we could make them: users and groups in memory, hash indexes for the
 * attributes the bench asks for, pages cut before scimmy sees them. `BENCH_NAIVE` leaves all that to scimmy instead.
 */
import { randomUUID } from 'node:crypto';
import express from 'express';
import SCIMMY from 'scimmy';
import SCIMMYRouters from 'scimmy-routers';
import { property } from '../answers.ts';

/** What a handler is given and gives back; the rest of a resource is scimmy's business. */
interface Body {
  readonly userName: string;
  readonly displayName: string;
  readonly meta?: object;
}

type Row = Body & { readonly id: string };

/** Rows by id, with one index per attribute that is looked up. */
class IndexedRows {
  readonly rows = new Map<string, Row>();
  readonly #indexes: ReadonlyMap<string, Map<unknown, Row>>;

  constructor(attributes: readonly string[]) {
    this.#indexes = new Map(attributes.map((attribute) => [attribute, new Map<unknown, Row>()]));
  }

  put(row: Row): void {
    const old = this.rows.get(row.id);
    for (const [attribute, index] of this.#indexes) {
      if (old !== undefined) index.delete(property(old, attribute));
      const value = property(row, attribute);
      if (value !== undefined) index.set(value, row);
    }
    this.rows.set(row.id, row);
  }

  /** Undefined when there is no index for the attribute. */
  by(attribute: string, value: unknown): Row[] | undefined {
    const index = this.#indexes.get(attribute);
    const row = index?.get(value);
    return index === undefined ? undefined : row === undefined ? [] : [row];
  }

  page(startIndex: number, count: number): Row[] {
    const page: Row[] = [];
    let position = 0;
    for (const row of this.rows.values()) {
      position += 1;
      if (position >= startIndex) page.push(row);
      if (page.length === count) break;
    }
    return page;
  }
}

const isNaive = process.env.BENCH_NAIVE !== undefined;
const notFound = () => new SCIMMY.Types.Error(404, '', 'not found');

/** What scimmy hands to a handler: the parts used here. */
interface Asked {
  readonly id?: string | undefined;
  readonly filter?: unknown;
  constraints?: { startIndex?: number | undefined; count?: number | undefined } | undefined;
}

function store(table: IndexedRows, unique: string) {
  return (asked: Asked, data: unknown): Row => {
    const body: Body = JSON.parse(JSON.stringify(data));
    const now = new Date().toISOString();
    const old = asked.id === undefined ? undefined : table.rows.get(asked.id);
    if (asked.id !== undefined && old === undefined) throw notFound();
    if (old === undefined && (table.by(unique, property(body, unique))?.length ?? 0) > 0)
      throw new SCIMMY.Types.Error(409, 'uniqueness', 'already there');
    const meta = { created: now, ...old?.meta, lastModified: now };
    const row = { ...body, id: old?.id ?? randomUUID(), meta };
    table.put(row);
    return row;
  };
}

function fetchRows(table: IndexedRows) {
  return (asked: Asked): Row | Row[] => {
    if (asked.id !== undefined) {
      const row = table.rows.get(asked.id);
      if (row === undefined) throw notFound();
      return row;
    }
    const { filter } = asked;
    if (filter instanceof SCIMMY.Types.Filter)
      return (isNaive ? undefined : indexed(table, filter)) ?? filter.match([...table.rows.values()]);
    if (isNaive) return [...table.rows.values()];
    const { startIndex = 1, count = 20 } = asked.constraints ?? {};
    // scimmy takes these for the page it would otherwise cut itself.
    Object.assign(asked, {
      constraints: { ...asked.constraints, startIndex, count, totalResults: table.rows.size },
    });
    return table.page(startIndex, count);
  };
}

/** The rows behind `attribute eq "value"`, or undefined for every other filter. */
function indexed(table: IndexedRows, filter: Iterable<unknown>): Row[] | undefined {
  const [term, ...others] = [...filter];
  if (others.length > 0 || typeof term !== 'object' || term === null) return undefined;
  const [[attribute, comparison] = [], ...more] = Object.entries(term);
  const isEquality = Array.isArray(comparison) && comparison[0] === 'eq' && more.length === 0;
  return isEquality && attribute !== undefined ? table.by(attribute, comparison[1]) : undefined;
}

const users = new IndexedRows(['userName', 'externalId']);
const groups = new IndexedRows(['displayName', 'externalId']);
SCIMMY.Resources.declare(SCIMMY.Resources.User)
  .ingress(store(users, 'userName'))
  .egress(fetchRows(users))
  .extend(SCIMMY.Schemas.EnterpriseUser);
SCIMMY.Resources.declare(SCIMMY.Resources.Group)
  .ingress(store(groups, 'displayName'))
  .egress(fetchRows(groups));
SCIMMY.Config.set({ bulk: { supported: true, maxOperations: 1000, maxPayloadSize: 8 << 20 } });

const app = express();
// scimmy-routers writes numbers into req.query, which Express 5 builds anew at every read: without this parser every page
// would silently be the first twenty.
app.set('query parser', (text: string) =>
  Object.fromEntries(
    [...new URLSearchParams(text)].map(([name, value]) => [
      name,
      /^(startIndex|count)$/.test(name) ? Number(value) : value,
    ]),
  ),
);
app.use(
  '/scim/v2',
  new SCIMMYRouters({
    type: 'bearer',
    handler: (req) => {
      if (req.header('authorization') !== `Bearer ${process.env.BENCH_BEARER}`)
        throw new Error('not allowed');
      return 'bench';
    },
  }),
);
app.listen(Number(process.env.BENCH_PORT), '127.0.0.1');
