/** Our key pairs at connections: one that signs, one that may follow it, one that may still open what was sent before. */
import { days, hours } from '../../kernel/clock.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { ConnectionId, OrganizationId, SpKeyId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import { selfSignedCertificate } from '../../kernel/self-signed-certificate.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Connection, SamlConnection, SpKey } from '../entities/connection.ts';
import type { AuditType, Cause } from '../entities/journal.ts';
import { record } from '../journal/audit.ts';
import type { Repositories } from '../ports/storage.ts';
import { dueAtOf } from './connection-schedule.ts';

/** Identity providers that check the end at all want years; three are told of five times before. */
const LIFETIME = days(3 * 365);
/** Clocks of identity providers that are behind ours must not find the certificate not yet valid. */
const BACKDATED = hours(24);

type KeyDeps = Pick<Deps, 'storage' | 'clock' | 'newRsaKey'>;

interface KeyRequest {
  readonly organizationId: OrganizationId;
  readonly connectionId: ConnectionId;
  readonly cause: Cause;
}

/** Key pairs of one connection by what they are for. */
export interface SpKeys {
  /** Signs what we send. */
  readonly signing: SpKey;
  /** What metadata shows: current, then next. */
  readonly published: readonly SpKey[];
  /** Any of them may open what was encrypted for us. */
  readonly decryption: readonly SpKey[];
}

/** The key pairs of a connection; one that has none yet gets its first here. Throws `not_found` when it has gone meanwhile. */
export async function spKeys(deps: KeyDeps, connection: Connection): Promise<SpKeys> {
  const keys = keysOf(await withSpKeys(deps, connection));
  const [signing] = ofUse(keys, 'current');
  if (signing === undefined)
    throw new GatehouseError('internal', 'A connection has key pairs, none current.');
  const published = [signing, ...ofUse(keys, 'next')];
  return { signing, published, decryption: [...published, ...ofUse(keys, 'previous')] };
}

/** The connection with its key pairs: as given, or with a first one that is stored now. Throws `not_found`. */
export async function withSpKeys(deps: KeyDeps, connection: Connection): Promise<Connection> {
  if (!isKeyed(connection) || keysOf(connection).length > 0) return connection;
  const { organizationId, id: connectionId } = connection;
  const cause: Cause = { actor: { kind: 'system' }, requestId: 'first-key-pair' };
  const made = await newSpKey(deps, connectionId, 'current');
  return changeKeys(deps, { organizationId, connectionId, cause }, (keys) =>
    // Whoever asks at the same moment takes the pair that was stored first.
    keys.length > 0 ? undefined : { keys: [made], type: 'connection.key_created', key: made },
  );
}

/** Makes the key pair that will follow; metadata shows it from now on. Throws `not_found`, `already_exists`. */
export async function addNextSpKey(deps: KeyDeps, request: KeyRequest): Promise<Connection> {
  const made = await newSpKey(deps, request.connectionId, 'next');
  return changeKeys(deps, request, (keys) => {
    if (ofUse(keys, 'next').length > 0)
      throw new GatehouseError('already_exists', 'There is a next key pair already.', {
        field: 'use',
        whatToDo: 'Use the next pair that is there, or remove it first.',
      });
    // Where there was none at all, this one is the first.
    const key: SpKey = keys.length === 0 ? { ...made, use: 'current' } : made;
    return { keys: [...keys, key], type: 'connection.key_created', key };
  });
}

/**
 * Starts to sign with the next key pair. The one before it is no longer published, but opens what is still encrypted with
 * it until the next rotation. Throws `not_found`, and `invalid` when no next pair has been published.
 */
export function rotateSpKeys(deps: KeyDeps, request: KeyRequest): Promise<Connection> {
  return changeKeys(deps, request, (keys) => {
    const [next] = ofUse(keys, 'next');
    if (next === undefined)
      throw new GatehouseError(
        'invalid',
        'There is no next key pair. Make one and give it to the identity provider first.',
        { field: 'use' },
      );
    const key: SpKey = { ...next, use: 'current' };
    const before = ofUse(keys, 'current').map((one): SpKey => ({ ...one, use: 'previous' }));
    return { keys: [key, ...before], type: 'connection.key_rotated', key };
  });
}

/** Removes a next or previous key pair. Throws `not_found`, and `invalid` for the current one. */
export function removeSpKey(
  deps: KeyDeps,
  { keyId, ...request }: KeyRequest & { readonly keyId: SpKeyId | undefined },
): Promise<Connection> {
  return changeKeys(deps, request, (keys) => {
    const key = keys.find(({ id }) => id === keyId);
    if (key === undefined) throw new GatehouseError('not_found', 'No such key pair.');
    if (key.use === 'current')
      throw new GatehouseError('invalid', 'This key pair is in use; rotate first.', { field: 'key' });
    return { keys: keys.filter((one) => one !== key), type: 'connection.key_removed', key };
  });
}

const ofUse = (keys: readonly SpKey[], use: SpKey['use']): readonly SpKey[] =>
  keys.filter((key) => key.use === use);

async function newSpKey(deps: KeyDeps, connectionId: ConnectionId, use: SpKey['use']): Promise<SpKey> {
  const now = deps.clock();
  const privateKey = await deps.newRsaKey();
  const certificate = selfSignedCertificate({
    privateKey,
    commonName: `Gatehouse ${connectionId}`,
    notBefore: now - BACKDATED,
    notAfter: now + LIFETIME,
  });
  return { id: newId('spk', now), use, certificate, privateKey, createdAt: now };
}

/** Undefined: nothing to do. */
type KeyChange = (keys: readonly SpKey[]) =>
  | {
      readonly keys: readonly SpKey[];
      readonly type: Extract<AuditType, `connection.key_${string}`>;
      readonly key: SpKey;
    }
  | undefined;

function changeKeys(deps: KeyDeps, request: KeyRequest, change: KeyChange): Promise<Connection> {
  const { organizationId, connectionId, cause } = request;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const before = await tx.connections.find(organizationId, connectionId);
    if (before === undefined || !isKeyed(before))
      throw new GatehouseError('not_found', 'No such connection.');
    const changed = change(keysOf(before));
    if (changed === undefined) return before;
    const settings = { ...before.settings, spKeys: changed.keys };
    const dueAt = dueAtOf({ ...before, settings });
    const after: Connection = { ...before, settings, dueAt, updatedAt: context.now };
    await tx.connections.update(organizationId, after, before.version);
    await record(tx, context, {
      type: changed.type,
      target: { kind: 'connection', id: connectionId },
      details: { keyId: changed.key.id, use: changed.key.use },
    });
    return { ...after, version: before.version + 1 };
  });
}

/** The connection if it speaks SAML; anything else has no such address: `not_found`. */
export async function getSamlConnection(
  from: { readonly connections: Pick<Repositories['connections'], 'find'> },
  organizationId: OrganizationId,
  id: ConnectionId,
): Promise<SamlConnection> {
  const connection = await from.connections.find(organizationId, id);
  if (connection !== undefined && isSaml(connection)) return connection;
  throw new GatehouseError('not_found', 'No such connection.');
}

/** Whether keys of ours are of use there: at every SAML connection, and where an OpenID Provider is shown one. */
export const isKeyed = ({ settings }: Connection): boolean =>
  settings.protocol === 'saml' || settings.tokenEndpointAuthMethod === 'private_key_jwt';

const keysOf = ({ settings }: Connection): readonly SpKey[] => settings.spKeys ?? [];

/** Narrows a connection to a SAML one. */
export const isSaml = (connection: Connection): connection is SamlConnection =>
  connection.settings.protocol === 'saml';
