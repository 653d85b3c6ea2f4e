/** The audit trail over the management API: listed newest first, as a file, and held to its chain. */
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import type { AuditEvent } from '../../core/entities/journal.ts';
import { INSTALLATION } from '../../core/journal/audit.ts';
import { type ChainReport, verifyAuditChain } from '../../core/journal/audit-chain.ts';
import { erasePerson } from '../../core/journal/audit-erasure.ts';
import { findOrganization } from '../../core/organization/organization-lookup.ts';
import type { AuditFilter } from '../../core/ports/journal.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { OrganizationId } from '../../kernel/ids.ts';
import { parseId } from '../../kernel/ids.ts';
import type { HttpDeps } from '../deps.ts';
import { AUDIT_CSV_HEAD, auditCsvLine } from './audit-csv.ts';
import { emailField, timeField } from './fields.ts';
import { pageFields, pageOf, queryField, readPage } from './paging.ts';
import { presentAuditEvent } from './present.ts';
import type { ApiRoute } from './route.ts';
import { organizationRoute, plainRoute } from './route.ts';
import { auditEventShape } from './shapes.ts';
import { FileAnswer, printPages } from './streamed-answer.ts';

const tag = 'audit';
const guard = { kind: 'organization', permission: 'audit.read' } as const;

const wordField = z.string().regex(/^[A-Za-z0-9_.:-]{1,100}$/, 'An id, or a kind of actor.');

const filterFields = {
  type: queryField(z.string().regex(/^[a-z_]{1,40}\.[a-z_]{1,40}$/, 'Such as member.suspended.')),
  actor: queryField(wordField),
  target: queryField(wordField),
  since: queryField(timeField),
  until: queryField(timeField),
};
const listQuery = z.strictObject({ ...filterFields, ...pageFields });
const exportQuery = z.strictObject({ ...filterFields, format: queryField(z.enum(['csv', 'ndjson'])) });

const filterOf = (query: z.output<z.ZodObject<typeof filterFields>>): AuditFilter => ({
  type: query.type,
  actor: query.actor,
  targetId: query.target,
  since: query.since,
  until: query.until,
});

async function listEvents(deps: HttpDeps, of: OrganizationId, query: z.output<typeof listQuery>) {
  const { rows, nextCursor } = await readPage(
    query,
    (page) => deps.storage.auditEvents.list(of, filterOf(query), page),
    ({ id }) => id,
  );
  return { items: rows.map(presentAuditEvent), nextCursor };
}

const jsonLineOf = (row: AuditEvent): string => `${JSON.stringify(presentAuditEvent(row))}\n`;

function exportEvents(
  deps: HttpDeps,
  { id, slug }: { readonly id: OrganizationId; readonly slug: string },
  query: z.output<typeof exportQuery>,
): FileAnswer {
  const isCsv = query.format !== 'ndjson';
  const print = isCsv ? auditCsvLine : jsonLineOf;
  async function* pieces(): AsyncGenerator<string> {
    if (isCsv) yield AUDIT_CSV_HEAD;
    yield* printPages(
      (page) => deps.storage.auditEvents.list(id, filterOf(query), page),
      (rows) => rows.map(print).join(''),
    );
  }
  return new FileAnswer({
    type: isCsv ? 'text/csv' : 'application/x-ndjson',
    fileName: `${slug}-audit.${isCsv ? 'csv' : 'ndjson'}`,
    pieces: pieces(),
  });
}

const verifyQuery = z
  .strictObject({
    seq: queryField(
      z
        .string()
        .regex(/^[1-9]\d{0,14}$/, 'A place in the chain, from 1.')
        .transform(Number),
    ),
    hash: queryField(z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'The hash that goes with the place.')),
  })
  .refine(({ seq, hash }) => (seq === undefined) === (hash === undefined), {
    message: 'Send seq and hash together.',
    path: ['hash'],
  });

const reportShape = z.object({
  ok: z.boolean(),
  checked: z.int().describe('How many rows were looked at.'),
  head: z
    .object({ seq: z.int(), hash: z.string() })
    .describe(
      'Keep it elsewhere and send it as seq and hash another time: nothing before it can be rewritten unseen.',
    ),
  firstBad: z
    .object({
      seq: z.int(),
      id: z.string().nullable().describe('Null when the row is gone.'),
      problem: z.enum(['edited', 'missing', 'truncated', 'head_changed', 'unknown_anchor']),
    })
    .nullable(),
});

const presentReport = ({ fault, checked, head }: ChainReport): z.infer<typeof reportShape> => ({
  ok: fault === undefined,
  checked,
  head: { ...head },
  firstBad: fault === undefined ? null : { ...fault },
});

async function verify(deps: HttpDeps, of: OrganizationId, { seq, hash }: z.output<typeof verifyQuery>) {
  const anchor = seq === undefined || hash === undefined ? undefined : { seq, hash };
  const input = { organizationId: of, anchor, pause: () => setImmediate() };
  return presentReport(await verifyAuditChain(deps, input));
}

const organizationRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/audit-events',
    operationId: 'listAuditEvents',
    summary:
      'Lists what happened in this organization, newest first; by type, actor (an id, or a kind such as operator), target and time (since, before until).',
    tag,
    guard,
    query: listQuery,
    status: 200,
    response: pageOf(auditEventShape),
    errors: [],
    handle: ({ deps, organization }, { query }) => listEvents(deps, organization.id, query),
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/audit-events/export',
    operationId: 'exportAuditEvents',
    summary: 'Everything the list has, as a file: csv unless format says ndjson.',
    tag,
    guard,
    query: exportQuery,
    status: 200,
    file: ['text/csv', 'application/x-ndjson'],
    errors: [],
    handle: async ({ deps, organization }, { query }) => exportEvents(deps, organization, query),
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/audit-events/verify',
    operationId: 'verifyAuditEvents',
    summary:
      'Walks the hash chain of this organization and names the first row that was changed, moved or removed.',
    tag,
    guard,
    query: verifyQuery,
    status: 200,
    response: reportShape,
    errors: [],
    handle: ({ deps, organization }, { query }) => verify(deps, organization.id, query),
  }),
];

const eraseBody = z.strictObject({
  member: z.string().regex(/^mem_[0-9a-z]{26}$/, 'The id of a membership that has ended.'),
  emails: z.array(emailField).max(10).default([]).describe('Addresses of theirs that rows may name.'),
});

const erasureRoutes: readonly ApiRoute[] = [
  plainRoute({
    method: 'post',
    path: '/audit-erasures',
    operationId: 'eraseFromAudit',
    summary:
      'Takes the personal data of a former member out of audit, events, history, recordings and invitations of an organization; the hash chain still holds.',
    tag,
    guard: { kind: 'operator' },
    body: eraseBody.extend({ organization: z.string().max(200) }),
    status: 200,
    response: z.object({
      rows: z.int().describe('Rows of the audit that were emptied.'),
      recordings: z.int().describe('Recorded exchanges and sign-ins that were removed.'),
      invitations: z.int().describe('Invitations and links that say nothing of the person any more.'),
    }),
    errors: ['not_found'],
    handle: async ({ deps, cause }, { body }) => {
      const organization = await findOrganization(deps.storage, body.organization);
      const member = parseId('mem', body.member);
      if (organization === undefined || member === undefined)
        throw new GatehouseError('not_found', 'No such organization.');
      const who = { organizationId: organization.id, member, emails: body.emails };
      // What is recorded and not stored yet would be stored afterwards.
      await Promise.all([deps.recorder.flush(), deps.signInRecorder.flush()]);
      return erasePerson(deps, { ...who, cause, pause: () => setImmediate() });
    },
  }),
];

const installationRoutes: readonly ApiRoute[] = [
  plainRoute({
    method: 'get',
    path: '/audit-events',
    operationId: 'listInstallationAuditEvents',
    summary:
      'Lists what happened to applications, roles and signing keys, which belong to no organization; newest first.',
    tag,
    guard: { kind: 'operator' },
    query: listQuery,
    status: 200,
    response: pageOf(auditEventShape),
    errors: [],
    handle: ({ deps }, { query }) => listEvents(deps, INSTALLATION, query),
  }),
  plainRoute({
    method: 'get',
    path: '/audit-events/verify',
    operationId: 'verifyInstallationAuditEvents',
    summary: 'The same walk over the chain of the installation.',
    tag,
    guard: { kind: 'operator' },
    query: verifyQuery,
    status: 200,
    response: reportShape,
    errors: [],
    handle: ({ deps }, { query }) => verify(deps, INSTALLATION, query),
  }),
];

/** All routes of this resource. */
export const auditEventRoutes: readonly ApiRoute[] = [
  ...organizationRoutes,
  ...erasureRoutes,
  ...installationRoutes,
];
