/** One line per event, and no secret on any of them. */
import { describe, expect, test } from '@jest/globals';
import { GatehouseError } from '../../src/kernel/errors.ts';
import { createLogger, type LogFields, type Logger } from '../../src/kernel/log.ts';
import { redactText } from '../../src/kernel/redaction.ts';
import { newToken } from '../../src/kernel/tokens.ts';

/** What a logger wrote, as lines. */
function written(act: (logger: Logger) => void, level = 'debug'): string[] {
  const lines: string[] = [];
  act(createLogger({ level, destination: { write: (line: string) => lines.push(line) } }));
  return lines;
}

const parse = (line: string | undefined): LogFields => JSON.parse(line ?? '{}');

const CANARY = 'canary-7d1f';

const secretKeys = [
  ...[
    'authorization',
    'Authorization',
    'proxy-authorization',
    'cookie',
    'set-cookie',
    'Set-Cookie',
    'cookies',
  ],
  ...['password', 'newPassword', 'current_password', 'passphrase', 'token', 'accessToken', 'refresh_token'],
  ...['id_token', 'invitationToken', 'clientSecret', 'client_secret', 'secret', 'webhook-secret', 'code'],
  ...['code_verifier', 'state', 'nonce', 'SAMLResponse', 'RelayState', 'assertion', 'client_assertion'],
  ...['x-api-key', 'apiKey', 'masterKey', 'operatorKey', 'privateKey', 'signing_key', 'key', 'smtpUrl'],
];

describe('S210 secrets never reach the log', () => {
  test.each(secretKeys)(
    'S210 a value under %s is censored at depth 3, in lists, in errors and in children',
    (key) => {
      const lines = written((logger) => {
        logger.info('deep', { request: { headers: { [key]: CANARY } } });
        logger.warn('list', { items: [{ inner: [{ [key]: [CANARY] }] }] });
        logger.error('error', { error: new GatehouseError('internal', 'x', { context: { [key]: CANARY } }) });
        logger.child({ [key]: CANARY }).debug('child', { headers: new Headers({ 'x-a': 'b' }) });
        logger.info('map', { map: new Map([[key, CANARY]]) });
      });
      expect(lines).toHaveLength(5);
      expect(lines.join('')).not.toContain(CANARY);
    },
  );

  const secretTexts: [name: string, text: string][] = [
    ['a bearer header', `sent Authorization: Bearer ${CANARY}`],
    ['a basic header', `Basic ${CANARY}`],
    ['a bearer header in small letters', `bearer ${CANARY}`],
    ['a token of ours', `looked for ${newToken('dirtok')} in vain`],
    ['a link with a token', `http://localhost/invitations/${newToken('inv')}`],
    ['a token with a two-word prefix', newToken('scim_token')],
    ['a JWT', `eyJhbGciOiJub25lIn0.${CANARY}.sig`],
    ['an authorization response', `/oidc-callback/con_1?code=${CANARY}&iss=x`],
    ['a form body', `RelayState=${CANARY}&SAMLResponse=${CANARY}&access_token=${CANARY}`],
    ['a URL with credentials', `connect smtp://user:${CANARY}@mail.example:25 failed`],
    ['a private key', `-----BEGIN PRIVATE KEY-----\n${CANARY}\n-----END PRIVATE KEY-----`],
    ['half a private key', `-----BEGIN RSA PRIVATE KEY-----\n${CANARY}`],
  ];

  test.each(secretTexts)(
    'S210 %s inside a message, a field, a key, or an error text is censored',
    (_name, text) => {
      const cause = new Error(text);
      const lines = written((logger) => {
        logger.info(text);
        logger.info('field', { url: text, [text]: 1, list: [text] });
        logger.error('error', { error: new Error('outer', { cause }) });
        logger.child({ url: text }).info('child');
      });
      const secret = text.includes(CANARY)
        ? CANARY
        : (/_[\w-]{43}$/.exec(text.split(' in ')[0] ?? '')?.[0] ?? '?');
      expect(secret).not.toBe('?');
      expect(lines).toHaveLength(4);
      expect(lines.join('')).not.toContain(secret);
    },
  );

  test('S210 an emergency code as it is printed is censored', () => {
    const code = 'ghx-0123-4567-89ab-cdef-ghjk-mnpq-rstv';
    expect(redactText(`typed ${code} in vain, then ${code.toUpperCase()}`)).not.toMatch(/4567/);
  });

  test('S210 bytes tell only their length', () => {
    const [line] = written((logger) => logger.info('x', { body: Buffer.from(CANARY) }));
    expect(parse(line)).toMatchObject({ body: `[${CANARY.length} bytes]` });
  });
});

describe('what stays readable', () => {
  test.each([
    ['an id', 'org_01k9zzzzzz0123456789abcdefghj'],
    ['a path', '/scim/v2/dir_01k9/Users?filter=userName eq "a@b.c"'],
    ['a sentence', 'the token was refused because its code is unknown'],
    ['a URL without secrets', 'https://idp.example/metadata?tenant=1'],
  ])('%s', (_name, text) => {
    expect(redactText(text)).toBe(text);
  });

  test('an error shows its type, code, context and causes', () => {
    const error = new GatehouseError('not_found', 'No such team.', {
      context: { teamId: 'team_1' },
      cause: new TypeError('inner'),
    });
    const [line] = written((logger) => logger.error('failed', { error }));
    expect(parse(line)).toMatchObject({
      level: 'error',
      message: 'failed',
      error: {
        type: 'GatehouseError',
        message: 'not_found: No such team.',
        errorCode: 'not_found',
        context: { teamId: 'team_1' },
        cause: { type: 'TypeError', message: 'inner' },
      },
    });
  });

  test('an absent or empty secret is seen to be absent or empty', () => {
    const [line] = written((logger) => logger.info('x', { password: '', token: null }));
    expect(parse(line)).toMatchObject({ password: '', token: null });
  });
});

describe('lines', () => {
  test('S205 line feeds, escapes and separators stay inside one JSON line', () => {
    const hostile = 'a\r\nb\u001b[31m{"level":"error"}\u2028';
    const lines = written((logger) => logger.info(hostile, { [hostile]: hostile }));
    expect(lines).toHaveLength(1);
    for (const control of ['\r', '\n', '\u001b']) expect(lines[0]?.slice(0, -1)).not.toContain(control);
    expect(parse(lines[0])).toMatchObject({ level: 'info', message: hostile });
  });

  test('a level below the chosen one writes nothing and reads no field', () => {
    let reads = 0;
    const fields = {
      get expensive() {
        reads += 1;
        return reads;
      },
    };
    expect(written((logger) => logger.debug('x', fields), 'info')).toEqual([]);
    expect(reads).toBe(0);
  });

  test('a field cannot overwrite level, time or message', () => {
    const [line] = written((logger) => logger.info('real', { level: 'error', time: 0, message: 'forged' }));
    expect(parse(line)).toMatchObject({ level: 'info', message: 'real', field_message: 'forged' });
    expect(line?.match(/"level"/g)).toHaveLength(1);
  });

  test('a child adds its fields; a field of the line wins over an inherited one, once', () => {
    const [line] = written((logger) => logger.child({ requestId: 'r1', a: 1 }).info('x', { a: 2 }));
    expect(parse(line)).toMatchObject({ requestId: 'r1', a: 2 });
    expect(line?.match(/"a"/g)).toHaveLength(1);
  });

  test('cycles, depth, and getters that throw neither hang nor break the caller', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    const broken = {
      get value(): string {
        throw new Error('no');
      },
    };
    const lines = written((logger) => {
      logger.info('cycle', { cycle });
      logger.info('broken', { broken });
    });
    expect(lines).toHaveLength(2);
    expect(parse(lines[1])).toMatchObject({ message: 'broken', unreadable: true });
  });
});
