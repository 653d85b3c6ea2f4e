/** What the tests of sessions and CSRF (S184 to S193) must notice the loss of. */
import type { Guard } from '../../scripts/guards/guard.ts';

const LIFE = 'src/core/sign-in/session-life.ts';
const COOKIES = 'src/http/cookies.ts';
const SESSIONS_TEST = 'test/core/sessions.test.ts';
const STEP_UP_TEST = 'test/http/sessions/step-up.test.ts';
const ACS_TEST = 'test/http/saml/acs.test.ts';

/** How long a session lives, when its cookie changes, and who may act with it. */
export const sessionsCsrfGuards: readonly Guard[] = [
  {
    line: 'S184',
    file: 'src/core/sign-in/sign-ins.ts',
    without: 'await endReplaced(tx, deps, { pending, cause: input.cause });',
    put: '',
    test: STEP_UP_TEST,
  },
  {
    line: 'S185',
    file: LIFE,
    without: 'session.expiresAt > now && session.lastSeenAt + idleLimitOf(role) > now;',
    put: 'session.expiresAt > now;',
    test: SESSIONS_TEST,
  },
  {
    line: 'S185',
    file: LIFE,
    without: 'session.expiresAt > now && session.lastSeenAt + idleLimitOf(role) > now;',
    put: 'session.lastSeenAt + idleLimitOf(role) > now;',
    test: SESSIONS_TEST,
  },
  {
    line: 'S185',
    file: COOKIES,
    without: '; HttpOnly; Secure; SameSite=',
    put: '; Secure; SameSite=',
    test: ACS_TEST,
  },
  {
    line: 'S185',
    file: COOKIES,
    without: "'__Host-gatehouse-session'",
    put: "'gatehouse-session'",
    test: ACS_TEST,
  },
  {
    line: 'S187',
    file: 'src/http/sign-in-start.ts',
    without: "sameSite: 'none',",
    put: "sameSite: 'lax',",
    test: ACS_TEST,
  },
  {
    line: 'S187',
    file: 'src/http/sign-in-start.ts',
    without: 'maxAgeMs: SIGN_IN_TTL_MS,',
    put: 'maxAgeMs: SIGN_IN_TTL_MS * 6,',
    test: ACS_TEST,
  },
];
