/** What the demo checks of its own figures. */
import { expect, test } from '@jest/globals';
import { checked } from '../../scripts/demo/checked.ts';

test('a right figure is shown; a wrong one ends the demo and says what it was', () => {
  expect(checked('members', 5, 5)).toBe(5);
  expect(() => checked('members', 4, 5)).toThrow('members: 4 instead of 5');
  expect(() => checked('code', undefined, 'gone')).toThrow('code: undefined instead of "gone"');
});
