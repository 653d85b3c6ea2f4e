/** An answer that was read as a whole, beside a Response of the same bytes. */
import { describe, expect, test } from '@jest/globals';
import { ReadAnswer } from '../../src/outbound/read-answer.ts';

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text));
const INIT = { status: 201, headers: [['content-type', 'application/json'] as [string, string]] };
const TEXTS = ['{"a":"ü"}', '\ufeff[1]', 'no JSON', ''];

const WAYS: readonly (readonly [string, (answer: Response) => Promise<unknown>])[] = [
  ['text', (answer) => answer.text()],
  ['json', (answer) => answer.json()],
  ['arrayBuffer', async (answer) => [...new Uint8Array(await answer.arrayBuffer())]],
  ['bytes', async (answer) => [...(await answer.bytes())]],
  ['blob', async (answer) => (await answer.blob()).type],
  ['formData', (answer) => answer.formData()],
  [
    'body',
    async (answer) => {
      const pieces: number[] = [];
      for await (const piece of answer.body ?? []) pieces.push(...piece);
      return pieces;
    },
  ],
  ['clone', async (answer) => [await answer.clone().text(), answer.bodyUsed, await answer.text()]],
];

const outcome = (read: Promise<unknown>) =>
  read.then(
    (value) => ({ value }),
    (error: Error) => ({ refused: error.name }),
  );

describe.each(WAYS)('%s', (_name, read) => {
  test.each(TEXTS)('answers what a Response answers: %j', async (text) => {
    const [plain, ours] = [new Response(bytesOf(text), INIT), new ReadAnswer(bytesOf(text), INIT)];
    expect(await outcome(read(ours))).toEqual(await outcome(read(plain)));
    expect(ours.bodyUsed).toBe(plain.bodyUsed);
  });

  test.each(WAYS)('a body is read once, also by %s afterwards', async (_second, again) => {
    const [plain, ours] = [new Response(bytesOf('[1]'), INIT), new ReadAnswer(bytesOf('[1]'), INIT)];
    for (const answer of [plain, ours]) await outcome(read(answer));
    expect(await outcome(again(ours))).toEqual(await outcome(again(plain)));
  });
});

test('status and headers are those of the answer, also where it has no body', async () => {
  const headers: [string, string][] = [
    ['set-cookie', 'a=1'],
    ['set-cookie', 'b=2'],
  ];
  const ours = new ReadAnswer(null, { status: 204, headers });
  expect([ours.status, ours.ok, ours.headers.getSetCookie(), ours.body]).toEqual([
    204,
    true,
    ['a=1', 'b=2'],
    null,
  ]);
  expect([await ours.text(), await ours.text(), ours.bodyUsed]).toEqual(['', '', false]);
  expect(ours).toBeInstanceOf(Response);
});
