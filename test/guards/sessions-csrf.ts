/** What the tests of sessions and CSRF (S184 to S193) must notice the loss of. */
import type { Guard } from '../../scripts/guards/guard.ts';

const LIFE = 'src/core/sign-in/session-life.ts';
const COOKIE = 'src/http/session-cookie.ts';
const COOKIES = 'src/http/cookies.ts';
const OWN = 'src/core/sign-in/own-sessions.ts';
const SWITCH = 'src/core/sign-in/organization-switch.ts';
const STEP_UP = 'src/core/sign-in/step-up.ts';
const SESSIONS_TEST = 'test/core/sign-in/sessions.test.ts';
const ROTATION_TEST = 'test/http/sessions/limits-and-rotation.test.ts';
const SIGN_IN_TEST = 'test/http/pages/sign-in.test.ts';
const SWITCH_TEST = 'test/http/sessions/organization-switch.test.ts';
const STEP_UP_TEST = 'test/http/sessions/step-up.test.ts';
const OWN_TEST = 'test/http/sessions/own-and-others.test.ts';
const ACS_TEST = 'test/http/saml/acs.test.ts';

/** How long a session lives, when its cookie changes, and who may act with it. */
export const sessionsCsrfGuards: readonly Guard[] = [
  {
    line: 'S184',
    file: LIFE,
    without: "shown === 'lost' || (shown === 'current' && session.orgRole !== role);",
    put: "shown === 'lost';",
    test: ROTATION_TEST,
  },
  {
    line: 'S184',
    file: COOKIE,
    without: "await endShownSession(deps, exchange, 'replaced');",
    put: '',
    test: SIGN_IN_TEST,
  },
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
    file: LIFE,
    without: 'permissions.some((key) => CHANGES_ACCESS.has(key)) ? ADMIN_IDLE_LIMIT_MS : IDLE_LIMIT_MS;',
    put: 'IDLE_LIMIT_MS;',
    test: ROTATION_TEST,
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
    line: 'S185',
    file: COOKIE,
    without: "setCookie(res, SESSION_COOKIE, { value, maxAgeMs, sameSite: 'lax' });",
    put: "setCookie(res, SESSION_COOKIE, { value, maxAgeMs, sameSite: 'none' });",
    test: ACS_TEST,
  },
  {
    line: 'S185',
    file: 'src/http/guards.ts',
    without:
      'return { signedIn, caller: callerFrom(signedIn), noteUse: () => noteUse(deps, req, signedIn) };',
    put: 'await noteUse(deps, req, signedIn);\n  return { signedIn, caller: callerFrom(signedIn) };',
    test: 'test/http/api/last-active.test.ts',
  },
  {
    line: 'S186',
    file: 'src/http/guards.ts',
    without: 'if (!isSame)',
    put: 'if (isSame === undefined)',
    test: ['test/http/pages/cross-site.test.ts', 'test/http/api/authorization.test.ts'],
  },
  {
    line: 'S186',
    file: 'src/http/guards.ts',
    without: "isUntold ? req.headers['sec-fetch-site'] === 'same-origin' : origin === deps.baseUrl;",
    put: 'isUntold || origin === deps.baseUrl;',
    test: 'test/http/api/authorization.test.ts',
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
  {
    line: 'S188',
    file: COOKIE,
    without: "await endShownSession(deps, exchange, 'signed_out');",
    put: '',
    test: SIGN_IN_TEST,
  },
  {
    line: 'S189',
    file: OWN,
    without: '(session) => session.id === id);',
    put: '(session) => session.id !== signedIn.session.id);',
    test: OWN_TEST,
  },
  {
    line: 'S189',
    file: OWN,
    without: 'endOwn(deps, ending, ({ id }) => id !== ending.signedIn.session.id);',
    put: 'endOwn(deps, ending, ({ id }) => id === ending.signedIn.id);',
    test: OWN_TEST,
  },
  {
    line: 'S190',
    file: SWITCH,
    without: 'if (ended.length === 0)',
    put: 'if (ended === undefined)',
    test: SWITCH_TEST,
  },
  {
    line: 'S190',
    file: LIFE,
    without: "return now < rotatedAt + ROTATION_GRACE_MS ? 'previous' : 'lost';",
    put: "return 'dead';",
    test: ROTATION_TEST,
  },
  {
    line: 'S190',
    file: LIFE,
    without: "return now < confirmedAt + ROTATION_GRACE_MS ? 'previous' : 'dead';",
    put: "return 'previous';",
    test: ROTATION_TEST,
  },
  {
    line: 'S191',
    file: SWITCH,
    without: "if (organization === undefined || membership?.status !== 'active')",
    put: 'if (organization === undefined || membership === undefined)',
    test: SWITCH_TEST,
  },
  {
    line: 'S191',
    file: SWITCH,
    without: 'assertProofCounts(deps, signedIn, organization);',
    put: '',
    test: SWITCH_TEST,
  },
  {
    line: 'S192',
    file: STEP_UP,
    without: 'if (isFresh(session, clock())) return;',
    put: 'if (session !== null) return;',
    test: STEP_UP_TEST,
  },
  {
    line: 'S192',
    file: STEP_UP,
    without: 'if (!(await isPasswordOf(deps, user, password))) throw refused();',
    put: '',
    test: STEP_UP_TEST,
  },
  {
    line: 'S193',
    file: 'src/http/api/openapi.ts',
    without: "'The answer.',\n    content: { 'application/json': { schema } },",
    put: "'The answer.',\n    content: { 'application/json': { schema }, 'text/event-stream': { schema } },",
    test: 'test/http/api/openapi.test.ts',
    added: 'an answer of events',
  },
  {
    line: 'S193',
    file: 'src/app.ts',
    without: 'const server = createHttpServer({ ...SERVER_LIMITS, ...messages }, answer);',
    put: `const server = createHttpServer({ ...SERVER_LIMITS, ...messages }, answer);
  const switched = 'HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n\\r\\n';
  server.on('upgrade', (_req, socket) => void socket.end(switched));`,
    test: 'test/process/start.test.ts',
    added: 'an answer that switches protocols',
  },
];
