/** Long work for tests. */
import type { Job } from '../../src/core/entities/job.ts';
import type { OrganizationId } from '../../src/kernel/ids.ts';
import { BUILT_AT, nextId } from './builders.ts';

/** Long work that waits for its first step. */
export function aJob(organizationId: OrganizationId, overrides: Partial<Job> = {}): Job {
  return {
    id: nextId('job'),
    version: 1,
    organizationId,
    kind: 'reprojection',
    state: 'waiting',
    cause: { actor: { kind: 'operator' }, requestId: 'test' },
    progress: '{}',
    doneCount: 0,
    totalCount: null,
    result: null,
    problem: null,
    createdAt: BUILT_AT,
    updatedAt: BUILT_AT,
    dueAt: BUILT_AT,
    ...overrides,
  };
}
