/** Schema extensions of a directory: added, replaced and removed without ever leaving people who do not fit the rules. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { DirectoryId, OrganizationId } from '../../kernel/ids.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Directory } from '../entities/directory.ts';
import type { DirectoryExtension } from '../entities/directory-extension.ts';
import type { AuditType, Cause } from '../entities/journal.ts';
import { record } from '../journal/audit.ts';
import type { Repositories } from '../ports/storage.ts';
import { getDirectory } from './directories.ts';
import { assertPeopleFit, type ExtensionReader, fitPeople, uniquePathsOf } from './extension-fit.ts';

/** How many extensions a directory may have, and how many attributes all of them together, sub-attributes included. */
const MAX_EXTENSIONS = 20;
const MAX_ATTRIBUTES = 200;

interface ExtensionRequest {
  readonly organizationId: OrganizationId;
  readonly directoryId: DirectoryId;
  readonly cause: Cause;
}

interface ExtensionChange extends ExtensionRequest {
  readonly extension: DirectoryExtension;
  /** Makes the reader for the extension of that URN among all of a directory's. */
  readonly readerOf: (extensions: readonly DirectoryExtension[], urn: string) => ExtensionReader;
  /** Lets other requests have their turn; awaited between pages of people. */
  readonly pause: () => Promise<void>;
}

/** The extension with that URN, in any letter case; undefined when the directory has none. */
function findExtensionOf(directory: Directory, urn: string): DirectoryExtension | undefined {
  const wanted = urn.toLowerCase();
  return directory.extensions.find((extension) => extension.urn.toLowerCase() === wanted);
}

/** As `findExtensionOf`; throws `not_found`. */
export function getExtensionOf(directory: Directory, urn: string): DirectoryExtension {
  const extension = findExtensionOf(directory, urn);
  if (extension === undefined) throw new GatehouseError('not_found', 'No such extension.');
  return extension;
}

/**
 * Adds an extension. Values left from an earlier one of this URN show again if they fit. Throws `already_exists` (field
 * `urn`, or `attributes` for values that are not unique), `invalid` (too many; a URN that continues another; stored
 * values that do not fit), `not_found`, `version_conflict` when the directory changes meanwhile.
 */
export function addExtension(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: ExtensionChange,
): Promise<DirectoryExtension> {
  const { extension } = input;
  return defineExtension(deps, input, {
    type: 'directory_extension.created',
    decide: (before) => {
      if (findExtensionOf(before, extension.urn) !== undefined) {
        throw new GatehouseError('already_exists', 'This directory has an extension of that URN.', {
          field: 'urn',
          whatToDo: 'Change the extension that is there, or choose another URN.',
        });
      }
      return { extension, extensions: [...before.extensions, extension], former: undefined };
    },
  });
}

/**
 * Replaces the extension of that URN, which stays spelled as it is. Stored values that the new rules do not allow keep
 * everything as it was: `invalid`, or `already_exists` (field `attributes`) where two people hold a value that would have
 * to be unique. Throws `not_found` for an unknown URN, `version_conflict` when the directory changes meanwhile.
 */
export function replaceExtension(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: ExtensionChange,
): Promise<DirectoryExtension> {
  return defineExtension(deps, input, {
    type: 'directory_extension.updated',
    decide: (before) => {
      const former = getExtensionOf(before, input.extension.urn);
      const extension = { ...input.extension, urn: former.urn };
      const extensions = before.extensions.map((one) => (one === former ? extension : one));
      return { extension, extensions, former };
    },
  });
}

/**
 * Removes an extension. Its values are hidden at once and dropped from each person with the next change of that person;
 * nothing of them is unique any more. Throws `not_found`.
 */
export async function removeExtension(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: ExtensionRequest & { readonly urn: string },
): Promise<void> {
  await changeExtensions(deps, input, async (tx, context, before) => {
    const extension = getExtensionOf(before, input.urn);
    await store(tx, context, { before, extensions: before.extensions.filter((one) => one !== extension) });
    for (const path of uniquePathsOf(extension)) {
      await tx.uniqueValues.remove(before.organizationId, before.id, path);
    }
    await note(tx, context, { type: 'directory_extension.removed', directory: before, extension });
  });
}

/** Pure: throws `invalid` when a directory may not have these extensions together. */
function assertCompatible(extensions: readonly DirectoryExtension[]): void {
  if (extensions.length > MAX_EXTENSIONS) {
    throw new GatehouseError('invalid', `A directory has at most ${MAX_EXTENSIONS} extensions.`, {
      field: 'urn',
    });
  }
  const attributes = extensions.flatMap((extension) => extension.attributes);
  const count = attributes.reduce((sum, { subAttributes }) => sum + 1 + subAttributes.length, 0);
  if (count > MAX_ATTRIBUTES) {
    throw new GatehouseError(
      'invalid',
      `The extensions of a directory have at most ${MAX_ATTRIBUTES} attributes and sub-attributes together.`,
      { field: 'attributes' },
    );
  }
  const urns = extensions.map(({ urn }) => urn);
  const continued = urns.find((urn) => urns.some((other) => continuesUrn(urn, other)));
  if (continued !== undefined) {
    throw new GatehouseError('invalid', `${continued} continues the URN of another extension.`, {
      field: 'urn',
    });
  }
}

/** Pure: true when `urn` begins with the whole of `other`: a path could then be read as an attribute of either. */
export function continuesUrn(urn: string, other: string): boolean {
  const [longer, shorter] = [urn.toLowerCase(), other.toLowerCase()];
  return longer.startsWith(`${shorter}:`) || longer.startsWith(`${shorter}.`);
}

/** What is to hold instead of what was there. */
interface Definition {
  readonly extension: DirectoryExtension;
  readonly extensions: readonly DirectoryExtension[];
  readonly former: DirectoryExtension | undefined;
}

/** People are read before the transaction, so that nobody else's changes wait for it; what changed since is read in it. */
async function defineExtension(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: ExtensionChange,
  change: { readonly type: AuditType; readonly decide: (before: Directory) => Definition },
): Promise<DirectoryExtension> {
  const seen = await getDirectory(deps.storage, input.organizationId, input.directoryId);
  const { extension, extensions, former } = change.decide(seen);
  assertCompatible(extensions);
  const fitting = {
    extension,
    former,
    reader: input.readerOf(extensions, extension.urn),
    pause: input.pause,
  };
  const since = deps.clock();
  await assertPeopleFit(deps.storage, seen, fitting);
  return changeExtensions(deps, input, async (tx, context, before) => {
    if (before.version !== seen.version) {
      throw new GatehouseError('version_conflict', 'The directory was changed in the meantime.');
    }
    await store(tx, context, { before, extensions });
    await fitPeople(tx, before, { ...fitting, since });
    await note(tx, context, { type: change.type, directory: before, extension });
    return extension;
  });
}

function changeExtensions<Result>(
  { storage, clock }: Pick<Deps, 'storage' | 'clock'>,
  { organizationId, directoryId, cause }: ExtensionRequest,
  change: (tx: Repositories, context: ChangeContext, before: Directory) => Promise<Result>,
): Promise<Result> {
  return storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: clock() };
    return change(tx, context, await getDirectory(tx, organizationId, directoryId));
  });
}

async function store(
  tx: Repositories,
  context: ChangeContext,
  change: { readonly before: Directory; readonly extensions: readonly DirectoryExtension[] },
): Promise<void> {
  const { before, extensions } = change;
  await tx.directories.update(
    before.organizationId,
    { ...before, extensions, updatedAt: context.now },
    before.version,
  );
}

async function note(
  tx: Repositories,
  context: ChangeContext,
  change: {
    readonly type: AuditType;
    readonly directory: Directory;
    readonly extension: DirectoryExtension;
  },
): Promise<void> {
  const { type, directory, extension } = change;
  await record(tx, context, {
    type,
    target: { kind: 'directory', id: directory.id },
    details: { urn: extension.urn, attributes: extension.attributes.map(({ name }) => name) },
  });
}
