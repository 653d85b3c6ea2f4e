/** What a password may be: pure rules, applied where one is chosen and where one is stated (S175, S176, S183). */
import { GatehouseError } from '../../kernel/errors.ts';
import { foldText } from '../../kernel/text.ts';
import { COMMON_WORDS } from './frequent-passwords.ts';

/** S176: a password that is the only factor. Long enough to need no composition rules. */
const MIN_LENGTH = 15;
/** S176: one that is asked together with a second factor. */
const MIN_LENGTH_WITH_SECOND_FACTOR = 8;
/** S183: bounded before hashing, in UTF-16 code units of the normalised text. */
const MAX_LENGTH = 512;
/** One composed character is at most this many code units when it is typed decomposed (UAX #15, stream-safe text aside). */
const MAX_TYPED_LENGTH = MAX_LENGTH * 4;

/** Whose password it is going to be: what others can guess from is refused, and a second factor allows a shorter one. */
export interface PasswordOwner {
  readonly hasSecondFactor?: boolean;
  /** Names and addresses of the person and of their organizations. */
  readonly knownWords?: readonly (string | null)[];
}

/** Brings a new password into the one form that is hashed (NFC). Throws `invalid` for `field` with the rule it breaks. */
export function acceptablePassword(
  text: string,
  owner: PasswordOwner = {},
  field: 'password' | 'newPassword' = 'password',
): string {
  const password = text.length <= MAX_TYPED_LENGTH ? text.normalize('NFC') : text;
  const problem = passwordProblem(password, owner);
  if (problem !== undefined) throw new GatehouseError('invalid', problem, { field });
  return password;
}

/**
 * The one form of a password that somebody states (NFC, so that it does not matter how a keyboard composes); undefined for
 * a text that cannot be anybody's because no such password is ever accepted.
 */
export function statedPassword(text: string): string | undefined {
  if (text.length > MAX_TYPED_LENGTH || !text.isWellFormed()) return undefined;
  const password = text.normalize('NFC');
  return password.length > MAX_LENGTH ? undefined : password;
}

/** Throws `invalid` (field `currentPassword`) for a password that only a second factor makes long enough. */
export function acceptableAlone(text: string): void {
  if ([...text.normalize('NFC')].length >= MIN_LENGTH) return;
  throw new GatehouseError(
    'invalid',
    `Your password has fewer than ${MIN_LENGTH} characters, which is enough only beside a second step. Change it first.`,
    { field: 'currentPassword' },
  );
}

/** The rule that a new password breaks, in a sentence; undefined: none. */
export function passwordProblem(password: string, owner: PasswordOwner = {}): string | undefined {
  const least = owner.hasSecondFactor === true ? MIN_LENGTH_WITH_SECOND_FACTOR : MIN_LENGTH;
  if ([...password].length < least)
    return `A password needs at least ${least} characters; a sentence is a good one.`;
  if (password.length > MAX_LENGTH) return `A password has at most ${MAX_LENGTH} characters.`;
  if (!password.isWellFormed() || /\p{Cc}/u.test(password))
    return 'A password must not hold control characters such as tabs or line ends.';
  if (new Set(password).size < 5) return 'This password repeats too few characters.';
  if (isCommon(password)) return 'This is one of the passwords that are tried first. Take another one.';
  if (isAboutOwner(password, owner))
    return 'This password is made of your name, address or organization. Take another one.';
  return undefined;
}

/** ASCII digits, signs and spaces around a common word do not make it less common. */
const lettersOf = (text: string): string => foldText(text).replace(/[ -@[-`{-~]/g, '');

const COMMON = new RegExp(`^(?:${COMMON_WORDS.join('|')})*$`, 'u');

const isCommon = (password: string): boolean => COMMON.test(lettersOf(password));

function isAboutOwner(password: string, { knownWords = [] }: PasswordOwner): boolean {
  const words = knownWords
    .flatMap((known) => [known ?? '', ...(known ?? '').split(/[^\p{L}]+/u)])
    .map(lettersOf)
    .filter((word) => word.length >= 3);
  if (words.length === 0) return false;
  let rest = lettersOf(password);
  for (const word of words.toSorted((a, b) => b.length - a.length)) rest = rest.replaceAll(word, '');
  return rest === '';
}
