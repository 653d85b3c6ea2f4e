/** The one schema of all settings: what each key means, in a file and in the environment. It reads nothing itself. */
import { isIP, isIPv4 } from 'node:net';
import { z } from 'zod';

/** 32 bytes as hex, base64 or base64url; undefined when the text is none of these. */
function decodeKey(text: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  if (/^[\w-]{43}$/.test(text)) return Buffer.from(text, 'base64url');
  if (/^[A-Za-z0-9+/]{43}=?$/.test(text)) return Buffer.from(text, 'base64');
  return undefined;
}

/** `http(s)://host[:port]`, with or without one trailing slash. */
function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const isWeb = url.protocol === 'https:' || url.protocol === 'http:';
  return isWeb && `${url.origin}/` === url.href && !/[?#]/.test(text);
}

function isAddressRange(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/');
  if (isIP(address) === 0 || more.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (isIPv4(address) ? 32 : 128));
}

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/** A host as it is written in a URL (name, IPv4, `[IPv6]`, optional port), or an address range. */
function isEgressEntry(text: string): boolean {
  if (isAddressRange(text)) return true;
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (port !== undefined && Number(port) > 65_535) return false;
  if (bracketed !== undefined) return isIP(bracketed) === 6;
  // All digits and dots, yet not an address: a mistyped address must not pass as a name.
  return plain !== undefined && HOST_NAME.test(plain) && (isIPv4(plain) || !/^[\d.]+$/.test(plain));
}

/** An address as `dns.setServers` takes it: IPv4 or IPv6, with a port behind it where it is not 53; the latter in brackets then. */
function isNameServer(text: string): boolean {
  if (isIP(text) > 0) return true;
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([\d.]+)):(\d{1,5})$/.exec(text) ?? [];
  const isPort = Number(port) > 0 && Number(port) <= 65_535;
  return isPort && (bracketed === undefined ? isIPv4(plain ?? '') : isIP(bracketed) === 6);
}

const isTrustedProxy = (text: string) =>
  ['loopback', 'linklocal', 'uniquelocal'].includes(text) || isAddressRange(text);

function isSmtpUrl(text: string): boolean {
  return URL.canParse(text) && /^smtps?:$/.test(new URL(text).protocol) && new URL(text).hostname !== '';
}

const KEY_RULE =
  'must be 32 random bytes as 64 hex digits, base64 or base64url (try: openssl rand -base64 32)';

/** A typed-in or placeholder key repeats itself; 32 random bytes hold fewer than 16 different ones about never. */
function readKey(text: string, context: z.RefinementCtx): string {
  const key = decodeKey(text);
  if (key !== undefined && new Set(key).size >= 16) return key.toString('base64url');
  context.addIssue(key === undefined ? KEY_RULE : 'is not random (try: openssl rand -base64 32)');
  return z.NEVER;
}

const MONGODB = /^mongodb(\+srv)?:\/\//;
const STORAGE_RULE = 'must be "sqlite:" or "sqlite:/absolute/path"';

const storage = z
  .string(STORAGE_RULE)
  .refine((text) => MONGODB.test(text) || /^sqlite:(\/.+)?$/.test(text), STORAGE_RULE)
  .refine(
    (text) => !MONGODB.test(text),
    'names MongoDB, but the MongoDB adapter is not in this release; use "sqlite:" or "sqlite:/absolute/path"',
  );

const plan = z.strictObject(
  {
    seats: z
      .int('must be a whole number of seats, or null for no limit')
      .min(1, 'must be at least 1, or null for no limit')
      .nullable()
      .describe('Active memberships allowed; null is no limit.'),
    invitations: z.boolean('must be true or false').describe('Whether people may be invited by hand.'),
    teams: z
      .enum(['none', 'one', 'many'], 'must be "none", "one" or "many"')
      .describe('No teams, the one made with the organization, or any number.'),
    sso: z.boolean('must be true or false').describe('Whether connections may be created.'),
    scim: z.boolean('must be true or false').describe('Whether directories may be created.'),
  },
  { error: (issue) => (issue.code === 'invalid_type' ? 'must be an object' : undefined) },
);

const PORT_RULE = 'must be a whole number from 0 to 65535';
const WORKERS_RULE = 'must be a whole number from 1 to 32';
const PATH_RULE = 'must be a path';
const OPERATOR_KEY_RULE = 'must be 8 to 512 visible ASCII characters without spaces (32 or more are better)';
const ORIGIN_RULE = 'must be an http(s) origin without path, such as https://gatehouse.example.com';
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** Everything an operator may set, as a file spells it. Descriptions end up in `docs/configuration.md`. */
export const settingsSchema = z.strictObject({
  port: z
    .int(PORT_RULE)
    .min(0, PORT_RULE)
    .max(65_535, PORT_RULE)
    .describe('Port to listen on. 0 lets the system choose and then needs a base URL.'),
  host: z
    .string()
    .refine((text) => isIP(text) > 0 || HOST_NAME.test(text), 'must be an address or host name to listen on')
    .optional()
    .describe('Address to listen on. Absent: every interface.'),
  baseUrl: z
    .string(ORIGIN_RULE)
    .refine(isOrigin, ORIGIN_RULE)
    .transform((text) => new URL(text).origin)
    .optional()
    .describe(
      'Origin under which people and identity providers reach this gateway; part of every issuer and callback. Plain http only for this machine. Absent: http://localhost:PORT.',
    ),
  dataDir: z
    .string(PATH_RULE)
    .min(1, PATH_RULE)
    .describe('Folder of the embedded store, generated keys and unsent mail.'),
  operatorKey: z
    .string(OPERATOR_KEY_RULE)
    .regex(/^[\x21-\x7e]{8,512}$/, OPERATOR_KEY_RULE)
    .optional()
    .describe(
      'Secret of the operator. Absent: generated and printed once at first start; only its hash is kept. Secret.',
    ),
  masterKey: z
    .string(KEY_RULE)
    .transform(readKey)
    .optional()
    .describe(
      'Key that seals stored secrets: 32 bytes as hex, base64 or base64url. Absent: generated into the data folder. Secret.',
    ),
  storage: storage.describe('`sqlite:` (one file in the data folder) or `sqlite:/absolute/path`.'),
  smtpUrl: z
    .string('must be a URL such as smtp://user:password@mail.example.com:587')
    .refine(isSmtpUrl, 'must be a URL such as smtp://user:password@mail.example.com:587')
    .optional()
    .describe('Mail server. Absent: mails are written as .eml files to the data folder. Secret.'),
  egressAllow: z
    .array(
      z.string().refine(isEgressEntry, 'must be a host name, an address or a CIDR, without scheme or path'),
    )
    .describe(
      'Hosts or CIDRs that discovery, metadata and webhooks may reach although they are private or plain http.',
    ),
  dnsServers: z
    .array(
      z
        .string()
        .refine(
          isNameServer,
          'must be an address such as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353',
        ),
    )
    .describe(
      'Name servers that are asked for the TXT records of domains, the next one where one does not answer, or answers with an error. Empty: those of the system.',
    ),
  rateLimits: z.boolean('must be "on" or "off"').describe('Switch off for load runs and tests only.'),
  logLevel: z
    .enum(LEVELS, `must be one of ${LEVELS.join(', ')}`)
    .describe('Least severe level that is logged.'),
  trustProxy: z
    .array(
      z
        .string()
        .refine(isTrustedProxy, 'must be an address, a CIDR, "loopback", "linklocal" or "uniquelocal"'),
    )
    .describe('Proxies whose X-Forwarded-* headers are believed. Empty: none.'),
  samlWorkers: z
    .int(WORKERS_RULE)
    .min(1, WORKERS_RULE)
    .max(32, WORKERS_RULE)
    .optional()
    .describe(
      'Threads that check SAML responses, so that nothing else waits for them. Absent: one less than there are processors, at least 1 and at most 4.',
    ),
  allowHttp: z
    .boolean('must be "yes" or "no"')
    .describe('Accept a plain http base URL on another host than this machine. For test networks only.'),
  plans: z
    .record(z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be a lower-case plan name'), plan)
    .describe(
      'Plan presets by name. One named here replaces the built-in preset of that name. In the file only.',
    ),
});

/** A setting after parsing; `undefined` where an operator left out what has no fixed default. */
export type Settings = z.output<typeof settingsSchema>;

/** The name of a setting, as a file spells it. */
export type SettingName = keyof Settings;

const list = (text: string) =>
  text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');

/** Answers a boolean for the two words, else the text itself so that the schema refuses it with its rule. */
const oneOf = (yes: string, no: string) => (text: string) =>
  ({ [yes]: true, [no]: false })[text.toLowerCase()] ?? text;

interface EnvironmentKey {
  readonly variable: string;
  /** Turns the text of the variable into what a file would hold. Absent: the text itself. */
  readonly read?: (text: string) => unknown;
}

/** The environment variable of each setting. `plans` has none: a table does not fit into a variable. */
export const environmentKeys: Readonly<Partial<Record<SettingName, EnvironmentKey>>> = {
  port: { variable: 'PORT', read: (text) => (/^\d+$/.test(text) ? Number(text) : text) },
  host: { variable: 'GATEHOUSE_HOST' },
  baseUrl: { variable: 'GATEHOUSE_BASE_URL' },
  dataDir: { variable: 'GATEHOUSE_DATA_DIR' },
  operatorKey: { variable: 'GATEHOUSE_OPERATOR_KEY' },
  masterKey: { variable: 'GATEHOUSE_MASTER_KEY' },
  storage: { variable: 'GATEHOUSE_STORAGE' },
  smtpUrl: { variable: 'GATEHOUSE_SMTP_URL' },
  egressAllow: { variable: 'GATEHOUSE_EGRESS_ALLOW', read: list },
  dnsServers: { variable: 'GATEHOUSE_DNS_SERVERS', read: list },
  rateLimits: { variable: 'GATEHOUSE_RATE_LIMITS', read: oneOf('on', 'off') },
  logLevel: { variable: 'GATEHOUSE_LOG_LEVEL' },
  trustProxy: { variable: 'GATEHOUSE_TRUST_PROXY', read: list },
  samlWorkers: {
    variable: 'GATEHOUSE_SAML_WORKERS',
    read: (text) => (/^\d+$/.test(text) ? Number(text) : text),
  },
  allowHttp: { variable: 'GATEHOUSE_ALLOW_HTTP', read: oneOf('yes', 'no') },
};
