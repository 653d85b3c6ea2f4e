/** What the demo says on the screen: steps with ticks, facts below them, a table; colours only where they are welcome. */

export interface Narrator {
  /** A heading over the next steps. */
  chapter(title: string): void;
  /** Runs one step and ticks it off with what it tells. Throws what the step throws, after marking it as failed. */
  step<Result>(title: string, work: () => Promise<Told<Result>>): Promise<Result>;
  table(rows: readonly (readonly string[])[]): void;
  say(line: string): void;
}

/** What a step leaves for the next ones, and what it tells the audience. */
export interface Told<Result> {
  readonly result: Result;
  /** Lines shown under the step. */
  readonly facts?: readonly string[];
}

export interface Screen {
  write(text: string): void;
  readonly hasColours: boolean;
  /** Columns; tables fold their last one to fit. */
  readonly width: number;
}

/** A narrator on a screen. */
export function createNarrator(screen: Screen): Narrator {
  const paint = (code: number, text: string) =>
    screen.hasColours ? `\u001b[${code}m${text}\u001b[0m` : text;
  const line = (text: string) => screen.write(`${text}\n`);
  return {
    chapter: (title) => line(`\n${paint(1, title)}`),
    say: line,
    table: (rows) => {
      const [head = '', ...body] = layOut(rows, screen.width);
      for (const text of [paint(1, head), ...body]) line(`  ${text}`);
    },
    async step(title, work) {
      try {
        const { result, facts = [] } = await work();
        line(`  ${paint(32, '✓')} ${title}`);
        for (const fact of facts) line(`      ${paint(2, fact)}`);
        return result;
      } catch (error) {
        line(`  ${paint(31, '✗')} ${title}`);
        throw error;
      }
    },
  };
}

const GAP = '  ';
const NARROWEST_FOLD = 40;

/** Rows as lines: columns as wide as their widest cell, the last one folded at blanks. The first row is the head. */
export function layOut(rows: readonly (readonly string[])[], width: number): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => widthOf(row[column] ?? ''))),
  );
  const taken = widths.slice(0, -1).reduce((sum, each) => sum + each + GAP.length, 0);
  const room = Math.max(NARROWEST_FOLD, width - taken - GAP.length);
  return rows.flatMap((row) => {
    const [first = '', ...folded] = fold(row[columns - 1] ?? '', room);
    const cells = row.slice(0, columns - 1).map((cell, column) => pad(cell, widths[column] ?? 0));
    return [[...cells, first].join(GAP).trimEnd(), ...folded.map((text) => ' '.repeat(taken) + text)];
  });
}

function fold(text: string, room: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let now = '';
    for (const word of paragraph.split(' ')) {
      if (now !== '' && widthOf(now) + 1 + widthOf(word) > room) {
        lines.push(now);
        now = `  ${word}`;
      } else {
        now = now === '' ? word : `${now} ${word}`;
      }
    }
    lines.push(now);
  }
  return lines;
}

const pad = (text: string, width: number) => text + ' '.repeat(Math.max(0, width - widthOf(text)));

/** Columns a text takes on a terminal: marks take none, East Asian characters two. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{Mn}/u.test(character)) continue;
    width += /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\uff01-\uff60]/u.test(
      character,
    )
      ? 2
      : 1;
  }
  return width;
}
