/** What the tests of files for spreadsheets (S202) must notice the loss of. */
import type { Guard } from '../../scripts/guards/guard.ts';

const CSV = 'src/http/api/csv.ts';
const CSV_TEST = 'test/http/api/member-life.test.ts';

/** Cells that begin a formula, and cells that end a line. */
export const filesForSpreadsheetsGuards: readonly Guard[] = [
  {
    line: 'S202',
    file: CSV,
    without: "typeof value === 'string' && STARTS_A_FORMULA.test(value) ? `'${value}` : String(value);",
    put: 'String(value);',
    test: CSV_TEST,
  },
  {
    line: 'S202',
    file: CSV,
    without: '\\uff1d\\uff0b\\uff0d\\uff20',
    put: '',
    test: CSV_TEST,
  },
  {
    line: 'S202',
    file: CSV,
    without: "text.replaceAll('\"', '\"\"')",
    put: 'text',
    test: CSV_TEST,
  },
];
