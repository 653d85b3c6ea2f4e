/** Text treated the same way everywhere: folded for comparing and unique keys, escaped for markup. */

/**
 * Text as compared without case: NFKC, lower case, invisible characters (zero-width, soft hyphen, variation
 * selectors) dropped. Outer white space stays, so that substring comparisons keep their meaning.
 * Folding twice gives the same as folding once.
 */
export function foldText(text: string): string {
  if (plainAscii.test(text)) return text.toLowerCase();
  // Normalized again at the end: dropping and lowering can leave a base and its accent to be joined.
  return text.normalize('NFKC').replace(invisible, '').toLowerCase().normalize('NFKC');
}

/**
 * The key under which names and addresses are unique and looked up: `foldText` without outer white space.
 * Two texts that a person cannot tell apart by case, width, or invisible characters share one key.
 */
export function foldKey(text: string): string {
  return foldText(text).trim();
}

/** The mailbox a folded address leads to: what follows a plus sign in its local part does not make another (S171). */
export function mailboxKey(emailKey: string): string {
  const at = emailKey.lastIndexOf('@');
  return emailKey.slice(0, at).replace(/\+.*$/s, '') + emailKey.slice(at);
}

const plainAscii = /^[\x20-\x7e]*$/;
const invisible = /\p{Default_Ignorable_Code_Point}/gu;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that stands for itself in markup, between tags and in quoted attributes (S203). */
export const escapeMarkup = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
