/** Scenarios about groups: adding and removing members at growing sizes, reading with and without them. */
import { membersFault, noHitFault, property, statusFault } from '../answers.ts';
import type { Operation } from '../loader.ts';
import { type Person, patchBody } from '../people.ts';
import { type Round, type Scenario, scaled } from '../scenario.ts';
import {
  addMembers,
  type BenchGroup,
  changedFault,
  createGroup,
  groupSizeFault,
  groupsOf,
  removeMembers,
  type Subject,
} from '../subject.ts';

/** Operations per round; small groups exist several times, so that they stay about their size. */
const CHANGES = 200;
const copiesFor = (size: number) => (size <= 10 ? 50 : size <= 1_000 ? 5 : 1);

/** Where a scenario runs, and what its group is called there; named by its size if absent. */
interface Place {
  readonly subjects?: readonly string[];
  readonly label?: string;
}

const groupName = (size: number, { label }: Place) => label ?? `a group of ${size}`;

/** PATCH: one more member in a group of this size. */
export function addOneScenario(size: number, place: Place = {}): Scenario {
  return {
    ...onGroups(`add 1 member to ${groupName(size, place)}`, place),
    round: (subject, scale) =>
      memberRound(subject, size, {
        count: scaled(CHANGES, scale),
        change: (group, index) => addMembers(subject, group.id, [outsider(subject, group, index)]),
        grows: true,
      }),
  };
}

/** PATCH: one member less, said as a path with a filter or as Entra's list of values. */
export function removeOneScenario(size: number, form: 'path' | 'list', place: Place = {}): Scenario {
  return {
    ...onGroups(`remove 1 member from ${groupName(size, place)}, by ${form}`, place),
    round: (subject, scale) =>
      memberRound(subject, size, {
        // A group of 10 loses 4 at most, so that it still is about a group of 10.
        count: Math.min(scaled(CHANGES, scale), Math.floor(size * 0.4) * copiesFor(size)),
        change: (group, index) => {
          const one = insider(subject, group, index);
          if (form === 'list') return removeMembers(subject, group.id, [one]);
          const operation = { op: 'remove', path: `members[value eq "${one.id}"]` };
          return subject.loader.call('PATCH', `/Groups/${group.id}`, patchBody(operation));
        },
        grows: false,
      }),
  };
}

const onGroups = (name: string, { subjects }: Place) => ({
  name,
  concurrency: 1,
  ...(subjects === undefined ? {} : { subjects }),
});

interface MemberChanges {
  readonly count: number;
  change(group: BenchGroup, index: number): ReturnType<typeof addMembers>;
  readonly grows: boolean;
}

/** Spreads the changes over all copies of the group, then counts the members and puts them back as they were. */
async function memberRound(
  subject: Subject,
  size: number,
  { count, change, grows }: MemberChanges,
): Promise<Round> {
  const groups = await groupsOf(subject, size, copiesFor(size));
  const turnOf = (index: number) => ({
    group: groups[index % groups.length],
    turn: Math.floor(index / groups.length),
  });
  return {
    count,
    async operate(index): Promise<Operation> {
      const { group, turn } = turnOf(index);
      if (group === undefined) throw new Error('no group');
      const answer = await change(group, turn);
      return { ms: answer.ms, fault: changedFault(answer) };
    },
    async verify(done) {
      for (const [position, group] of groups.entries()) {
        const turns = Math.ceil((done - position) / groups.length);
        const fault = turns > 0 ? await restore(subject, group, grows ? turns : -turns) : undefined;
        if (fault !== undefined) return fault;
      }
      return undefined;
    },
  };
}

/** Checks that the group is `change` members larger (or smaller), then undoes that. */
async function restore(subject: Subject, group: BenchGroup, change: number): Promise<string | undefined> {
  const fault = await groupSizeFault(subject, group.id, group.size + change);
  if (fault !== undefined) return fault;
  const turns = Array.from({ length: Math.abs(change) }, (_, turn) => turn);
  const answer =
    change > 0
      ? await removeMembers(
          subject,
          group.id,
          turns.map((turn) => outsider(subject, group, turn)),
        )
      : await addMembers(
          subject,
          group.id,
          turns.map((turn) => insider(subject, group, turn)),
        );
  return changedFault(answer);
}

const outsider = ({ people }: Subject, { first, size }: BenchGroup, turn: number) =>
  existing(people[first + size + turn]);
const insider = ({ people }: Subject, { first }: BenchGroup, turn: number) => existing(people[first + turn]);

function existing(one: Person | undefined): Person {
  if (one === undefined) throw new Error('Too few people for this scenario.');
  return one;
}

/** PATCH: a hundred more members at once, all or none. */
export const addHundredScenario: Scenario = {
  name: 'add 100 members in one PATCH',
  concurrency: 1,
  unitsPerOperation: 100,
  async round(subject, scale) {
    const count = scaled(40, scale);
    const stamp = subject.nextNumber++;
    const ids: string[] = [];
    for (let copy = 0; copy < count; copy += 1)
      ids.push(await createGroup(subject, `hundred-${stamp}-${copy}`));
    return {
      count,
      async operate(index) {
        const answer = await addMembers(subject, ids[index] ?? '', someOf(subject, stamp + index, 100));
        return { ms: answer.ms, fault: changedFault(answer) };
      },
      verify: (done) => groupSizeFault(subject, ids[done - 1] ?? '', 100),
    };
  },
};

/** People for a new group, other ones for every number. */
function someOf({ people }: Subject, number: number, count: number): readonly Person[] {
  const first = (number * count) % (people.length - count);
  return people.slice(first, first + count);
}

/** GET /Groups/{id} with all its members. */
export function getGroupScenario(size: number, place: Place = {}): Scenario {
  return {
    ...onGroups(`GET ${groupName(size, place)}`, place),
    round: (subject, scale) =>
      readRound(subject, size, {
        count: scaled(40, scale),
        path: (id) => `/Groups/${id}`,
        faultOf: (answer) => membersFault(answer, size),
      }),
  };
}

/** GET /Groups/{id} without them, as Entra asks. */
export function getBareGroupScenario(size: number, place: Place = {}): Scenario {
  return {
    ...onGroups(`GET ${groupName(size, place)}, without members`, place),
    round: (subject, scale) =>
      readRound(subject, size, {
        count: scaled(500, scale),
        path: (id) => `/Groups/${id}?excludedAttributes=members`,
        faultOf: (answer) =>
          statusFault(answer, 200) ??
          (property(answer.body, 'members') === undefined &&
          typeof property(answer.body, 'displayName') === 'string'
            ? undefined
            : 'members were not left out'),
      }),
  };
}

interface GroupRead {
  readonly count: number;
  path(id: string): string;
  faultOf(answer: Awaited<ReturnType<typeof addMembers>>): string | undefined;
}

async function readRound(
  subject: Subject,
  size: number,
  { count, path, faultOf }: GroupRead,
): Promise<Round> {
  const groups = await groupsOf(subject, size, copiesFor(size));
  return {
    count,
    async operate(index) {
      const answer = await subject.loader.call('GET', path(groups[index % groups.length]?.id ?? ''));
      return { ms: answer.ms, fault: faultOf(answer) };
    },
  };
}

/** Entra's initial cycle for a group of 150: look-up, POST, two PATCHes. */
export const entraGroupsScenario: Scenario = {
  name: 'Entra initial cycle, groups of 150',
  concurrency: 1,
  async round(subject, scale) {
    const stamp = subject.nextNumber++;
    return {
      count: scaled(20, scale),
      operate: (index) => pushGroup(subject, `entra-${stamp}-${index}`, someOf(subject, stamp + index, 150)),
    };
  },
};

async function pushGroup(subject: Subject, name: string, members: readonly Person[]): Promise<Operation> {
  const startedAt = performance.now();
  const filter = encodeURIComponent(`displayName eq "${name}"`);
  const look = await subject.loader.call('GET', `/Groups?excludedAttributes=members&filter=${filter}`);
  const missing = noHitFault(look);
  if (missing !== undefined) return { ms: look.ms, fault: missing };
  const id = await createGroup(subject, name);
  const first = changedFault(await addMembers(subject, id, members.slice(0, 100)));
  const second = changedFault(await addMembers(subject, id, members.slice(100)));
  return { ms: performance.now() - startedAt, fault: first ?? second };
}
