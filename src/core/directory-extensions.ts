/** Schema extensions of a directory: added, replaced and removed without ever leaving people who do not fit the rules. */
import { GatehouseError, isGatehouseError } from '../kernel/errors.ts';
import type { DirectoryId, OrganizationId } from '../kernel/ids.ts';
import { record } from './audit.ts';
import type { ChangeContext, Deps } from './deps.ts';
import { getDirectory } from './directories.ts';
import type { Directory, DirectoryAttributes, DirectoryUser } from './entities/directory.ts';
import type { DirectoryExtension, UniqueValue } from './entities/directory-extension.ts';
import type { Cause } from './entities/journal.ts';
import type { Repositories } from './ports/storage.ts';

/** How many extensions a directory may have, and how many attributes all of them together, sub-attributes included. */
const MAX_EXTENSIONS = 20;
const MAX_ATTRIBUTES = 200;

/** How the edge reads stored documents by the rules of one extension, beside all others of the directory. */
export interface ExtensionReader {
  /** What of a document breaks the rules, as a sentence; undefined when it fits. */
  violationOf(attributes: DirectoryAttributes): string | undefined;
  /** Everything in it that nobody else may hold, of whichever extension. */
  uniqueValuesOf(attributes: DirectoryAttributes): readonly UniqueValue[];
}

interface ExtensionRequest {
  readonly organizationId: OrganizationId;
  readonly directoryId: DirectoryId;
  readonly cause: Cause;
}

interface ExtensionChange extends ExtensionRequest {
  readonly extension: DirectoryExtension;
  /** Makes the reader for the extension of that URN among all of a directory's. */
  readonly readerOf: (extensions: readonly DirectoryExtension[], urn: string) => ExtensionReader;
}

/** The extension with that URN, in any letter case; undefined when the directory has none. */
export function findExtensionOf(directory: Directory, urn: string): DirectoryExtension | undefined {
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
 * values that do not fit), `not_found`.
 */
export async function addExtension(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: ExtensionChange,
): Promise<DirectoryExtension> {
  const { extension } = input;
  return changeExtensions(deps, input, async (tx, context, before) => {
    if (findExtensionOf(before, extension.urn) !== undefined) {
      throw new GatehouseError('already_exists', 'This directory has an extension of that URN.', {
        field: 'urn',
      });
    }
    const after = await store(tx, context, { before, extensions: [...before.extensions, extension] });
    await fitPeople(tx, after, { input, formerPaths: [] });
    await note(tx, context, { type: 'directory_extension.created', directory: before, extension });
    return extension;
  });
}

/**
 * Replaces the extension of that URN, which stays spelled as it is. Stored values that the new rules do not allow keep
 * everything as it was: `invalid`, or `already_exists` (field `attributes`) where two people hold a value that would have
 * to be unique. Throws `not_found` for an unknown URN.
 */
export async function replaceExtension(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: ExtensionChange,
): Promise<DirectoryExtension> {
  return changeExtensions(deps, input, async (tx, context, before) => {
    const former = getExtensionOf(before, input.extension.urn);
    const extension = { ...input.extension, urn: former.urn };
    const extensions = before.extensions.map((one) => (one === former ? extension : one));
    const after = await store(tx, context, { before, extensions });
    await fitPeople(tx, after, { input: { ...input, extension }, formerPaths: uniquePathsOf(former) });
    await note(tx, context, { type: 'directory_extension.updated', directory: before, extension });
    return extension;
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
export function assertCompatible(extensions: readonly DirectoryExtension[]): void {
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

const uniquePathsOf = ({ urn, attributes }: DirectoryExtension): readonly string[] =>
  attributes.filter(({ uniqueness }) => uniqueness === 'server').map(({ name }) => `${urn}:${name}`);

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
): Promise<Directory> {
  const { before, extensions } = change;
  assertCompatible(extensions);
  const after: Directory = { ...before, extensions, updatedAt: context.now };
  await tx.directories.update(before.organizationId, after, before.version);
  return after;
}

const PAGE = 500;

/** Holds every person of the directory to the extension's rules, and makes its unique values what they hold. */
async function fitPeople(
  tx: Repositories,
  directory: Directory,
  change: { readonly input: ExtensionChange; readonly formerPaths: readonly string[] },
): Promise<void> {
  const { organizationId, id, extensions } = directory;
  const { extension, readerOf } = change.input;
  const reader = readerOf(extensions, extension.urn);
  for (const path of change.formerPaths) await tx.uniqueValues.remove(organizationId, id, path);
  const hasUnique = uniquePathsOf(extension).length > 0;
  for (let after: string | undefined, isLast = false; !isLast; ) {
    const page = await tx.directoryUsers.scan(organizationId, id, { kind: 'all' }, { after, limit: PAGE });
    for (const user of page) {
      if (!Object.hasOwn(user.attributes, extension.urn)) continue;
      assertFits(reader, user);
      if (hasUnique) await keepUnique(tx, user, reader.uniqueValuesOf(user.attributes));
    }
    after = page.at(-1)?.id;
    isLast = page.length < PAGE;
  }
}

function assertFits(reader: ExtensionReader, user: DirectoryUser): void {
  const violation = reader.violationOf(user.attributes);
  if (violation === undefined) return;
  throw new GatehouseError('invalid', `${user.userName} holds a value that does not fit: ${violation}`, {
    field: 'attributes',
  });
}

async function keepUnique(
  tx: Repositories,
  user: DirectoryUser,
  values: readonly UniqueValue[],
): Promise<void> {
  try {
    await tx.uniqueValues.replace(user.organizationId, user, values);
  } catch (error) {
    if (!isGatehouseError(error, 'already_exists')) throw error;
    throw new GatehouseError(
      'already_exists',
      `Two people of this directory hold the same ${error.field}, ${user.userName} is one of them.`,
      { field: 'attributes', cause: error },
    );
  }
}

async function note(
  tx: Repositories,
  context: ChangeContext,
  change: {
    readonly type:
      | 'directory_extension.created'
      | 'directory_extension.updated'
      | 'directory_extension.removed';
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
