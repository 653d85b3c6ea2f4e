/** /organizations/{org}/reprojections, and changes of rules that concern more people than a request can wait for: 202 and a job. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { runDueJobs } from '../../../src/core/jobs.ts';
import { reprojectSome } from '../../../src/core/mapping/reprojection.ts';
import { type Answer, type ApiWorld, type Person, startApiWorld } from './api-world.ts';
import { pushGroup } from './push.ts';

/** One more than a request waits for. */
const MANY = 501;

let world: ApiWorld;
let organization: Organization;
let pushed: Awaited<ReturnType<typeof pushGroup>>;
let admin: Person;
let base = '';
beforeAll(async () => {
  world = await startApiWorld();
  organization = await world.newOrganization();
  admin = await world.newPerson(organization, 'admin');
  pushed = await pushGroup(world.gateway, organization, { name: 'Everybody', count: MANY });
  base = `/organizations/${organization.id}`;
});
afterAll(() => world.close());

const send = (request: string, body?: object): Promise<Answer> =>
  world.send(world.operator, request.replace(' ', ` ${base}`), body);
const viewers = () => ({ match: { groupId: pushed.group.id }, grants: [{ scope: 'org', role: 'viewer' }] });

/** The job as it is once it has ended; the gateway's own runner may be the one that does it. */
async function ended(id: string): Promise<Answer['body']> {
  for (;;) {
    await runDueJobs(world.gateway.deps, { reprojection: reprojectSome });
    const { body } = await send(`get /jobs/${id}`);
    if (body.state === 'done' || body.state === 'failed') return body;
  }
}

const roleOf = async (index: number) =>
  (await send(`get /members/${pushed.users[index]?.membershipId}`)).body.orgRole;

describe('very many people', () => {
  test('202: a rule is stored, the job carries it over, and whoever is asked for meanwhile has the new role', async () => {
    const answer = await send('post /group-mappings', viewers());
    expect(answer.status).toBe(202);
    const { changed, job } = answer.body;
    expect(changed).toMatchObject(viewers());
    expect(job).toMatchObject({ kind: 'reprojection', total: MANY + 1 });
    expect(await roleOf(MANY - 1)).toBe('viewer');
    const done = await ended(job.id);
    expect(done).toMatchObject({ state: 'done', done: MANY + 1, total: MANY + 1, problem: null });
    expect(done.result.ended).toBe('complete');
    expect((await send('get ')).body.reprojection).toBeNull();
    expect((await send('get /members?role=viewer&limit=200')).body.items).toHaveLength(200);
    const removed = await send(`delete /group-mappings/${changed.id}`);
    expect([removed.status, removed.body.changed]).toEqual([202, null]);
    await ended(removed.body.job.id);
    expect(await roleOf(0)).toBe('member');
  });

  test('S147: 403 for an admin, who makes a draft instead; its plan is applied by a job', async () => {
    const direct = await world.send(admin, `post ${base}/group-mappings`, viewers());
    expect([direct.status, direct.body.code]).toEqual([403, 'forbidden']);
    const draft = (await world.send(admin, `post ${base}/mapping-drafts`, { mappings: [viewers()] })).body;
    const path = `${base}/mapping-drafts/${draft.id}`;
    const { planHash, summary, items, nextCursor } = (await world.send(admin, `get ${path}/plan`)).body;
    expect(summary).toMatchObject({ counts: { members: MANY, gains: 0, losses: MANY }, refusal: null });
    expect([items.length, nextCursor === null]).toEqual([50, false]);
    const applied = await world.send(admin, `post ${path}/apply`, { planHash });
    expect(applied.status).toBe(202);
    expect(applied.body.changed.status).toBe('applied');
    expect(await roleOf(7)).toBe('viewer');
    await ended(applied.body.job.id);
    expect(await roleOf(8)).toBe('viewer');
  });

  test('202: asked for by an admin, it finds nothing to do', async () => {
    const { status, body } = await send('post /reprojections');
    expect([status, body.kind]).toEqual([202, 'reprojection']);
    expect((await ended(body.id)).result).toEqual({ changed: 0, ended: 'complete' });
  });
});
