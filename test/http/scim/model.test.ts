/** Random histories of users and groups against the live endpoint: after every step it shows what a simple model says (S136). */
import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { bulk, idAt } from '../../support/bulk.ts';
import type { Headers } from '../../support/scim.ts';
import {
  type Action,
  emptyModel,
  type GroupPatch,
  type Model,
  outcomeOf,
  type UserBody,
  type UserPatch,
  type Who,
} from '../../support/scim-model.ts';
import { type ModelRequest, requestOf, shownBy, shownIn } from '../../support/scim-model-requests.ts';
import { type ScimWorld, scimSuite } from '../../support/scim-suite.ts';

const suite = scimSuite();
jest.setTimeout(24 * 3_600_000);

/** More of them by night: `SCIM_MODEL_RUNS=20000 npm test -- test/http/scim/model`. */
const RUNS = Number(process.env.SCIM_MODEL_RUNS ?? 30);

/** The model in the run, and the ids that the server gave to its keys. */
interface Believed {
  model: Model;
  readonly ids: Map<string, string>;
}

interface Live {
  readonly world: ScimWorld;
  /** What the directory showed after the last step, as text. */
  dump: string;
}

const dumpText = async ({ scim }: ScimWorld): Promise<readonly [users: string, groups: string]> => {
  const [users, groups] = await Promise.all([scim.get('/Users?count=200'), scim.get('/Groups?count=200')]);
  return [users.text, groups.text];
};

/** Reads everything and holds it against the model; what a refusal left behind must be the very same bytes. */
async function compare({ model, ids }: Believed, live: Live, isRefused: boolean): Promise<void> {
  const [users, groups] = await dumpText(live.world);
  if (isRefused) expect(users + groups).toBe(live.dump);
  live.dump = users + groups;
  const baseUrl = `${suite.gateway.baseUrl}${live.world.scimPath}`;
  const shown = shownIn(JSON.parse(users).Resources, JSON.parse(groups).Resources);
  expect(shown).toEqual(shownBy(model, ids, baseUrl));
}

function send({ scim }: ScimWorld, { method, path, data }: ModelRequest, headers: Headers = {}) {
  switch (method) {
    case 'POST':
      return scim.post(path, data, headers);
    case 'PUT':
      return scim.put(path, data, headers);
    case 'PATCH':
      return scim.patch(path, data, headers);
    case 'DELETE':
      return scim.delete(path, headers);
  }
}

/** What the same request answers when it comes again: done is done, what is there is a twin, what is gone is unknown. */
const repeatedStatus = (action: Action, status: number): number =>
  action.do === 'createUser' && status === 201 ? 409 : action.do.startsWith('delete') ? 404 : status;

/** One request, sent again up to two times as after a lost answer (R20). */
class Single implements fc.AsyncCommand<Believed, Live> {
  readonly action: Action;
  readonly repeats: number;
  constructor(action: Action, repeats: number) {
    this.action = action;
    this.repeats = action.do === 'createGroup' ? 0 : repeats;
  }
  check = () => true;
  toString = () => `${JSON.stringify(this.action)} x${this.repeats + 1}`;

  async run(believed: Believed, live: Live): Promise<void> {
    suite.gateway.clock.advance(1000);
    const { status, next, key } = outcomeOf(believed.model, this.action, suite.gateway.clock.now());
    const request = requestOf(believed.model, believed.ids, { action: this.action, key });
    const answer = await send(live.world, request);
    expect([answer.status, answer.text]).toEqual([status, expect.anything()]);
    believed.model = next;
    if (status === 201 && key !== undefined) believed.ids.set(key, answer.body.id);
    await compare(believed, live, status >= 400);
    for (let again = 0; again < this.repeats; again += 1) {
      suite.gateway.clock.advance(1000);
      const repeated = await send(live.world, request);
      expect([repeated.status, repeated.text]).toEqual([
        repeatedStatus(this.action, status),
        expect.anything(),
      ]);
      await compare(believed, live, true);
    }
  }
}

/** Several actions in one Bulk request: each sees what those before it left. */
class Bulk implements fc.AsyncCommand<Believed, Live> {
  readonly actions: readonly Action[];
  constructor(actions: readonly Action[]) {
    this.actions = actions;
  }
  check = () => true;
  toString = () => `Bulk ${JSON.stringify(this.actions)}`;

  async run(believed: Believed, live: Live): Promise<void> {
    suite.gateway.clock.advance(1000);
    const keys: (string | undefined)[] = [];
    const statuses: string[] = [];
    const operations = this.actions.map((action) => {
      const { status, next, key } = outcomeOf(believed.model, action, suite.gateway.clock.now());
      const request = requestOf(believed.model, believed.ids, { action, key });
      believed.model = next;
      keys.push(status === 201 ? key : undefined);
      statuses.push(String(status));
      return { ...request, bulkId: request.method === 'POST' ? key : undefined };
    });
    const answers = await bulk(live.world.scim, operations);
    expect(answers.map(({ status }) => status)).toEqual(statuses);
    for (const [index, key] of keys.entries())
      if (key !== undefined) believed.ids.set(key, idAt(answers[index]));
    await compare(
      believed,
      live,
      statuses.every((status) => status >= '400'),
    );
  }
}

const anyone: fc.Arbitrary<Who> = fc.record({
  kind: fc.constantFrom('user', 'user', 'user', 'user', 'group', 'group', 'nobody'),
  pick: fc.nat(5),
});
const someUser: fc.Arbitrary<Who> = fc.record({ kind: fc.constant('user'), pick: fc.nat(5) });
const userName = fc.constantFrom('ann', 'ANN', 'Ann', 'bob', 'BOB', 'cat', 'dan', 'eve', 'Ünal');
const word = fc.constantFrom('x', 'y', 'Z');
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const email = fc.constantFrom(
  { type: 'work', value: 'w@x.example', primary: true },
  { type: 'boss', value: 'b@x.example', primary: true },
  { type: 'home', value: 'h@x.example' },
);
const emails = fc
  .uniqueArray(email, { selector: ({ type }) => type, maxLength: 3 })
  .filter((list) => list.filter(({ primary }) => primary).length <= 1);
const body: fc.Arbitrary<UserBody> = fc.record({
  ...{ userName, title: maybe(word), displayName: maybe(word), active: maybe(fc.boolean()), emails },
  ...{ department: maybe(word), manager: maybe(someUser) },
});
const bad = (operation: object, isMalformed: boolean) => ({ kind: 'bad', operation, isMalformed }) as const;
const malformed = fc.constantFrom(
  bad({ op: 'add', path: 'title' }, true),
  bad({ op: 'remove' }, true),
  bad({ op: 'move', path: 'title', value: 'x' }, true),
  bad({ op: 'add', path: '__proto__.x', value: 'x' }, true),
);
const unfit = fc.constantFrom(
  bad({ op: 'replace', path: 'id', value: 'x' }, false),
  bad({ op: 'remove', path: 'meta[x eq' }, false),
  bad({ op: 'add', path: 'externalId', value: { x: 1 } }, false),
);
const userPatch: fc.Arbitrary<UserPatch> = fc.oneof(
  fc.record({ kind: fc.constantFrom('title', 'displayName', 'department'), value: maybe(word) }),
  fc.record({
    kind: fc.constant('active'),
    value: fc.boolean(),
    form: fc.constantFrom('boolean', 'text', 'pathless'),
  }),
  fc.record({ kind: fc.constant('addEmail'), email }),
  fc.record({
    kind: fc.constant('emailValue'),
    type: fc.constantFrom('work', 'home', 'other2'),
    value: fc.constantFrom('n@x.example', 'm@x.example'),
  }),
  fc.record({ kind: fc.constant('removeEmail'), type: fc.constantFrom('work', 'home', 'boss') }),
  fc.record({ kind: fc.constant('manager'), who: maybe(someUser) }),
  fc.record({ kind: fc.constant('rename'), value: userName }),
  malformed,
  unfit,
);
const members = fc.array(anyone, { maxLength: 4 });
const some = fc.array(anyone, { minLength: 1, maxLength: 3 });
const groupPatch: fc.Arbitrary<GroupPatch> = fc.oneof(
  fc.record({ kind: fc.constantFrom('add', 'replace'), members, pathless: fc.boolean() }),
  fc.record({ kind: fc.constant('remove'), members: some, form: fc.constantFrom('filter', 'values') }),
  fc.constant({ kind: 'empty' }),
  fc.record({ kind: fc.constant('rename'), value: word }),
  malformed,
  unfit,
);
const who = fc.nat(5);
const patches = <Patch>(patch: fc.Arbitrary<Patch>) => fc.array(patch, { minLength: 1, maxLength: 4 });
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('createUser'), body }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('putUser'), who, body }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('patchUser'), who, patches: patches(userPatch) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deleteUser'), who }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('createGroup'), name: word, members }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('putGroup'), who, name: word, members }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('patchGroup'), who, patches: patches(groupPatch) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deleteGroup'), who }) },
);

describe('the directory and its model', () => {
  test('S136, R20, R52: any history shows what the model says, refusals change no byte, repeats change nothing', async () => {
    const single = fc.tuple(action, fc.nat(2)).map(([one, repeats]) => new Single(one, repeats));
    const several = fc.array(action, { minLength: 1, maxLength: 6 }).map((list) => new Bulk(list));
    const commands = fc.commands([single, single, several], { maxCommands: 25 });
    await fc.assert(
      fc.asyncProperty(commands, (steps) =>
        fc.asyncModelRun(async () => {
          const world = await suite.world();
          const live: Live = { world, dump: (await dumpText(world)).join('') };
          return { model: { model: emptyModel(), ids: new Map() }, real: live };
        }, steps),
      ),
      { numRuns: RUNS },
    );
  });

  test('the comparison sees a directory that differs from the model', async () => {
    const world = await suite.world();
    const live: Live = { world, dump: (await dumpText(world)).join('') };
    const believed: Believed = { model: emptyModel(), ids: new Map() };
    await compare(believed, live, true);
    await world.addGroup();
    await expect(compare(believed, live, true)).rejects.toThrow();
    await expect(compare(believed, live, false)).rejects.toThrow();
  });
});
