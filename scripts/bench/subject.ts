/** One server under test with what the bench has put into it so far. */
import { createdFault, idOf, listOf, membersFault, property, statusFault } from './answers.ts';
import { type Answer, createLoader, drive, type Loader, type Operation } from './loader.ts';
import { GROUP_SCHEMA, memberValues, type Person, patchBody, person, personBody } from './people.ts';
import type { ServerCost } from './server-process.ts';

/** A started server, ready for SCIM. */
export interface Peer {
  /** Address of its SCIM endpoints. */
  readonly base: string;
  readonly bearer: string;
  /** Of its process, which is the id of the thread that answers. */
  readonly pid: number;
  /** Milliseconds from the start of the process to its first answer. */
  readonly readyMs: number;
  cost(): ServerCost;
  /** Resolves when the server has done what it put off; absent for one that puts nothing off. */
  settle?(): Promise<void>;
  stop(): Promise<void>;
}

/** A group whose members are `size` people of the subject, the one at index `first` and those after. */
export interface BenchGroup {
  readonly id: string;
  readonly first: number;
  readonly size: number;
}

export interface Subject {
  readonly name: string;
  readonly peer: Peer;
  readonly loader: Loader;
  /** The main population in the order in which it was asked for. */
  readonly people: Person[];
  /** Every user the server holds, those of other scenarios included. */
  userCount: number;
  /** Grows with every name handed out, so that no scenario meets another one's. */
  nextNumber: number;
  readonly groups: Map<string, readonly BenchGroup[]>;
}

/** A subject that holds nothing yet. */
export function createSubject(name: string, peer: Peer): Subject {
  const loader = createLoader(peer.base, peer.bearer);
  return { name, peer, loader, people: [], userCount: 0, nextNumber: 0, groups: new Map() };
}

/** Ends loader and server. */
export async function closeSubject({ loader, peer }: Subject): Promise<void> {
  await loader.close();
  await peer.stop();
}

/** Creates the next person of the main population. */
export async function createPerson(subject: Subject): Promise<Operation> {
  const number = subject.nextNumber++;
  const answer = await subject.loader.call('POST', '/Users', personBody(number));
  const fault = createdFault(answer, person(number));
  if (fault === undefined) {
    subject.people.push({ ...person(number), id: idOf(answer.body) });
    subject.userCount += 1;
  }
  return { ms: answer.ms, fault };
}

/** Creates people until there are `size`. Throws on a wrong answer. */
export async function fillPeople(subject: Subject, size: number): Promise<void> {
  const { faults } = await drive({
    count: Math.max(0, size - subject.people.length),
    concurrency: 8,
    budgetMs: Number.POSITIVE_INFINITY,
    operate: () => createPerson(subject),
    cost: subject.peer.cost,
  });
  failOn(faults[0]);
}

/** People after the members of a group that nobody else needs: they can be added to it. */
const ROOM = 200;

/**
 * This many groups of this size, made on the first call, spread over the people: nobody is in a hundred groups. Needs
 * `size` people and some more. Throws on a wrong answer.
 */
export async function groupsOf(
  subject: Subject,
  size: number,
  copies: number,
): Promise<readonly BenchGroup[]> {
  const key = `${size}x${copies}`;
  const known = subject.groups.get(key);
  if (known !== undefined) return known;
  const made: BenchGroup[] = [];
  for (let copy = 0; copy < copies; copy += 1) {
    const id = await createGroup(subject, `${key}-${copy}`);
    const group = { id, size, first: (copy * size) % Math.max(1, subject.people.length - size - ROOM) };
    await fillGroup(subject, group);
    made.push(group);
  }
  subject.groups.set(key, made);
  return made;
}

async function fillGroup(subject: Subject, { id, first, size }: BenchGroup): Promise<void> {
  const CHUNK = 500;
  const members = subject.people.slice(first, first + size);
  for (let from = 0; from < size; from += CHUNK)
    failOn(changedFault(await addMembers(subject, id, members.slice(from, from + CHUNK))));
}

/** An empty group; answers its id. Throws on a wrong answer. */
export async function createGroup({ loader }: Subject, displayName: string): Promise<string> {
  const answer = await loader.call('POST', '/Groups', { schemas: [GROUP_SCHEMA], displayName });
  failOn(
    statusFault(answer, 201) ??
      (property(answer.body, 'displayName') === displayName ? undefined : 'another name'),
  );
  return idOf(answer.body);
}

/** One PATCH that adds these people. */
export function addMembers({ loader }: Subject, groupId: string, people: readonly Person[]): Promise<Answer> {
  const operation = { op: 'add', path: 'members', value: memberValues(people) };
  return loader.call('PATCH', `/Groups/${groupId}`, patchBody(operation));
}

/** One PATCH that removes these people the way Entra says it: with a list of values. */
export function removeMembers(
  { loader }: Subject,
  groupId: string,
  people: readonly Person[],
): Promise<Answer> {
  const operation = { op: 'Remove', path: 'members', value: memberValues(people) };
  return loader.call('PATCH', `/Groups/${groupId}`, patchBody(operation));
}

/** A group change may be answered with or without the group (RFC 7644 §3.5.2). */
export const changedFault = (answer: Answer) => statusFault(answer, 200, 204);

/** What is wrong with the group now, if anything: it must hold exactly this many. */
export async function groupSizeFault(
  subject: Subject,
  groupId: string,
  size: number,
): Promise<string | undefined> {
  return membersFault(await subject.loader.call('GET', `/Groups/${groupId}`), size);
}

/** The most operations a Bulk request may hold; 0 where Bulk is not offered. */
export async function bulkLimit({ loader }: Subject): Promise<number> {
  const { body } = await loader.call('GET', '/ServiceProviderConfig');
  const bulk = property(body, 'bulk');
  const limit = property(bulk, 'maxOperations');
  return property(bulk, 'supported') === true && typeof limit === 'number' ? limit : 0;
}

/** The ids of a listed page. */
export const idsOf = (answer: Answer) => listOf(answer.body, 'Resources').map(idOf);

/** Throws when there is something wrong while a scenario is being prepared: nothing after it would mean anything. */
export function failOn(fault: string | undefined): void {
  if (fault !== undefined) throw new Error(fault);
}
