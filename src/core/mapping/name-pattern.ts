/** Patterns over group names: `*` stands for any text, `?` for one character; no regular expression, so none can hang. */
import { foldKey } from '../../kernel/text.ts';

/** Whether the pattern says anything besides wildcards; one that does not would speak of every group. */
export const namesSomething = (pattern: string): boolean => /[^*?\s]/.test(foldKey(pattern));

/**
 * Whether the whole name, folded like the pattern, fits. At most (length of the pattern) x (length of the name) steps: only
 * the last `*` is ever gone back to.
 */
export function fitsPattern(pattern: string, name: string): boolean {
  const wanted = [...foldKey(pattern)];
  const given = [...foldKey(name)];
  let at = 0;
  let star = -1;
  let resumeAt = 0;
  for (let index = 0; index < given.length; ) {
    const one = wanted[at];
    if (one === '*') {
      star = at;
      resumeAt = index;
      at += 1;
    } else if (one === '?' || (one !== undefined && one === given[index])) {
      at += 1;
      index += 1;
    } else if (star >= 0) {
      at = star + 1;
      resumeAt += 1;
      index = resumeAt;
    } else return false;
  }
  while (wanted[at] === '*') at += 1;
  return at === wanted.length;
}
