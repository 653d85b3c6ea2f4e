/** An import left to a job: told how far it is, whole after any restart, each row with the rights of whoever asked as they are then. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TransactedHandler } from '../../../src/core/jobs.ts';
import { runDueJobs } from '../../../src/core/jobs.ts';
import { invitationImportHandler } from '../../../src/core/joining/invitation-import.ts';
import type { InvitationDeps } from '../../../src/core/joining/invitations.ts';
import { minutes } from '../../../src/kernel/clock.ts';
import { nextText } from '../../support/builders.ts';
import { type ApiWorld, type Person, type Sender, startApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());

const ROWS = 120;
const CSV = ['email', ...Array.from({ length: ROWS }, (_, row) => `person${row}@example.com`)].join('\n');

interface Place {
  readonly base: string;
  readonly owner: Person;
  readonly admin: Person;
}
async function newPlace(): Promise<Place> {
  const organization = await world.newOrganization();
  const [owner, admin] = [
    await world.newPerson(organization, 'owner'),
    await world.newPerson(organization, 'admin'),
  ];
  return { base: `/organizations/${organization.id}`, owner, admin };
}

async function start({ base, admin }: Place, sender: Sender = admin, csv = CSV) {
  const asked = { headers: { ...sender.headers, prefer: 'respond-async' } };
  const answer = await world.send(asked, `post ${base}/invitations/import`, csv);
  expect([answer.status, answer.headers['preference-applied']]).toEqual([202, 'respond-async']);
  expect(answer.headers.location).toMatch(new RegExp(`/api/v1${base}/invitations/import/${answer.body.id}$`));
  expect(answer.body).toMatchObject({ kind: 'invitation_import', state: 'waiting', done: 0 });
  return {
    id: answer.body.id,
    report: async () =>
      (await world.send(world.operator, `get ${base}/invitations/import/${answer.body.id}`)).body,
  };
}

const run = (handler: TransactedHandler<InvitationDeps> = invitationImportHandler) =>
  runDueJobs(world.gateway.deps, { invitation_import: handler });
const pending = async ({ base }: Place) =>
  (await world.send(world.operator, `get ${base}/invitations?status=pending&limit=200`)).body.items;

/** Does so many steps and then is gone without a word, as a process that was killed. */
function endingAfter(steps: number): TransactedHandler<InvitationDeps> {
  let left = steps;
  return {
    stepWithin: async (tx, deps, job) => {
      const step = await invitationImportHandler.stepWithin(tx, deps, job);
      left -= 1;
      if (left < 0) throw new Killed();
      return step;
    },
  };
}
class Killed extends Error {}

describe('an import by a job', () => {
  test('202, then done of total, then the report; the dry run had said the same', async () => {
    const place = await newPlace();
    const dry = await world.send(place.admin, `post ${place.base}/invitations/import?dryRun=true`, CSV);
    const job = await start(place);
    expect(await job.report()).toMatchObject({ rows: [], job: { state: 'waiting', total: ROWS } });
    expect(await run()).toBe(3);
    const { job: told, ...report } = await job.report();
    expect(told).toMatchObject({ state: 'done', done: ROWS, total: ROWS, result: report.totals });
    expect(report).toEqual(dry.body);
    expect(await pending(place)).toHaveLength(ROWS);
    const shown = await world.send(place.admin, `get ${place.base}/jobs/${job.id}`);
    expect(JSON.stringify(shown.body)).not.toContain('@');
  });

  test('a runner that is gone in the middle leaves whole steps; another goes on and invites nobody twice', async () => {
    const place = await newPlace();
    const job = await start(place);
    const { deps } = world.gateway;
    const claimed = await deps.storage.transact((tx) =>
      tx.jobs.claim(deps.clock(), deps.clock() + minutes(2)),
    );
    expect(claimed?.id).toBe(job.id);
    // The step of a runner whose process dies before the commit.
    const lost = deps.storage.transact(async (tx) => {
      if (claimed !== undefined) await endingAfter(0).stepWithin(tx, deps, claimed);
    });
    await expect(lost).rejects.toThrow(Killed);
    expect([await pending(place), (await job.report()).rows]).toEqual([[], []]);
    expect(await run()).toBe(0);
    world.gateway.clock.advance(minutes(2));
    expect(await run()).toBe(3);
    const { rows, totals } = await job.report();
    expect(totals).toEqual({ rows: ROWS, invited: ROWS, refused: 0 });
    expect(new Set(rows.map(({ line }: { line: number }) => line)).size).toBe(ROWS);
    expect(await pending(place)).toHaveLength(ROWS);
  });

  test.each([
    ['made a member', { orgRole: 'member' }],
    ['suspended', { status: 'suspended' }],
  ])('S162: whoever is %s meanwhile invites nobody further', async (_what, change) => {
    const place = await newPlace();
    const job = await start(place, place.admin, 'email\nlate@example.com');
    const one = `patch ${place.base}/members/${place.admin.membership.id}`;
    expect((await world.send(place.owner, one, change)).status).toBe(200);
    await run();
    expect((await job.report()).rows).toEqual([
      {
        ...{ line: 2, email: 'late@example.com', status: 'refused', code: 'forbidden' },
        detail: expect.stringContaining('may not invite any more'),
      },
    ]);
  });

  test('a key that is taken back meanwhile invites nobody further; one that is there does', async () => {
    const place = await newPlace();
    const key = async () => {
      const wish = { name: 'Onboarding', kind: 'team', scopes: ['members.invite'] };
      const { body } = await world.send(place.owner, `post ${place.base}/api-keys`, wish);
      return { headers: { authorization: `Bearer ${body.token}` }, id: body.id };
    };
    const [kept, gone] = [await key(), await key()];
    const good = await start(place, kept, 'email\nkept@example.com');
    const bad = await start(place, gone, 'email\ngone@example.com');
    await world.send(place.owner, `delete ${place.base}/api-keys/${gone.id}`);
    await run();
    expect([(await good.report()).totals.invited, (await bad.report()).totals.invited]).toEqual([1, 0]);
  });

  test('S163: a directory that takes over meanwhile shuts the door on the rows that are left; the report says so and stays readable', async () => {
    const organization = await world.newOrganization();
    const base = `/organizations/${organization.id}`;
    const asked = { headers: { ...world.operator.headers, prefer: 'respond-async, wait=10' } };
    const { body } = await world.send(asked, `post ${base}/invitations/import`, CSV);
    await world.gateway.createDirectory(organization, 'okta');
    await run();
    const { body: job } = await world.send(world.operator, `get ${base}/jobs/${body.id}`);
    expect(job).toMatchObject({ state: 'done', result: { rows: ROWS, invited: 0, refused: ROWS } });
    const report = await world.send(world.operator, `get ${base}/invitations/import/${body.id}`);
    const why = expect.stringContaining('managed by its directory');
    const refusals = [{ code: 'invitations_disabled', rows: ROWS, detail: why }];
    expect(job.result.refusals).toEqual(refusals);
    expect(report).toMatchObject({ status: 200, body: { job: { result: { refusals } } } });
    expect(report.body.rows[0]).toMatchObject({ status: 'refused', code: 'invitations_disabled' });
    const again = await world.send(world.operator, `post ${base}/invitations/import`, CSV);
    expect([again.status, again.body.code]).toEqual([409, 'invitations_disabled']);
  });

  test('404: an import of nobody, and a job of another kind; 403: whoever may not invite reads no addresses', async () => {
    const place = await newPlace();
    const job = await start(place, place.admin, `email\n${nextText('x')}@example.com`);
    await run();
    const { base, admin } = place;
    const other = await world.send(place.owner, `post ${base}/reprojections`);
    expect(other.body.kind).toBe('reprojection');
    for (const id of [`job_${'0'.repeat(26)}`, other.body.id]) {
      const unknown = await world.send(admin, `get ${base}/invitations/import/${id}`);
      expect([unknown.status, unknown.body.code]).toEqual([404, 'not_found']);
    }
    await world.send(place.owner, `patch ${base}/members/${admin.membership.id}`, { orgRole: 'member' });
    expect((await world.send(admin, `get ${base}/invitations/import/${job.id}`)).status).toBe(403);
  });
});
