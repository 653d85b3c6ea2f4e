/** Scenarios about many people at a time: pages, a whole import, Bulk. */
import { createdFault, listFault, listOf, property, statusFault } from '../answers.ts';
import { person, personBody } from '../people.ts';
import { type Scenario, scaled } from '../scenario.ts';
import { bulkLimit, idsOf, type Subject } from '../subject.ts';

const PAGE = 100;
const BULK_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';

/** The first page of everybody. */
export const firstPageScenario = page('page of 100, first', () => 1);

/** The last page of everybody; it must hold nobody of the first one. */
export const lastPageScenario = page('page of 100, last', ({ userCount }) =>
  Math.max(1, userCount - PAGE + 1),
);

function page(name: string, startIndexOf: (subject: Subject) => number): Scenario {
  return {
    name,
    concurrency: 8,
    unitsPerOperation: PAGE,
    async round(subject, scale) {
      const startIndex = startIndexOf(subject);
      const first = new Set(startIndex === 1 ? [] : idsOf(await readPage(subject, 1)));
      return {
        count: scaled(250, scale),
        async operate() {
          const answer = await readPage(subject, startIndex);
          const fault = listFault(answer, { total: subject.userCount, length: PAGE });
          const isRepeated = idsOf(answer).some((id) => first.has(id));
          return {
            ms: answer.ms,
            fault: fault ?? (isRepeated ? 'the last page repeats the first' : undefined),
          };
        },
      };
    },
  };
}

const readPage = ({ loader }: Subject, startIndex: number) =>
  loader.call('GET', `/Users?startIndex=${startIndex}&count=${PAGE}`);

/** Okta's import: page after page, everybody exactly once. */
export const oktaImportScenario: Scenario = {
  name: 'Okta import',
  concurrency: 1,
  unitsPerOperation: PAGE,
  async round(subject) {
    const pages = Math.floor(subject.userCount / PAGE);
    const seen = new Set<string>();
    return {
      count: pages,
      async operate(index) {
        const answer = await readPage(subject, 1 + index * PAGE);
        for (const id of idsOf(answer)) seen.add(id);
        return { ms: answer.ms, fault: listFault(answer, { total: subject.userCount, length: PAGE }) };
      },
      verify: async (done) =>
        seen.size === done * PAGE ? undefined : `the import saw ${seen.size} of ${done * PAGE} users`,
    };
  },
};

/** POST /Bulk with this many new people. */
export function bulkScenario(size: number): Scenario {
  return {
    name: `Bulk of ${size}`,
    concurrency: 1,
    unitsPerOperation: size,
    async prepare(subject) {
      const limit = await bulkLimit(subject);
      return limit >= size ? undefined : limit === 0 ? 'offers no Bulk' : `allows ${limit} operations`;
    },
    round: async (subject, scale) => ({
      count: scaled(2_000 / size, scale),
      operate: () => createInBulk(subject, size),
    }),
  };
}

async function createInBulk(subject: Subject, size: number) {
  const numbers = Array.from({ length: size }, () => subject.nextNumber++);
  const Operations = numbers.map((number) => ({
    method: 'POST',
    path: '/Users',
    bulkId: `b${number}`,
    data: personBody(number, 'b'),
  }));
  const answer = await subject.loader.call('POST', '/Bulk', { schemas: [BULK_SCHEMA], Operations });
  const good = listOf(answer.body, 'Operations').filter(isCreated).length;
  subject.userCount += good;
  const fault = statusFault(answer, 200) ?? (good === size ? undefined : `${good} of ${size} were created`);
  return { ms: answer.ms, fault: fault ?? (await lastOneFault(subject, numbers.at(-1) ?? 0)) };
}

function isCreated(operation: unknown): boolean {
  const status = property(operation, 'status');
  return (
    String(property(status, 'code') ?? status) === '201' &&
    typeof property(operation, 'location') === 'string'
  );
}

/** A Bulk answer shows no resources; the last one made is looked up, which costs little beside the request. */
async function lastOneFault({ loader }: Subject, number: number): Promise<string | undefined> {
  const one = person(number, 'b');
  const filter = encodeURIComponent(`userName eq "${one.userName}"`);
  const answer = await loader.call('GET', `/Users?filter=${filter}`);
  const made = listOf(answer.body, 'Resources')[0];
  return createdFault({ ...answer, status: answer.status === 200 ? 201 : answer.status, body: made }, one);
}
