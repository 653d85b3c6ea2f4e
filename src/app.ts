/** The composition root: the only file that constructs adapters and wires them together. */
import type { Server } from 'node:http';
import { createServer as createHttpServer } from 'node:http';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Config } from './config.ts';
import { settleKnownDefaultTeams } from './core/access/default-team.ts';
import {
  CLIENT_ATTEMPT_LIMITS,
  createAttemptLimiter,
  createMailRequestLimiter,
  DEFAULT_ATTEMPT_LIMITS,
  JOINING_MAIL_LIMITS,
  KEY_ATTEMPT_LIMITS,
  MAIL_REQUEST_LIMITS,
  SECOND_STEP_LIMITS,
} from './core/attempt-limit.ts';
import { createRecorder } from './core/journal/recorder.ts';
import { DEFAULT_MAIL_LIMITS } from './core/mail/mail-limit.ts';
import { settleOperatorKey } from './core/organization/operator-key.ts';
import type { Afterwards } from './core/ports/afterwards.ts';
import type { Mailer } from './core/ports/mailer.ts';
import type { PasswordHasher } from './core/ports/password-hasher.ts';
import type { Storage } from './core/ports/storage.ts';
import type { TxtResolver } from './core/ports/txt-resolver.ts';
import { DEFAULT_RATE_LIMITS } from './core/rate-limit.ts';
import { createSignInRecorder } from './core/sign-in/sign-in-recorder.ts';
import { createStrangerGate } from './core/sign-in/stranger-refusals.ts';
import type { HttpDeps } from './http/deps.ts';
import { createDrain } from './http/drain.ts';
import { createOidcRelyingParty } from './http/oidc/relying-party.ts';
import { signLogoutTokenWith } from './http/provider/logout-tokens.ts';
import { createMetadataReader } from './http/saml/metadata-reader.ts';
import type { SamlValidator } from './http/saml/validator.ts';
import { createValidatorPool } from './http/saml/validator-pool.ts';
import { createCursors } from './http/scim/cursors.ts';
import { createTypeCache } from './http/scim/resource-types.ts';
import { createEdge } from './http/server.ts';
import { createAfterwards } from './jobs/afterwards.ts';
import { startJobs } from './jobs/schedule.ts';
import { type JobDeps, jobsOf } from './jobs/timetable.ts';
import type { Clock } from './kernel/clock.ts';
import { seconds, systemClock } from './kernel/clock.ts';
import type { Logger } from './kernel/log.ts';
import { createSealer, deriveKey } from './kernel/sealing.ts';
import { type NewRsaKey, newRsaKey } from './kernel/self-signed-certificate.ts';
import { createTokenHasher, rememberingHasher } from './kernel/tokens.ts';
import { createArgon2Passwords } from './outbound/argon2-passwords.ts';
import { createDnsTxtResolver } from './outbound/dns-txt-resolver.ts';
import { createFileMailer } from './outbound/file-mailer.ts';
import type { MasterKey } from './outbound/master-key.ts';
import { loadMasterKey } from './outbound/master-key.ts';
import { createOneTimeCodes } from './outbound/otpauth-codes.ts';
import { createSafeFetch } from './outbound/safe-fetch.ts';
import { createSmtpMailer } from './outbound/smtp-mailer.ts';
import { createPasskeyCeremonies } from './outbound/webauthn-ceremonies.ts';
import { assertMasterKeyFits } from './storage/master-key-check.ts';
import { sealSecrets } from './storage/seal-secrets.ts';
import { openSqliteStorage } from './storage/sqlite/open.ts';

/** What a test may put in place of the real world. */
export interface Replacements {
  readonly clock?: Clock;
  readonly mailer?: Mailer;
  readonly passwords?: PasswordHasher;
  readonly txtResolver?: TxtResolver;
  readonly newRsaKey?: NewRsaKey;
  readonly afterwards?: Afterwards;
  readonly samlValidator?: SamlValidator;
  /** Milliseconds for every outbound call; each kind has its own limit if absent. */
  readonly outboundTimeoutMs?: number;
  /** What stands between everything and the store. */
  readonly decorateStorage?: (storage: Storage) => Storage;
  /** The jobs, by name, that run by themselves; all of them if absent. */
  readonly onlyJobs?: readonly string[];
}

export interface Gateway {
  readonly deps: HttpDeps;
  readonly masterKey: MasterKey;
  /** The operator key, only when it has just been made: printed once, stored as a hash. */
  readonly newOperatorKey: string | undefined;
  /** Not yet listening. */
  readonly server: Server;
  /** Stops taking requests, lets those under way finish, stops the jobs, then closes storage. */
  close(): Promise<void>;
}

/** Builds the whole gateway over an opened store. Listens nowhere. */
export async function composeGateway(
  config: Config,
  logger: Logger,
  replaced: Replacements = {},
): Promise<Gateway> {
  const storePath = storePathOf(config);
  const masterKey = loadMasterKey(config.masterKey, { dataDir: config.dataDir, storePath });
  const storage = await openStorage({ path: storePath, masterKey, logger }, replaced);
  const hashes = tokenHashes(masterKey);
  const adapters = createAdapters(config, masterKey, replaced);
  const operatorKey = await settleOperatorKey({ storage, ...hashes }, config.operatorKey);
  const afterwards = createAfterwards(logger);
  const deps: HttpDeps = {
    ...adapters,
    afterwards: replaced.afterwards ?? afterwards.run,
    storage,
    ...hashes,
    ...settingsFor(config),
    logger,
    oidc: createOidcRelyingParty(adapters),
    samlValidator: replaced.samlValidator ?? createValidatorPool({ workers: config.samlWorkers, logger }),
    operatorKeyHash: operatorKey.hash,
    typesOf: createTypeCache(),
    ...createRecorders(storage, logger),
    cursors: createCursors(deriveKey(masterKey.key, 'scim-cursor')),
  };
  await Promise.all([loadProviderIfUsed(storage), warmIfUsed(deps)]);
  const { messages, answer } = createEdge(deps);
  const server = createHttpServer({ ...SERVER_LIMITS, ...messages }, answer);
  const jobs = jobsOf(jobDeps(deps)).filter(({ name }) => replaced.onlyJobs?.includes(name) ?? true);
  const stop = { drain: createDrain(server, DRAIN_LIMIT_MS), jobs: startJobs(jobs, logger) };
  return {
    deps,
    masterKey,
    newOperatorKey: operatorKey.created,
    server,
    async close() {
      await stop.drain();
      await deps.samlValidator.close();
      await afterwards.settled();
      await stop.jobs();
      await flushRecorders(deps);
      await storage.close();
    },
  };
}

/** Two for a sign-in under way: what finds it, and what binds it to its browser. */
const PENDING_HASHES = 400;

function tokenHashes({ key }: MasterKey): Pick<HttpDeps, 'hashToken' | 'hashPending'> {
  const hashToken = createTokenHasher(deriveKey(key, 'token-hash'));
  return { hashToken, hashPending: rememberingHasher(hashToken, PENDING_HASHES) };
}

/** Loading it holds up everybody for a tenth of a second: where applications are registered, before there is anybody. */
async function loadProviderIfUsed({ applications }: Storage): Promise<void> {
  if ((await applications.list({ limit: 1 })).length > 0) await import('./http/provider/router.ts');
}

/** Threads that judge SAML responses take a second to start: where there are SAML connections, before there is anybody. */
async function warmIfUsed({ storage, samlValidator }: HttpDeps): Promise<void> {
  // Watched, for their certificates, are those alone that speak SAML.
  const watched = await storage.connections.listDue(Number.MAX_SAFE_INTEGER, 100);
  if (watched.some(({ status }) => status === 'active')) samlValidator.warm();
}

const attemptLimits = (clock: Clock) => ({
  passwordAttempts: createAttemptLimiter(DEFAULT_ATTEMPT_LIMITS, clock),
  secondStepAttempts: createAttemptLimiter(SECOND_STEP_LIMITS, clock),
  keyAttempts: createAttemptLimiter(KEY_ATTEMPT_LIMITS, clock),
  resetRequests: createMailRequestLimiter(MAIL_REQUEST_LIMITS, clock),
  mailLimits: DEFAULT_MAIL_LIMITS,
  joiningRequests: createMailRequestLimiter(JOINING_MAIL_LIMITS, clock),
  clientAttempts: createAttemptLimiter(CLIENT_ATTEMPT_LIMITS, clock),
  strangerGate: createStrangerGate(clock),
});

/** What requests need of the configuration as it is. */
const settingsFor = ({ baseUrl, plans, trustProxy, rateLimits }: Config) => ({
  baseUrl,
  plans,
  trustProxy,
  rateLimits: rateLimits ? DEFAULT_RATE_LIMITS : undefined,
});

/** S225: slow and oversized requests end by themselves. Idle connections outlive a load balancer's 60 seconds. */
const SERVER_LIMITS = {
  requestTimeout: seconds(30),
  headersTimeout: seconds(10),
  keepAliveTimeout: seconds(65),
  maxHeaderSize: 16_384,
};

/** S196, S200: of each request. */
const WEBHOOK_LIMITS = { timeoutMs: seconds(5), maxBytes: 64 * 1024 };
function createAdapters(config: Config, masterKey: MasterKey, replaced: Replacements) {
  const clock = replaced.clock ?? systemClock;
  const { outboundTimeoutMs: timeoutMs } = replaced;
  const limit = timeoutMs === undefined ? {} : { timeoutMs };
  const fetcher = createSafeFetch({ allow: config.egressAllow, ...limit });
  return {
    clock,
    passwords:
      replaced.passwords ?? createArgon2Passwords({ pepper: deriveKey(masterKey.key, 'password-pepper') }),
    ...(config.rateLimits ? attemptLimits(clock) : {}),
    oneTimeCodes: createOneTimeCodes(),
    passkeyCeremonies: createPasskeyCeremonies(config.baseUrl),
    newRsaKey: replaced.newRsaKey ?? newRsaKey,
    mailer: replaced.mailer ?? createMailer(config, clock),
    fetcher,
    webhookFetcher: createSafeFetch({ allow: config.egressAllow, ...WEBHOOK_LIMITS, ...limit }),
    readMetadata: createMetadataReader(fetcher),
    txtResolver: replaced.txtResolver ?? createDnsTxtResolver(config.dnsServers),
  };
}

const createRecorders = (storage: Storage, logger: Logger) => ({
  recorder: createRecorder({
    storage,
    onLoss: (count, error) => logger.warn('recorder lost exchanges', { count, error }),
  }),
  signInRecorder: createSignInRecorder({
    storage,
    onLoss: (count, error) => logger.warn('recorder lost sign-ins', { count, error }),
  }),
});

async function flushRecorders({ recorder, signInRecorder }: HttpDeps): Promise<void> {
  await recorder.flush();
  await signInRecorder.flush();
}

/** What jobs need besides: signing for applications, and a pause between the steps of a cut-over. */
const jobDeps = (deps: HttpDeps): JobDeps => ({
  ...deps,
  signLogoutToken: signLogoutTokenWith(deps),
  pause: () => nextTurn(),
});

const storePathOf = ({ storage, dataDir }: Config): string => storage.file ?? join(dataDir, 'gatehouse.db');

async function openStorage(
  {
    path,
    masterKey,
    logger,
  }: { readonly path: string; readonly masterKey: MasterKey; readonly logger: Logger },
  replaced: Replacements,
): Promise<Storage> {
  const { clock = systemClock, decorateStorage = (sealed) => sealed } = replaced;
  const storage = await openSqliteStorage({ path, clock });
  const sealer = createSealer(deriveKey(masterKey.key, 'seal'));
  await assertMasterKeyFits(storage, sealer).catch(async (error: unknown) => {
    await storage.close();
    throw error;
  });
  const sealed = decorateStorage(
    sealSecrets(storage, sealer, (found) => logger.error('a stored secret does not open', { ...found })),
  );
  await settleKnownDefaultTeams({ storage: sealed, clock });
  return sealed;
}

function createMailer(config: Config, clock: Clock): Mailer {
  const from = `gatehouse@${new URL(config.baseUrl).hostname}`;
  return config.smtpUrl === undefined
    ? createFileMailer({ folder: join(config.dataDir, 'mail'), from, clock })
    : createSmtpMailer({ url: config.smtpUrl, from });
}

/** How long requests under way may take to finish once the gateway has been told to stop (R41). */
const DRAIN_LIMIT_MS = seconds(20);
