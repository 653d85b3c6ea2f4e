/** The recorder over the management API: what directories sent, what they were told and why, and running a failure again. */
import { z } from 'zod';
import { DIRECTORY_KINDS } from '../../core/entities/directory.ts';
import type { RecorderEntry } from '../../core/entities/recorder.ts';
import { explainFailure } from '../../core/scim-failures.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { DirectoryId, RecorderEntryId } from '../../kernel/ids.ts';
import { parseId } from '../../kernel/ids.ts';
import { factsOf } from '../request-facts.ts';
import { isReplayable, replayEntry } from '../scim/replay.ts';
import { lineOf } from './fields.ts';
import { pageFields, pageOf, queryField, readPage } from './paging.ts';
import { pathId } from './path-ids.ts';
import { isoTime } from './present.ts';
import type { ApiRoute, OrganizationContext } from './route.ts';
import { organizationRoute } from './route.ts';
import { timeShape } from './shapes.ts';

const tag = 'recorder';
const guard = { kind: 'organization', permission: 'scim.manage' } as const;

const screenShape = z.string().describe('Where in the admin console of that identity provider it is mended.');

const failureShape = z.object({
  code: z.string(),
  scimType: z.string().nullable(),
  detail: z.string().describe('What the identity provider was told.'),
  field: z.string().nullable(),
  cause: z.string().describe('What happened, for an admin.'),
  where: z.partialRecord(z.enum(DIRECTORY_KINDS), screenShape),
});

const entryShape = z.object({
  id: z.string(),
  at: timeShape,
  kind: z.literal('scim'),
  directoryId: z.string(),
  tokenName: z.string().nullable().describe('Null for a replay.'),
  replayOf: z.string().nullable().describe('The entry that this one ran again.'),
  requestId: z.string().describe('As in the audit events and in the X-Request-Id header of the answer.'),
  method: z.string(),
  path: z.string().describe('Below the address of the directory, with its query.'),
  status: z.int(),
  ms: z.number(),
  requestBody: z.string().nullable().describe('JSON text, redacted, at most 16 KB.'),
  responseBody: z.string().nullable().describe('JSON text, redacted, at most 4 KB.'),
  tolerances: z.array(z.string()).describe('Deviations from the standard that were tolerated.'),
  unknownAttributes: z.array(z.string()).describe('Attributes no schema of the directory knows; ignored.'),
  change: z
    .object({
      type: z.string(),
      targetId: z.string(),
      auditEventIds: z.array(z.string()).describe('At most 50.'),
      auditEventCount: z.int(),
    })
    .nullable(),
  failure: failureShape.nullable(),
  isReplayable: z.boolean(),
});

const present = (entry: RecorderEntry): z.infer<typeof entryShape> => {
  const { organizationId: _organization, isRequestWhole: _whole, change, failure, ...rest } = entry;
  return {
    ...rest,
    at: isoTime(entry.at),
    tolerances: [...entry.tolerances],
    unknownAttributes: [...entry.unknownAttributes],
    change: change === null ? null : { ...change, auditEventIds: [...change.auditEventIds] },
    failure: failure === null ? null : { ...failure, ...explainFailure(failure, entry.path) },
    isReplayable: isReplayable(entry),
  };
};

const directoryField = z.string().transform((text, context): DirectoryId => {
  const id = parseId('dir', text);
  if (id !== undefined) return id;
  context.addIssue({ code: 'custom', message: 'The id of a directory.' });
  return z.NEVER;
});

/** What was recorded a moment ago is stored before it is looked for. */
async function findEntry(
  { deps, organization }: Pick<OrganizationContext, 'deps' | 'organization'>,
  id: RecorderEntryId,
): Promise<RecorderEntry> {
  await deps.recorder.flush();
  const entry = await deps.storage.recorderEntries.find(organization.id, id);
  if (entry === undefined) throw new GatehouseError('not_found', 'No such recorder entry.');
  return entry;
}

const listRoute = organizationRoute({
  method: 'get',
  path: '/organizations/:org/recorder',
  operationId: 'listRecorderEntries',
  summary: 'Lists what directories sent and were told, newest first, with plain-language causes of failures.',
  tag,
  guard,
  query: z.strictObject({
    kind: queryField(z.literal('scim')),
    directory: queryField(directoryField),
    outcome: queryField(z.enum(['ok', 'failed'])),
    q: queryField(lineOf(200).describe('Occurs in path, method, bodies or failure, whatever its case.')),
    ...pageFields,
  }),
  status: 200,
  response: pageOf(entryShape),
  errors: [],
  handle: async ({ deps, organization }, { query }) => {
    await deps.recorder.flush();
    const { kind, directory, outcome, q } = query;
    const filter = {
      kind,
      directoryId: directory,
      isFailed: outcome === undefined ? undefined : outcome === 'failed',
      text: q,
    };
    const { rows, nextCursor } = await readPage(
      query,
      (page) => deps.storage.recorderEntries.list(organization.id, filter, page),
      ({ id }) => id,
    );
    return { items: rows.map(present), nextCursor };
  },
});

const getRoute = organizationRoute({
  method: 'get',
  path: '/organizations/:org/recorder/:entry',
  operationId: 'getRecorderEntry',
  summary: 'Answers one recorded exchange.',
  tag,
  guard,
  status: 200,
  response: entryShape,
  errors: [],
  handle: async (context, { params }) => present(await findEntry(context, pathId('rec', params, 'entry'))),
});

const replayRoute = organizationRoute({
  method: 'post',
  path: '/organizations/:org/recorder/:entry/replay',
  operationId: 'replayRecorderEntry',
  summary: 'Runs a failed write again as its directory; the audit names who asked. Answers how it ended now.',
  tag,
  guard,
  status: 200,
  response: z.object({ status: z.int(), body: z.string().nullable() }),
  errors: ['invalid'],
  handle: async (context, { params }) => {
    const entry = await findEntry(context, pathId('rec', params, 'entry'));
    const { deps, cause, res } = context;
    return replayEntry(deps, { entry, cause, facts: factsOf(res) });
  },
});

/** All routes of this resource. */
export const recorderRoutes: readonly ApiRoute[] = [listRoute, getRoute, replayRoute];
