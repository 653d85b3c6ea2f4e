/** What several identity providers do in the same way: look up, walk through pages, race. */
import {
  hasStatus,
  idOf,
  isError,
  isList,
  isSameSet,
  listedIds,
  listsOnly,
  memberIds,
  textAt,
  valueAt,
} from './answers.ts';
import type { Exchange } from './client.ts';
import type { Expectation } from './expectations.ts';
import type { KnownGroup, KnownPerson, Simulation } from './simulation.ts';

/** `attribute eq "value"`, the value escaped as JSON (RFC 7644 §3.4.2.2). */
export const equals = (attribute: string, value: string): string =>
  `${attribute} eq ${JSON.stringify(value)}`;

/** The path of one resource. */
export const resourcePath = (collection: 'Users' | 'Groups', id: string): string =>
  `/${collection}/${encodeURIComponent(id)}`;

/** Lists a collection by a filter. `more` adds query parameters after it. */
export function lookUp(
  { scim }: Simulation,
  [collection, filter]: readonly [collection: 'Users' | 'Groups', filter: string],
  more: Readonly<Record<string, string>> = {},
): Promise<Exchange> {
  return scim.send('GET', `/${collection}`, { query: { filter, ...more } });
}

/** Checks that an unknown name answers an empty list, never 404. */
export function checkNobody({ score }: Simulation, found: Exchange, line: number): boolean {
  return score.check(
    found,
    [line, 'a look-up without a hit answers 200 and an empty list'],
    isList(found, 0),
  );
}

/** Checks that a look-up finds the one resource. */
export function checkOnly(
  { score }: Simulation,
  [found, id]: readonly [Exchange, string],
  expectation: Expectation,
): boolean {
  return score.check(found, expectation, listsOnly(found, id));
}

/** Pages through a collection twice and checks that both walks see the same ids in the same order, each once. */
export async function checkWalks(
  simulation: Simulation,
  expectation: Expectation,
  sending: {
    readonly collection: 'Users' | 'Groups';
    readonly pageSize: number;
    readonly known: readonly string[];
  },
): Promise<void> {
  const walks = [await walk(simulation, sending), await walk(simulation, sending)];
  const [first, second] = walks;
  if (first === undefined || second === undefined) return;
  const missing = sending.known.filter((id) => !first.ids.includes(id));
  simulation.score.check(first.last, expectation, [
    ...first.problems,
    ...isSameSet(first.ids, [...new Set(first.ids)]),
    ...(missing.length === 0 ? [] : [`${missing.length} known resources are on no page`]),
    ...(first.ids.length === first.total
      ? []
      : [`${first.ids.length} resources, totalResults ${first.total}`]),
    ...(first.ids.join() === second.ids.join() ? [] : ['the second walk saw another order']),
  ]);
}

interface Walk {
  readonly ids: readonly string[];
  readonly total: number;
  readonly problems: readonly string[];
  readonly last: Exchange;
}

async function walk(
  { scim }: Simulation,
  { collection, pageSize }: { readonly collection: string; readonly pageSize: number },
): Promise<Walk> {
  const ids: string[] = [];
  for (;;) {
    const query = { startIndex: String(ids.length + 1), count: String(pageSize) };
    const last = await scim.send('GET', `/${collection}`, { query });
    const page = listedIds(last);
    const total = Number(valueAt(last.body, 'totalResults') ?? 0);
    const problems = [
      ...isList(last),
      ...(page.length > pageSize ? [`a page of ${page.length}, ${pageSize} were asked for`] : []),
    ];
    ids.push(...page);
    if (page.length === 0 || ids.length >= total || problems.length > 0)
      return { ids, total, problems, last };
  }
}

/** Creates the same person twice at the same moment; one is taken, the other refused. Answers the id, if one was taken. */
export async function checkCreateRace(
  simulation: Simulation,
  line: number,
  body: object,
): Promise<string | undefined> {
  const { scim, score } = simulation;
  const answers = await Promise.all([1, 2].map(() => scim.send('POST', '/Users', { body })));
  const taken = answers.filter(({ status }) => status === 201);
  const refused = answers.find(({ status }) => status !== 201);
  score.check(
    refused ?? answers[0],
    [line, 'of two equal creates at the same moment one answers 201, the other 409 uniqueness'],
    [
      ...(taken.length === 1 ? [] : [`${taken.length} of 2 were taken`]),
      ...(refused === undefined ? [] : isError(refused, 409, 'uniqueness')),
    ],
  );
  const [winner] = taken;
  const found = await lookUp(simulation, ['Users', equals('userName', textAt(body, 'userName'))]);
  if (winner !== undefined) {
    checkOnly(simulation, [found, idOf(winner)], [line, 'after a race the look-up finds one person']);
  }
  return winner === undefined ? undefined : idOf(winner);
}

/** Sends one request for each person at the same moment, then checks that the group has all of them besides whom it had. */
export async function checkMemberRace(
  simulation: Simulation,
  { id }: KnownGroup,
  race: {
    readonly line: number;
    readonly people: readonly KnownPerson[];
    readonly patchFor: (person: KnownPerson) => object;
  },
): Promise<void> {
  const { scim, score } = simulation;
  const path = resourcePath('Groups', id);
  const before = memberIds(await scim.send('GET', path));
  const answers = await Promise.all(
    race.people.map((person) => scim.send('PATCH', path, { body: race.patchFor(person) })),
  );
  for (const answer of answers) {
    score.check(
      answer,
      [race.line, 'a membership change among others answers 200 or 204'],
      hasStatus(answer, 200, 204),
    );
  }
  const after = await scim.send('GET', path);
  const expected = [...new Set([...before, ...race.people.map((person) => person.id)])];
  score.check(
    after,
    [race.line, 'membership changes at the same moment are all kept'],
    isSameSet(memberIds(after), expected),
  );
}
