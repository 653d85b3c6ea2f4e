/** Carrying the rules of an organization over to everybody in it, as long work; and the answer of changes that leave the rest to it. */
import { z } from 'zod';
import { requestReprojection } from '../../core/mapping/reprojection.ts';
import { getOrganization } from '../../core/organization/organization-lookup.ts';
import { jobShape, presentJob } from './jobs.ts';
import type { ApiRoute, OrganizationContext } from './route.ts';
import { AcceptedAnswer, organizationRoute } from './route.ts';

/** What a change of rules answers with 202: the changed thing, null when it is gone, and the job that does the rest. */
export const acceptedShape = <Shape extends z.ZodType>(changed: Shape) =>
  z.object({ changed: changed.nullable(), job: jobShape });

/** The answer itself while no job is under way; else a 202 with it and the job. */
export async function answerWithJob<Answer>(
  { deps, organization }: Pick<OrganizationContext, 'deps' | 'organization'>,
  answer: Answer,
): Promise<Answer | AcceptedAnswer> {
  const { reprojectionJobId } = await getOrganization(deps.storage, organization.id);
  const job = reprojectionJobId && (await deps.storage.jobs.find(organization.id, reprojectionJobId));
  if (!job) return answer;
  return new AcceptedAnswer({ changed: answer ?? null, job: presentJob(job) });
}

/** All routes of this resource. */
export const reprojectionRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/reprojections',
    operationId: 'requestReprojection',
    summary:
      'Projects all rules on everybody again, as a job; the one under way is answered if there is one.',
    tag: 'group mappings',
    guard: { kind: 'organization', permission: 'roles.manage' },
    status: 202,
    response: jobShape,
    errors: ['version_conflict'],
    handle: async ({ deps, cause, organization }) =>
      presentJob(await requestReprojection(deps, { organizationId: organization.id, cause })),
  }),
];
