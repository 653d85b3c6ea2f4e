/** Says what is wrong with an answer: status, shape and content. Every check answers a sentence, or undefined for "right". */
import type { Answer } from './loader.ts';
import { type Person, USER_SCHEMA } from './people.ts';

const LIST_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

/** A property of a JSON object; undefined for anything that is none or has no such property. */
export function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

/** A property that is an array; empty for anything else. */
export function listOf(value: unknown, name: string): readonly unknown[] {
  const list = property(value, name);
  return Array.isArray(list) ? list : [];
}

/** The `id` of a resource; empty when it has none. */
export function idOf(value: unknown): string {
  const id = property(value, 'id');
  return typeof id === 'string' ? id : '';
}

/** Wrong when the status is none of these. */
export function statusFault(answer: Answer, ...wanted: readonly number[]): string | undefined {
  if (wanted.includes(answer.status)) return undefined;
  return `status ${answer.status} instead of ${wanted.join(' or ')}: ${answer.text.slice(0, 160)}`;
}

/** Wrong unless it is this person, whole: names, e-mail, extension, and an id. */
function personFault(value: unknown, person: Person): string | undefined {
  if (idOf(value) === '' || (person.id !== '' && idOf(value) !== person.id)) return 'another user or no id';
  if (!listOf(value, 'schemas').includes(USER_SCHEMA)) return 'a user without its schema';
  for (const name of ['userName', 'externalId'] as const) {
    if (property(value, name) !== person[name]) return `${name} is not what was sent`;
  }
  if (property(listOf(value, 'emails')[0], 'value') !== person.userName)
    return 'the e-mail is not what was sent';
  return undefined;
}

/** Wrong unless 201 with this person. */
export function createdFault(answer: Answer, person: Person): string | undefined {
  return statusFault(answer, 201) ?? personFault(answer.body, person);
}

/** Wrong unless 200 with this person. */
export function foundFault(answer: Answer, person: Person): string | undefined {
  return statusFault(answer, 200) ?? personFault(answer.body, person);
}

/** Wrong unless a list of exactly this person. */
export function oneHitFault(answer: Answer, person: Person): string | undefined {
  return (
    listFault(answer, { total: 1, length: 1 }) ?? personFault(listOf(answer.body, 'Resources')[0], person)
  );
}

/** Wrong unless a list of nobody. */
export function noHitFault(answer: Answer): string | undefined {
  return listFault(answer, { total: 0, length: 0 });
}

/** Wrong unless a list with exactly this total and this many different resources. */
export function listFault(
  answer: Answer,
  { total, length }: { readonly total: number; readonly length: number },
): string | undefined {
  const fault = statusFault(answer, 200);
  if (fault !== undefined) return fault;
  if (!listOf(answer.body, 'schemas').includes(LIST_SCHEMA)) return 'a list without its schema';
  const found = property(answer.body, 'totalResults');
  if (found !== total) return `totalResults ${String(found)} instead of ${total}`;
  const ids = new Set(listOf(answer.body, 'Resources').map(idOf));
  if (ids.has('')) return 'a listed resource without id';
  return ids.size === length ? undefined : `${ids.size} different resources instead of ${length}`;
}

/** Wrong unless the group shows exactly this many different members. */
export function membersFault(answer: Answer, count: number): string | undefined {
  const fault = statusFault(answer, 200);
  if (fault !== undefined) return fault;
  const members = new Set(listOf(answer.body, 'members').map((member) => property(member, 'value')));
  return members.size === count ? undefined : `${members.size} members instead of ${count}`;
}
