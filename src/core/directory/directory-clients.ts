/** Clients of the token endpoint whose access tokens open one directory: OAuth 2.0 client credentials, as Entra's gallery wants them. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { DirectoryClientId, DirectoryId, OrganizationId } from '../../kernel/ids.ts';
import { newId, parseId } from '../../kernel/ids.ts';
import { newToken } from '../../kernel/tokens.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Directory, DirectoryClient } from '../entities/directory.ts';
import type { Cause } from '../entities/journal.ts';
import { record } from '../journal/audit.ts';
import { getDirectory } from './directories.ts';

interface ClientRequest {
  readonly organizationId: OrganizationId;
  readonly directoryId: DirectoryId;
  readonly cause: Cause;
}

/** Makes a client. `secret` is the only time its value is seen; storage keeps a keyed hash. Throws `not_found`. */
export async function createDirectoryClient(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  input: ClientRequest & { readonly name: string },
): Promise<{ readonly client: DirectoryClient; readonly secret: string }> {
  const { organizationId, directoryId, cause, name } = input;
  const secret = newToken('ghe');
  const secretHash = deps.hashToken(secret);
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    await getDirectory(tx, organizationId, directoryId);
    const client: DirectoryClient = {
      id: newId('dcl', context.now),
      ...{ organizationId, directoryId, name, secretHash },
      createdAt: context.now,
      lastUsedAt: null,
    };
    await tx.directoryClients.insert(organizationId, client);
    await record(tx, context, {
      type: 'directory_client.created',
      target: { kind: 'directory_client', id: client.id },
      details: { directoryId, name },
    });
    return { client, secret };
  });
}

/** Removes a client: its access tokens are refused from the next request on. Throws `not_found`. */
export async function removeDirectoryClient(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: ClientRequest & { readonly id: DirectoryClientId },
): Promise<void> {
  const { organizationId, directoryId, cause, id } = input;
  await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    if (!(await tx.directoryClients.remove(organizationId, directoryId, id)))
      throw new GatehouseError('not_found', 'No such directory client.');
    await record(tx, context, {
      type: 'directory_client.removed',
      target: { kind: 'directory_client', id },
      details: { directoryId },
    });
  });
}

/**
 * Whose access token of the token endpoint this is; undefined for one that is unknown or over, for every token of another
 * kind (S112), and for one whose client is gone. Nothing but the stored record says so: the token itself says nothing.
 */
export async function findClientOfAccessToken(
  { storage, clock, hashToken }: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  token: string,
): Promise<{ readonly client: DirectoryClient; readonly directory: Directory } | undefined> {
  const found = await storage.providerRecords.find('ClientCredentials', hashToken(token));
  if (found === undefined || found.expiresAt <= clock()) return undefined;
  const { clientId }: { clientId?: unknown } = JSON.parse(found.payload);
  const id = typeof clientId === 'string' ? parseId('dcl', clientId) : undefined;
  const client = id && (await storage.directoryClients.findById(id));
  if (client === undefined) return undefined;
  const directory = await storage.directories.find(client.organizationId, client.directoryId);
  return directory && { client, directory };
}
