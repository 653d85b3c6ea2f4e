/** Addresses of a person inside texts that are about something else. */
import { escapeMarkup } from '../../kernel/text.ts';

/** What stands where something personal was. */
export const ERASED = 'erased';

/** Pure: the text without these addresses (folded), however their letters are written, in plain words, in markup and in an address of a page. */
export function withoutMentions(text: string, emailKeys: ReadonlySet<string>): string {
  const spellings = [...emailKeys].flatMap((key) => [key, escapeMarkup(key), encodeURIComponent(key)]);
  return spellings.reduce((left, spelling) => {
    const exactly = spelling.replace(/\W/g, '\\$&');
    return left.replaceAll(new RegExp(`(?<![\\w.+-])${exactly}(?![\\w-]|\\.\\w)`, 'gi'), ERASED);
  }, text);
}
