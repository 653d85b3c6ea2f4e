/** How an emergency code is written, so that somebody locked out can type it from paper. Pure but for the randomness. */
import { takeRandomText } from '../../kernel/random.ts';

/** Crockford's base 32: no letter that reads like a digit or like another. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const LENGTH = 28;
const PREFIX = 'ghx';
const WRITTEN = new RegExp(`^(?:${PREFIX})?([${ALPHABET}]{${LENGTH}})$`);
/** As they were written before: typed exactly or not at all. */
const EARLIER = /^ghx_[\w-]{43}$/;

/** A new code of 140 random bits: `ghx-` and seven groups of four. */
export function newEmergencyCode(): string {
  return written(takeRandomText(ALPHABET, LENGTH));
}

const written = (letters: string): string => [PREFIX, ...(letters.match(/.{4}/g) ?? [])].join('-');

/**
 * The code that is meant, as `newEmergencyCode` writes it: whatever the case, blanks, dashes and a missing prefix, with o for 0, i and l for 1.
 * Anything else as it was typed, less the blanks around it.
 */
export function emergencyCodeOf(typed: string): string {
  const shown = typed.trim();
  if (EARLIER.test(shown)) return shown;
  const plain = shown
    .toLowerCase()
    .replaceAll(/[\s\p{Pd}_]/gu, '')
    .replaceAll('o', '0')
    .replaceAll(/[il]/g, '1');
  const letters = WRITTEN.exec(plain)?.[1];
  return letters === undefined ? shown : written(letters);
}
