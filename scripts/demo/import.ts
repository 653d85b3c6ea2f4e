/** Thousands of invitations from a file: tried out, then sent as a job with a report per row. */
import { listAt, textAt, valueAt } from '../simulate/answers.ts';
import { checked } from './checked.ts';
import type { Narrator } from './narration.ts';
import type { Stage } from './stage.ts';

const ROWS = 5000;
const PATH = '/organizations/fairground/invitations/import';
/** Every hundredth row is no address. */
const BAD = ROWS / 100;
const LONGEST_WAIT_MS = 600_000;
const ROLES = ['member', 'viewer', 'admin'];

/** Imports the file into an organization of its own; every hundredth row is wrong. */
export async function importPeople(stage: Stage, narrator: Narrator): Promise<void> {
  narrator.chapter('Thousands of people at once, without a directory');
  await stage.operator.create('/organizations', { name: 'Fairground', slug: 'fairground' });
  const rows = Array.from({ length: ROWS }, (_, index) => {
    const email = index % 100 === 99 ? 'not an address' : `person${index}@fair.example`;
    return `${email},${ROLES[index % 3]},,`;
  });
  const csv = ['email,role,department,message', ...rows].join('\n');
  await narrator.step(`A file of ${ROWS} rows is tried out: nothing is written, every row is judged`, () =>
    tryOut(stage, csv),
  );
  await narrator.step('The same file for real, as a job', () => runImport(stage, csv));
}

function told(report: unknown): string {
  const good = checked('good rows', valueAt(report, 'totals', 'invited'), ROWS - BAD);
  return `${good} good, ${checked('refused rows', valueAt(report, 'totals', 'refused'), BAD)} refused`;
}

/** How many invitations there are, up to a page of them. */
async function countInvitations({ operator }: Stage): Promise<number> {
  const path = '/organizations/fairground/invitations?limit=200';
  return listAt(await operator.expect(200, { method: 'GET', path }), 'items').length;
}

async function tryOut(stage: Stage, csv: string) {
  const { operator } = stage;
  const startedAt = performance.now();
  const report = await operator.expect(200, { method: 'POST', path: `${PATH}?dryRun=true`, csv });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const rows = listAt(report, 'rows');
  checked('rows of the report', rows.length, ROWS);
  checked('invitations after the trial', await countInvitations(stage), 0);
  const bad = rows.find((row) => textAt(row, 'status') === 'refused');
  return {
    result: undefined,
    facts: [
      `${seconds} s: ${told(report)}`,
      `line ${checked('line', valueAt(bad, 'line'), 101)}: ${checked('code', textAt(bad, 'code'), 'invalid')}, ${textAt(bad, 'detail')}`,
    ],
  };
}

async function runImport(stage: Stage, csv: string) {
  const { operator } = stage;
  const startedAt = performance.now();
  const prefer = 'respond-async';
  const job = await operator.expect(202, { method: 'POST', path: PATH, csv, prefer });
  for (;;) {
    const now = await operator.expect(200, { method: 'GET', path: `${PATH}/${textAt(job, 'id')}` });
    const state = textAt(now, 'job', 'state');
    const ms = performance.now() - startedAt;
    if (state === 'done') {
      checked('invitations on the first page', await countInvitations(stage), 200);
      return {
        result: undefined,
        facts: [`${(ms / 1000).toFixed(1)} s: ${told(now)}, a report for each row`],
      };
    }
    if (state === 'failed' || ms > LONGEST_WAIT_MS) throw new Error(JSON.stringify(valueAt(now, 'job')));
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
