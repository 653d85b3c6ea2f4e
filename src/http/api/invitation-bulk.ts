/** Many invitations over the management API: several in one request, thousands from a CSV file, each answered for itself. */
import { z } from 'zod';
import type { OrgRole } from '../../core/access/roles.ts';
import type { BulkOutcome } from '../../core/joining/bulk-invitations.ts';
import { createInvitations } from '../../core/joining/bulk-invitations.ts';
import type { ReportRow } from '../../core/joining/invitation-import.ts';
import {
  getInvitationImport,
  importInvitations,
  startInvitationImport,
  totalsOf,
} from '../../core/joining/invitation-import.ts';
import { roleUnlessSaid } from '../../core/joining/invitation-rules.ts';
import type { CreatedInvitation, InvitationInput } from '../../core/joining/invitations.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import { parseInput } from './input.ts';
import { readInvitationCsv } from './invitation-csv.ts';
import { newInvitation, newInvitationField } from './invitation-fields.ts';
import { jobShape, presentJob } from './jobs.ts';
import { pathId } from './path-ids.ts';
import { prefersAsync } from './preferences.ts';
import { presentCreatedInvitation } from './present.ts';
import type { ApiRoute, OrganizationContext } from './route.ts';
import { AcceptedAnswer, organizationRoute } from './route.ts';
import { createdInvitationShape } from './shapes.ts';

const tag = 'invitations';
const guard = { kind: 'organization', permission: 'members.invite', invites: true } as const;

const totalsShape = z.object({ rows: z.int(), invited: z.int(), refused: z.int() });

const reportRowShape = z.object({
  line: z.int().describe('Where the row begins in the file, from 1.'),
  email: z.string(),
  status: z.enum(['invited', 'refused']),
  code: z.string().optional(),
  detail: z.string().optional().describe('What is wrong with a refused row, for people.'),
});

const reportShape = z.object({ rows: z.array(reportRowShape), totals: totalsShape });

const present = (rows: readonly ReportRow[]) => ({ rows, totals: totalsOf(rows) });

/** Documented as what is wanted, taken as it comes: one that does not fit is refused alone. */
const { $schema: _, ...wanted } = z.toJSONSchema(newInvitationField, { io: 'input' });

const batchBody = z.strictObject({
  invitations: z
    .array(z.unknown().meta(wanted))
    .min(1, 'Name at least one.')
    .max(50, 'At most 50 at once; import a file for more.')
    .describe('Each as createInvitation takes it; one that is not is refused alone.'),
});

const batchShape = z.object({
  results: z.array(
    z.union([
      z.object({ status: z.literal('invited'), invitation: createdInvitationShape }),
      z.object({
        status: z.literal('refused'),
        code: z.string(),
        detail: z.string(),
        field: z.string().optional(),
      }),
    ]),
  ),
  totals: totalsShape,
});

function read(given: unknown, usualRole: OrgRole): InvitationInput | GatehouseError {
  try {
    return newInvitation(parseInput(newInvitationField, given), usualRole);
  } catch (error) {
    if (isGatehouseError(error, 'invalid')) return error;
    throw error;
  }
}

function presentOutcome(outcome: BulkOutcome<CreatedInvitation>, now: number) {
  if ('invited' in outcome)
    return { status: 'invited', invitation: presentCreatedInvitation(outcome.invited, now) } as const;
  const { code, detail, field } = outcome.refusal;
  return { status: 'refused', code, detail, ...(field === undefined ? {} : { field }) } as const;
}

async function inviteBatch(
  { deps, organization, caller, cause }: OrganizationContext,
  given: readonly unknown[],
): Promise<z.output<typeof batchShape>> {
  const usualRole = await roleUnlessSaid(deps.storage, organization);
  const wishes = given.map((one) => read(one, usualRole));
  const invitations = wishes.flatMap((wish) => (wish instanceof GatehouseError ? [] : [wish]));
  const request = { organizationId: organization.id, caller, cause, invitations };
  const outcomes = (await createInvitations(deps, request)).values();
  const results = wishes.map((wish) => {
    const outcome = wish instanceof GatehouseError ? { refusal: wish } : outcomes.next().value;
    if (outcome === undefined) throw new GatehouseError('internal', 'An invitation came to nothing.');
    return presentOutcome(outcome, deps.clock());
  });
  const invited = results.filter(({ status }) => status === 'invited').length;
  return { results, totals: { rows: results.length, invited, refused: results.length - invited } };
}

async function importFile(
  { deps, organization, caller, cause, req, res }: OrganizationContext,
  text: string,
  isDryRun: boolean,
): Promise<unknown> {
  const { id: organizationId } = organization;
  const rows = await readInvitationCsv(text, await roleUnlessSaid(deps.storage, organization));
  const request = { organizationId, caller, cause, rows };
  if (isDryRun || !prefersAsync(req, res))
    return present(await importInvitations(deps, { ...request, isDryRun }));
  const job = await startInvitationImport(deps, request);
  const location = `${deps.baseUrl}/api/v1/organizations/${organizationId}/invitations/import/${job.id}`;
  return new AcceptedAnswer(presentJob(job), location);
}

/** All routes of this resource. */
export const invitationBulkRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/invitations/batch',
    operationId: 'createInvitations',
    summary: 'Invites up to 50 addresses; the answers stand in the order of the wishes, each for itself.',
    tag,
    guard,
    body: batchBody,
    status: 200,
    response: batchShape,
    errors: ['invitations_disabled', 'version_conflict'],
    handle: (context, { body }) => inviteBatch(context, body.invitations),
  }),
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/invitations/import',
    operationId: 'importInvitations',
    summary:
      'Invites from a CSV file (email, role, department, message): good rows are invited, bad ones named. ' +
      '`Prefer: respond-async` leaves it to a job; `dryRun=true` writes nothing and answers the same report.',
    tag,
    guard,
    query: z.strictObject({ dryRun: z.enum(['true', 'false']).optional() }),
    bodyType: 'text/csv',
    body: z.string('Send the file as text/csv.'),
    status: 200,
    response: reportShape,
    accepted: jobShape,
    errors: ['invitations_disabled', 'plan_lacks', 'version_conflict'],
    handle: (context, { body, query }) => importFile(context, body, query.dryRun === 'true'),
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/invitations/import/:job',
    operationId: 'getInvitationImport',
    summary:
      'Shows how far an import is, and what its rows have come to so far; also when a directory has taken over since.',
    tag,
    // What was done stays readable: it opens no door.
    guard: { kind: 'organization', permission: 'members.invite' },
    status: 200,
    response: reportShape.extend({ job: jobShape }),
    errors: [],
    handle: async ({ deps, organization }, { params }) => {
      const id = pathId('job', params, 'job');
      const { job, report } = await getInvitationImport(deps, { organizationId: organization.id, id });
      return { job: presentJob(job), ...present(report) };
    },
  }),
];
