/** Scenarios about one person at a time: create, read, look up, change. */
import {
  createdFault,
  foundFault,
  idOf,
  noHitFault,
  oneHitFault,
  property,
  statusFault,
} from '../answers.ts';
import { type Person, patchBody, person, personBody } from '../people.ts';
import { type Scenario, scaled } from '../scenario.ts';
import { createPerson, type Subject } from '../subject.ts';

/** POST /Users; grows the main population. */
export const createScenario: Scenario = {
  name: 'create a user',
  concurrency: 8,
  round: async (subject, scale) => ({ count: scaled(1_000, scale), operate: () => createPerson(subject) }),
};

/** GET /Users/{id}. */
export const getScenario = lookUp('get a user by id', (one) => `/Users/${one.id}`, foundFault);

/** What an identity provider asks before every change. */
export const userNameHitScenario = lookUp(
  'userName eq, found',
  (one) => filterPath(`userName eq "${one.userName}"`),
  oneHitFault,
);

export const userNameMissScenario = lookUp(
  'userName eq, not found',
  (one) => filterPath(`userName eq "nobody-${one.userName}"`),
  noHitFault,
);

export const externalIdScenario = lookUp(
  'externalId eq, found',
  (one) => filterPath(`externalId eq "${one.externalId}"`),
  oneHitFault,
);

const filterPath = (filter: string) => `/Users?filter=${encodeURIComponent(filter)}`;

function lookUp(
  name: string,
  path: (one: Person) => string,
  faultOf: (answer: Awaited<ReturnType<Subject['loader']['call']>>, one: Person) => string | undefined,
): Scenario {
  return {
    name,
    concurrency: 8,
    round: async (subject, scale) => ({
      // As many as keep a server busy for a second and more.
      count: scaled(10_000, scale),
      operate: async () => {
        const one = anyOf(subject);
        const answer = await subject.loader.call('GET', path(one));
        return { ms: answer.ms, fault: faultOf(answer, one) };
      },
    }),
  };
}

function anyOf({ people }: Subject): Person {
  const one = people[Math.floor(Math.random() * people.length)];
  if (one === undefined) throw new Error('There is nobody to look for.');
  return one;
}

/** PATCH /Users/{id}: active and displayName, as identity providers do; every second one is switched off. */
export const patchScenario: Scenario = {
  name: 'PATCH a user',
  concurrency: 8,
  async round(subject, scale) {
    const stamp = subject.nextNumber++;
    const wanted = (index: number) => ({
      isActive: (index + stamp) % 2 === 0,
      displayName: `Renamed ${stamp}-${index}`,
    });
    const chosen = (index: number) => subject.people[(index * 7_919 + stamp) % subject.people.length];
    return {
      count: scaled(1_000, scale),
      operate: (index) => patchPerson(subject, chosen(index), wanted(index)),
      async verify(done) {
        const { displayName, isActive } = wanted(done - 1);
        const { body } = await subject.loader.call('GET', `/Users/${chosen(done - 1)?.id}`);
        const isThere =
          property(body, 'displayName') === displayName && property(body, 'active') === isActive;
        return isThere ? undefined : 'the change is not there on a later GET';
      },
    };
  },
};

interface Change {
  readonly isActive: boolean;
  readonly displayName: string;
}

/** One PATCH in Entra's spelling. An answer with a body must show the change. */
async function patchPerson(
  { loader }: Subject,
  one: Person | undefined,
  { isActive, displayName }: Change,
): Promise<{ ms: number; fault: string | undefined }> {
  const body = patchBody(
    { op: 'replace', path: 'active', value: isActive },
    { op: 'replace', path: 'displayName', value: displayName },
  );
  const answer = await loader.call('PATCH', `/Users/${one?.id}`, body);
  const fault = statusFault(answer, 200, 204);
  if (fault !== undefined || answer.status === 204) return { ms: answer.ms, fault };
  const isShown =
    property(answer.body, 'displayName') === displayName && property(answer.body, 'active') === isActive;
  return { ms: answer.ms, fault: isShown ? undefined : 'the PATCH answer lacks the change' };
}

/** Entra's initial cycle: a look-up that finds nobody, then the POST. */
export const entraUsersScenario: Scenario = {
  name: 'Entra initial cycle, users',
  concurrency: 4,
  round: async (subject, scale) => ({
    count: scaled(300, scale),
    async operate() {
      const number = subject.nextNumber++;
      const one = person(number, 'e');
      const look = await subject.loader.call('GET', filterPath(`userName eq "${one.userName}"`));
      const missing = noHitFault(look);
      if (missing !== undefined) return { ms: look.ms, fault: missing };
      const made = await subject.loader.call('POST', '/Users', personBody(number, 'e'));
      const fault = createdFault(made, one);
      if (idOf(made.body) !== '') subject.userCount += 1;
      return { ms: look.ms + made.ms, fault };
    },
  }),
};
