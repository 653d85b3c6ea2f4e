/** Reads a CSV file of people to invite (RFC 4180): what is wrong with the file refuses it, what is wrong with a row only the row. */
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { CsvError, parse } from 'csv-parse';
import { z } from 'zod';
import type { ImportEntry, ImportRow } from '../../core/invitation-import.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import { foldKey } from '../../kernel/text.ts';
import { emailField, messageField } from './fields.ts';
import { parseInput } from './input.ts';
import { departmentField } from './invitation-fields.ts';
import { orgRoleField } from './role-fields.ts';

const COLUMNS = ['email', 'role', 'department', 'message'] as const;
const MAX_ROWS = 10_000;
/** The longest row that could be right is far below. */
const MAX_ROW_BYTES = 16_384;
/** Read between two turns of the event loop. */
const SLICE_BYTES = 65_536;

const rowSchema = z.object({
  email: emailField,
  role: orgRoleField.default('member'),
  department: departmentField.optional(),
  message: messageField.optional(),
});

interface Record {
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * The rows of the file in its order; an empty cell says nothing, columns come in any order. Throws `invalid` for a file
 * that has no or another header or breaks the rules of quotes, and `payload_too_large` above 10,000 rows.
 */
export async function readInvitationCsv(text: string): Promise<readonly ImportRow[]> {
  const header = { names: [] as readonly string[] };
  const rows: ImportRow[] = [];
  const firstLines = new Map<string, number>();
  for await (const record of recordsOf(text.replace(/\r\n?/g, '\n'))) {
    if (header.names.length === 0) {
      header.names = headerOf(record.cells);
      continue;
    }
    if (rows.length === MAX_ROWS)
      throw new GatehouseError(
        'payload_too_large',
        `A file may have ${MAX_ROWS} rows; send the rest in another.`,
      );
    rows.push(onceOnly(firstLines, rowOf(header.names, record)));
  }
  if (header.names.length === 0) throw new GatehouseError('invalid', `The file is empty. ${KNOWN}`);
  return rows;
}

const KNOWN = `The first line names the columns: ${COLUMNS.join(', ')}; only email is needed.`;

/** Names in small letters. Throws `invalid` for an unknown or doubled name, and without `email`. */
function headerOf(cells: readonly string[]): readonly string[] {
  const names = cells.map((cell) => cell.trim().toLowerCase());
  const unknown = names.find((name) => name !== '' && !COLUMNS.some((column) => column === name));
  if (unknown !== undefined)
    throw new GatehouseError(
      'invalid',
      `There is no column ${JSON.stringify(unknown.slice(0, 60))}. ${KNOWN}`,
    );
  const doubled = names.find((name, index) => name !== '' && names.indexOf(name) < index);
  if (doubled !== undefined) throw new GatehouseError('invalid', `The column ${doubled} is there twice.`);
  if (!names.includes('email')) throw new GatehouseError('invalid', `The column email is missing. ${KNOWN}`);
  return names;
}

/** Spreadsheets of half the world write semicolons: the header tells what stands between cells. */
function delimiterOf(text: string): string {
  const [header = ''] = text.split('\n', 1);
  return [',', ';', '\t'].reduce((best, next) =>
    header.split(next).length > header.split(best).length ? next : best,
  );
}

async function* slices(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += SLICE_BYTES) {
    yield bytes.subarray(start, start + SLICE_BYTES);
    await setImmediate();
  }
}

async function* recordsOf(text: string): AsyncGenerator<Record> {
  const parser = parse({
    delimiter: delimiterOf(text),
    info: true,
    max_record_size: MAX_ROW_BYTES,
    record_delimiter: '\n',
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_empty_values: true,
  });
  try {
    for await (const { record, info } of Readable.from(slices(Buffer.from(text))).pipe(parser)) {
      const cells: readonly string[] = record;
      // The parser tells the line a record ends on.
      yield { cells, line: info.lines - cells.join('').split('\n').length + 1 };
    }
  } catch (error) {
    throw error instanceof CsvError ? fileError(error) : error;
  }
}

/** After a broken quote nobody knows where cells end: the whole file is refused, and nobody invited. */
function fileError(error: CsvError): GatehouseError {
  const line = typeof error.lines === 'number' ? ` in line ${error.lines}` : '';
  const what =
    error.code === 'CSV_MAX_RECORD_SIZE'
      ? 'A row is longer than any can be; perhaps a closing quote is missing'
      : 'The quotes are not as CSV has them: around a whole cell, a quote inside it doubled';
  return new GatehouseError('invalid', `${what}${line}. Nobody was invited.`, { cause: error });
}

function rowOf(names: readonly string[], { line, cells }: Record): ImportRow {
  const given = new Map(names.map((name, index) => [name, cells[index]?.trim() ?? '']));
  const email = given.get('email') ?? '';
  try {
    assertNothingBeside(names, cells);
    const entry = entryOf(given);
    return { line, email: entry.email, entry };
  } catch (error) {
    if (!isGatehouseError(error, 'invalid')) throw error;
    return { line, email: email.slice(0, 320), entry: { code: error.code, detail: error.detail } };
  }
}

function assertNothingBeside(names: readonly string[], cells: readonly string[]): void {
  const beside = cells.findIndex((cell, index) => cell.trim() !== '' && (names[index] ?? '') === '');
  if (beside < 0) return;
  const detail = `Cell ${beside + 1} is under no column. A cell that holds the character between cells needs quotes.`;
  throw new GatehouseError('invalid', detail);
}

function entryOf(given: ReadonlyMap<string, string>): ImportEntry {
  const said = [...given].filter(([name, cell]) => name !== '' && cell !== '');
  const { email = '', role, ...rest } = Object.fromEntries(said);
  return parseInput(rowSchema, { email, role: role?.toLowerCase(), ...rest });
}

/** The second row for an address is refused, whatever comes of the first: nobody can say which of them was meant. */
function onceOnly(firstLines: Map<string, number>, row: ImportRow): ImportRow {
  if ('code' in row.entry) return row;
  const key = foldKey(row.email);
  const first = firstLines.get(key);
  if (first === undefined) {
    firstLines.set(key, row.line);
    return row;
  }
  return { ...row, entry: { code: 'already_invited', detail: `Line ${first} has the same address.` } };
}
