/** Five thousand rows: a report for each, other requests come between, and kill -9 in the middle of the job invites nobody twice. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import { findFreePort } from '../support/free-port.ts';
import { endChild, type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';

const ROWS = 5000;
/** One row in fifty is bad, in turn by address, role and message. */
const badCells = ['nobody,member,', 'x@example.com,boss,', `y@example.com,,${'x'.repeat(1001)}`];
const rowOf = (index: number): string =>
  index % 50 === 0
    ? (badCells[(index / 50) % 3] ?? '')
    : `person${index}@example.com,viewer,"Welcome,\r\nnumber ${index}."`;
const CSV = ['email,role,message', ...Array.from({ length: ROWS }, (_, index) => rowOf(index))].join('\r\n');
const BAD = ROWS / 50;
const TOTALS = { rows: ROWS, invited: ROWS - BAD, refused: BAD };

interface Report {
  readonly rows: readonly { readonly line: number; readonly email: string; readonly status: string }[];
  readonly totals: unknown;
}
interface JobReport extends Report {
  readonly job: { readonly id: string; readonly state: string; readonly done: number };
}

let folder = '';
let port = 0;
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-import-'));
  port = await findFreePort();
});
afterEach(async () => {
  for (const child of children.splice(0)) await endChild(child, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<GatewayProcess> {
  const gateway = await startGatewayProcess(port, folder);
  children.push(gateway.child);
  return gateway;
}

async function newOrganization(gateway: GatewayProcess): Promise<string> {
  const made = await gateway.call('POST', '/api/v1/organizations', { body: { name: 'Acme' } });
  return `/api/v1/organizations/${Reflect.get(Object(made), 'id')}/invitations/import`;
}

const store = () => join(folder, 'gatehouse.db');

/** What the rows have left in the store's own file: invitations, addresses among them, their audit rows, their mails. */
function storedCounts(): readonly unknown[] {
  const database = new Database(store(), { readonly: true });
  const count = (sql: string): unknown => database.prepare(`SELECT ${sql}`).pluck().get();
  const counts = [
    count('count(*) FROM invitations'),
    count('count(DISTINCT email_key) FROM invitations'),
    count("count(*) FROM audit_events WHERE type = 'invitation.created'"),
    count("count(*) FROM outbox WHERE kind = 'mail'"),
  ];
  expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
  database.close();
  return counts;
}

/** The runner that was killed holds the job until its lease is over: nobody waits for that here. */
function endLease(): void {
  const database = new Database(store());
  database.exec('UPDATE jobs SET due_at = 0 WHERE due_at IS NOT NULL');
  database.close();
}

describe('a file of 5,000 rows', () => {
  test('each row is answered, the dry run says the same, and others are served meanwhile', async () => {
    const gateway = await start();
    const imports = await newOrganization(gateway);
    const dry = (await gateway.call('POST', `${imports}?dryRun=true`, { body: CSV })) as Report;
    expect(storedCounts()).toEqual([0, 0, 0, 0]);
    let isAnswered = false;
    const answered = gateway.call('POST', imports, { body: CSV }).finally(() => {
      isAnswered = true;
    });
    while (!isAnswered) expect((await gateway.ask('GET', '/healthz')).status).toBe(200);
    const report = (await answered) as Report;
    expect(report.totals).toEqual(TOTALS);
    expect(report.rows.filter(({ status }) => status === 'refused')).toHaveLength(BAD);
    expect(report.rows.map(({ line }) => line)).toEqual(
      [...report.rows].map(({ line }) => line).sort((a, b) => a - b),
    );
    expect(dry).toEqual(report);
    expect(storedCounts().slice(0, 3)).toEqual([ROWS - BAD, ROWS - BAD, ROWS - BAD]);
  });

  test('R1: killed again and again, the job goes on where it was, and invites nobody twice', async () => {
    let gateway = await start();
    const imports = await newOrganization(gateway);
    const dry = (await gateway.call('POST', `${imports}?dryRun=true`, { body: CSV })) as Report;
    const headers = { Prefer: 'respond-async' };
    const asked = await gateway.ask('POST', imports, { body: CSV, headers });
    expect(asked.status).toBe(202);
    const job = Reflect.get(Object(await asked.json()), 'id');
    const told = async () => (await gateway.call('GET', `${imports}/${job}`)) as JobReport;
    const reached = async (done: number): Promise<JobReport> => {
      for (;;) {
        const report = await told();
        if (report.job.done >= done || report.job.state === 'failed') return report;
      }
    };
    for (const point of [500, 2000, 3500]) {
      await reached(point);
      await endChild(gateway.child, 'SIGKILL');
      const [invitations, ...others] = storedCounts();
      expect(others.slice(0, 2)).toEqual([invitations, invitations]);
      endLease();
      gateway = await start();
      const { rows } = await told();
      expect(rows.length).toBeGreaterThanOrEqual(point);
      expect(rows).toEqual(dry.rows.slice(0, rows.length));
    }
    const { job: ended, ...report } = await reached(ROWS);
    expect(ended).toMatchObject({ state: 'done', done: ROWS, total: ROWS, result: TOTALS });
    expect(report).toEqual(dry);
    expect(storedCounts().slice(0, 3)).toEqual([ROWS - BAD, ROWS - BAD, ROWS - BAD]);
  });
});
