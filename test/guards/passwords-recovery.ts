/** What the tests of passwords and recovery (S175 to S183) must notice the loss of. */
import type { Guard } from '../../scripts/guards/guard.ts';

const RULES = 'src/core/credentials/password-rules.ts';
const RULES_TEST = 'test/core/password-rules.test.ts';

/** What a password may be, how it is kept, how often it may be guessed, and what dies with it. */
export const passwordsRecoveryGuards: readonly Guard[] = [
  {
    line: 'S175',
    file: RULES,
    without: 'return password.length > MAX_LENGTH ? undefined : password;',
    put: 'return password.slice(0, MAX_LENGTH);',
    test: RULES_TEST,
  },
  {
    line: 'S176',
    file: RULES,
    without: 'const MIN_LENGTH = 15;',
    put: 'const MIN_LENGTH = 14;',
    test: RULES_TEST,
  },
  {
    line: 'S176',
    file: RULES,
    without: 'const MIN_LENGTH_WITH_SECOND_FACTOR = 8;',
    put: 'const MIN_LENGTH_WITH_SECOND_FACTOR = 7;',
    test: RULES_TEST,
  },
  {
    line: 'S176',
    file: RULES,
    without:
      "if (isCommon(password)) return 'This is one of the passwords that are tried first. Take another one.';",
    put: '',
    test: RULES_TEST,
  },
  {
    line: 'S176',
    file: RULES,
    without: 'if (isAboutOwner(password, owner))',
    put: "if (password === '')",
    test: RULES_TEST,
  },
  {
    line: 'S183',
    file: RULES,
    without: 'if (password.length > MAX_LENGTH) return `A password has at most ${MAX_LENGTH} characters.`;',
    put: '',
    test: RULES_TEST,
  },
  {
    line: 'S183',
    file: RULES,
    without: 'if (!password.isWellFormed() || /\\p{Cc}/u.test(password))',
    put: "if (password === '')",
    test: RULES_TEST,
  },
  {
    line: 'S183',
    file: RULES,
    without: "const password = text.normalize('NFC');",
    put: 'const password = text;',
    test: RULES_TEST,
  },
  {
    line: 'S183',
    file: RULES,
    without: "text.length <= MAX_TYPED_LENGTH ? text.normalize('NFC') : text;",
    put: 'text;',
    test: RULES_TEST,
  },
];
