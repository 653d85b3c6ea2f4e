/** How one kind of entity is sealed and opened, and what becomes of one that does not open. */
import type { Sealer } from '../kernel/sealing.ts';
import type { Turn } from './secret-fields.ts';

/** One kind of entity in both forms; sealing and opening leave everything but its secrets alone. */
export interface Form<Entity> {
  readonly seal: (entity: Entity) => Entity;
  readonly open: (entity: Entity) => Entity;
}

/** The form of entities whose secrets `change` names. Opening throws `internal` where one does not open. */
export function formOf<Entity>(sealer: Sealer, change: (entity: Entity, turn: Turn) => Entity): Form<Entity> {
  return {
    seal: (entity) => change(entity, (value, place) => sealer.seal(value, place)),
    open: (entity) => change(entity, (value, place) => sealer.open(value, place)),
  };
}

/** The form of entities that are often handed over again, each the same object: opened once while anybody holds it. */
export function openedOnce<Entity extends object>({ seal, open }: Form<Entity>): Form<Entity> {
  const known = new WeakMap<Entity, Entity>();
  return {
    seal,
    open(entity) {
      const before = known.get(entity);
      if (before !== undefined) return before;
      const opened = open(entity);
      known.set(entity, opened);
      return opened;
    },
  };
}

/** A stored secret that does not open: damaged, or sealed elsewhere. */
export interface Unreadable {
  readonly organizationId: string;
  readonly field: string;
  readonly id: string;
}

/** Hears of each. */
export type Tell = (found: Unreadable) => void;

interface Forgiven<Entity> {
  readonly field: string;
  /** The entity as it is answered instead. */
  readonly without: (entity: Entity) => Entity;
  readonly tell: Tell;
}

/** For what jobs read of everybody: one that does not open is told of and answered without its secret, not thrown at all the others. */
export function forgiving<Entity extends Omit<Unreadable, 'field'>>(
  form: Form<Entity>,
  { field, without, tell }: Forgiven<Entity>,
): Form<Entity> {
  return {
    seal: form.seal,
    open(entity) {
      try {
        return form.open(entity);
      } catch {
        const { organizationId, id } = entity;
        tell({ organizationId, field, id });
        return without(entity);
      }
    },
  };
}
