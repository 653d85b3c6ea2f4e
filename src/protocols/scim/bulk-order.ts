/** The order in which the operations of a Bulk request run, so that references find what they name (RFC 7644 §3.7.1). Pure. */

/** Operations that run together: one by itself, or all that refer to each other in a circle. Indexes in the order sent. */
export interface BulkUnit {
  readonly members: readonly number[];
  readonly isCircle: boolean;
  /** Operations outside the unit that it refers to; they run before it. */
  readonly dependencies: ReadonlySet<number>;
}

/**
 * Orders operations: as sent, except that one with a reference to a later operation waits for that one, and runs right
 * after it. `dependencies` says for each operation, by index, which others it refers to. Time grows with the references.
 */
export function orderBulk(dependencies: readonly ReadonlySet<number>[]): readonly BulkUnit[] {
  const units = circlesOf(dependencies).map((members) => toUnit(members, dependencies));
  const unitOf = new Map(units.flatMap((unit) => unit.members.map((index) => [index, unit] as const)));
  const dependents = new Map<BulkUnit, Set<BulkUnit>>();
  for (const unit of units) {
    for (const index of unit.dependencies) {
      const needed = unitOf.get(index);
      if (needed !== undefined) dependents.set(needed, (dependents.get(needed) ?? new Set()).add(unit));
    }
  }
  return asSent(units, dependents);
}

function toUnit(members: readonly number[], dependencies: readonly ReadonlySet<number>[]): BulkUnit {
  const inside = new Set(members);
  const named = members.flatMap((index) => [...(dependencies[index] ?? [])]);
  return {
    members,
    isCircle: named.some((index) => inside.has(index)),
    dependencies: new Set(named.filter((index) => !inside.has(index))),
  };
}

/** A unit is due once its last operation has been reached and all it refers to has run. */
function asSent(
  units: readonly BulkUnit[],
  dependents: ReadonlyMap<BulkUnit, ReadonlySet<BulkUnit>>,
): readonly BulkUnit[] {
  const lastOf = ({ members }: BulkUnit): number => members.at(-1) ?? 0;
  const waitsFor = new Map<BulkUnit, number>();
  for (const followers of dependents.values()) {
    for (const unit of followers) waitsFor.set(unit, (waitsFor.get(unit) ?? 0) + 1);
  }
  const ordered: BulkUnit[] = [];
  for (const unit of [...units].sort((left, right) => lastOf(left) - lastOf(right))) {
    const due = (waitsFor.get(unit) ?? 0) === 0 ? [unit] : [];
    for (let next = due.shift(); next !== undefined; next = due.shift()) {
      ordered.push(next);
      const followers = [...(dependents.get(next) ?? [])].sort((left, right) => lastOf(left) - lastOf(right));
      for (const follower of followers) {
        const open = (waitsFor.get(follower) ?? 0) - 1;
        waitsFor.set(follower, open);
        // A follower that is still to be reached runs when its own turn comes.
        if (open === 0 && lastOf(follower) < lastOf(unit)) due.push(follower);
      }
    }
  }
  return ordered;
}

/** Groups of operations that reach each other (Tarjan's algorithm), every operation in exactly one, members in order. */
function circlesOf(edges: readonly ReadonlySet<number>[]): readonly (readonly number[])[] {
  const circles: number[][] = [];
  const low = new Map<number, number>();
  const stack: number[] = [];
  const onStack = new Set<number>();
  let clock = 0;
  const visit = (node: number): void => {
    const entered = clock;
    clock += 1;
    low.set(node, entered);
    stack.push(node);
    onStack.add(node);
    for (const next of edges[node] ?? []) {
      if (!low.has(next)) visit(next);
      if (onStack.has(next)) low.set(node, Math.min(low.get(node) ?? 0, low.get(next) ?? 0));
    }
    if (low.get(node) !== entered) return;
    const members = stack.splice(stack.lastIndexOf(node));
    for (const member of members) onStack.delete(member);
    circles.push(members.sort((left, right) => left - right));
  };
  for (const node of edges.keys()) if (!low.has(node)) visit(node);
  return circles;
}
