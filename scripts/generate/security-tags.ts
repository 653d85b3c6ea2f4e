/** Reads which lines of the security catalogue a test says it holds: `S` and a number in a title, or in a row of an attack table. */

const TAG = String.raw`(?:S\d+(?:-S\d+)?|L\d+|R\d+|P\d+|F\d+|2\.[A-I]-\d+)`;

/** At the front of a title (`S45: …`, `S45 S46 the …`, `S2-S22: …` for all from S2 to S22), at its end (`… (S45, S46)`), or the line of an attack row. */
const PLACES = [
  new RegExp(String.raw`['"\`](${TAG}(?:(?:, | )${TAG})*)[: ]`, 'g'),
  new RegExp(String.raw`\((${TAG}(?:, ${TAG})*)\)['"\`]`, 'g'),
  new RegExp(String.raw`\bline: ['"](${TAG})['"]`, 'g'),
];

/** What is said in a comment holds nothing. */
const withoutComments = (source: string): string =>
  source.replace(/^\s*(?:\/\*\*?|\*|\/\/).*$/gm, '').replace(/\s\/\/ .*$/gm, '');

/** Every security line that this source of a test names. */
export const securityTagsIn = (source: string): readonly string[] =>
  PLACES.flatMap((place) => [...withoutComments(source).matchAll(place)])
    .flatMap(([, tags = '']) => tags.split(/,? /))
    .flatMap(securityLinesOf);

/** Every security line that a title names, wherever in it; `S2-S5` names four. */
export const securityLinesOf = (title: string): readonly string[] =>
  [...title.matchAll(/\bS(\d+)(?:-S(\d+))?\b/g)].flatMap(([, first, last = first]) =>
    Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => `S${Number(first) + index}`),
  );
