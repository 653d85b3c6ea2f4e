/** What the tests of passwords and recovery (S175 to S183) must notice the loss of. */
import type { Guard } from '../../scripts/guards/guard.ts';

const HASHER = 'src/outbound/argon2-passwords.ts';
const RULES = 'src/core/credentials/password-rules.ts';
const PASSWORDS = 'src/core/credentials/passwords.ts';
const HASHER_TEST = 'test/outbound/argon2-passwords.test.ts';
const RULES_TEST = 'test/core/password-rules.test.ts';
const SESSIONS_TEST = 'test/core/sessions.test.ts';

/** What a password may be, how it is kept, how often it may be guessed, and what dies with it. */
export const passwordsRecoveryGuards: readonly Guard[] = [
  {
    line: 'S175',
    file: HASHER,
    without: 'floor: { memoryCost: 19_456, timeCost: 2, parallelism: 1 },',
    put: 'floor: { memoryCost: 8_192, timeCost: 1, parallelism: 1 },',
    test: HASHER_TEST,
  },
  {
    line: 'S175',
    file: HASHER,
    without: 'const options = { ...COSTS[cost], secret: pepper };',
    put: 'const options = { ...COSTS[cost], secret: Buffer.alloc(32) };',
    test: HASHER_TEST,
  },
  {
    line: 'S175',
    file: HASHER,
    without: 'Number(memoryCost) < wanted.memoryCost || Number(timeCost) < wanted.timeCost',
    put: 'Number(memoryCost) < 0 || Number(timeCost) < 0',
    test: HASHER_TEST,
  },
  {
    line: 'S175',
    file: PASSWORDS,
    without: 'if (passwordHash === null || stated === undefined || !deps.passwords.isOutdated(passwordHash))',
    put: 'if (passwordHash !== undefined)',
    test: SESSIONS_TEST,
  },
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
    line: 'S177',
    file: PASSWORDS,
    without: 'const isRight = await isPasswordOf(deps, found, input.password);',
    put: 'const isRight = found !== undefined && (await isPasswordOf(deps, found, input.password));',
    test: SESSIONS_TEST,
  },
  {
    line: 'S179',
    file: HASHER,
    without: 'if (waiting.length >= queue) {',
    put: 'if (waiting.length < 0) {',
    test: HASHER_TEST,
  },
  {
    line: 'S181',
    file: PASSWORDS,
    without: 'if (user === undefined || user.passwordHash !== found.passwordHash) throw refusedEntry();',
    put: 'if (user === undefined) throw refusedEntry();',
    test: SESSIONS_TEST,
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
