/** Holds the people of a directory to the rules of an extension that is about to change. */

import { minutes } from '../../kernel/clock.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import type { Directory, DirectoryAttributes, DirectoryUser } from '../entities/directory.ts';
import type { DirectoryExtension, ExtensionAttribute, UniqueValue } from '../entities/directory-extension.ts';
import type { Queries, Repositories } from '../ports/storage.ts';

/** How the edge reads stored documents by the rules of one extension, beside all others of the directory. */
export interface ExtensionReader {
  /** What of a document breaks the rules, as a sentence; undefined when it fits. */
  violationOf(attributes: DirectoryAttributes): string | undefined;
  /** Everything in it that nobody else may hold, of whichever extension. */
  uniqueValuesOf(attributes: DirectoryAttributes): readonly UniqueValue[];
}

/** The rules to come, and those that held; `former` undefined: none. */
export interface Fitting {
  readonly extension: DirectoryExtension;
  readonly former: DirectoryExtension | undefined;
  readonly reader: ExtensionReader;
  /** Lets other requests have their turn. */
  readonly pause: () => Promise<void>;
}

/** The paths of an extension's unique attributes. */
export const uniquePathsOf = ({ urn, attributes }: DirectoryExtension): readonly string[] =>
  attributes.filter(({ uniqueness }) => uniqueness === 'server').map(({ name }) => `${urn}:${name}`);

/** What of an attribute decides which values fit. */
const bindingPart = ({ name, type, multiValued, required, subAttributes }: ExtensionAttribute) => ({
  name,
  type,
  multiValued,
  required,
  subAttributes: subAttributes.map((sub) => [sub.name, sub.type, sub.multiValued, sub.required]),
});

const uniquePart = ({ name, uniqueness, caseExact }: ExtensionAttribute) =>
  uniqueness === 'server' ? [name, caseExact] : [];

const differ = ({ extension, former }: Fitting, part: (attribute: ExtensionAttribute) => unknown): boolean =>
  JSON.stringify(extension.attributes.map(part)) !== JSON.stringify(former?.attributes.map(part) ?? []);

/**
 * Reads everybody, outside any transaction. Throws `invalid` for the first person who does not fit, `already_exists` for
 * two who hold a value that has to be unique (both field `attributes`).
 */
export async function assertPeopleFit(from: Queries, directory: Directory, fitting: Fitting): Promise<void> {
  const isUnique = differ(fitting, uniquePart);
  if (!isUnique && !differ(fitting, bindingPart)) return;
  const keys = new Set<string>();
  await eachHolder(from, { directory, fitting }, async (user) => {
    assertFits(fitting, user);
    if (!isUnique) return;
    for (const value of ownValues(fitting, user)) {
      if (keys.has(value.key)) throw notUnique(user, value.path);
      keys.add(value.key);
    }
  });
}

// Clocks of several nodes may be apart.
const CLOCKS_APART_MS = minutes(2);

/**
 * The rest, in the transaction that changes the rules: those who changed since `since`, and the rows of unique values.
 * Throws as `assertPeopleFit`.
 */
export async function fitPeople(
  tx: Repositories,
  directory: Directory,
  fitting: Fitting & { readonly since: number },
): Promise<void> {
  const { organizationId, id } = directory;
  for (const user of await changedSince(tx, directory, fitting.since - CLOCKS_APART_MS)) {
    if (holds(fitting, user)) assertFits(fitting, user);
  }
  if (!differ(fitting, uniquePart)) return;
  const paths = [
    ...(fitting.former === undefined ? [] : uniquePathsOf(fitting.former)),
    ...uniquePathsOf(fitting.extension),
  ];
  for (const path of new Set(paths)) await tx.uniqueValues.remove(organizationId, id, path);
  if (uniquePathsOf(fitting.extension).length === 0) return;
  await eachHolder(tx, { directory, fitting }, (user) => keepUnique(tx, user, ownValues(fitting, user)));
}

const holds = ({ extension }: Fitting, user: DirectoryUser): boolean =>
  Object.hasOwn(user.attributes, extension.urn);

const PAGE = 500;

/** Visits everybody with values of the extension. */
async function eachHolder(
  from: Queries | Repositories,
  walk: { readonly directory: Directory; readonly fitting: Fitting },
  visit: (user: DirectoryUser) => Promise<void>,
): Promise<void> {
  const { organizationId, id } = walk.directory;
  for (let after: string | undefined, isLast = false; !isLast; ) {
    const page = await from.directoryUsers.scan(organizationId, id, { kind: 'all' }, { after, limit: PAGE });
    for (const user of page) if (holds(walk.fitting, user)) await visit(user);
    after = page.at(-1)?.id;
    isLast = page.length < PAGE;
    if (!isLast) await walk.fitting.pause();
  }
}

async function changedSince(
  tx: Repositories,
  { organizationId, id }: Directory,
  since: number,
): Promise<readonly DirectoryUser[]> {
  const order = { by: 'updatedAt', direction: 'descending' } as const;
  const changed: DirectoryUser[] = [];
  for (let offset = 0; ; offset += PAGE) {
    const page = { order, offset, limit: PAGE };
    const { rows } = await tx.directoryUsers.query(organizationId, id, { kind: 'all' }, page);
    const recent = rows.filter(({ updatedAt }) => updatedAt >= since);
    changed.push(...recent);
    if (recent.length < PAGE) return changed;
  }
}

/** The unique values of this extension alone. */
function ownValues({ reader, extension }: Fitting, user: DirectoryUser): readonly UniqueValue[] {
  const paths = uniquePathsOf(extension);
  return reader.uniqueValuesOf(user.attributes).filter(({ path }) => paths.includes(path));
}

function assertFits({ reader }: Fitting, user: DirectoryUser): void {
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
    await tx.uniqueValues.insert(user.organizationId, user, values);
  } catch (error) {
    if (!isGatehouseError(error, 'already_exists')) throw error;
    throw notUnique(user, error.field ?? '');
  }
}

const notUnique = (user: DirectoryUser, path: string): GatehouseError =>
  new GatehouseError(
    'already_exists',
    `Two people of this directory hold the same ${path}, ${user.userName} is one of them.`,
    {
      field: 'attributes',
      whatToDo: 'Give one of the two another value in the directory, or leave the attribute not unique.',
    },
  );
