/** The audit trail cannot be changed unseen (S214), and is read by who, what and when, as a list and as a file. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { type ApiWorld, startApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());

/** An organization with twelve rows or more, and the address of its audit. */
async function furnished(): Promise<{ readonly organization: Organization; readonly base: string }> {
  const organization = await world.newOrganization();
  const base = `/organizations/${organization.id}`;
  for (let step = 0; step < 10; step += 1)
    await world.send(world.operator, `post ${base}/teams`, { name: `Team ${step}` });
  return { organization, base };
}

/** Somebody who has the database file in hands. */
function tamper(statement: string, ...values: readonly (string | number)[]): number {
  const database = new Database(world.gateway.path);
  try {
    return database.prepare(statement).run(...values).changes;
  } finally {
    database.close();
  }
}

const verify = async (base: string, query = '') =>
  (await world.send(world.operator, `get ${base}/audit-events/verify${query}`)).body;

describe('GET audit-events/verify', () => {
  test('S214: a whole chain; its length is the number of rows', async () => {
    const { base } = await furnished();
    const { body } = await world.send(world.operator, `get ${base}/audit-events?limit=200`);
    const report = await verify(base);
    expect(report).toEqual({
      ok: true,
      checked: body.items.length,
      head: { seq: body.items.length, hash: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/) },
      firstBad: null,
    });
    const { seq, hash } = report.head;
    await world.send(world.operator, `post ${base}/teams`, { name: 'One more' });
    expect((await verify(base, `?seq=${seq}&hash=${hash}`)).ok).toBe(true);
  });

  test.each([
    ['type', "UPDATE audit_events SET type = 'team.removed' WHERE organization_id = ? AND seq = 5"],
    ['actor', `UPDATE audit_events SET actor = '{"kind":"system"}' WHERE organization_id = ? AND seq = 5`],
    ['details', `UPDATE audit_events SET details = '{"name":"x"}' WHERE organization_id = ? AND seq = 5`],
    ['target', "UPDATE audit_events SET target_id = 'x' WHERE organization_id = ? AND seq = 5"],
    ['address', "UPDATE audit_events SET ip = '192.0.2.1' WHERE organization_id = ? AND seq = 5"],
    ['request', "UPDATE audit_events SET request_id = 'x' WHERE organization_id = ? AND seq = 5"],
    ['time', 'UPDATE audit_events SET at = at + 1 WHERE organization_id = ? AND seq = 5'],
    ['hash', "UPDATE audit_events SET hash = 'x' WHERE organization_id = ? AND seq = 5"],
    ['digest', "UPDATE audit_events SET personal_digest = 'x' WHERE organization_id = ? AND seq = 5"],
  ])('S214: an edited %s is named', async (_what, statement) => {
    const { organization, base } = await furnished();
    expect(tamper(statement, organization.id)).toBe(1);
    const report = await verify(base);
    expect(report).toMatchObject({ ok: false, firstBad: { seq: 5, problem: 'edited' }, checked: 4 });
    expect(report.firstBad.id).toMatch(/^aud_/);
  });

  test('S214: a deleted row is named, from the middle and from the end', async () => {
    const { organization, base } = await furnished();
    const { head } = await verify(base);
    const remove = 'DELETE FROM audit_events WHERE organization_id = ? AND seq = ?';
    tamper(remove, organization.id, head.seq);
    expect((await verify(base)).firstBad).toEqual({ seq: head.seq, id: null, problem: 'truncated' });
    tamper(remove, organization.id, 3);
    expect((await verify(base)).firstBad).toEqual({ seq: 3, id: null, problem: 'missing' });
  });

  test('S214: two rows that changed places are named', async () => {
    const { organization, base } = await furnished();
    const move = 'UPDATE audit_events SET seq = ? WHERE organization_id = ? AND seq = ?';
    tamper(move, 1000, organization.id, 4);
    tamper(move, 4, organization.id, 6);
    tamper(move, 6, organization.id, 1000);
    expect((await verify(base)).firstBad).toMatchObject({ seq: 4, problem: 'edited' });
  });

  test('S214: who cuts the tail and mends the head is found out by an anchor from outside', async () => {
    const { organization, base } = await furnished();
    const { head } = await verify(base);
    tamper('DELETE FROM audit_events WHERE organization_id = ? AND seq = ?', organization.id, head.seq);
    tamper(
      `UPDATE audit_heads SET seq = seq - 1, hash = (
         SELECT hash FROM audit_events WHERE organization_id = audit_heads.organization_id AND seq = audit_heads.seq - 1
       ) WHERE organization_id = ?`,
      organization.id,
    );
    expect((await verify(base)).ok).toBe(true);
    const anchor = `?seq=${head.seq}&hash=${head.hash}`;
    expect((await verify(base, anchor)).firstBad.problem).toBe('truncated');
    // The commit that meets the mended head is refused; the next one stands behind it.
    const cover = () => world.send(world.operator, `post ${base}/teams`, { name: 'Cover' });
    expect([(await cover()).status, (await cover()).status]).toEqual([503, 201]);
    expect((await verify(base, anchor)).firstBad).toMatchObject({
      seq: head.seq,
      problem: 'unknown_anchor',
    });
  });

  test('S214: rows without a head are a fault; every event that leaves carries the place of its row', async () => {
    const { organization, base } = await furnished();
    tamper('DELETE FROM audit_heads WHERE organization_id = ?', organization.id);
    expect((await verify(base)).firstBad).toMatchObject({ seq: 1, problem: 'head_changed' });
    const database = new Database(world.gateway.path, { readonly: true });
    const rows = database
      .prepare<[string], { payload: string; hash: string; seq: number }>(
        `SELECT o.payload, a.hash, a.seq FROM audit_events a JOIN outbox o
           ON o.organization_id = a.organization_id AND o.payload ->> 'auditEventId' = a.id
         WHERE a.organization_id = ?`,
      )
      .all(organization.id);
    database.close();
    expect(rows.length).toBeGreaterThan(10);
    for (const { payload, hash, seq } of rows) expect(JSON.parse(payload).audit).toEqual({ seq, hash });
  });

  test('S216: chains do not touch each other; the installation has its own', async () => {
    const [one, other] = [await furnished(), await furnished()];
    tamper('DELETE FROM audit_events WHERE organization_id = ?', one.organization.id);
    expect([(await verify(one.base)).ok, (await verify(other.base)).ok]).toEqual([false, true]);
    const app = { name: 'A', redirectUris: ['https://app.example/'] };
    await world.send(world.operator, 'post /applications', app);
    expect(await verify('')).toMatchObject({ ok: true, firstBad: null });
  });

  test.each(['?seq=1', `?hash=${'a'.repeat(43)}`, '?seq=0&hash=x'])('422: %s', async (query) => {
    const { base } = await furnished();
    expect((await verify(base, query)).code).toBe('invalid');
  });
});

describe('GET audit-events by who, what and when', () => {
  test('200: actor, target and time narrow the list', async () => {
    const organization = await world.newOrganization();
    const base = `/organizations/${organization.id}`;
    const admin = await world.newPerson(organization, 'admin');
    world.gateway.clock.advance(60_000);
    const since = new Date(world.gateway.clock.now()).toISOString();
    const { body: team } = await world.send(admin, `post ${base}/teams`, { name: 'Red' });
    const typesOf = async (query: string) =>
      (await world.send(admin, `get ${base}/audit-events?${query}`)).body.items.map(
        ({ type }: { type: string }) => type,
      );
    expect(await typesOf(`target=${team.id}`)).toEqual(['team.created']);
    expect(await typesOf(`since=${since}`)).toEqual(['team.created']);
    expect(await typesOf(`actor=${admin.membership.id}&until=2100-01-01T00:00:00Z`)).toEqual([
      'team.created',
    ]);
    expect(await typesOf(`until=${since}`)).not.toContain('invalid');
    expect(await typesOf(`actor=operator&since=${since}`)).toEqual([]);
    for (const query of ['since=yesterday', 'actor=a%20b', 'until=1', 'target=%00'])
      expect((await world.send(admin, `get ${base}/audit-events?${query}`)).status).toBe(422);
  });

  test('S202: the file has every row of the list, as CSV and as JSON lines', async () => {
    const { base } = await furnished();
    await world.send(world.operator, `post ${base}/teams`, { name: '=cmd' });
    const list = (await world.send(world.operator, `get ${base}/audit-events?limit=200`)).body.items;
    const csv = await world.send(world.operator, `get ${base}/audit-events/export`);
    expect(csv.headers['content-disposition']).toMatch(/^attachment; filename="[a-z0-9-]+-audit\.csv"$/);
    expect(String(csv.body).trimEnd().split('\r\n')).toHaveLength(list.length + 1);
    const lines = await world.send(world.operator, `get ${base}/audit-events/export?format=ndjson`);
    expect(lines.headers['content-type']).toBe('application/x-ndjson; charset=utf-8');
    const rows = String(lines.body).trimEnd().split('\n');
    expect(rows.map((row) => JSON.parse(row))).toEqual(list);
  });

  test('S202: a line tells who acted by name, and every time as people write it', async () => {
    const organization = await world.newOrganization();
    const base = `/organizations/${organization.id}`;
    const admin = await world.newPerson(organization, 'admin', '=cmd@example.com');
    const expiresAt = '2027-01-01T00:00:00.000Z';
    const key = { name: '+Nightly', kind: 'team', scopes: ['teams.manage'], expiresAt };
    const made = await world.send(admin, `post ${base}/api-keys`, key);
    await world.send(world.operator, `post ${base}/teams`, { name: 'By the operator' });
    const program = { headers: { authorization: `Bearer ${made.body.token}` } };
    await world.send(program, `post ${base}/teams`, { name: 'By a program' });
    const csv = await world.send(world.operator, `get ${base}/audit-events/export`);
    const [head = '', ...lines] = String(csv.body).trimEnd().split('\r\n');
    expect(head).toBe('id,at,type,actorKind,actorId,actor,targetKind,target,details,requestId,ip');
    const lineWith = (text: string) => lines.find((line) => line.includes(text)) ?? '';
    expect(lineWith('By the operator')).toMatch(
      /^aud_\w+,2026-03-01T12:\d\d:\d\d\.\d{3}Z,team\.created,operator,,the operator,team,team_\w+,"\{""name""/,
    );
    expect(lineWith('By a program')).toContain(`,api_key,${made.body.id},"'+Nightly",team,`);
    const told = lineWith('api_key.created');
    expect(told).toContain(`,member,${admin.membership.id},"'=cmd@example.com",api_key,${made.body.id},`);
    expect(told).toContain(`""expiresAt"":""${expiresAt}""`);
    expect(String(csv.body)).not.toContain('{}');
    expect(String(csv.body)).not.toMatch(/\d{13}[,"}]/);
  });
});
