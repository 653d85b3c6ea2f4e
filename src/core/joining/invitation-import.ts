/** Invitations from a file of thousands of rows: good rows are invited, bad ones named, none is done by half. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { JobId, OrganizationId, OutboxEventId } from '../../kernel/ids.ts';
import { foldKey } from '../../kernel/text.ts';
import type { Caller } from '../access/access.ts';
import { holdsPermission } from '../access/access.ts';
import { callerNow } from '../callers.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import { assertInvitationsOpen } from '../directory/provisioning.ts';
import type { Job } from '../entities/job.ts';
import type { Cause } from '../entities/journal.ts';
import type { JobStep, TransactedHandler } from '../jobs.ts';
import { getJob, startJob } from '../jobs.ts';
import { deliverMails } from '../journal/outbox.ts';
import { ERASED } from '../members/mentions.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import type { Bulk, BulkOutcome } from './bulk-invitations.ts';
import { inviteMany, mailsOf, tryMany } from './bulk-invitations.ts';
import { assertPlanHasInvitations } from './invitation-rules.ts';
import type { InvitationDeps, InvitationInput } from './invitations.ts';

/** Rows of one transaction: other writers wait for no more than these, and requests come between any two. */
const ROWS_AT_ONCE = 50;
/** More mails than this wait for the job that sends them. */
const MAILS_AT_ONCE = 100;

/** A row of the file as it was read: an invitation, or why it is none. */
export interface ImportRow {
  /** Where the row begins, from 1. */
  readonly line: number;
  /** As it stands in the file when it is no address. */
  readonly email: string;
  readonly entry: ImportEntry | { readonly code: string; readonly detail: string };
}

/** What a row may say. */
export interface ImportEntry extends Pick<InvitationInput, 'role' | 'message' | 'department'> {
  readonly email: string;
}

/** What a row came to. */
export interface ReportRow {
  readonly line: number;
  readonly email: string;
  readonly status: 'invited' | 'refused';
  readonly code?: string;
  readonly detail?: string;
}

export interface ImportTotals {
  readonly rows: number;
  readonly invited: number;
  readonly refused: number;
}

/** How many rows came to what. */
export function totalsOf(report: readonly ReportRow[]): ImportTotals {
  const invited = report.filter(({ status }) => status === 'invited').length;
  return { rows: report.length, invited, refused: report.length - invited };
}

/** Refusals that are about the organization, so that their words name nobody. */
const OF_ALL: ReadonlySet<string> = new Set(['invitations_disabled', 'plan_lacks', 'seats_exhausted']);

/** Why rows were refused: each code with how many rows, and the words of those that are about no single row. */
function refusalsOf(report: readonly ReportRow[]) {
  const refusedRows = report.filter(({ status }) => status === 'refused');
  return [...Map.groupBy(refusedRows, ({ code = '' }) => code)].map(([code, rows]) => {
    const detail = OF_ALL.has(code) ? rows[0]?.detail : undefined;
    return { code, rows: rows.length, ...(detail === undefined ? {} : { detail }) };
  });
}

interface ImportRequest {
  readonly organizationId: OrganizationId;
  readonly caller: Caller;
  readonly cause: Cause;
  readonly rows: readonly ImportRow[];
}

/** Throws `invitations_disabled`, `plan_lacks`: refusals of the whole. */
async function assertMayImport(from: Queries | Repositories, organizationId: OrganizationId): Promise<void> {
  const organization = await getOrganization(from, organizationId);
  await assertInvitationsOpen(from, organization);
  assertPlanHasInvitations(organization);
}

/**
 * Invites the good rows and answers what each row came to, in the order of the file. Some rows at a time: when it ends in
 * the middle, the rows so far are invited and sending the file again does the rest. `isDryRun`: writes nothing and answers
 * the same. Throws `invitations_disabled`, `plan_lacks`.
 */
export async function importInvitations(
  deps: InvitationDeps & Pick<Deps, 'afterwards'>,
  input: ImportRequest & { readonly isDryRun: boolean },
): Promise<readonly ReportRow[]> {
  const { organizationId, caller, cause, rows, isDryRun } = input;
  await assertMayImport(deps.storage, organizationId);
  const report: ReportRow[] = [];
  const mails: OutboxEventId[] = [];
  for (let start = 0; start < rows.length; start += ROWS_AT_ONCE) {
    const part = { rows: rows.slice(start, start + ROWS_AT_ONCE), caller };
    const done = await deps.storage.transact((tx) => {
      const context: ChangeContext = { organizationId, cause, now: deps.clock() };
      if (!isDryRun) return importPart(tx, context, { ...part, deps });
      return tryPart(tx, context, { ...part, promised: totalsOf(report).invited });
    });
    report.push(...done.report);
    mails.push(...done.mails);
  }
  const soon = mails.slice(0, MAILS_AT_ONCE);
  if (soon.length > 0)
    await deps.afterwards(async () => void (await deliverMails(deps, { organizationId, ids: soon })));
  return report;
}

interface PartDone {
  readonly report: readonly ReportRow[];
  readonly mails: readonly OutboxEventId[];
}

interface Part {
  readonly rows: readonly ImportRow[];
  readonly caller: Caller;
}

async function importPart(
  tx: Repositories,
  context: ChangeContext,
  { rows, caller, deps }: Part & { readonly deps: Pick<Deps, 'baseUrl' | 'hashToken' | 'mailLimits'> },
): Promise<PartDone> {
  const outcomes = await inviteMany(tx, context, { ...bulkOf(rows, caller), deps });
  return { report: reportOf(rows, outcomes), mails: mailsOf(outcomes) };
}

async function tryPart(
  tx: Repositories,
  context: ChangeContext,
  { rows, caller, promised }: Part & { readonly promised: number },
): Promise<PartDone> {
  const outcomes = await tryMany(tx, context, { ...bulkOf(rows, caller), promised });
  return { report: reportOf(rows, outcomes), mails: [] };
}

const bulkOf = (rows: readonly ImportRow[], caller: Caller): Bulk => ({
  caller,
  invitations: rows.flatMap(({ entry }) =>
    'code' in entry ? [] : [{ ...entry, teams: [], delivery: 'email' as const }],
  ),
});

/** Puts the outcomes of the good rows back between the bad ones. */
function reportOf(
  rows: readonly ImportRow[],
  outcomes: readonly BulkOutcome<unknown>[],
): readonly ReportRow[] {
  const left = outcomes.values();
  return rows.map(({ line, email, entry }) => {
    if ('code' in entry) return refused({ line, email }, entry);
    const outcome = left.next().value;
    if (outcome === undefined) throw new GatehouseError('internal', 'A row came to nothing.');
    return 'invited' in outcome
      ? { line, email, status: 'invited' }
      : refused({ line, email }, outcome.refusal);
  });
}

const refused = (
  { line, email }: Pick<ReportRow, 'line' | 'email'>,
  { code, detail }: { readonly code: string; readonly detail: string },
): ReportRow => ({ line, email, status: 'refused', code, detail });

/** What is left to do and what was done; the job's progress. */
interface ImportProgress {
  readonly rows: readonly ImportRow[];
  readonly report: readonly ReportRow[];
}

/** Leaves the import to a job, which goes on after a restart. Throws `invitations_disabled`, `plan_lacks`. */
export async function startInvitationImport(
  deps: Pick<Deps, 'storage' | 'clock'>,
  { organizationId, cause, rows }: Omit<ImportRequest, 'caller'>,
): Promise<Job> {
  const progress: ImportProgress = { rows, report: [] };
  return deps.storage.transact(async (tx) => {
    await assertMayImport(tx, organizationId);
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    return startJob(tx, context, { kind: 'invitation_import', progress, totalCount: rows.length });
  });
}

/** The job and what its rows have come to so far. Throws `not_found`. */
export async function getInvitationImport(
  deps: Pick<Deps, 'storage'>,
  { organizationId, id }: { readonly organizationId: OrganizationId; readonly id: JobId },
): Promise<{ readonly job: Job; readonly report: readonly ReportRow[] }> {
  const job = await getJob(deps.storage, organizationId, id);
  if (job.kind !== 'invitation_import') throw new GatehouseError('not_found', 'No such import.');
  return { job, report: progressOf(job).report };
}

// Only this file writes the progress of jobs of this kind.
const progressOf = (job: Job): ImportProgress => JSON.parse(job.progress) as ImportProgress;

const ROW_ERASED = { code: 'invalid', detail: 'The person of this row was erased.' };

/** Pure: the progress of an import without the rows of these addresses (folded): told as refused, and those that wait not invited. */
export function importWithout(progress: string, emailKeys: ReadonlySet<string>): string {
  const { rows, report }: ImportProgress = JSON.parse(progress);
  const isTheirs = ({ email }: Pick<ImportRow, 'email'>) => emailKeys.has(foldKey(email));
  const next: ImportProgress = {
    rows: rows.map((row) => (isTheirs(row) ? { line: row.line, email: ERASED, entry: ROW_ERASED } : row)),
    report: report.map((row) =>
      isTheirs(row) ? refused({ line: row.line, email: ERASED }, ROW_ERASED) : row,
    ),
  };
  return JSON.stringify(next);
}

const NOT_ANY_MORE = { code: 'forbidden', detail: 'Whoever started this import may not invite any more.' };

/** The next rows of an import, invited in the transaction that also notes them in the report: nobody is invited twice. */
export const invitationImportHandler: TransactedHandler<InvitationDeps> = {
  async stepWithin(tx, deps, job): Promise<JobStep> {
    const { rows, report: before } = progressOf(job);
    const part = rows.slice(0, ROWS_AT_ONCE);
    const report = [...before, ...(await stepReport(tx, deps, { job, rows: part }))];
    const progress: ImportProgress = { rows: rows.slice(part.length), report };
    const counts = { doneCount: report.length, totalCount: report.length + progress.rows.length };
    const result = { ...totalsOf(report), refusals: refusalsOf(report) };
    return { progress, ...counts, result, isDone: progress.rows.length === 0 };
  },
};

async function stepReport(
  tx: Repositories,
  deps: InvitationDeps,
  { job, rows }: { readonly job: Job; readonly rows: readonly ImportRow[] },
): Promise<readonly ReportRow[]> {
  const { organizationId, cause } = job;
  const now = deps.clock();
  const caller = await callerNow(tx, { organizationId, actor: cause.actor, now });
  if (caller === undefined || !holdsPermission(caller, organizationId, 'members.invite'))
    return rows.map((row) => refused(row, 'code' in row.entry ? row.entry : NOT_ANY_MORE));
  return (await importPart(tx, { organizationId, cause, now }, { rows, caller, deps })).report;
}
