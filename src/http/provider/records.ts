/** The library's storage: every code and token under the hash of its value, hung on the grant it came from, used once. */
import type { Adapter, AdapterPayload } from 'oidc-provider';
import Provider, { errors } from 'oidc-provider';
import type { Withdrawal } from '../../core/applications/application-grants.ts';
import { withdrawGrant } from '../../core/applications/application-grants.ts';
import type { ApplicationGrant, ProviderRecord } from '../../core/entities/application.ts';
import { noteActivity } from '../../core/members/activity.ts';
import { isGatehouseError } from '../../kernel/errors.ts';
import { parseId } from '../../kernel/ids.ts';
import type { HttpDeps } from '../deps.ts';
import { findRegistration } from './registrations.ts';
import { currentRequest } from './request-facts.ts';

type RecordDeps = Pick<HttpDeps, 'storage' | 'clock' | 'hashToken'>;

/** The storage of one kind of thing, by the library's name for it. */
export function createRecords(deps: RecordDeps, kind: string): Adapter {
  switch (kind) {
    case 'Client':
      return { ...NOTHING, find: (id) => findRegistration(deps, id) };
    case 'Session':
      return NOTHING;
    case 'Grant':
      return {
        ...NOTHING,
        find: (id) => findGrant(deps, id),
        destroy: (id) => withdraw(deps, id),
      };
    default:
      return recordsOf(deps, kind);
  }
}

/** Sessions are the gateway's own, registrations and grants are made elsewhere. */
const NOTHING: Adapter = {
  upsert: async () => undefined,
  find: async () => undefined,
  findByUserCode: async () => undefined,
  findByUid: async () => undefined,
  consume: async () => undefined,
  destroy: async () => undefined,
  revokeByGrantId: async () => undefined,
};

function recordsOf(deps: RecordDeps, kind: string): Adapter {
  const { storage, clock, hashToken } = deps;
  return {
    ...NOTHING,
    upsert: (id, payload, seconds = 0) => save(deps, { kind, id, payload, seconds }),
    find: (id) => find(deps, { kind, id }),
    async consume(id) {
      const isFirst = await storage.transact((tx) =>
        tx.providerRecords.consume(kind, hashToken(id), clock()),
      );
      if (isFirst) return;
      // Somebody else was faster: that is a second use like any other (S91, S92).
      const record = await storage.providerRecords.find(kind, hashToken(id));
      if (record?.grant) await withdraw(deps, record.grant.id, REUSE[kind]);
      throw new errors.InvalidGrant(`${kind} was already used`);
    },
    async destroy(id) {
      await storage.transact((tx) => tx.providerRecords.remove(kind, hashToken(id)));
    },
    revokeByGrantId: (grantId) => withdraw(deps, grantId, reasonOf()),
  };
}

const REUSE: Readonly<Record<string, Withdrawal>> = {
  AuthorizationCode: 'code_reused',
  RefreshToken: 'refresh_token_reused',
};

/** Why the library takes a grant back: at the token endpoint because something was used twice. */
function reasonOf(): Withdrawal {
  const oidc = Provider.ctx?.oidc;
  if (oidc?.route !== 'token') return 'revoked_by_application';
  return oidc.params?.grant_type === 'refresh_token' ? 'refresh_token_reused' : 'code_reused';
}

/** With the grant goes everything that hangs on it, in one step. */
async function withdraw(
  deps: RecordDeps,
  grantId: string,
  reason: Withdrawal = 'revoked_by_application',
): Promise<void> {
  const id = parseId('agr', grantId);
  if (id !== undefined) await withdrawGrant(deps, { id, reason, cause: currentRequest().cause });
}

async function findGrant({ storage, clock }: RecordDeps, value: string): Promise<AdapterPayload | undefined> {
  const id = parseId('agr', value);
  const grant = id && (await storage.applicationGrants.findById(id));
  return grant !== undefined && grant.expiresAt > clock() ? grantPayload(grant) : undefined;
}

/** A grant as the library stores it. */
const grantPayload = (grant: ApplicationGrant): AdapterPayload & { readonly openid: object } => ({
  kind: 'Grant',
  jti: grant.id,
  accountId: grant.userId,
  clientId: grant.applicationId,
  openid: { scope: grant.scopes.join(' ') },
});

interface Saved {
  readonly kind: string;
  readonly id: string;
  readonly payload: AdapterPayload;
  readonly seconds: number;
}

async function save(deps: RecordDeps, { kind, id, payload, seconds }: Saved): Promise<void> {
  const { jti: _value, ...kept } = payload;
  // A sign-in under way may replace the session, and with it the grant it began with.
  const grant = kind === 'Interaction' ? null : await grantOf(deps, payload);
  const record: ProviderRecord = {
    kind,
    idHash: deps.hashToken(id),
    grant: grant && { organizationId: grant.organizationId, id: grant.id },
    payload: JSON.stringify(kept),
    consumedAt: null,
    expiresAt: deps.clock() + seconds * 1000,
  };
  const isMark = kind === 'ReplayDetection';
  // An access token that a crash took was never handed out for long: its application asks again.
  const durability = kind === 'AccessToken' ? 'relaxed' : 'durable';
  try {
    await deps.storage.transact(async (tx) => {
      await (isMark ? tx.providerRecords.insert(record) : tx.providerRecords.replace(record));
      // For a code or a refresh token: an application of theirs is in use.
      if (kind === 'AccessToken' && grant !== null)
        await noteActivity(tx, { ...grant, id: grant.membershipId }, deps.clock());
    }, durability);
  } catch (error) {
    // The grant went while this was on its way: the code was used twice, or the person was cut off.
    if (isGatehouseError(error, 'not_found')) throw new errors.InvalidGrant('grant is gone');
    if (isMark && isGatehouseError(error, 'already_exists'))
      throw new errors.InvalidClient('client assertions work once', 'seen before');
    throw error;
  }
}

async function grantOf(
  { storage }: RecordDeps,
  { grantId }: AdapterPayload,
): Promise<ApplicationGrant | null> {
  if (grantId === undefined) return null;
  const id = parseId('agr', grantId);
  const grant = id && (await storage.applicationGrants.findById(id));
  if (grant === undefined) throw new errors.InvalidGrant('grant is gone');
  return grant;
}

/** Expiry counts by the gateway's clock; what is expired is nowhere. */
async function find(
  deps: RecordDeps,
  { kind, id }: { readonly kind: string; readonly id: string },
): Promise<AdapterPayload | undefined> {
  const record = await deps.storage.providerRecords.find(kind, deps.hashToken(id));
  if (record === undefined || record.expiresAt <= deps.clock()) return undefined;
  const payload = payloadOf(record, id);
  await withdrawIfShownByAnother(deps, record, payload);
  return payload;
}

// Only `save` writes payloads.
const payloadOf = ({ payload, consumedAt }: ProviderRecord, id: string): AdapterPayload => ({
  ...(JSON.parse(payload) as AdapterPayload),
  jti: id,
  ...(consumedAt === null ? {} : { consumed: Math.floor(consumedAt / 1000) }),
});

/** S93: a code or refresh token in another application's hands has leaked; the library refuses it, nobody uses it again. */
async function withdrawIfShownByAnother(
  deps: RecordDeps,
  { grant }: ProviderRecord,
  { clientId, kind }: AdapterPayload,
): Promise<void> {
  const oidc = Provider.ctx?.oidc;
  const isSingleUse = kind === 'AuthorizationCode' || kind === 'RefreshToken';
  if (grant === null || !isSingleUse || oidc?.route !== 'token') return;
  if (oidc.client !== undefined && oidc.client.clientId !== clientId)
    await withdraw(deps, grant.id, 'shown_by_another_application');
}
