/** What leaves the audit: old rows where an organization wants it, personal data of people who are gone; the chain holds all the same. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { anchorAudits, pruneAudits } from '../../../src/core/journal/audit-retention.ts';
import { tablesThatKnow } from '../../support/journal-rows.ts';
import { type ApiWorld, type Person, startApiWorld } from './api-world.ts';

let world: ApiWorld;
let organization: Organization;
let owner: Person;
let base = '';
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  organization = await world.newOrganization();
  base = `/organizations/${organization.id}`;
  owner = await world.newPerson(organization, 'owner');
});

const DAY = 24 * 3600 * 1000;
const verify = async (query = '') =>
  (await world.send(world.operator, `get ${base}/audit-events/verify${query}`)).body;
const rows = async () => (await world.send(world.operator, `get ${base}/audit-events?limit=200`)).body.items;

function tamper(statement: string, ...values: readonly (string | number)[]): number {
  const database = new Database(world.gateway.path);
  try {
    return database.prepare(statement).run(...values).changes;
  } finally {
    database.close();
  }
}

describe('retention', () => {
  test('nothing goes until the organization says so; then what is older does, and the chain holds', async () => {
    const before = (await rows()).length;
    world.gateway.clock.advance(100 * DAY);
    expect(await pruneAudits(world.gateway.deps)).toBe(0);
    const asked = await world.send(world.operator, `patch ${base}`, { auditRetentionDays: 30 });
    expect([asked.status, asked.body.auditRetentionDays]).toEqual([200, 30]);
    expect(await pruneAudits(world.gateway.deps)).toBe(before);
    const left = await rows();
    expect(left.map(({ type }: { type: string }) => type).sort()).toEqual([
      'audit.pruned',
      'organization.updated',
    ]);
    expect(left.find(({ type }: { type: string }) => type === 'audit.pruned').details).toEqual({
      rows: before,
      history: expect.any(Number),
      baseSeq: before,
      baseHash: expect.any(String),
    });
    expect(await verify()).toMatchObject({ ok: true, checked: 2, head: { seq: before + 2 } });
    expect(await pruneAudits(world.gateway.deps)).toBe(0);
    world.gateway.clock.advance(100 * DAY);
    expect(await pruneAudits(world.gateway.deps)).toBe(1);
    expect(await verify()).toMatchObject({ ok: true, checked: 2 });
  });

  test('S214: rows cut off the beginning by anybody else are missed, though the base was moved along', async () => {
    const database = new Database(world.gateway.path);
    const row = database
      .prepare('SELECT hash FROM audit_events WHERE organization_id = ? AND seq = 4')
      .get(organization.id);
    database.close();
    tamper('DELETE FROM audit_events WHERE organization_id = ? AND seq <= 4', organization.id);
    const moved = 'UPDATE audit_heads SET base_seq = 4, base_hash = ? WHERE organization_id = ?';
    tamper(moved, String(Object(row).hash), organization.id);
    expect(await verify()).toMatchObject({ ok: false, firstBad: { seq: 5, problem: 'missing' } });
  });

  test('the history of roles goes with the rows that told it; what holds now is still explained', async () => {
    const [giver, member] = [
      await world.newPerson(organization, 'admin', 'giver@example.com'),
      await world.newPerson(organization, 'member'),
    ];
    const path = `${base}/members/${member.membership.id}`;
    const bot = `${path}/resources/bot/1`;
    await world.send(giver, `put ${bot}`, { role: 'editor' });
    await world.send(giver, `patch ${path}`, { orgRole: 'viewer' });
    await world.send(owner, `delete ${base}/members/${giver.membership.id}`);
    const explain = async (at?: string) =>
      (await world.send(world.operator, `get ${path}/explain${at === undefined ? '' : `?at=${at}`}`)).body;
    const then = new Date(world.gateway.clock.now()).toISOString();
    world.gateway.clock.advance(20 * DAY);
    await world.send(world.operator, `put ${bot}`, { role: 'viewer' });
    const later = new Date(world.gateway.clock.now() - 1).toISOString();
    await world.send(world.operator, `patch ${base}`, { auditRetentionDays: 30 });
    world.gateway.clock.advance(15 * DAY);
    expect((await explain(later)).resources).toMatchObject([{ role: 'editor' }]);
    const gone = `${base}/members/${giver.membership.id}/explain?at=${then}`;
    await pruneAudits(world.gateway.deps);
    const told = await explain(later);
    expect(told.resources).toMatchObject([
      {
        role: 'editor',
        because: [{ sentence: 'Given by giver@example.com.', ended: { who: expect.any(String) } }],
      },
    ]);
    expect(told.historySince).toBe(new Date(world.gateway.clock.now() - 30 * DAY).toISOString());
    expect((await world.send(world.operator, `get ${gone}`)).status).toBe(404);
    world.gateway.clock.advance(20 * DAY);
    await pruneAudits(world.gateway.deps);
    expect((await explain(later)).resources).toEqual([]);
    expect((await explain()).orgRole).toMatchObject({
      role: 'viewer',
      because: [{ sentence: 'Given by giver@example.com.' }],
    });
    expect(await verify()).toMatchObject({ ok: true });
  });

  test.each([29, 0, -1, 3651, 1.5, '30'])('422: %j days', async (auditRetentionDays) => {
    expect((await world.send(world.operator, `patch ${base}`, { auditRetentionDays })).status).toBe(422);
  });

  test('403: an admin does not decide what the audit forgets', async () => {
    const admin = await world.newPerson(organization, 'admin');
    expect((await world.send(admin, `patch ${base}`, { auditRetentionDays: 30 })).status).toBe(403);
  });
});

describe('erasure', () => {
  const erase = (body: object) =>
    world.send(world.operator, 'post /audit-erasures', { organization: organization.slug, ...body });

  /** With its salt, somebody who reads a row could try addresses against its digest. */
  function saltsOf(member: string): readonly unknown[] {
    const database = new Database(world.gateway.path, { readonly: true });
    const about = 'organization_id = ? AND target_id = ? AND type <> ?';
    const statement = `SELECT DISTINCT salt FROM audit_events WHERE ${about}`;
    const salts = database.prepare(statement).pluck().all(organization.id, member, 'audit.erased');
    database.close();
    return salts;
  }

  test('S217: a former member’s address is nowhere in audit and events, and the chain holds', async () => {
    const person = await world.newPerson(organization, 'member', 'Ada.Erased@example.com');
    const { id } = person.membership;
    await world.send(person, `get ${base}/members`);
    await world.send(owner, `patch ${base}/members/${id}`, { orgRole: 'viewer' });
    const head = (await verify()).head;
    expect((await erase({ member: id })).body).toMatchObject({ code: 'invalid', field: 'member' });
    await world.send(owner, `delete ${base}/members/${id}`);
    const before = (await rows()).length;
    const { status, body } = await erase({ member: id, emails: ['ada.erased@example.com'] });
    expect([status, body.rows > 4]).toEqual([200, true]);
    const known = tablesThatKnow(world.gateway.path, 'Ada.Erased');
    expect([known.audit_events, known.outbox]).toEqual([undefined, undefined]);
    expect(saltsOf(id)).toEqual([null]);
    expect((await rows()).length).toBe(before + 1);
    expect(await verify(`?seq=${head.seq}&hash=${head.hash}`)).toMatchObject({ ok: true });
    const told = (await rows()).filter(({ type }: { type: string }) => type === 'audit.erased');
    expect(told).toMatchObject([{ target: { id }, details: body }]);
    expect((await erase({ member: id, emails: ['ada.erased@example.com'] })).body.rows).toBe(0);
  });

  test('S217: a row without its salt that says something is no erased one, but an edited one', async () => {
    const changed = tamper(
      'UPDATE audit_events SET salt = NULL, details = \'{"role":"owner"}\' WHERE organization_id = ? AND seq = 3',
      organization.id,
    );
    expect(changed).toBe(1);
    expect(await verify()).toMatchObject({ ok: false, firstBad: { seq: 3, problem: 'edited' } });
  });

  test('of another organization nothing is touched; one that is not there is 404', async () => {
    const other = await world.newOrganization();
    const before = await world.send(world.operator, `get /organizations/${other.id}/audit-events`);
    await erase({ member: 'mem_00000000000000000000000000', emails: [owner.email] });
    const after = await world.send(world.operator, `get /organizations/${other.id}/audit-events`);
    expect(after.body).toEqual(before.body);
    const nowhere = { organization: 'nobody', member: 'mem_00000000000000000000000000' };
    expect((await world.send(world.operator, 'post /audit-erasures', nowhere)).status).toBe(404);
  });
});

test('S214: heads that have moved are handed out, each once', async () => {
  const seen = new Map();
  const kept: unknown[] = [];
  const keep = (anchor: unknown) => kept.push(anchor);
  await anchorAudits(world.gateway.deps, seen, keep);
  kept.length = 0;
  expect(await anchorAudits(world.gateway.deps, seen, keep)).toBe(0);
  await world.send(world.operator, `post ${base}/teams`, { name: 'Red' });
  expect(await anchorAudits(world.gateway.deps, seen, keep)).toBe(1);
  const { head } = await verify();
  expect(kept).toEqual([{ organizationId: organization.id, ...head }]);
});
