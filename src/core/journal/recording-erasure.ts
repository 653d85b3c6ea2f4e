/** Takes what the recorders kept of a former member out of an organization: whole exchanges and attempts, whoever else they tell of. */
import type { OrganizationId, RecorderEntryId } from '../../kernel/ids.ts';
import type { Deps } from '../deps.ts';
import type { RecorderEntry } from '../entities/recorder.ts';

const ENTRIES_AT_ONCE = 100;

interface Erasure {
  readonly organizationId: OrganizationId;
  /** Folded texts, any of which tells of the person. */
  readonly signs: readonly string[];
  readonly pause: () => Promise<unknown>;
}

interface Source<Entry> {
  readonly list: (after: string | undefined) => Promise<readonly Entry[]>;
  readonly textsOf: (entry: Entry) => readonly string[];
  readonly erase: (ids: readonly RecorderEntryId[]) => Promise<unknown>;
}

/** Answers how many entries of both recorders went. What is still to be written is flushed by the caller before. */
export async function eraseRecordings({ storage }: Pick<Deps, 'storage'>, erasure: Erasure): Promise<number> {
  const { organizationId: id } = erasure;
  const pageFrom = (after: string | undefined) => ({ after, limit: ENTRIES_AT_ONCE });
  const exchanges = await eraseFrom(erasure, {
    list: (after) => storage.recorderEntries.list(id, {}, pageFrom(after)),
    textsOf: textsOfExchange,
    erase: (ids) => storage.transact((tx) => tx.recorderEntries.erase(id, ids)),
  });
  const attempts = await eraseFrom(erasure, {
    list: (after) => storage.signInAttempts.list(id, {}, pageFrom(after)),
    textsOf: (attempt) => [JSON.stringify(attempt)],
    erase: (ids) => storage.transact((tx) => tx.signInAttempts.erase(id, ids)),
  });
  return exchanges + attempts;
}

async function eraseFrom<Entry extends { readonly id: RecorderEntryId }>(
  { signs, pause }: Erasure,
  source: Source<Entry>,
): Promise<number> {
  let erased = 0;
  for (let after: string | undefined; ; ) {
    const entries = await source.list(after);
    const ids = entries
      .filter((entry) =>
        source.textsOf(entry).some((text) => signs.some((sign) => text.toLowerCase().includes(sign))),
      )
      .map(({ id }) => id);
    if (ids.length > 0) await source.erase(ids);
    erased += ids.length;
    if (entries.length < ENTRIES_AT_ONCE) return erased;
    after = entries.at(-1)?.id;
    await pause();
  }
}

/** As stored, and with escapes of JSON and of addresses undone: an identity provider may spell `@` as it likes. */
function textsOfExchange(entry: RecorderEntry): readonly string[] {
  const bodies = [entry.requestBody, entry.responseBody].map((body) => body ?? '');
  return [JSON.stringify(entry), ...bodies, ...bodies.map(respelled), unescaped(entry.path)];
}

function respelled(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json));
  } catch {
    // Cut at its limit: as stored it was looked at already.
    return '';
  }
}

function unescaped(path: string): string {
  try {
    return decodeURIComponent(path.replaceAll('+', ' '));
  } catch {
    return path;
  }
}
