/** What the demo prints: columns that line up whatever script a name is in, steps that are ticked or crossed. */
import { describe, expect, test } from '@jest/globals';
import { createNarrator, layOut, widthOf } from '../../scripts/demo/narration.ts';

function listen(hasColours: boolean) {
  const written: string[] = [];
  const screen = { write: (text: string) => void written.push(text), hasColours, width: 80 };
  return { narrator: createNarrator(screen), text: () => written.join('') };
}

describe('table', () => {
  test.each([
    ['Ada', 3],
    ['Zoë', 3],
    ['Zoe\u0308', 3],
    ['佐藤', 4],
    ['美咲 O’Brien', 12],
    ['', 0],
  ])('%s is %d columns wide', (text, width) => {
    expect(widthOf(text)).toBe(width);
  });

  test('columns are as wide as their widest cell', () => {
    const rows = [
      ['Person', 'Role'],
      ['佐藤', 'admin'],
      ['Ada Lovelace', 'member'],
    ];
    expect(layOut(rows, 80)).toEqual(['Person        Role', '佐藤          admin', 'Ada Lovelace  member']);
  });

  test('the last column folds at blanks and stays in its place', () => {
    const rows = [['Ada', 'Directory group "IT Admins" of Okta, through a group mapping.']];
    expect(layOut(rows, 50)).toEqual([
      'Ada  Directory group "IT Admins" of Okta,',
      '       through a group mapping.',
    ]);
  });
});

describe('steps', () => {
  test('a step that holds is ticked, with its facts below', async () => {
    const { narrator, text } = listen(false);
    expect(await narrator.step('It works', async () => ({ result: 7, facts: ['in 3 ms'] }))).toBe(7);
    expect(text()).toBe('  ✓ It works\n      in 3 ms\n');
  });

  test('a step that fails is crossed and passes its error on', async () => {
    const { narrator, text } = listen(false);
    const failing = narrator.step('It works', () => Promise.reject(new Error('409 was expected')));
    await expect(failing).rejects.toThrow('409 was expected');
    expect(text()).toBe('  ✗ It works\n');
  });

  test('colours only where they are wanted', () => {
    const [plain, coloured] = [listen(false), listen(true)];
    for (const { narrator } of [plain, coloured]) narrator.chapter('The gateway');
    expect(plain.text()).toBe('\nThe gateway\n');
    expect(coloured.text()).toBe('\n\u001b[1mThe gateway\u001b[0m\n');
  });
});
