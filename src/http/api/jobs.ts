/** Long work over the management API: how far it is, and its report. */
import { z } from 'zod';
import type { ListedJob } from '../../core/entities/job.ts';
import { getJob } from '../../core/jobs.ts';
import { pageFields, pageOf, readPage } from './paging.ts';
import { pathId } from './path-ids.ts';
import { isoTime } from './present.ts';
import type { ApiRoute } from './route.ts';
import { organizationRoute } from './route.ts';
import { timeShape } from './shapes.ts';

const tag = 'jobs';
const guard = { kind: 'organization', permission: 'members.read' } as const;

export const jobShape = z.object({
  id: z.string(),
  kind: z.string(),
  state: z.enum(['waiting', 'running', 'done', 'failed']),
  done: z.int(),
  total: z.int().nullable().describe('Null while nobody has counted.'),
  result: z.unknown().describe("The kind's own report; null until there is something to tell."),
  problem: z.object({ code: z.string(), detail: z.string() }).nullable().describe('Why it failed.'),
  createdAt: timeShape,
  updatedAt: timeShape,
});

/** A job as the API shows it. */
export function presentJob(job: ListedJob): z.infer<typeof jobShape> {
  const { id, kind, state, problem, doneCount: done, totalCount: total } = job;
  const result: unknown = job.result === null ? null : JSON.parse(job.result);
  const times = { createdAt: isoTime(job.createdAt), updatedAt: isoTime(job.updatedAt) };
  return { id, kind, state, done, total, result, problem, ...times };
}

const listQuery = z.strictObject(pageFields);

/** All routes of this resource. */
export const jobRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/jobs',
    operationId: 'listJobs',
    summary: 'Lists long work of this organization, newest first.',
    tag,
    guard,
    query: listQuery,
    status: 200,
    response: pageOf(jobShape),
    errors: [],
    handle: async ({ deps, organization }, { query }) => {
      const { rows, nextCursor } = await readPage(
        query,
        (page) => deps.storage.jobs.list(organization.id, page),
        ({ id }) => id,
      );
      return { items: rows.map(presentJob), nextCursor };
    },
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/jobs/:job',
    operationId: 'getJob',
    summary: 'Shows how far a job is, and its report.',
    tag,
    guard,
    status: 200,
    response: jobShape,
    errors: [],
    handle: async ({ deps, organization }, { params }) =>
      presentJob(await getJob(deps.storage, organization.id, pathId('job', params, 'job'))),
  }),
];
