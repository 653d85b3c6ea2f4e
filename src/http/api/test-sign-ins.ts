/** Test sign-ins over the management API: started for one connection, and their results. */
import { z } from 'zod';
import { getConnection } from '../../core/connections/connections.ts';
import { createTestSignIn } from '../../core/connections/test-sign-ins.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { wholeList, wholeListOf } from './paging.ts';
import { pathId } from './path-ids.ts';
import { presentTestSignIn, startedTestShape, testSignInShape } from './policy-shapes.ts';
import type { ApiRoute } from './route.ts';
import { organizationRoute } from './route.ts';

const tag = 'connections';
const guard = { kind: 'organization', permission: 'sso.manage' } as const;
/** Of the newest. */
const SHOWN = 50;

/** All routes of this resource. */
export const testSignInRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/connections/:connection/test-sign-in',
    operationId: 'startTestSignIn',
    summary:
      'Prepares a real sign-in through a draft or active connection that opens no session; with connect: true an identity that carries the owner’s own verified address becomes theirs.',
    tag,
    guard,
    body: z.strictObject({ connect: z.boolean().optional() }).optional(),
    status: 201,
    response: startedTestShape,
    errors: [],
    handle: async ({ deps, caller, cause, organization }, { params, body }) => {
      const connectionId = pathId('con', params, 'connection');
      const connects = body?.connect === true;
      const request = { organizationId: organization.id, connectionId, caller, connects, cause };
      const { test, url } = await createTestSignIn(deps, request);
      return { ...presentTestSignIn(test, deps.clock()), url };
    },
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/connections/:connection/test-sign-ins',
    operationId: 'listTestSignIns',
    summary:
      'Lists the latest test sign-ins through a connection, newest first. Results are kept for 30 days.',
    tag,
    guard,
    status: 200,
    response: wholeListOf(testSignInShape),
    errors: [],
    handle: async ({ deps, organization }, { params }) => {
      const id = pathId('con', params, 'connection');
      await getConnection(deps.storage, organization.id, id);
      const now = deps.clock();
      return wholeList(await deps.storage.testSignIns.list(organization.id, id, SHOWN), (test) =>
        presentTestSignIn(test, now),
      );
    },
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/connections/:connection/test-sign-ins/:test',
    operationId: 'getTestSignIn',
    summary: 'Answers one test sign-in: the facts read and the decision that would have been taken.',
    tag,
    guard,
    status: 200,
    response: testSignInShape,
    errors: [],
    handle: async ({ deps, organization }, { params }) => {
      const connectionId = pathId('con', params, 'connection');
      await getConnection(deps.storage, organization.id, connectionId);
      const test = await deps.storage.testSignIns.find(organization.id, pathId('tsi', params, 'test'));
      if (test?.connectionId !== connectionId) throw new GatehouseError('not_found', 'No such test sign-in.');
      return presentTestSignIn(test, deps.clock());
    },
  }),
];
