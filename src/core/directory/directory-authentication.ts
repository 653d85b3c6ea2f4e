/** Who pushes: a directory token, or an access token of a directory client, and the directory that it opens alone. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { Deps } from '../deps.ts';
import type { Directory, DirectoryClient, DirectoryToken } from '../entities/directory.ts';
import type { Repositories } from '../ports/storage.ts';
import { findClientOfAccessToken } from './directory-clients.ts';

type AuthenticationDeps = Pick<Deps, 'storage' | 'clock' | 'hashToken'>;

/** A credential that was really issued for that directory. */
interface Credential {
  readonly directory: Directory;
  readonly token: Pick<DirectoryToken | DirectoryClient, 'id' | 'name' | 'lastUsedAt'>;
  /** Null: never. */
  readonly expiresAt: number | null;
  readonly noteUse: (tx: Repositories, at: number) => Promise<void>;
}

/** `lastUsedAt` is kept to the minute: a write on every SCIM request would cost more than it tells. */
const LAST_USED_GRAIN_MS = 60_000;

/** Whose token was refused, for the recorder: known only of one that was really issued for that directory. */
const refusalContext = ({ directory, token }: Credential) => ({
  organizationId: directory.organizationId,
  directoryId: directory.id,
  tokenName: token.name,
});

/** One text for every cause (S108). */
const refusedToken = (credential?: Credential): GatehouseError =>
  new GatehouseError(
    'unauthenticated',
    'The bearer token is missing, unknown, expired or not for this directory.',
    credential === undefined ? {} : { context: refusalContext(credential) },
  );

/**
 * Answers whose bearer token this is. The path's directory must be the token's own; every failure is the same
 * `unauthenticated` (S108). A draft directory answers `forbidden`, so that a connection test says what is missing, unless
 * it is a shadow.
 */
export async function authenticateDirectory(
  deps: AuthenticationDeps,
  input: { readonly token: string; readonly directoryId: string },
): Promise<Pick<Credential, 'directory' | 'token'>> {
  const now = deps.clock();
  const found = (await findToken(deps, input.token)) ?? (await findAccessToken(deps, input.token));
  if (found === undefined || found.directory.id !== input.directoryId) throw refusedToken();
  const { directory, token, expiresAt, noteUse } = found;
  if (expiresAt !== null && expiresAt <= now) throw refusedToken(found);
  if (directory.status === 'disabled') throw refusedToken(found);
  if (directory.status === 'draft' && !directory.isShadow) {
    const detail = 'This directory is still a draft. Activate it in Gatehouse first.';
    throw new GatehouseError('forbidden', detail, { context: refusalContext(found) });
  }
  if (token.lastUsedAt === null || now - token.lastUsedAt >= LAST_USED_GRAIN_MS)
    await deps.storage.transact((tx) => noteUse(tx, now));
  return { directory, token };
}

async function findToken(
  { storage, hashToken }: AuthenticationDeps,
  value: string,
): Promise<Credential | undefined> {
  const found = await storage.directoryTokens.findByHash(hashToken(value));
  if (found === undefined) return undefined;
  const { token, directory } = found;
  const { organizationId, id, expiresAt } = token;
  return {
    token,
    directory,
    expiresAt,
    noteUse: (tx, at) => tx.directoryTokens.updateLastUsed(organizationId, id, at),
  };
}

async function findAccessToken(deps: AuthenticationDeps, value: string): Promise<Credential | undefined> {
  const found = await findClientOfAccessToken(deps, value);
  if (found === undefined) return undefined;
  const { client, directory } = found;
  const { organizationId, id } = client;
  return {
    ...{ token: client, directory, expiresAt: null },
    noteUse: (tx, at) => tx.directoryClients.updateLastUsed(organizationId, id, at),
  };
}
