/** One run of one identity provider against one server: what it knows so far, and its phases in order. */
import { randomBytes } from 'node:crypto';
import { createScimCaller, type Endpoint, type Exchange, type Manner, type ScimCaller } from './client.ts';
import { createScorecard, type Scorecard } from './expectations.ts';
import type { Group, Person, Population } from './population.ts';

export interface Simulation {
  readonly scim: ScimCaller;
  readonly score: Scorecard;
  readonly population: Population;
  /** SCIM id of each person the server has taken, by key. */
  readonly userIds: Map<string, string>;
  /** SCIM id of each group the server has taken, by key. */
  readonly groupIds: Map<string, string>;
  /** Different in every run, for names that must be new to the server. */
  readonly runId: string;
}

export interface Phase {
  readonly name: string;
  run(simulation: Simulation): Promise<void>;
}

export interface Simulator {
  /** As its maker spells it. */
  readonly title: string;
  readonly manner: Manner;
  /** What it does when an administrator switches it on: test, people, groups. */
  readonly onboarding: readonly Phase[];
  /** What happens in the months after. */
  readonly afterwards: readonly Phase[];
  /** Takes a person's access away as this identity provider does. */
  deactivate(simulation: Simulation, person: Person): Promise<Exchange>;
}

export interface Beginning {
  readonly simulator: Simulator;
  readonly endpoint: Endpoint;
  readonly population: Population;
}

/** A run that has asked nothing yet. */
export function beginSimulation({ simulator, endpoint, population }: Beginning): Simulation {
  return {
    scim: createScimCaller(endpoint, simulator.manner),
    score: createScorecard(),
    population,
    userIds: new Map(),
    groupIds: new Map(),
    runId: randomBytes(4).toString('hex'),
  };
}

export interface PhaseReport {
  readonly name: string;
  readonly requests: number;
  readonly ms: number;
}

/** Runs phases one after the other and reports each as it ends. A phase that breaks down is a failed check, and the next one runs. */
export async function runPhases(
  simulation: Simulation,
  phases: readonly Phase[],
  report: (phase: PhaseReport) => void = () => undefined,
): Promise<void> {
  for (const phase of phases) {
    const [startedAt, sentBefore] = [performance.now(), simulation.scim.sent()];
    const problem = await phase.run(simulation).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    if (problem !== undefined) {
      simulation.score.check(undefined, [0, `the phase “${phase.name}” runs to its end`], [problem]);
    }
    report({
      name: phase.name,
      requests: simulation.scim.sent() - sentBefore,
      ms: performance.now() - startedAt,
    });
  }
}

export interface KnownPerson {
  readonly person: Person;
  readonly id: string;
}

export interface KnownGroup {
  readonly group: Group;
  readonly id: string;
}

/** The people the server has taken, in the order of the population. */
export function knownPeople({ population, userIds }: Simulation): KnownPerson[] {
  return population.people.flatMap((person) => {
    const id = userIds.get(person.key);
    return id === undefined ? [] : [{ person, id }];
  });
}

/** The groups the server has taken, in the order of the population. */
export function knownGroups({ population, groupIds }: Simulation): KnownGroup[] {
  return population.groups.flatMap((group) => {
    const id = groupIds.get(group.key);
    return id === undefined ? [] : [{ group, id }];
  });
}

/** The known person at that place, counted round. Throws when the server has taken nobody. */
export function personAt(simulation: Simulation, place: number): KnownPerson {
  const known = knownPeople(simulation);
  const found = known[place % Math.max(known.length, 1)];
  if (found === undefined) throw new Error('the server has taken no person');
  return found;
}

/** The known group at that place, counted round. Throws when the server has taken none. */
export function groupAt(simulation: Simulation, place: number): KnownGroup {
  const known = knownGroups(simulation);
  const found = known[place % Math.max(known.length, 1)];
  if (found === undefined) throw new Error('the server has taken no group');
  return found;
}

/** SCIM ids of the members a group should have, of those the server has taken. */
export function memberIdsOf({ userIds }: Simulation, group: Group): string[] {
  return group.members.flatMap(({ key }) => userIds.get(key) ?? []);
}
