/** The reader of CSV files: what somebody wrote is what is read, whatever stands in a cell, and nothing makes it fall over. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readInvitationCsv } from '../../../src/http/api/invitation-csv.ts';
import { isGatehouseError } from '../../../src/kernel/errors.ts';

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

/** What a cell of a message may hold: everything that means something in CSV, and some of the world's writing. */
const message = fc
  .array(fc.constantFrom('"', ',', ';', '\t', '\n', '\r\n', 'é', '字', '🎈', 'a', 'b ', '=1+1'), {
    maxLength: 30,
  })
  .map((parts) => parts.join(''));

interface Written {
  readonly role: string;
  readonly message: string;
  readonly blankLinesBefore: number;
}
const rows = fc.array(
  fc.record<Written>({
    role: fc.constantFrom('', 'viewer', 'MEMBER', ' admin '),
    message,
    blankLinesBefore: fc.nat(2),
  }),
  { maxLength: 30 },
);
const style = fc.record({
  delimiter: fc.constantFrom(',', ';', '\t'),
  end: fc.constantFrom('\n', '\r\n', '\r'),
});

const countLines = (text: string) => text.replace(/\r\n?/g, '\n').split('\n').length;

describe('reading', () => {
  test('every row comes back with its line, role and message, whatever the writing program does', async () => {
    await fc.assert(
      fc.asyncProperty(rows, style, async (written, { delimiter, end }) => {
        let text = ['email', 'role', 'message'].join(delimiter) + end;
        const expected = written.map((row, index) => {
          text += end.repeat(row.blankLinesBefore);
          const line = countLines(text);
          const email = `person${index}@example.com`;
          text += [email, row.role, quoted(row.message)].join(delimiter) + end;
          const role = row.role.trim().toLowerCase() || 'member';
          const said = row.message.replace(/\r\n?/g, '\n').trim();
          return { line, email, entry: { email, role, ...(said === '' ? {} : { message: said }) } };
        });
        expect(await readInvitationCsv(text, 'member')).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ['empty cells', ',\n', 0],
    ['one letter', 'a\n', 9000],
  ])('others have their turn while many short rows are read: %s', async (_, row, count) => {
    let turns = 0;
    const counting = { next: setImmediate(countOn) };
    function countOn() {
      turns += 1;
      counting.next = setImmediate(countOn);
    }
    const rows = await readInvitationCsv(`email\n${row.repeat(9000)}`, 'member');
    clearImmediate(counting.next);
    expect(rows).toHaveLength(count);
    expect(turns).toBeGreaterThan(80);
  });

  test('a line end of two bytes is one wherever the file is cut for reading', async () => {
    const text = `email,message\r\n${'a@x.example,"字\r\né"\r\n'.repeat(1000)}`;
    const read = await readInvitationCsv(text, 'member');
    expect(read.map(({ line }) => line)).toEqual(Array.from({ length: 1000 }, (_, row) => 2 + 2 * row));
    const [first] = read;
    expect(first?.entry).toMatchObject({ message: '字\né' });
  });

  test('any text is rows or a typed refusal', async () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom('email', 'role', ',', ';', '"', '""', '\n', '\r', 'a@example.com', '\u0000', '\ufeff'),
    );
    const texts = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('').toWellFormed());
    await fc.assert(
      fc.asyncProperty(fc.boolean(), texts, async (hasHeader, text) => {
        try {
          const read = await readInvitationCsv(hasHeader ? `email,role\n${text}` : text, 'member');
          for (const { line, email } of read) {
            expect(line).toBeGreaterThan(1);
            expect(email.length).toBeLessThanOrEqual(320);
          }
        } catch (error) {
          if (!isGatehouseError(error, 'invalid')) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });
});
