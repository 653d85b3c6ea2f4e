/** Directories: SCIM endpoints of an organization, their tokens, and the switch between manual and directory-managed. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { DirectoryId, DirectoryTokenId, OrganizationId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import { newToken } from '../../kernel/tokens.ts';
import { keepPast } from '../access/history.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { AdoptionPolicy, Directory, DirectoryKind, DirectoryToken } from '../entities/directory.ts';
import type { Cause } from '../entities/journal.ts';
import { record } from '../journal/audit.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import { endSessionsOfDirectory } from '../sign-in/session-endings.ts';
import { assertPlanHasDirectories, cutInactive } from './directory-activation.ts';
import { releaseDirectory, settleProvisioning } from './provisioning.ts';

interface DirectoryRequest {
  readonly organizationId: OrganizationId;
  readonly cause: Cause;
}

/** The directory, or `not_found`. */
export async function getDirectory(
  from: Queries | Repositories,
  organizationId: OrganizationId,
  id: DirectoryId,
): Promise<Directory> {
  const directory = await from.directories.find(organizationId, id);
  if (directory === undefined) throw new GatehouseError('not_found', 'No such directory.');
  return directory;
}

/** Adds a directory. The first active one makes the organization directory-managed in the same transaction. Throws `plan_lacks`, `not_found`. */
export async function createDirectory(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: DirectoryRequest & {
    readonly kind: DirectoryKind;
    readonly name?: string | undefined;
    readonly status?: 'draft' | 'active' | undefined;
    readonly adoption?: AdoptionPolicy | undefined;
    readonly shadow?: boolean | undefined;
  },
): Promise<Directory> {
  const { organizationId, cause, kind } = input;
  const isShadow = input.shadow ?? false;
  if (isShadow) assertDraft(input.status);
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    await assertPlanHasDirectories(tx, context);
    const directory: Directory = {
      id: newId('dir', context.now),
      version: 1,
      organizationId,
      kind,
      name: input.name ?? KIND_NAMES[kind],
      status: input.status ?? 'active',
      adoption: input.adoption ?? 'adopt',
      isShadow,
      extensions: [],
      createdAt: context.now,
      updatedAt: context.now,
    };
    await tx.directories.insert(organizationId, directory);
    await record(tx, context, {
      type: 'directory.created',
      target: { kind: 'directory', id: directory.id },
      details: { kind, name: directory.name, status: directory.status, shadow: isShadow },
    });
    await settleProvisioning(tx, context);
    return directory;
  });
}

const KIND_NAMES: Readonly<Record<DirectoryKind, string>> = {
  okta: 'Okta',
  entra: 'Microsoft Entra ID',
  google: 'Google Workspace',
  onelogin: 'OneLogin',
  jumpcloud: 'JumpCloud',
  ping: 'Ping Identity',
  generic: 'SCIM directory',
};

/**
 * Changes name, status, adoption policy or shadow; organization and directory switch together. Throws `not_found`, `invalid`
 * (field `shadow`), `cutover_required` when its people are shadows, who become members by a cut-over only, `plan_lacks`, and `last_owner` when it keeps the only owner out.
 */
export async function updateDirectory(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: DirectoryRequest & {
    readonly id: DirectoryId;
    readonly change: {
      readonly name?: string | undefined;
      readonly status?: 'draft' | 'active' | 'disabled' | undefined;
      readonly adoption?: AdoptionPolicy | undefined;
      readonly shadow?: boolean | undefined;
    };
  },
): Promise<Directory> {
  const { organizationId, cause, id, change } = input;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const before = await getDirectory(tx, organizationId, id);
    const after: Directory = {
      ...before,
      isShadow: await shadowAfter(tx, before, change),
      name: change.name ?? before.name,
      status: change.status ?? before.status,
      adoption: change.adoption ?? before.adoption,
      updatedAt: context.now,
    };
    const isSwitchedOn = after.status === 'active' && before.status !== 'active';
    if (isSwitchedOn) await assertPlanHasDirectories(tx, context);
    await tx.directories.update(organizationId, after, before.version);
    if (after.name !== before.name) await keepPast(tx, context, { kind: 'name', id, value: before.name });
    await record(tx, context, {
      type: 'directory.updated',
      target: { kind: 'directory', id },
      details: {
        before: publicFacts(before),
        after: publicFacts(after),
      },
    });
    if (before.status === 'active' && after.status !== 'active')
      await endSessionsOfDirectory(tx, context, { directoryId: id, reason: 'directory_disabled' });
    if (isSwitchedOn) await cutInactive(tx, context, after);
    await settleProvisioning(tx, context);
    return { ...after, version: before.version + 1 };
  });
}

const publicFacts = ({ name, status, adoption, isShadow: shadow }: Directory) => ({
  ...{ name, status, adoption, shadow },
});

function assertDraft(status: Directory['status'] | undefined): void {
  if (status === 'draft') return;
  throw new GatehouseError('invalid', 'Only a draft can be a shadow.', { field: 'shadow' });
}

/** People are all shadows or none: a directory becomes a shadow, or ceases to be one by hand, while it has nobody. */
async function shadowAfter(
  tx: Repositories,
  before: Directory,
  change: { readonly status?: Directory['status'] | undefined; readonly shadow?: boolean | undefined },
): Promise<boolean> {
  const status = change.status ?? before.status;
  const isShadow = change.shadow ?? (before.isShadow && status !== 'active');
  if (change.shadow === true) assertDraft(status);
  if (isShadow === before.isShadow) return isShadow;
  const { organizationId, id } = before;
  const people = await tx.directoryUsers.scan(organizationId, id, { kind: 'all' }, { limit: 1 });
  if (people.length === 0) return isShadow;
  if (isShadow) {
    const detail = 'This directory has people already; only one without any can become a shadow.';
    throw new GatehouseError('invalid', detail, { field: 'shadow' });
  }
  throw new GatehouseError(
    'cutover_required',
    'The people of this directory are shadows. Read its cut-over report and switch it there, or remove the directory.',
  );
}

/**
 * Removes a directory. Its people are signed out and stay members: `keep` turns the roles it gave into manual ones, `drop` takes them away.
 * When no active directory is left the organization is manual again. Throws `not_found`.
 */
export async function removeDirectory(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: DirectoryRequest & { readonly id: DirectoryId; readonly grants: 'keep' | 'drop' },
): Promise<void> {
  const { organizationId, cause, id, grants } = input;
  await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const directory = await getDirectory(tx, organizationId, id);
    await endSessionsOfDirectory(tx, context, { directoryId: id, reason: 'directory_removed' });
    await releaseDirectory(tx, context, { directory, grants });
    await keepNames(tx, context, directory);
    await tx.directories.remove(organizationId, id);
    await record(tx, context, {
      type: 'directory.removed',
      target: { kind: 'directory', id },
      details: { name: directory.name, grants },
    });
    await settleProvisioning(tx, context);
  }, 'alone');
}

/** Explanations of past days name a directory and its groups when they are gone. */
async function keepNames(tx: Repositories, context: ChangeContext, directory: Directory): Promise<void> {
  const { organizationId } = context;
  await keepPast(tx, context, { kind: 'name', id: directory.id, value: directory.name });
  const limit = 500;
  for (let after: string | undefined; ; ) {
    const page = { after, limit };
    const groups = await tx.directoryGroups.scan(organizationId, directory.id, { kind: 'all' }, page);
    for (const group of groups)
      await keepPast(tx, context, { kind: 'name', id: group.id, value: group.displayName });
    if (groups.length < limit) return;
    after = groups.at(-1)?.id;
  }
}

/** Issues a token. `token` is the only time its value is seen; storage keeps a keyed hash. Throws `not_found`, `invalid`. */
export async function createDirectoryToken(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  input: DirectoryRequest & {
    readonly directoryId: DirectoryId;
    readonly name: string;
    readonly expiresAt?: number | undefined;
  },
): Promise<{ readonly row: DirectoryToken; readonly token: string }> {
  const { organizationId, cause, directoryId } = input;
  const token = newToken('ghd');
  const tokenHash = deps.hashToken(token);
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    if (input.expiresAt !== undefined && input.expiresAt <= context.now) {
      throw new GatehouseError('invalid', 'The expiry lies in the past.', { field: 'expiresAt' });
    }
    await getDirectory(tx, organizationId, directoryId);
    const row: DirectoryToken = {
      id: newId('dtk', context.now),
      organizationId,
      directoryId,
      name: input.name,
      tokenHash,
      createdAt: context.now,
      expiresAt: input.expiresAt ?? null,
      lastUsedAt: null,
      expiryWarnedDays: null,
    };
    await tx.directoryTokens.insert(organizationId, row);
    await record(tx, context, {
      type: 'directory_token.created',
      target: { kind: 'directory_token', id: row.id },
      details: { directoryId, name: row.name, expiresAt: row.expiresAt },
    });
    return { row, token };
  });
}

/** Revokes a token: the next request with it is refused. Throws `not_found`. */
export async function removeDirectoryToken(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: DirectoryRequest & { readonly directoryId: DirectoryId; readonly id: DirectoryTokenId },
): Promise<void> {
  const { organizationId, cause, directoryId, id } = input;
  await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    if (!(await tx.directoryTokens.remove(organizationId, directoryId, id))) {
      throw new GatehouseError('not_found', 'No such token.');
    }
    await record(tx, context, {
      type: 'directory_token.removed',
      target: { kind: 'directory_token', id },
      details: { directoryId },
    });
  });
}
