/** The recorder over the management API: what directories sent and were told, who tried to sign in, why it failed, and running a failure again. */
import { z } from 'zod';
import { holdsPermission } from '../../core/access/access.ts';
import type { PageRequest } from '../../core/ports/paging.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { ConnectionId, DirectoryId } from '../../kernel/ids.ts';
import { parseId } from '../../kernel/ids.ts';
import { factsOf } from '../request-facts.ts';
import { replayEntry } from '../scim/replay.ts';
import { lineOf } from './fields.ts';
import { pageFields, pageOf, queryField, readPage } from './paging.ts';
import { pathId } from './path-ids.ts';
import { presentAttempt, presentExchange } from './present-recorder.ts';
import { entryShape } from './recorder-shapes.ts';
import type { ApiRoute, OrganizationContext } from './route.ts';
import { organizationRoute } from './route.ts';

const tag = 'recorder';
const guard = { kind: 'organization', permission: 'scim.manage' } as const;

const directoryField = z.string().transform((text, context): DirectoryId => {
  const id = parseId('dir', text);
  if (id !== undefined) return id;
  context.addIssue({ code: 'custom', message: 'The id of a directory.' });
  return z.NEVER;
});

const connectionField = z.string().transform((text, context): ConnectionId => {
  const id = parseId('con', text);
  if (id !== undefined) return id;
  context.addIssue({ code: 'custom', message: 'The id of a connection.' });
  return z.NEVER;
});

const listQuery = z.strictObject({
  kind: queryField(z.enum(['scim', 'sign-in'])),
  directory: queryField(directoryField),
  connection: queryField(connectionField),
  outcome: queryField(z.enum(['ok', 'failed'])),
  q: queryField(lineOf(200).describe('Occurs in anything that is shown, whatever its case.')),
  ...pageFields,
});

type Wishes = z.output<typeof listQuery>;
type Context = Pick<OrganizationContext, 'deps' | 'organization' | 'caller'>;

/** Sign-ins are for those who manage single sign-on. */
const maySeeSignIns = ({ caller, organization }: Context): boolean =>
  holdsPermission(caller, organization.id, 'sso.manage');

/** Both kinds by the same ids, which tell their time: one list, newest first. */
async function readEntries(context: Context, wishes: Wishes, page: PageRequest) {
  const { kind, directory, connection, outcome, q: text } = wishes;
  const { recorderEntries, signInAttempts, connections } = context.deps.storage;
  const id = context.organization.id;
  const isFailed = outcome === undefined ? undefined : outcome === 'failed';
  const hasScim = kind !== 'sign-in' && connection === undefined;
  const hasSignIns = kind !== 'scim' && directory === undefined && maySeeSignIns(context);
  const exchanges = hasScim
    ? await recorderEntries.list(id, { directoryId: directory, isFailed, text }, page)
    : [];
  const attempts = hasSignIns
    ? await signInAttempts.list(id, { connectionId: connection, isFailed, text }, page)
    : [];
  const known = attempts.length === 0 ? [] : await connections.list(id);
  return [...exchanges.map(presentExchange), ...attempts.map((attempt) => presentAttempt(attempt, known))]
    .toSorted((a, b) => (a.id < b.id ? 1 : -1))
    .slice(0, page.limit);
}

/** What was recorded a moment ago is stored before it is looked for. */
async function flush({ recorder, signInRecorder }: OrganizationContext['deps']): Promise<void> {
  await recorder.flush();
  await signInRecorder.flush();
}

const noEntry = () => new GatehouseError('not_found', 'No such recorder entry.');

const listRoute = organizationRoute({
  method: 'get',
  path: '/organizations/:org/recorder',
  operationId: 'listRecorderEntries',
  summary:
    'Lists what directories sent and were told, and who tried to sign in, newest first, with plain-language causes of failures.',
  tag,
  guard,
  query: listQuery,
  status: 200,
  response: pageOf(entryShape),
  errors: [],
  handle: async (context, { query }) => {
    if (query.kind === 'sign-in' && !maySeeSignIns(context))
      throw new GatehouseError('forbidden', 'This needs the permission sso.manage.');
    await flush(context.deps);
    const { rows, nextCursor } = await readPage(
      query,
      (page) => readEntries(context, query, page),
      ({ id }) => id,
    );
    return { items: rows, nextCursor };
  },
});

const getRoute = organizationRoute({
  method: 'get',
  path: '/organizations/:org/recorder/:entry',
  operationId: 'getRecorderEntry',
  summary: 'Answers one recorded exchange or attempt to sign in.',
  tag,
  guard,
  status: 200,
  response: entryShape,
  errors: [],
  handle: async (context, { params }) => {
    const { deps, organization } = context;
    await flush(deps);
    const id = pathId('rec', params, 'entry');
    const exchange = await deps.storage.recorderEntries.find(organization.id, id);
    if (exchange !== undefined) return presentExchange(exchange);
    const attempt = await deps.storage.signInAttempts.find(organization.id, id);
    if (attempt === undefined || !maySeeSignIns(context)) throw noEntry();
    return presentAttempt(attempt, await deps.storage.connections.list(organization.id));
  },
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
    const { deps, cause, res, organization } = context;
    await deps.recorder.flush();
    const entry = await deps.storage.recorderEntries.find(organization.id, pathId('rec', params, 'entry'));
    if (entry === undefined) throw noEntry();
    return replayEntry(deps, { entry, cause, facts: factsOf(res) });
  },
});

/** All routes of this resource. */
export const recorderRoutes: readonly ApiRoute[] = [listRoute, getRoute, replayRoute];
