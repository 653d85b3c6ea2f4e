/** Large rows as they were read before, so that one is read again only when its version is another. Holds nothing that may still be rolled back. */

interface Versioned {
  readonly id: string;
  readonly version: number;
}

/**
 * What one version of an entity says: an id is given once, every write makes the version another, so that what was committed
 * under both never changes.
 */
export interface KnownRows<Entity extends Versioned> {
  /** Undefined: to be read. */
  find(id: string, version: number): Entity | undefined;
  /** Does nothing where what is read may not be committed yet. */
  keep(entity: Entity): void;
}

/** Beyond this many it begins anew. */
const MOST_KNOWN = 256;

/** Starts empty. For reads of what is committed. */
export function createKnownRows<Entity extends Versioned>(): KnownRows<Entity> {
  const known = new Map<string, Entity>();
  return {
    find(id, version) {
      const entity = known.get(id);
      return entity?.version === version ? entity : undefined;
    },
    keep(entity) {
      if (known.size >= MOST_KNOWN && !known.has(entity.id)) known.clear();
      known.set(entity.id, entity);
    },
  };
}

/** The same for a transaction: it finds what others have read, and leaves nothing that only it can see. */
export const onlyFinding = <Entity extends Versioned>({
  find,
}: Pick<KnownRows<Entity>, 'find'>): KnownRows<Entity> => ({ find, keep: () => undefined });

/** Where nothing is remembered. */
export const nothingKnown = { find: () => undefined, keep: () => undefined };
