/** Sessions over the management API: a person's own, a member's, everybody's (S189). */
import type { z } from 'zod';
import { resetSecondFactors } from '../../core/credentials/second-factor-reset.ts';
import type { Session } from '../../core/entities/session.ts';
import {
  endMemberSessions,
  endOrganizationSessions,
  listMemberSessions,
} from '../../core/members/member-sessions.ts';
import { endOtherSessions, endOwnSession, listOwnSessions } from '../../core/sign-in/own-sessions.ts';
import { assertFresh } from '../../core/sign-in/step-up.ts';
import { deviceName } from '../device-name.ts';
import { clearSessionCookie } from '../session-cookie.ts';
import { wholeList, wholeListOf } from './paging.ts';
import { pathId } from './path-ids.ts';
import { isoTime } from './present.ts';
import type { ApiRoute } from './route.ts';
import { organizationRoute, plainRoute } from './route.ts';
import { whoIsSignedIn } from './session.ts';
import { sessionLineShape } from './shapes.ts';

const tag = 'session';

const presentLine = (session: Session, currentId: string | undefined): z.infer<typeof sessionLineShape> => ({
  id: session.id,
  isCurrent: session.id === currentId,
  organizationId: session.organizationId,
  connectionId: session.connectionId,
  amr: [...session.amr],
  ip: session.ip,
  userAgent: session.userAgent,
  device: deviceName(session.userAgent),
  authenticatedAt: isoTime(session.authenticatedAt),
  lastSeenAt: isoTime(session.lastSeenAt),
  expiresAt: isoTime(session.expiresAt),
});

const ownRoutes: readonly ApiRoute[] = [
  plainRoute({
    method: 'get',
    path: '/sessions',
    operationId: 'listOwnSessions',
    summary:
      "Lists the signed-in person's sessions, newest first: in every organization after a sign-in of their own, in this one after single sign-on.",
    tag,
    guard: { kind: 'session' },
    status: 200,
    response: wholeListOf(sessionLineShape),
    errors: [],
    handle: async (context) => {
      const signedIn = whoIsSignedIn(context);
      const sessions = await listOwnSessions(context.deps, signedIn);
      return wholeList(sessions, (session) => presentLine(session, signedIn.session.id));
    },
  }),
  plainRoute({
    method: 'delete',
    path: '/sessions',
    operationId: 'endOtherSessions',
    summary: "Ends every session of the signed-in person's but the one that asks.",
    tag,
    guard: { kind: 'session' },
    status: 204,
    errors: [],
    handle: (context) => {
      const { deps, cause } = context;
      return endOtherSessions(deps, { signedIn: whoIsSignedIn(context), cause });
    },
  }),
  plainRoute({
    method: 'delete',
    path: '/sessions/:session',
    operationId: 'endOwnSession',
    summary: "Ends one session of the signed-in person's.",
    tag,
    guard: { kind: 'session' },
    status: 204,
    errors: [],
    handle: async (context, { params }) => {
      const { deps, cause, res } = context;
      const signedIn = whoIsSignedIn(context);
      const id = pathId('ses', params, 'session');
      await endOwnSession(deps, { signedIn, cause, id });
      if (id === signedIn.session.id) clearSessionCookie(res);
    },
  }),
];

/** All routes of this resource. */
export const sessionListRoutes: readonly ApiRoute[] = [
  ...ownRoutes,
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/members/:member/sessions',
    operationId: 'listMemberSessions',
    summary: "Lists a member's sessions in this organization, oldest first.",
    tag,
    guard: { kind: 'organization', permission: 'members.update' },
    status: 200,
    response: wholeListOf(sessionLineShape),
    errors: [],
    handle: async ({ deps, caller, signedIn, organization }, { params }) => {
      const request = { organizationId: organization.id, id: pathId('mem', params, 'member'), caller };
      const sessions = await listMemberSessions(deps, request);
      return wholeList(sessions, (session) => presentLine(session, signedIn?.session.id));
    },
  }),
  organizationRoute({
    method: 'delete',
    path: '/organizations/:org/members/:member/sessions',
    operationId: 'endMemberSessions',
    summary: 'Signs a member out everywhere in this organization.',
    tag,
    guard: { kind: 'organization', permission: 'members.update' },
    status: 204,
    errors: [],
    handle: ({ deps, caller, cause, organization }, { params }) => {
      const id = pathId('mem', params, 'member');
      return endMemberSessions(deps, { organizationId: organization.id, id, caller, cause });
    },
  }),
  organizationRoute({
    method: 'delete',
    path: '/organizations/:org/members/:member/second-factors',
    operationId: 'resetSecondFactors',
    summary:
      'Takes the authenticator app, recovery codes and passkeys of a member away who has lost them, and signs them out everywhere; they are told by mail.',
    tag,
    guard: { kind: 'organization', permission: 'members.update' },
    status: 204,
    errors: ['step_up_required'],
    handle: ({ deps, caller, cause, signedIn, organization }, { params }) => {
      const id = pathId('mem', params, 'member');
      if (signedIn !== undefined) assertFresh(deps, signedIn.session);
      return resetSecondFactors(deps, { organizationId: organization.id, id, caller, cause });
    },
  }),
  organizationRoute({
    method: 'delete',
    path: '/organizations/:org/sessions',
    operationId: 'endOrganizationSessions',
    summary: 'Signs everybody out of the organization, whoever asks included.',
    tag,
    guard: { kind: 'organization', permission: 'sessions.manage' },
    status: 204,
    errors: [],
    handle: ({ deps, cause, organization }) =>
      endOrganizationSessions(deps, { organizationId: organization.id, cause }),
  }),
];
