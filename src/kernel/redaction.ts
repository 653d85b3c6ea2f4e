/** Takes secrets out of anything that is about to be written down: by the name of the key, and by the look of the text. */

const CENSORED = '[redacted]';
const MAXIMUM = { depth: 8, entries: 200, text: 8192 };

/** Key names, lower case without `-` and `_`, whose value is never written down. */
const SECRET_KEYS = new Set([
  'authorization',
  'proxyauthorization',
  'cookie',
  'cookies',
  'setcookie',
  'code',
  'codeverifier',
  'state',
  'nonce',
  'samlresponse',
  'relaystate',
  'assertion',
  'key',
  'credentials',
  'smtpurl',
]);

/** Endings that make any longer name a secret too: `clientSecret`, `x-api-key`, `refresh_token`, `newPassword`. */
const SECRET_ENDINGS = [
  'password',
  'passphrase',
  'token',
  'tokens',
  'secret',
  'secrets',
  'apikey',
  'masterkey',
  'operatorkey',
  'privatekey',
  'signingkey',
  'assertion',
  'cookie',
];

/** Secrets inside longer texts: a URL that was logged, a header, an error message of a library. */
const SECRET_TEXTS: readonly [RegExp, string][] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, CENSORED],
  [/\b(Bearer|Basic|DPoP)\s+[\w.~+/=-]{6,}/gi, `$1 ${CENSORED}`],
  [/\beyJ[\w-]{4,}\.[\w-]+(\.[\w-]*)*/g, CENSORED],
  // Bearer values of this gateway: a prefix and 256 bits in base64url. Ids are shorter and stay readable.
  [/\b[a-z]+(_[a-z]+)*_[\w-]{43}(?![\w-])/g, CENSORED],
  // Emergency codes as they are printed.
  [/\bghx(-[a-z\d]{4}){7}\b/gi, CENSORED],
  [
    /([?&#;]|\b)((?:[a-z]+_)*(?:code|token|secret|password|verifier|assertion|state|nonce|SAMLResponse|RelayState))=[^&\s"'<>]+/gi,
    `$1$2=${CENSORED}`,
  ],
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^/\s:@]*:[^/\s@]*@/gi, `$1${CENSORED}@`],
];

/** Something of each of these is in every text that any of them changes; most texts have none of it and are looked at once. */
const SUSPECT = /-----BEGIN |(?:Bearer|Basic|DPoP)\s|eyJ|_[\w-]{43}|ghx-|=|:\/\//i;

/** The text without anything that looks like a secret, and cut at 8,192 characters. */
export function redactText(text: string): string {
  let clean = text.length > MAXIMUM.text ? `${text.slice(0, MAXIMUM.text)}...` : text;
  if (!SUSPECT.test(clean)) return clean;
  for (const [pattern, replacement] of SECRET_TEXTS) clean = clean.replace(pattern, replacement);
  return clean;
}

/**
 * A plain copy of the fields that is safe to write down. Errors become `{ type, message, stack, errorCode, context,
 * cause }`; bytes only tell their length; what lies deeper than 8 levels or beyond 200 entries is left out. Never throws.
 */
export function redactFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  try {
    return copyEntries(Object.entries(fields), 0);
  } catch {
    // A getter or proxy that throws: a log line must never be what breaks a request.
    return { unreadable: true };
  }
}

function copy(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint' || typeof value === 'symbol') return redactText(String(value));
  if (typeof value === 'function') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
  if (value instanceof URL) return redactText(value.href);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (depth >= MAXIMUM.depth) return '[deep]';
  if (value instanceof Error) return copyEntries(entriesOfError(value), depth);
  if (value instanceof Map || value instanceof Headers || value instanceof URLSearchParams) {
    return copyEntries([...value.entries()], depth);
  }
  if (Array.isArray(value) || value instanceof Set) {
    return [...value].slice(0, MAXIMUM.entries).map((entry) => copy(entry, depth + 1));
  }
  return copyEntries(Object.entries(value), depth);
}

function copyEntries(
  entries: readonly (readonly [unknown, unknown])[],
  depth: number,
): Record<string, unknown> {
  const result: Record<string, unknown> = Object.create(null);
  for (const [key, value] of entries.slice(0, MAXIMUM.entries)) {
    const name = String(key);
    // An empty secret is worth seeing: it tells "absent" from "wrong".
    const isHidden = isSecretKey(name) && value !== undefined && value !== null && value !== '';
    result[redactText(name)] = isHidden ? CENSORED : copy(value, depth + 1);
  }
  return result;
}

/** True for a key whose value is a secret wherever it stands: `password`, `client_secret`, `X-Api-Key`. */
export function isSecretKey(name: string): boolean {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  return SECRET_KEYS.has(plain) || SECRET_ENDINGS.some((ending) => plain.endsWith(ending));
}

/** The error's own `code` is renamed, because a key `code` elsewhere is an authorization code. */
function entriesOfError(error: Error): [string, unknown][] {
  const { code, context, cause } = { code: undefined, context: undefined, ...error, cause: error.cause };
  const entries: [string, unknown][] = [
    ['type', error.name],
    ['message', error.message],
    ['stack', error.stack],
    ['errorCode', code],
    ['context', context],
    ['cause', cause],
  ];
  return entries.filter(([, value]) => value !== undefined);
}
