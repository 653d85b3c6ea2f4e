/** What the tests of passwords and recovery (S175 to S183) must notice the loss of. */
import type { Guard } from '../../scripts/guards/guard.ts';

const HASHER = 'src/outbound/argon2-passwords.ts';
const RULES = 'src/core/credentials/password-rules.ts';
const PASSWORDS = 'src/core/credentials/passwords.ts';
const RESET = 'src/core/credentials/password-reset.ts';
const CHANGE = 'src/core/credentials/password-change.ts';
const LIMIT = 'src/core/attempt-limit.ts';
const HASHER_TEST = 'test/outbound/argon2-passwords.test.ts';
const RULES_TEST = 'test/core/credentials/password-rules.test.ts';
const SESSIONS_TEST = 'test/core/sign-in/sessions.test.ts';
const RESET_TEST = 'test/http/password-reset.test.ts';
const CHANGES_TEST = 'test/http/credential-changes.test.ts';
const LIMIT_TEST = 'test/core/attempt-limit.test.ts';

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
    file: HASHER,
    without: 'const { phc, secret } = readStored(stored ?? decoy, pepper);',
    put: 'if (stored === null) return false;\n        const { phc, secret } = readStored(stored, pepper);',
    test: HASHER_TEST,
  },
  {
    line: 'S177',
    file: PASSWORDS,
    without: 'const isRight = await isPasswordOf(deps, found, input.password);',
    put: 'const isRight = found !== undefined && (await isPasswordOf(deps, found, input.password));',
    test: SESSIONS_TEST,
  },
  {
    line: 'S178',
    file: LIMIT,
    without: 'if (wait > 0) throw tooMany(wait);',
    put: '',
    test: LIMIT_TEST,
  },
  {
    line: 'S178',
    file: LIMIT,
    without: "if (device !== undefined) return [{ kind: 'device', key: keyOf(device) }];",
    put: '',
    test: LIMIT_TEST,
  },
  {
    line: 'S178',
    file: LIMIT,
    without: "const network = keyOf(networkPrefix(ip ?? ''));",
    put: "const network = keyOf(ip ?? '');",
    test: LIMIT_TEST,
  },
  {
    line: 'S178',
    file: PASSWORDS,
    without:
      'return limitAttempt(deps.passwordAttempts, attempted, () => answerPassword(deps, input, emailKey));',
    put: 'return limitAttempt(undefined, attempted, () => answerPassword(deps, input, emailKey));',
    test: 'test/http/password-limits.test.ts',
  },
  {
    line: 'S179',
    file: HASHER,
    without: 'if (waiting.length >= queue) {',
    put: 'if (waiting.length < 0) {',
    test: HASHER_TEST,
  },
  {
    line: 'S180',
    file: RESET,
    without: 'if (record?.userId == null || record.expiresAt <= deps.clock()) return undefined;',
    put: 'if (record?.userId == null) return undefined;',
    test: RESET_TEST,
    why: 'The reset asks again in its transaction: both are taken out.',
    also: [
      {
        file: RESET,
        without:
          'if (record === undefined || record.expiresAt <= context.now || user === undefined) throw dead();',
        put: 'if (record === undefined || user === undefined) throw dead();',
      },
    ],
  },
  {
    line: 'S180',
    file: RESET,
    without: 'await tx.oneTimeRecords.removeByUser(user.id, { purposes: [wanted.purpose] });',
    put: '',
    test: RESET_TEST,
  },
  {
    line: 'S180',
    file: 'src/core/members/memberships.ts',
    without: 'await dropUnderWayOfStranded(tx, membership.userId);\n  return { endedSessions',
    put: 'return { endedSessions',
    test: 'test/core/directory/suspension.test.ts',
  },
  {
    line: 'S180',
    file: RESET,
    without: "const record = await tx.oneTimeRecords.consume('password_reset', deps.hashToken(input.token));",
    put: "const record = await tx.oneTimeRecords.find('password_reset', deps.hashToken(input.token));",
    test: RESET_TEST,
    why: 'A new password drops every link that is under way: both are taken out.',
    also: [{ file: CHANGE, without: 'await dropUnderWay(tx, user.id);\n', put: '' }],
  },
  {
    line: 'S181',
    file: CHANGE,
    without: 'await endUnderWay(tx, context, { user, keep });\n  await recordForPerson',
    put: 'await recordForPerson',
    test: CHANGES_TEST,
  },
  {
    line: 'S181',
    file: CHANGE,
    without: 'await proveByPassword(deps, { user, password: currentPassword, cause });',
    put: '',
    test: CHANGES_TEST,
  },
  {
    line: 'S181',
    file: CHANGE,
    without: "await notifyPerson(tx, deps, { user, cause, what: 'password_changed' });",
    put: '',
    test: CHANGES_TEST,
  },
  {
    line: 'S181',
    file: 'src/core/credentials/email-change.ts',
    without: "await notifyPerson(tx, deps, { user, cause, what: 'email_changed' });",
    put: '',
    test: CHANGES_TEST,
  },
  {
    line: 'S181',
    file: PASSWORDS,
    without: 'if (user === undefined || user.passwordHash !== found.passwordHash) throw refusedEntry();',
    put: 'if (user === undefined) throw refusedEntry();',
    test: SESSIONS_TEST,
  },
  {
    line: 'S182',
    file: 'src/core/credentials/passkeys.ts',
    without: 'if (!(await mayObtainEntry(deps.storage, user)))',
    put: 'if (user === null)',
    test: 'test/http/passkeys.test.ts',
  },
  {
    line: 'S182',
    file: RESET,
    without: 'if (!(await mayObtainEntry(tx, user))) {',
    put: 'if (user === null) {',
    test: RESET_TEST,
  },
  {
    line: 'S182',
    file: RESET,
    without: 'if (!(await mayObtainEntry(tx, user))) throw dead();',
    put: '',
    test: RESET_TEST,
    why: 'It is asked before the password is hashed, too: both are taken out.',
    also: [
      {
        file: RESET,
        without:
          'return user !== undefined && (await mayObtainEntry(deps.storage, user)) ? user : undefined;',
        put: 'return user;',
      },
    ],
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
