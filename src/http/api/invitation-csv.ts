/** Reads a CSV file of people to invite (RFC 4180): what is wrong with the file refuses it, what is wrong with a row only the row. */
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { type CastingContext, CsvError, parse } from 'csv-parse';
import { z } from 'zod';
import type { OrgRole } from '../../core/access/roles.ts';
import type { ImportEntry, ImportRow } from '../../core/joining/invitation-import.ts';
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
/** Columns without a name are let be, but not without end: every row is read against the whole header. */
const MAX_CELLS = 256;
/** The parser reads so much at once, some hundred rows however short they are. */
const SLICE_BYTES = 1024;
/** Judged between two turns of the event loop. */
const ROWS_AT_ONCE = 100;

const rowSchema = z.object({
  email: emailField,
  role: orgRoleField.optional(),
  department: departmentField.optional(),
  message: messageField.optional(),
});

interface Record {
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * The rows of the file in its order; an empty cell says nothing, columns come in any order. Throws `invalid` for a file
 * that has no or another header, a row too long or breaks the rules of quotes, and `payload_too_large` above 10,000 rows,
 * those counted whose cells are all empty: they cost the same and are left out only then. `usualRole`: of rows that name none.
 */
export async function readInvitationCsv(text: string, usualRole: OrgRole): Promise<readonly ImportRow[]> {
  const header = { names: [] as readonly string[] };
  const rows: ImportRow[] = [];
  const firstLines = new Map<string, number>();
  let read = 0;
  for await (const record of recordsOf(text)) {
    // Before all that a row costs: the header is the one more.
    read += 1;
    if (read > MAX_ROWS + 1) throw tooManyRows();
    if (read % ROWS_AT_ONCE === 0) await setImmediate();
    if (record.cells.every((cell) => cell.trim() === '')) continue;
    if (header.names.length === 0) {
      header.names = headerOf(record.cells);
      continue;
    }
    rows.push(onceOnly(firstLines, rowOf(header.names, record, usualRole)));
  }
  if (header.names.length === 0) throw new GatehouseError('invalid', `The file is empty. ${KNOWN}`);
  return rows;
}

const tooManyRows = (): GatehouseError =>
  new GatehouseError(
    'payload_too_large',
    `A file may have ${MAX_ROWS} rows, empty ones counted; send the rest in another.`,
  );

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
  const [header = ''] = text.slice(0, MAX_ROW_BYTES).split(/[\r\n]/, 1);
  return [',', ';', '\t'].reduce((best, next) =>
    header.split(next).length > header.split(best).length ? next : best,
  );
}

/** The file in slices, every end of a line as `\n`. */
async function* slices(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += SLICE_BYTES) {
    // One character a byte, so that no character of more bytes is cut in two.
    const slice = bytes.toString('latin1', start, start + SLICE_BYTES);
    const isCutLineEnd = bytes[start - 1] === 13 && bytes[start] === 10;
    const lines = slice.slice(isCutLineEnd ? 1 : 0).replace(/\r\n?/g, '\n');
    yield Buffer.from(lines, 'latin1');
    await setImmediate();
  }
}

async function* recordsOf(text: string): AsyncGenerator<Record> {
  const options = {
    delimiter: delimiterOf(text),
    info: true,
    max_record_size: MAX_ROW_BYTES,
    record_delimiter: '\n',
    relax_column_count: true,
    skip_empty_lines: true,
    // Rows of nothing but empty cells come out too, to be counted; and a row ends at its last allowed cell, not in memory.
    cast: assertFewCells,
    // Handed on to the stream, which reads all it holds at once as soon as the file has ended.
    writableHighWaterMark: SLICE_BYTES,
  };
  try {
    const bytes = Readable.from(slices(Buffer.from(text)), { highWaterMark: 1 });
    for await (const { record, info } of bytes.pipe(parse(options))) {
      const cells: readonly string[] = record;
      // The parser tells the line a record ends on.
      yield { cells, line: info.lines - cells.join('').split('\n').length + 1 };
    }
  } catch (error) {
    throw error instanceof CsvError ? fileError(error) : error;
  }
}

/** The cell as it is. The parser's own limit of a row counts what stands in cells, and not the cells. */
function assertFewCells(cell: string, { index, lines }: CastingContext): string {
  if (index < MAX_CELLS) return cell;
  throw refusedFile(`A row has more than ${MAX_CELLS} cells`, lines);
}

/** After a broken quote nobody knows where cells end: the whole file is refused, and nobody invited. */
function fileError(error: CsvError): GatehouseError {
  const what =
    error.code === 'CSV_MAX_RECORD_SIZE'
      ? 'A row is longer than any can be; perhaps a closing quote is missing'
      : 'The quotes are not as CSV has them: around a whole cell, a quote inside it doubled';
  return refusedFile(what, error.lines, error);
}

function refusedFile(what: string, line: unknown, cause?: CsvError): GatehouseError {
  const place = typeof line === 'number' ? ` in line ${line}` : '';
  return new GatehouseError('invalid', `${what}${place}. Nobody was invited.`, cause && { cause });
}

function rowOf(names: readonly string[], { line, cells }: Record, usualRole: OrgRole): ImportRow {
  const given = new Map(names.map((name, index) => [name, cells[index]?.trim() ?? '']));
  const email = given.get('email') ?? '';
  try {
    assertNothingBeside(names, cells);
    const entry = entryOf(given, usualRole);
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

function entryOf(given: ReadonlyMap<string, string>, usualRole: OrgRole): ImportEntry {
  const said = [...given].filter(([name, cell]) => name !== '' && cell !== '');
  const { email = '', role, ...rest } = Object.fromEntries(said);
  const row = parseInput(rowSchema, { email, role: role?.toLowerCase(), ...rest });
  return { ...row, role: row.role ?? usualRole };
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
