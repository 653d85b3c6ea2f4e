/** What an entry of the isolation table is, and the answers that entries share. */
import type { Queries, Repositories, WriteVerb } from '../../src/core/ports/storage.ts';
import type { OrganizationId } from '../../src/kernel/ids.ts';
import type { World } from '../support/world.ts';

/** What the caller is told about the other organization's things: exactly what it would be told about nothing. */
type Told =
  | { readonly answers: unknown }
  | { readonly refuses: 'not_found' | 'version_conflict' | 'internal' }
  /** A look-up by a key that both organizations hold: only the caller's own row may come back. */
  | { readonly answersOwn: number };

/** A method that ends at the border of an organization. */
export type Bounded<Store> = Told & {
  readonly call: (store: Store, b: OrganizationId, a: World) => Promise<unknown>;
};

/** A method that is global by the port's own word; the closed list of them is asserted by the suite. */
interface Global {
  readonly global: true;
}

/** Reads must be callable outside a transaction, so their calls are given no more than `Queries`. */
type Entry<Method> = Global | Bounded<Method extends WriteVerb ? Repositories : Queries>;

export type IsolationTable = {
  readonly [Name in keyof Repositories]: {
    readonly [Method in keyof Repositories[Name]]: Entry<Method>;
  };
};

export const PAGE = { offset: 0, limit: 100 } as const;
/** A whole page, one past the end and an empty one: an adapter may count differently for each. */
const PAGES = [PAGE, { offset: 5, limit: 5 }, { offset: 0, limit: 0 }] as const;
export const onEveryPage = (ask: (page: (typeof PAGES)[number]) => Promise<unknown>) =>
  Promise.all(PAGES.map(ask));
export const global: Global = { global: true };

/** The same row as if it were the caller's own: the id is known, only the organization differs. */
export const claimedBy = <Row extends object>(organizationId: OrganizationId, row: Row) => ({
  ...row,
  organizationId,
});

export const absent = { answers: undefined } as const;
export const nothing = { answers: [] } as const;
export const noRows = { answers: PAGES.map(() => ({ rows: [], total: 0 })) };
export const untouched = { answers: false } as const;
export const notFound = { refuses: 'not_found' } as const;
export const conflict = { refuses: 'version_conflict' } as const;
export const bug = { refuses: 'internal' } as const;
export const noneWritten: Entry<'listWritten'> = {
  answers: { text: '', count: 0, last: undefined },
  call: (store, b, a) =>
    store.groupMembers.listWritten(b, a.group.id, PAGE, { user: 'u', group: 'g', mark: '*', name: null }),
};
