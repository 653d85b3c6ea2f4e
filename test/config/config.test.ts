/** What an operator may set, and what the refusal of anything else says. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { type Config, configWarnings, loadConfig, redactConfig } from '../../src/config.ts';
import { environmentKeys } from '../../src/config-schema.ts';
import { isGatehouseError } from '../../src/kernel/errors.ts';
import { redactFields } from '../../src/kernel/redaction.ts';

type Environment = Readonly<Record<string, string>>;
type Files = Readonly<Record<string, unknown>>;

const FILE = 'config/gatehouse.json';
const HEX_KEY = Array.from({ length: 32 }, (_, index) => (index * 7 + 3).toString(16).padStart(2, '0')).join(
  '',
);
const KEY = Buffer.from(HEX_KEY, 'hex');

/** Loads from given files only: an object is written as JSON, a string as it is. */
function load(env: Environment, files: Files = {}): Config {
  const readFile = (path: string) => {
    const content = files[path];
    return content === undefined || typeof content === 'string' ? content : JSON.stringify(content);
  };
  return loadConfig({ env, readFile });
}

function problemsOf(env: Environment, files: Files = {}): string[] {
  try {
    load(env, files);
  } catch (error) {
    if (!isGatehouseError(error, 'invalid')) throw error;
    return error.detail.split('\n').slice(1);
  }
  return [];
}

const good: [name: string, env: Environment, file: Files | undefined, expected: Partial<Config>][] = [
  [
    'nothing set',
    {},
    undefined,
    {
      port: 3000,
      host: undefined,
      baseUrl: 'http://localhost:3000',
      dataDir: './data',
      operatorKey: undefined,
      masterKey: undefined,
      storage: { engine: 'sqlite', file: undefined },
      smtpUrl: undefined,
      egressAllow: [],
      dnsServers: [],
      rateLimits: true,
      logLevel: 'info',
      trustProxy: [],
    },
  ],
  ['an empty variable counts as absent', { PORT: '', GATEHOUSE_SMTP_URL: ' ' }, undefined, { port: 3000 }],
  ['the port moves the default base URL', { PORT: '8080' }, undefined, { baseUrl: 'http://localhost:8080' }],
  ['port from the file', {}, { port: 4000 }, { port: 4000, baseUrl: 'http://localhost:4000' }],
  ['the environment wins over the file', { PORT: '5000' }, { port: 4000 }, { port: 5000 }],
  ['an address to listen on', { GATEHOUSE_HOST: '127.0.0.1' }, undefined, { host: '127.0.0.1' }],
  [
    'a trailing slash is dropped',
    { GATEHOUSE_BASE_URL: 'https://id.example.com/' },
    undefined,
    { baseUrl: 'https://id.example.com' },
  ],
  [
    'base URL in mixed case',
    { GATEHOUSE_BASE_URL: 'HTTPS://ID.Example.com' },
    undefined,
    { baseUrl: 'https://id.example.com' },
  ],
  [
    'base URL with the default port',
    { GATEHOUSE_BASE_URL: 'https://a.example:443' },
    undefined,
    { baseUrl: 'https://a.example' },
  ],
  [
    'http on IPv4 loopback',
    { GATEHOUSE_BASE_URL: 'http://127.0.0.1:9' },
    undefined,
    { baseUrl: 'http://127.0.0.1:9' },
  ],
  [
    'http on IPv6 loopback',
    { GATEHOUSE_BASE_URL: 'http://[::1]:9' },
    undefined,
    { baseUrl: 'http://[::1]:9' },
  ],
  [
    'http elsewhere, allowed by name',
    { GATEHOUSE_BASE_URL: 'http://gw.test', GATEHOUSE_ALLOW_HTTP: 'yes' },
    undefined,
    { baseUrl: 'http://gw.test' },
  ],
  [
    'port 0 with a base URL',
    { PORT: '0', GATEHOUSE_BASE_URL: 'http://localhost:1' },
    undefined,
    { port: 0, baseUrl: 'http://localhost:1' },
  ],
  [
    'master key in hex',
    { GATEHOUSE_MASTER_KEY: HEX_KEY },
    undefined,
    { masterKey: KEY.toString('base64url') },
  ],
  [
    'master key in base64',
    { GATEHOUSE_MASTER_KEY: KEY.toString('base64') },
    undefined,
    { masterKey: KEY.toString('base64url') },
  ],
  [
    'master key in base64url',
    { GATEHOUSE_MASTER_KEY: KEY.toString('base64url') },
    undefined,
    { masterKey: KEY.toString('base64url') },
  ],
  [
    'a store elsewhere',
    { GATEHOUSE_STORAGE: 'sqlite:/var/lib/g.db' },
    undefined,
    { storage: { engine: 'sqlite', file: '/var/lib/g.db' } },
  ],
  [
    'egress entries of every form',
    { GATEHOUSE_EGRESS_ALLOW: 'idp.test, localhost:8443,10.0.0.0/8,::1,[::1]:80,fd00::/8' },
    undefined,
    { egressAllow: ['idp.test', 'localhost:8443', '10.0.0.0/8', '::1', '[::1]:80', 'fd00::/8'] },
  ],
  [
    'name servers of every form',
    { GATEHOUSE_DNS_SERVERS: '192.0.2.53, 192.0.2.53:5353,2001:db8::53,[2001:db8::53]:5353' },
    undefined,
    { dnsServers: ['192.0.2.53', '192.0.2.53:5353', '2001:db8::53', '[2001:db8::53]:5353'] },
  ],
  ['egress list in the file', {}, { egressAllow: ['10.1.2.3'] }, { egressAllow: ['10.1.2.3'] }],
  ['rate limits off', { GATEHOUSE_RATE_LIMITS: 'off' }, undefined, { rateLimits: false }],
  [
    'rate limits on again over the file',
    { GATEHOUSE_RATE_LIMITS: 'ON' },
    { rateLimits: false },
    { rateLimits: true },
  ],
  [
    'trusted proxies',
    { GATEHOUSE_TRUST_PROXY: 'loopback,10.0.0.1' },
    undefined,
    { trustProxy: ['loopback', '10.0.0.1'] },
  ],
  ['log level', { GATEHOUSE_LOG_LEVEL: 'debug' }, undefined, { logLevel: 'debug' }],
  [
    'a pointer to the schema is no setting',
    {},
    { $schema: '../schemas/config.schema.json', port: 1 },
    { port: 1 },
  ],
];

describe('good settings', () => {
  test.each(good)('%s', (_name, env, file, expected) => {
    expect(load(env, file === undefined ? {} : { [FILE]: file })).toMatchObject(expected);
  });
});

const bad: [name: string, env: Environment, file: unknown, problem: string][] = [
  ['port in words', { PORT: 'http' }, undefined, 'PORT: must be a whole number'],
  ['port too high', { PORT: '65536' }, undefined, 'PORT: must be a whole number'],
  ['negative port', { PORT: '-1' }, undefined, 'PORT: must be a whole number'],
  ['port as text in the file', {}, { port: '80' }, `PORT (port in ${FILE}): must be a whole number`],
  ['port with a fraction', {}, { port: 80.5 }, 'must be a whole number'],
  ['port 0 without base URL', { PORT: '0' }, undefined, 'must be set when the port is 0'],
  ['host with a space', { GATEHOUSE_HOST: 'a b' }, undefined, 'GATEHOUSE_HOST: must be an address'],
  [
    'base URL without scheme',
    { GATEHOUSE_BASE_URL: 'id.example.com' },
    undefined,
    'must be an http(s) origin',
  ],
  [
    'base URL with path',
    { GATEHOUSE_BASE_URL: 'https://a.example/gw' },
    undefined,
    'must be an http(s) origin',
  ],
  [
    'base URL with query',
    { GATEHOUSE_BASE_URL: 'https://a.example/?x' },
    undefined,
    'must be an http(s) origin',
  ],
  [
    'base URL with an empty query',
    { GATEHOUSE_BASE_URL: 'https://a.example/?' },
    undefined,
    'an http(s) origin',
  ],
  [
    'base URL with fragment',
    { GATEHOUSE_BASE_URL: 'https://a.example/#' },
    undefined,
    'must be an http(s) origin',
  ],
  [
    'base URL with user',
    { GATEHOUSE_BASE_URL: 'https://u:p@a.example' },
    undefined,
    'must be an http(s) origin',
  ],
  [
    'base URL of another scheme',
    { GATEHOUSE_BASE_URL: 'ftp://a.example' },
    undefined,
    'must be an http(s) origin',
  ],
  ['base URL over http elsewhere', { GATEHOUSE_BASE_URL: 'http://a.example' }, undefined, 'must be https'],
  [
    'a look-alike of localhost over http',
    { GATEHOUSE_BASE_URL: 'http://localhost.example' },
    undefined,
    'must be https',
  ],
  ['http allowed by a vague word', { GATEHOUSE_ALLOW_HTTP: 'true' }, undefined, 'must be "yes" or "no"'],
  ['empty data folder', {}, { dataDir: '' }, 'must be a path'],
  ['short operator key', { GATEHOUSE_OPERATOR_KEY: 'hunter2' }, undefined, 'must be 8 to 512 visible'],
  [
    'operator key with a space',
    { GATEHOUSE_OPERATOR_KEY: 'correct horse battery' },
    undefined,
    'without spaces',
  ],
  ['short master key', { GATEHOUSE_MASTER_KEY: HEX_KEY.slice(2) }, undefined, 'must be 32 random bytes'],
  ['master key of 33 bytes', { GATEHOUSE_MASTER_KEY: `${HEX_KEY}00` }, undefined, 'must be 32 random bytes'],
  ['master key of zeros', { GATEHOUSE_MASTER_KEY: '0'.repeat(64) }, undefined, 'is not random'],
  ['master key of one letter', { GATEHOUSE_MASTER_KEY: 'A'.repeat(43) }, undefined, 'is not random'],
  ['storage of another kind', { GATEHOUSE_STORAGE: 'postgres://h/x' }, undefined, 'must be "sqlite:"'],
  ['storage in memory', { GATEHOUSE_STORAGE: 'sqlite::memory:' }, undefined, 'must be "sqlite:"'],
  ['storage in a relative file', { GATEHOUSE_STORAGE: 'sqlite:g.db' }, undefined, 'must be "sqlite:"'],
  [
    'MongoDB, for now',
    { GATEHOUSE_STORAGE: 'mongodb://h/gatehouse?replicaSet=rs0' },
    undefined,
    'the MongoDB adapter is not in this release',
  ],
  ['mail over http', { GATEHOUSE_SMTP_URL: 'http://mail.example' }, undefined, 'must be a URL such as smtp'],
  ['mail without host', { GATEHOUSE_SMTP_URL: 'smtp:' }, undefined, 'must be a URL such as smtp'],
  [
    'egress entry with scheme',
    { GATEHOUSE_EGRESS_ALLOW: 'a.test,http://b.test' },
    undefined,
    '(entry 2): must be',
  ],
  ['egress entry with path', { GATEHOUSE_EGRESS_ALLOW: 'b.test/x' }, undefined, 'without scheme or path'],
  ['egress range too long', { GATEHOUSE_EGRESS_ALLOW: '10.0.0.0/33' }, undefined, 'must be a host name'],
  ['egress address mistyped', { GATEHOUSE_EGRESS_ALLOW: '10.0.0.300' }, undefined, 'must be a host name'],
  ['egress entry with a wildcard', { GATEHOUSE_EGRESS_ALLOW: '*.test' }, undefined, 'must be a host name'],
  ['egress port too high', { GATEHOUSE_EGRESS_ALLOW: 'a.test:70000' }, undefined, 'must be a host name'],
  ...[
    ...['dns.test', '192.0.2.300', '192.0.2.53:0', '192.0.2.53:70000', '[192.0.2.53]:53', '[::1]'],
    ...['::1]:53', 'udp://192.0.2.53'],
  ].map((text): [string, Environment, unknown, string] => [
    `no name server: ${text}`,
    { GATEHOUSE_DNS_SERVERS: text },
    undefined,
    'must be an address such as',
  ]),
  ['egress as text in the file', {}, { egressAllow: 'a.test' }, 'GATEHOUSE_EGRESS_ALLOW'],
  ['vague rate limits', { GATEHOUSE_RATE_LIMITS: 'maybe' }, undefined, 'must be "on" or "off"'],
  ['unknown log level', { GATEHOUSE_LOG_LEVEL: 'verbose' }, undefined, 'must be one of trace'],
  ['trust in every proxy', { GATEHOUSE_TRUST_PROXY: 'true' }, undefined, 'must be an address, a CIDR'],
  ['unknown key in the file', {}, { prot: 80 }, `${FILE}: prot: is not a setting`],
  ['prototype key in the file', {}, `{"__proto__": {"port": 1}}`, `${FILE}: __proto__: is not a setting`],
  ['a file that is no JSON', {}, '{port: 80}', `${FILE}: must be one JSON object`],
  ['a file that is a list', {}, '[]', `${FILE}: must be one JSON object`],
  ['plans as a list', {}, { plans: [] }, `${FILE}: plans:`],
  [
    'plan name in capitals',
    {},
    { plans: { Gold: {} } },
    `${FILE}: plans.Gold: must be a lower-case plan name`,
  ],
  ['plan without seats', {}, { plans: { gold: {} } }, `${FILE}: plans.gold.seats: must be a whole number`],
  ['plan with no seat', {}, { plans: { gold: { seats: 0 } } }, 'plans.gold.seats: must be at least 1'],
  [
    'plan with an unknown switch',
    {},
    { plans: { gold: { ssso: true } } },
    'plans.gold.ssso: is not a setting',
  ],
  ['plan that is a word', {}, { plans: { gold: 'all' } }, 'plans.gold: must be an object'],
];

describe('bad settings are refused with the key and the rule', () => {
  test.each(bad)('%s', (_name, env, file, problem) => {
    expect(problemsOf(env, { [FILE]: file })).toContainEqual(expect.stringContaining(problem));
  });

  test('all problems of file and environment are reported at once, one line each', () => {
    const problems = problemsOf(
      { PORT: 'x', GATEHOUSE_BASE_URL: 'http://a.example', GATEHOUSE_MASTER_KEY: 'short' },
      { [FILE]: { logLevel: 5, bogus: 1, plans: { gold: {} } } },
    );
    const keys = [
      'PORT:',
      'GATEHOUSE_BASE_URL:',
      'GATEHOUSE_MASTER_KEY:',
      'GATEHOUSE_LOG_LEVEL (logLevel in',
      'bogus',
    ];
    for (const key of [...keys, 'plans.gold.seats', 'plans.gold.scim']) {
      expect(problems.filter((problem) => problem.includes(key))).toHaveLength(1);
    }
  });

  test('S210 no problem repeats the value it is about', () => {
    const canary = 'canary value';
    const env = Object.fromEntries(
      [
        'PORT',
        'BASE_URL',
        'OPERATOR_KEY',
        'MASTER_KEY',
        'SMTP_URL',
        'STORAGE',
        'EGRESS_ALLOW',
        'LOG_LEVEL',
      ].map((name) => [name === 'PORT' ? name : `GATEHOUSE_${name}`, canary]),
    );
    const problems = problemsOf(env);
    expect(problems).toHaveLength(8);
    expect(problems.join()).not.toContain(canary);
  });
});

describe('the settings file', () => {
  test('config/example.env holds known variables only, and loads with every line switched on', () => {
    const lines = readFileSync(new URL('../../config/example.env', import.meta.url), 'utf8').split('\n');
    const pairs = lines.flatMap((line) => /^#?([A-Z_]+)=(.*)$/.exec(line)?.slice(1, 3) ?? []);
    const known = Object.values(environmentKeys).map(({ variable }) => variable);
    const env = Object.fromEntries(
      pairs.flatMap((name, at) => (at % 2 === 0 ? [[name, pairs[at + 1] ?? '']] : [])),
    );
    expect(Object.keys(env).length).toBeGreaterThan(5);
    expect(known).toEqual(expect.arrayContaining(Object.keys(env)));
    expect(problemsOf(env)).toEqual([]);
  });

  test('GATEHOUSE_CONFIG_FILE names another file', () => {
    const files = { '/etc/g.json': { port: 1 }, [FILE]: { port: 2 } };
    expect(load({ GATEHOUSE_CONFIG_FILE: '/etc/g.json' }, files).port).toBe(1);
  });

  test('a named file that does not exist is a problem', () => {
    expect(problemsOf({ GATEHOUSE_CONFIG_FILE: '/etc/none.json' })).toEqual([
      'GATEHOUSE_CONFIG_FILE: names /etc/none.json, which does not exist',
    ]);
  });

  test('a file that cannot be read is a problem, not a crash', () => {
    const readFile = () => {
      throw new Error('EACCES');
    };
    expect(() => loadConfig({ env: {}, readFile })).toThrow(`${FILE}: cannot be read`);
  });

  test('a plan in the file joins the built-in ones or replaces its namesake whole', () => {
    const gold = { seats: 25, invitations: true, teams: 'many', sso: true, scim: false };
    const { plans } = load({}, { [FILE]: { plans: { gold, free: gold } } });
    expect(plans.gold).toEqual(gold);
    expect(plans.free).toEqual(gold);
    expect(plans.enterprise).toMatchObject({ seats: null, sso: true, scim: true });
  });
});

describe('the Config', () => {
  test('is frozen to the last preset', () => {
    const config = load({});
    for (const part of [config, config.storage, config.egressAllow, config.plans, config.plans.free]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  test('S210 says for the log which secrets are set, and none of them', () => {
    const config = load({
      GATEHOUSE_OPERATOR_KEY: 'canary-operator',
      GATEHOUSE_MASTER_KEY: HEX_KEY,
      GATEHOUSE_SMTP_URL: 'smtps://canary-user:canary-password@mail.example:465/?x=canary-query',
    });
    const logged = redactFields(redactConfig(config));
    expect(logged).toMatchObject({
      operatorKeyIs: 'set',
      masterKeyIs: 'set',
      mailServer: 'smtps://mail.example:465',
    });
    expect(JSON.stringify(logged)).not.toMatch(/canary/);
    expect(redactFields(redactConfig(load({})))).toMatchObject({
      operatorKeyIs: 'not set',
      masterKeyIs: 'not set',
      mailServer: 'not set',
    });
  });
});

const SHORT_KEY =
  'GATEHOUSE_OPERATOR_KEY has fewer than 32 characters: it opens everything, take a longer one (try: openssl rand -base64 32).';

const suspicious: [name: string, env: Environment, warnings: string[]][] = [
  ['nothing set', {}, []],
  ['an operator key of 31 characters', { GATEHOUSE_OPERATOR_KEY: 'k'.repeat(31) }, [SHORT_KEY]],
  ['an operator key of 32 characters', { GATEHOUSE_OPERATOR_KEY: 'k'.repeat(32) }, []],
  [
    'an underscore left out',
    { GATEHOUSE_BASEURL: 'https://a.example' },
    ['GATEHOUSE_BASEURL is not a setting and is ignored: did you mean GATEHOUSE_BASE_URL?'],
  ],
  [
    'small letters',
    { gatehouse_smtp_url: 'smtp://a' },
    ['gatehouse_smtp_url is not a setting and is ignored: did you mean GATEHOUSE_SMTP_URL?'],
  ],
  [
    'the prefix where there is none',
    { GATEHOUSE_PORT: '80' },
    ['GATEHOUSE_PORT is not a setting and is ignored: did you mean PORT?'],
  ],
  ['a word of its own', { GATEHOUSE_COLOUR: 'red' }, ['GATEHOUSE_COLOUR is not a setting and is ignored.']],
  ['an unknown variable that is empty', { GATEHOUSE_COLOUR: ' ' }, []],
  ['the variable that names the file', { GATEHOUSE_CONFIG_FILE: FILE }, []],
  ['variables of other programs', { PATH: '/bin', MY_GATEHOUSE_URL: 'x' }, []],
  [
    'what Kubernetes adds for a service called gatehouse',
    {
      GATEHOUSE_SERVICE_HOST: '10.0.0.1',
      GATEHOUSE_SERVICE_PORT_HTTP: '80',
      GATEHOUSE_PORT: 'tcp://10.0.0.1:80',
      GATEHOUSE_PORT_80_TCP_ADDR: '10.0.0.1',
    },
    [],
  ],
];

describe('warnings at the start', () => {
  test.each(suspicious)('%s', (_name, env, warnings) => {
    expect(configWarnings(load(env, { [FILE]: {} }), env)).toEqual(warnings);
  });
});
