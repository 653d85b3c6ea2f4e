/** API keys: made, listed, taken back, and what a program with one of them may do at this moment. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { ApiKeyId, OrganizationId, TeamId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import { newToken } from '../../kernel/tokens.ts';
import type { Caller, KeyCaller } from '../access/access.ts';
import { holdsPermission } from '../access/access.ts';
import type { RoleFacts, RoleTable } from '../access/role-table.ts';
import { factsIn, isBuiltInRole, loadRoles } from '../access/role-table.ts';
import type { Permission } from '../access/roles.ts';
import { ORG_ROLE_RANKS } from '../access/roles.ts';
import { decidesInTeam, standingIn } from '../access/team-access.ts';
import { lackOfKey } from '../connections/sso-policy.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { ApiKey } from '../entities/api-key.ts';
import type { Cause } from '../entities/journal.ts';
import type { Membership } from '../entities/people.ts';
import type { Session } from '../entities/session.ts';
import { record } from '../journal/audit.ts';
import { settleMember } from '../mapping/reprojection.ts';
import { noteActivity } from '../members/activity.ts';
import type { Queries, Repositories } from '../ports/storage.ts';

/** Every bearer value of an API key begins with it. */
export const API_KEY_PREFIX = 'ghk_';

const LAST_USED_GRAIN_MS = 60_000;

/** Owners and admins are changed by people: a program counts as an admin at most (S147). */
const atMostAdmin = (roles: RoleTable, role: RoleFacts): RoleFacts =>
  role.rank > ORG_ROLE_RANKS.admin ? factsIn(roles, 'admin') : role;

interface KeyRequest {
  readonly organizationId: OrganizationId;
  readonly caller: Caller;
}

/** Whether the caller may see and take back every key, and make those of the organization. */
const managesKeys = ({ caller, organizationId }: KeyRequest): boolean =>
  holdsPermission(caller, organizationId, 'roles.manage');

/**
 * Makes a key; `token` is the only time its value is seen. Throws `forbidden` for a scope the caller does not hold (law 8),
 * for a team key by somebody who may not manage roles, and for any program: keys make no keys. `invalid`, field `expiresAt`,
 * for an end in the past; field `kind` for a personal key of the operator, who is no member.
 */
export async function createApiKey(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  input: KeyRequest & {
    readonly cause: Cause;
    readonly name: string;
    readonly kind: ApiKey['kind'];
    /** Of a team key that acts in this team only; absent: not bound to one. */
    readonly teamId?: TeamId | undefined;
    readonly scopes: readonly Permission[];
    readonly expiresAt: number | null;
    /** In which it is made; absent: there is none. */
    readonly session?: Pick<Session, 'connectionId' | 'amr' | 'emergency'> | undefined;
  },
): Promise<{ readonly key: ApiKey; readonly token: string }> {
  const { organizationId, caller, cause, name, kind, teamId = null, expiresAt } = input;
  const scopes = [...new Set(input.scopes)];
  const token = newToken('ghk');
  const tokenHash = deps.hashToken(token);
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const maker =
      teamId === null ? makerOf(input, scopes) : await makerInTeam(tx, { ...input, teamId }, scopes);
    if (expiresAt !== null && expiresAt <= context.now)
      throw new GatehouseError('invalid', 'The expiry lies in the past.', { field: 'expiresAt' });
    const key: ApiKey = {
      id: newId('apk', context.now),
      ...{ organizationId, name, kind, teamId, ...originOf(input), scopes, tokenHash, expiresAt, ...maker },
      membershipId: kind === 'personal' && caller.kind === 'member' ? caller.membershipId : null,
      createdAt: context.now,
      expiryWarnedDays: null,
      lastUsedAt: null,
    };
    await tx.apiKeys.insert(organizationId, key);
    await record(tx, context, {
      type: 'api_key.created',
      target: { kind: 'api_key', id: key.id },
      details: { name, kind, teamId, scopes, expiresAt },
    });
    return { key, token };
  });
}

/** An emergency code lets its owner in; what is made with it is not to stay. */
const originOf = ({
  session,
}: {
  readonly session?: Pick<Session, 'connectionId' | 'amr' | 'emergency'> | undefined;
}): Pick<ApiKey, 'connectionId' | 'amr'> => ({
  connectionId: session?.connectionId ?? null,
  amr: session === undefined || session.emergency ? [] : session.amr,
});

function makerOf(
  request: KeyRequest & { readonly kind: ApiKey['kind'] },
  scopes: readonly Permission[],
): Pick<ApiKey, 'createdBy' | 'orgRole'> {
  const { organizationId, caller, kind } = request;
  if (caller.kind === 'api_key')
    throw new GatehouseError('forbidden', 'A key does not make keys.', {
      whatToDo: 'Sign in and make the key as a person.',
    });
  if (kind === 'team' && !managesKeys(request))
    throw new GatehouseError('forbidden', 'A key of the organization needs the permission roles.manage.', {
      field: 'kind',
    });
  if (kind === 'personal' && caller.kind === 'operator')
    throw new GatehouseError('invalid', 'The operator is no member; make a team key.', { field: 'kind' });
  const missing = scopes.find((scope) => !holdsPermission(caller, organizationId, scope));
  if (missing !== undefined)
    throw new GatehouseError('forbidden', `You do not hold ${missing}, so no key of yours may.`, {
      field: 'scopes',
      whatToDo: 'Leave this scope out, or have somebody who holds it make the key.',
    });
  return makerFacts(caller);
}

const makerFacts = (caller: Exclude<Caller, KeyCaller>): Pick<ApiKey, 'createdBy' | 'orgRole'> =>
  caller.kind === 'operator'
    ? { createdBy: 'operator', orgRole: 'admin' }
    : { createdBy: caller.membershipId, orgRole: caller.role.key === 'owner' ? 'admin' : caller.role.key };

/** All that a key can do in one team. */
const TEAM_SCOPES: readonly Permission[] = ['members.read', 'teams.manage'];

/** For whoever decides who is in the team: the key will, too, and goes on as people come and go. */
async function makerInTeam(
  tx: Repositories,
  request: KeyRequest & { readonly kind: ApiKey['kind']; readonly teamId: TeamId },
  scopes: readonly Permission[],
): Promise<Pick<ApiKey, 'createdBy' | 'orgRole'>> {
  const { caller, kind, organizationId, teamId } = request;
  if (caller.kind === 'api_key')
    throw new GatehouseError('forbidden', 'A key does not make keys.', {
      whatToDo: 'Sign in and make the key as a person.',
    });
  if (kind !== 'team')
    throw new GatehouseError('invalid', 'A personal key goes with its person, not with a team.', {
      field: 'teamId',
    });
  if ((await tx.teams.find(organizationId, teamId)) === undefined)
    throw new GatehouseError('invalid', 'No team of this organization has this id.', { field: 'teamId' });
  if (!scopes.every((scope) => TEAM_SCOPES.includes(scope)))
    throw new GatehouseError('invalid', `In a team a key takes ${TEAM_SCOPES.join(' and ')}.`, {
      field: 'scopes',
    });
  if (!decidesInTeam(await standingIn(tx, request)))
    throw new GatehouseError('forbidden', 'Its owners make the keys of this team.', {
      field: 'teamId',
      whatToDo: 'Ask an owner of the team to make the key.',
    });
  return makerFacts(caller);
}

/** The keys the caller may see: one's own, those of teams one owns, or all for those who manage roles. */
export async function listApiKeys(
  deps: Pick<Deps, 'storage'>,
  request: KeyRequest,
): Promise<readonly ApiKey[]> {
  const keys = await deps.storage.apiKeys.list(request.organizationId);
  const owned = await teamsOwned(deps.storage, request);
  return keys.filter((key) => maySee(request, key, owned));
}

async function teamsOwned(
  from: Queries | Repositories,
  { caller, organizationId }: KeyRequest,
): Promise<ReadonlySet<TeamId>> {
  if (caller.kind !== 'member') return new Set();
  const rows = await from.teamMembers.listByMemberships(organizationId, [caller.membershipId]);
  return new Set(rows.flatMap(({ teamId, role }) => (role === 'owner' ? [teamId] : [])));
}

const maySee = (request: KeyRequest, key: ApiKey, owned: ReadonlySet<TeamId>): boolean =>
  managesKeys(request) ||
  (key.teamId !== null && owned.has(key.teamId)) ||
  (request.caller.kind === 'member' && key.membershipId === request.caller.membershipId);

/** Takes a key back: the next request with it is refused. Throws `not_found`, also for a key one may not see. */
export async function removeApiKey(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: KeyRequest & { readonly id: ApiKeyId; readonly cause: Cause },
): Promise<void> {
  const { organizationId, id, cause } = input;
  await deps.storage.transact(async (tx) => {
    const key = await tx.apiKeys.find(organizationId, id);
    if (
      key === undefined ||
      !maySee(input, key, await teamsOwned(tx, input)) ||
      !(await tx.apiKeys.remove(organizationId, id))
    )
      throw new GatehouseError('not_found', 'No such API key.');
    await record(
      tx,
      { organizationId, cause, now: deps.clock() },
      {
        type: 'api_key.removed',
        target: { kind: 'api_key', id },
        details: { name: key.name, kind: key.kind },
      },
    );
  });
}

/**
 * Who asks with this bearer value; undefined for one that is unknown, over, of somebody who is not active here, or made in a
 * session that the organization would not let begin any more. A personal key may do what its person may do now, and no more than its scopes say.
 * Being found is no use of it: `noteKeyUse`.
 */
export async function findKeyCaller(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  token: string,
): Promise<{ readonly caller: KeyCaller; readonly key: ApiKey } | undefined> {
  const now = deps.clock();
  const key = await deps.storage.apiKeys.findByHash(deps.hashToken(token));
  if (key === undefined || (key.expiresAt !== null && key.expiresAt <= now)) return undefined;
  const { organizationId, id, name, membershipId } = key;
  const power = await powerOf(deps, key);
  if (power === undefined) return undefined;
  return { key, caller: { kind: 'api_key', organizationId, apiKeyId: id, name, membershipId, ...power } };
}

/** Writes down that a request with this key was let in, to the minute; of a personal key, that its person is active. */
export async function noteKeyUse(
  { storage, clock }: Pick<Deps, 'storage' | 'clock'>,
  { organizationId, id, membershipId, lastUsedAt }: ApiKey,
): Promise<void> {
  const now = clock();
  if (lastUsedAt !== null && now - lastUsedAt < LAST_USED_GRAIN_MS) return;
  await storage.transact(async (tx) => {
    await tx.apiKeys.updateLastUsed(organizationId, id, now);
    if (membershipId !== null) await noteActivity(tx, { organizationId, id: membershipId }, now);
  });
}

type Power = Pick<KeyCaller, 'role' | 'scopes' | 'teamId'>;

async function powerOf(deps: Pick<Deps, 'storage' | 'clock'>, key: ApiKey): Promise<Power | undefined> {
  const { organizationId, membershipId } = key;
  const roles = await loadRoles(deps.storage);
  if (membershipId === null) return powerFrom(roles, key, undefined);
  const stored = await deps.storage.memberships.find(organizationId, membershipId);
  const organization = await deps.storage.organizations.find(organizationId);
  if (stored?.status !== 'active' || organization === undefined) return undefined;
  if (lackOfKey(organization, key) !== undefined) return undefined;
  return powerFrom(roles, key, await settleMember(deps, organization, stored));
}

/** Pure: what a key that is not over may do, given the person it belongs to. Undefined when that one is not active here. */
export function powerFrom(
  roles: RoleTable,
  { membershipId, teamId, scopes, orgRole }: ApiKey,
  person: Membership | undefined,
): Power | undefined {
  if (membershipId === null) {
    const maker = factsIn(roles, orgRole);
    // A built-in role does not change; what the operator takes from one of their own is gone from its keys as well.
    // And what a key may do in a team comes of the team.
    const held =
      isBuiltInRole(orgRole) || teamId !== null
        ? scopes
        : scopes.filter((scope) => maker.permissions.includes(scope));
    return { role: atMostAdmin(roles, maker), scopes: held, teamId };
  }
  if (person?.status !== 'active') return undefined;
  const own = factsIn(roles, person.orgRole);
  return {
    role: atMostAdmin(roles, own),
    teamId,
    scopes: scopes.filter((scope) => own.permissions.includes(scope)),
  };
}
