/** Who is asking: operator key, session cookie, or nobody; and whether the browser meant to ask (S186). */
import type { Request } from 'express';
import type { Caller } from '../core/access/access.ts';
import { holdsPermission, lacking } from '../core/access/access.ts';
import type { Permission } from '../core/access/roles.ts';
import { API_KEY_PREFIX, findKeyCaller, noteKeyUse } from '../core/applications/api-keys.ts';
import { hasAnyFactor } from '../core/credentials/second-factor-policy.ts';
import { assertInvitationsOpen } from '../core/directory/provisioning.ts';
import type { Actor } from '../core/entities/journal.ts';
import type { Organization } from '../core/entities/organization.ts';
import { isOperatorSession } from '../core/organization/operator-link.ts';
import { findOrganization } from '../core/organization/organization-lookup.ts';
import type { SignedIn } from '../core/sign-in/sessions.ts';
import { findEnrolling, findSignedIn, findVouchedFor, noteSessionUse } from '../core/sign-in/sessions.ts';
import { GatehouseError } from '../kernel/errors.ts';
import { constantTimeEqual } from '../kernel/tokens.ts';
import { OPERATOR_COOKIE, readCookie, SESSION_COOKIE } from './cookies.ts';
import type { HttpDeps } from './deps.ts';
import { setSessionCookie } from './session-cookie.ts';

/** Every route states one of these; forgetting is a type error. */
export type Guard =
  | {
      readonly kind: 'public';
      /** Judges the path's `token` before anything of the request is read; throws what the route may answer. */
      readonly door?: (deps: HttpDeps, token: string) => Promise<unknown>;
    }
  | { readonly kind: 'operator' }
  /** A signed-in person, or the operator, with this permission in the route's organization. */
  | {
      readonly kind: 'organization';
      readonly permission: Permission;
      /** Needed besides: for a change whose answer shows what only holders of this read. */
      readonly alsoNeeds?: Permission;
      /** Or anybody in the route's team: core decides who of them. */
      readonly orInTeam?: true;
      /** Or the member whom the path names (`me`, or their id), in person: what somebody is, they may know. */
      readonly orOneself?: true;
      /** Or any member, in person: core decides what they are shown. */
      readonly orAnyMember?: true;
      /** The query's `team` keeps the answer to that team, so a key of the team may ask (S147). */
      readonly filtersByTeam?: true;
      /** Only while the organization invites: `invitations_disabled` before anything of the request is read (law 11). */
      readonly invites?: true;
    }
  /** A signed-in person. */
  | {
      readonly kind: 'session';
      /** Whoever has yet to set up the second factor that their organization asks for: let in, or nobody; absent: told to set it up. */
      readonly whoWaits?: 'enters' | 'nobody';
    };

const unauthenticated = () =>
  new GatehouseError('unauthenticated', 'Send a key as a bearer token, or sign in.');

/** One text for a key that never was, has expired or was taken back: which of them is nobody's business who does not hold it. */
const deadKey = () =>
  new GatehouseError('unauthenticated', 'This key is unknown, has expired or was revoked.', {
    whatToDo: 'Send a key that is in force; whoever may make keys makes a new one.',
  });

/** The one bearer value of the Authorization header. Undefined when there is no header; throws for anything malformed or doubled (S108). */
export function bearerToken(req: Request): string | undefined {
  const value = req.headers.authorization;
  if (value === undefined) return undefined;
  // Node keeps the first of several in `headers`, and says nothing of the others.
  const match = isGivenTwice(req, 'authorization') ? null : /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(value);
  if (match?.[1] === undefined)
    throw new GatehouseError('unauthenticated', 'The Authorization header is not a single bearer token.');
  return match[1];
}

/** `name` in small letters. `headersDistinct` would say it, too, for the price of a list of all headers. */
function isGivenTwice({ rawHeaders }: Request, name: string): boolean {
  let times = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const spelled = rawHeaders[at] ?? '';
    if (spelled.length === name.length && spelled.toLowerCase() === name) times += 1;
  }
  return times > 1;
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Throws `forbidden` when an unsafe request that rides on a cookie does not come from our own pages (S186). */
export function assertSameOrigin(deps: Pick<HttpDeps, 'baseUrl'>, req: Request): void {
  if (SAFE_METHODS.has(req.method)) return;
  const { origin } = req.headers;
  // Our own pages say no-referrer, and then browsers write `Origin: null` on their forms (Fetch §3.2); a frame without
  // an origin says the same, but `cross-site` besides.
  const isUntold = origin === undefined || origin === 'null';
  const isSame = isUntold ? req.headers['sec-fetch-site'] === 'same-origin' : origin === deps.baseUrl;
  if (!isSame)
    throw new GatehouseError('forbidden', 'This request did not come from a page of this gateway.', {
      whatToDo: 'Send it from a page of this gateway, or with a key and no cookie.',
    });
}

/**
 * The signed-in person behind the session cookie, or undefined. Throws `forbidden` for a cross-site unsafe request.
 */
export async function signedInOf(deps: HttpDeps, req: Request): Promise<SignedIn | undefined> {
  const signedIn = await shownBy(deps, req);
  if (signedIn === undefined) return undefined;
  assertSameOrigin(deps, req);
  await noteUse(deps, req, signedIn);
  return signedIn;
}

/**
 * The signed-in person whose browser this is, whoever made it ask; a cookie value that is due goes out with the answer
 * (S184). For doors that other sites lead to, and that change nothing for the cookie's sake alone.
 */
export async function visitingOf(deps: HttpDeps, req: Request): Promise<SignedIn | undefined> {
  const signedIn = await shownBy(deps, req);
  if (signedIn !== undefined) await noteUse(deps, req, signedIn);
  return signedIn;
}

async function shownBy(deps: HttpDeps, req: Request): Promise<SignedIn | undefined> {
  const token = readCookie(req, SESSION_COOKIE);
  return token === undefined ? undefined : findSignedIn(deps, token);
}

async function noteUse(deps: HttpDeps, req: Request, signedIn: SignedIn): Promise<void> {
  const renewedToken = await noteSessionUse(deps, signedIn);
  if (renewedToken !== undefined && req.res !== undefined)
    setSessionCookie(req.res, renewedToken, signedIn.session.expiresAt - deps.clock());
}

/**
 * Whoever has to set up a second factor before anything else, or undefined. Nobody who has one by now: a password alone makes no
 * other beside it. Throws `forbidden` for a cross-site unsafe request.
 */
export async function enrollingOf(deps: HttpDeps, req: Request): Promise<SignedIn | undefined> {
  const token = readCookie(req, SESSION_COOKIE);
  const enrolling = token === undefined ? undefined : await findEnrolling(deps, token);
  if (enrolling === undefined || (await hasAnyFactor(deps.storage, enrolling.user))) return undefined;
  assertSameOrigin(deps, req);
  return enrolling;
}

/** Whether all that this browser's session lacks is a second factor, which only a password or passkey of the person's own may bring. */
export async function isVouchedElsewhere(deps: HttpDeps, req: Request): Promise<boolean> {
  const token = readCookie(req, SESSION_COOKIE);
  return token !== undefined && (await findVouchedFor(deps, token)) !== undefined;
}

/** Who asks the management API, and what is to be written down once the guard has let the request through. */
export interface Asking {
  readonly caller: Caller;
  readonly signedIn?: SignedIn;
  /**
   * Writes down that the credential was used; a cookie value that is due goes out with the answer (S184). Absent: nothing is. What the
   * guard refuses keeps no session from idling out (S185).
   */
  readonly noteUse?: () => Promise<void>;
}

/** The caller of the management API. A bearer value that is neither the operator key nor an API key is refused, never ignored (S112). */
export async function callerOf(deps: HttpDeps, req: Request): Promise<Asking> {
  const bearer = bearerToken(req);
  if (bearer !== undefined) {
    if (bearer.startsWith(API_KEY_PREFIX)) {
      const found = await findKeyCaller(deps, bearer);
      if (found === undefined) throw deadKey();
      return { caller: found.caller, noteUse: () => noteKeyUse(deps, found.key) };
    }
    if (!constantTimeEqual(deps.hashToken(bearer), deps.operatorKeyHash)) throw deadKey();
    return { caller: { kind: 'operator' } };
  }
  const operatorCookie = readCookie(req, OPERATOR_COOKIE);
  if (operatorCookie !== undefined && (await isOperatorSession(deps, operatorCookie))) {
    assertSameOrigin(deps, req);
    return { caller: { kind: 'operator' } };
  }
  const signedIn = await shownBy(deps, req);
  if (signedIn === undefined) throw unauthenticated();
  assertSameOrigin(deps, req);
  return { signedIn, caller: callerFrom(signedIn), noteUse: () => noteUse(deps, req, signedIn) };
}

/** The caller a session makes of its person. */
export const callerFrom = ({ membership, user, role }: SignedIn): Caller => ({
  kind: 'member',
  organizationId: membership.organizationId,
  membershipId: membership.id,
  userId: user.id,
  email: membership.email,
  role,
});

export function actorOf(caller: Caller): Actor {
  switch (caller.kind) {
    case 'operator':
      return { kind: 'operator' };
    case 'api_key': {
      const { apiKeyId, name, membershipId } = caller;
      return { kind: 'api_key', apiKeyId, name, membershipId };
    }
    case 'member': {
      const { userId, membershipId, email } = caller;
      return { kind: 'member', userId, membershipId, email };
    }
  }
}

/**
 * The organization a route names, when the caller may see it. Another organization's id or slug answers `not_found`,
 * exactly as one that does not exist (law 1); a missing permission in one's own answers `forbidden`. A door that the
 * directory has shut answers `invitations_disabled` first: nobody's admin could open it for them.
 */
export async function organizationFor(
  deps: HttpDeps,
  request: {
    readonly caller: Caller;
    readonly reference: string;
    readonly permission: Permission;
    /** Of a route that whoever is in this team may reach as well. */
    readonly team?: string | undefined;
    /** The team that the request keeps to; undefined: it may reach beyond one. */
    readonly within?: string | undefined;
    /** The member that the route lets ask about themselves; undefined: nobody. */
    readonly oneself?: string | undefined;
    /** Whether the route is for every member. */
    readonly isForMembers?: boolean | undefined;
    /** Whether the route is a door that a directory shuts, whatever the role of who stands at it (law 11). */
    readonly invites?: boolean | undefined;
  },
): Promise<Organization> {
  const { caller, reference, permission, team, within, oneself, isForMembers, invites } = request;
  const organization = await findOrganization(deps.storage, reference);
  const isVisible = caller.kind === 'operator' || caller.organizationId === organization?.id;
  if (organization === undefined || !isVisible)
    throw new GatehouseError('not_found', 'No such organization.');
  if (caller.kind === 'api_key' && caller.teamId !== null && caller.teamId !== within)
    throw new GatehouseError('forbidden', 'This key acts in its own team only.', {
      whatToDo: 'Use a key of the organization, or one of that team.',
    });
  if (invites === true) await assertInvitationsOpen(deps.storage, organization);
  if (
    !holdsPermission(caller, organization.id, permission) &&
    !isOneself(caller, oneself) &&
    !(isForMembers === true && caller.kind === 'member') &&
    !(await isInTeam(deps, caller, team))
  )
    throw lacking(caller, permission);
  return organization;
}

/** How a path names the member who asks. */
export const ONESELF = 'me';

const isOneself = (caller: Caller, member: string | undefined): boolean =>
  caller.kind === 'member' && (member === ONESELF || member === caller.membershipId);

async function isInTeam({ storage }: HttpDeps, caller: Caller, team: string | undefined): Promise<boolean> {
  if (team === undefined || caller.kind !== 'member') return false;
  const rows = await storage.teamMembers.listByMemberships(caller.organizationId, [caller.membershipId]);
  return rows.some(({ teamId }) => teamId === team);
}
