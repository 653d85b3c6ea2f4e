/**
 * Reads the settings file and the environment into one frozen Config, reporting every problem at once. The only
 * file that knows environment variables; it opens nothing but the settings file.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { z } from 'zod';
import defaults from '../config/defaults.json' with { type: 'json' };
import type { SettingName, Settings } from './config-schema.ts';
import { environmentKeys, settingsSchema } from './config-schema.ts';
import type { PlanPreset } from './core/organization/plans.ts';
import { GatehouseError } from './kernel/errors.ts';

/** Every setting, checked and normalised. Deeply frozen. */
export interface Config {
  /** 0 when the system shall choose. */
  readonly port: number;
  /** `undefined`: every interface. */
  readonly host: string | undefined;
  /** An origin: no path, no trailing slash. */
  readonly baseUrl: string;
  readonly dataDir: string;
  readonly operatorKey: string | undefined;
  /** 32 bytes in base64url, however the operator spelled them. */
  readonly masterKey: string | undefined;
  /** `file` undefined: the store's own file name inside `dataDir`. */
  readonly storage: { readonly engine: 'sqlite'; readonly file: string | undefined };
  readonly smtpUrl: string | undefined;
  readonly egressAllow: readonly string[];
  /** Empty: those of the system. */
  readonly dnsServers: readonly string[];
  readonly rateLimits: boolean;
  readonly logLevel: Settings['logLevel'];
  readonly trustProxy: readonly string[];
  readonly samlWorkers: number;
  readonly plans: Readonly<Record<string, PlanPreset>>;
}

interface ConfigSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Answers the text of a file, or undefined when there is none. Default: the file system. */
  readonly readFile?: (path: string) => string | undefined;
}

type Raw = Readonly<Record<string, unknown>>;

const FILE_VARIABLE = 'GATEHOUSE_CONFIG_FILE';
const DEFAULT_FILE = 'config/gatehouse.json';

/**
 * Builds the Config: defaults, then the file, then the environment, the later one winning key by key. The file is
 * `GATEHOUSE_CONFIG_FILE`, or `config/gatehouse.json` if that exists. An empty variable counts as absent.
 * Throws `invalid` whose detail holds one line per problem, naming the key and the rule but never the value.
 */
export function loadConfig({ env, readFile = readTextFile }: ConfigSources): Config {
  const file = readSettingsFile(env[FILE_VARIABLE] || undefined, readFile);
  const fromEnvironment = readEnvironment(env);
  const raw: Raw = { ...defaults, ...file.values, ...fromEnvironment, plans: withBuiltInPlans(file.values) };

  const nameOf = (path: readonly PropertyKey[]) => spell(path, { fromEnvironment, file: file.name });
  const parsed = settingsSchema.safeParse(raw);
  const problems = [
    ...file.problems,
    ...(parsed.error?.issues.flatMap((issue) => describeIssue(issue, nameOf)) ?? []),
    ...crossProblems(raw).map(({ key, rule }) => `${nameOf([key])}: ${rule}`),
  ];
  if (problems.length > 0 || parsed.data === undefined) {
    throw new GatehouseError('invalid', `The configuration has problems:\n${problems.join('\n')}`, {
      context: { problems },
    });
  }
  return deepFreeze(toConfig(parsed.data));
}

/**
 * The Config as it may be logged: secrets say only whether they are set, the mail server loses its credentials. They go
 * by other names than the settings, whose values the log censors whatever they say.
 */
export function redactConfig(config: Config): Readonly<Record<string, unknown>> {
  const { operatorKey, masterKey, smtpUrl, ...open } = config;
  const isSet = (value: string | undefined) => (value === undefined ? 'not set' : 'set');
  return {
    ...open,
    operatorKeyIs: isSet(operatorKey),
    masterKeyIs: isSet(masterKey),
    mailServer: smtpUrl === undefined ? 'not set' : withoutCredentials(smtpUrl),
  };
}

/** Below this an operator key can be guessed or remembered; it opens everything. */
const COMFORTABLE_KEY_LENGTH = 32;

/** What is allowed and yet looks like a mistake, one sentence each, without any value. Empty when there is nothing. */
export function configWarnings(config: Config, env: ConfigSources['env']): readonly string[] {
  const isShort = config.operatorKey !== undefined && config.operatorKey.length < COMFORTABLE_KEY_LENGTH;
  return [
    ...(isShort
      ? [
          `GATEHOUSE_OPERATOR_KEY has fewer than ${COMFORTABLE_KEY_LENGTH} characters: it opens everything, take a longer one (try: openssl rand -base64 32).`,
        ]
      : []),
    ...unknownVariables(env).map(describeUnknown),
  ];
}

function toConfig(settings: Settings): Config {
  return {
    port: settings.port,
    host: settings.host,
    baseUrl: settings.baseUrl ?? `http://localhost:${settings.port}`,
    dataDir: settings.dataDir,
    operatorKey: settings.operatorKey,
    masterKey: settings.masterKey,
    storage: { engine: 'sqlite', file: settings.storage.slice('sqlite:'.length) || undefined },
    smtpUrl: settings.smtpUrl,
    egressAllow: settings.egressAllow,
    dnsServers: settings.dnsServers,
    rateLimits: settings.rateLimits,
    logLevel: settings.logLevel,
    trustProxy: settings.trustProxy,
    samlWorkers: settings.samlWorkers ?? Math.min(4, Math.max(1, availableParallelism() - 1)),
    plans: settings.plans,
  };
}

interface SettingsFile {
  readonly name: string;
  readonly values: Raw;
  readonly problems: readonly string[];
}

function readSettingsFile(
  named: string | undefined,
  readFile: (path: string) => string | undefined,
): SettingsFile {
  const name = named ?? DEFAULT_FILE;
  const failed = (problem: string) => ({ name, values: {}, problems: [problem] });
  let text: string | undefined;
  try {
    text = readFile(name);
  } catch {
    return failed(`${name}: cannot be read`);
  }
  if (text === undefined) {
    return named === undefined
      ? { name, values: {}, problems: [] }
      : failed(`${FILE_VARIABLE}: names ${name}, which does not exist`);
  }
  const values = parseObject(text);
  if (values === undefined) return failed(`${name}: must be one JSON object`);
  // An editor's pointer to the schema is no setting.
  const { $schema: _, ...settings } = values;
  return { name, values: settings, problems: [] };
}

function parseObject(text: string): Raw | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function readEnvironment(env: ConfigSources['env']): Raw {
  const values: Record<string, unknown> = {};
  for (const [key, { variable, read }] of Object.entries(environmentKeys)) {
    const text = env[variable]?.trim();
    if (text !== undefined && text !== '') values[key] = read === undefined ? text : read(text);
  }
  return values;
}

const knownVariables = (): readonly string[] => [
  FILE_VARIABLE,
  ...Object.values(environmentKeys).map(({ variable }) => variable),
];

/** Kubernetes puts these beside every process when a service is called `gatehouse`; nobody typed them. */
const SERVICE_LINK = /^GATEHOUSE_(SERVICE_(HOST|PORT)|PORT_\d+_)/;

function unknownVariables(env: ConfigSources['env']): readonly string[] {
  const isOurs = (name: string) => /^GATEHOUSE_/i.test(name) && !SERVICE_LINK.test(name);
  const isServiceUrl = (text: string) => /^(tcp|udp):\/\//.test(text);
  return Object.entries(env)
    .filter(([name, text = '']) => isOurs(name) && text.trim() !== '' && !isServiceUrl(text))
    .map(([name]) => name)
    .filter((name) => !knownVariables().includes(name));
}

/** Names the setting that was probably meant, when only case and underscores tell the two apart. */
function describeUnknown(name: string): string {
  const bare = (text: string) => text.toUpperCase().replace(/^GATEHOUSE|_/g, '');
  const meant = knownVariables().find((known) => bare(known) === bare(name));
  return `${name} is not a setting and is ignored${meant === undefined ? '.' : `: did you mean ${meant}?`}`;
}

/** A file adds or replaces presets by name, so the one that new organizations get never goes missing. */
function withBuiltInPlans(file: Raw): unknown {
  if (file.plans === undefined) return defaults.plans;
  return isObject(file.plans) ? { ...defaults.plans, ...file.plans } : file.plans;
}

/** Rules over several settings. They look at raw values, so that they speak even when another key is wrong. */
function crossProblems(raw: Raw): { key: SettingName; rule: string }[] {
  const problems: { key: SettingName; rule: string }[] = [];
  if (raw.baseUrl === undefined && raw.port === 0) {
    problems.push({ key: 'baseUrl', rule: 'must be set when the port is 0' });
  }
  if (typeof raw.baseUrl === 'string' && isForeignHttp(raw.baseUrl) && raw.allowHttp !== true) {
    problems.push({
      key: 'baseUrl',
      rule: 'must be https on another host than this machine (GATEHOUSE_ALLOW_HTTP=yes lifts this on test networks)',
    });
  }
  return problems;
}

function isForeignHttp(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  const isThisMachine =
    ['localhost', '127.0.0.1', '[::1]'].includes(hostname) || hostname.endsWith('.localhost');
  return protocol === 'http:' && !isThisMachine;
}

/** A setting as the operator wrote it: the variable if it came from there, else the key inside the file. */
function spell(path: readonly PropertyKey[], from: { fromEnvironment: Raw; file: string }): string {
  const key = String(path[0]);
  const variable = Object.entries(environmentKeys).find(([name]) => name === key)?.[1].variable;
  if (Object.hasOwn(from.fromEnvironment, key) && variable !== undefined) {
    return typeof path[1] === 'number' ? `${variable} (entry ${path[1] + 1})` : variable;
  }
  const dotted = path.map(String).join('.');
  return variable === undefined ? `${from.file}: ${dotted}` : `${variable} (${dotted} in ${from.file})`;
}

function describeIssue(issue: z.core.$ZodIssue, nameOf: (path: readonly PropertyKey[]) => string): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${nameOf([...issue.path, key])}: is not a setting`);
  }
  const rule = issue.code === 'invalid_key' ? issue.issues[0]?.message : issue.message;
  return [`${nameOf(issue.path)}: ${rule ?? 'is not valid'}`];
}

function withoutCredentials(text: string): string {
  const url = new URL(text);
  return `${url.protocol}//${url.host}`;
}

function isObject(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner);
  }
  return Object.freeze(value);
}

function readTextFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw cause;
  }
}
