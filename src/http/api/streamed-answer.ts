/** Sends a list of any length as a file: piece by piece, never whole in memory. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import type { PageRequest } from '../../core/ports/paging.ts';

export type FileType = 'text/csv' | 'application/x-ndjson';

/** What a handler answers in place of an object when the answer is a file. */
export class FileAnswer {
  readonly type: FileType;
  readonly fileName: string;
  readonly pieces: AsyncIterable<string>;

  constructor(file: {
    readonly type: FileType;
    /** Letters, digits, dots and hyphens only: it stands in a header. */
    readonly fileName: string;
    readonly pieces: AsyncIterable<string>;
  }) {
    this.type = file.type;
    this.fileName = file.fileName;
    this.pieces = file.pieces;
  }
}

/**
 * Sends the file as a download that no browser opens in its place (S202). What goes wrong before the first piece is
 * answered as a problem; later the connection breaks, so that half a file is never taken for a whole one.
 */
export async function sendFile(res: Response, file: FileAnswer): Promise<void> {
  const pieces = file.pieces[Symbol.asyncIterator]();
  const first = await pieces.next();
  res.setHeader('Content-Type', `${file.type}; charset=utf-8`);
  res.setHeader('Content-Disposition', `attachment; filename="${file.fileName}"`);
  res.setHeader('X-Content-Type-Options', 'nosniff');
  async function* all(): AsyncGenerator<string> {
    if (first.done !== true) yield first.value;
    yield* { [Symbol.asyncIterator]: () => pieces };
  }
  try {
    await pipeline(Readable.from(all()), res);
  } catch (error) {
    // Whoever reads may go away; that is no fault of ours.
    if (!res.destroyed) throw error;
  }
}

const ROWS_AT_ONCE = 500;

/** Reads a keyset list to its end and answers what `print` makes of each page. */
export async function* printPages<Row extends { readonly id: string }>(
  list: (page: PageRequest) => Promise<readonly Row[]>,
  print: (rows: readonly Row[]) => string,
): AsyncGenerator<string> {
  for (let after: string | undefined; ; ) {
    const rows = await list({ after, limit: ROWS_AT_ONCE });
    if (rows.length > 0) yield print(rows);
    if (rows.length < ROWS_AT_ONCE) return;
    after = rows.at(-1)?.id;
  }
}
