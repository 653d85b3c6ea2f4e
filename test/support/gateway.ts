/** The whole gateway for tests: every route on a real store and a local port, with a clock, mails and DNS that tests own. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import supertest from 'supertest';
import { composeGateway, type Replacements } from '../../src/app.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { createDirectory, createDirectoryToken } from '../../src/core/directory/directories.ts';
import type { Directory, DirectoryKind } from '../../src/core/entities/directory.ts';
import type { Cause } from '../../src/core/entities/journal.ts';
import type { Organization } from '../../src/core/entities/organization.ts';
import type { OrganizationInput } from '../../src/core/organization/organizations.ts';
import { createOrganization } from '../../src/core/organization/organizations.ts';
import type { PlanPreset } from '../../src/core/organization/plans.ts';
import type { Afterwards } from '../../src/core/ports/afterwards.ts';
import type { Mail } from '../../src/core/ports/mailer.ts';
import type { PasswordHasher } from '../../src/core/ports/password-hasher.ts';
import type { Storage } from '../../src/core/ports/storage.ts';
import type { HttpDeps } from '../../src/http/deps.ts';
import { deliverDueMails } from '../../src/jobs/deliver-mails.ts';
import type { Logger } from '../../src/kernel/log.ts';
import { PATIENT_MS } from './in-time.ts';
import { runningTwice } from './running-twice.ts';
import { fixedRsaKeys } from './saml-keys.ts';
import { inProcessValidator } from './saml-validator.ts';

export interface GatewayOptions {
  /** Where the clock starts, epoch ms; 2026-03-01T12:00:00Z if absent. Tests with live identity providers pass `holdDate()`. */
  readonly now?: number;
  /** The gateway's own address, such as `https://gatehouse.example`; the local port it really listens on if absent. */
  readonly baseUrl?: string;
  /** True: it calls itself `localhost`, as passkeys need it, where nothing else is said. */
  readonly isLocalhost?: boolean;
  readonly plans?: Readonly<Record<string, PlanPreset>>;
  readonly trustProxy?: readonly string[];
  /** Hosts or CIDRs that outbound calls may reach; 127.0.0.1 and localhost if absent. */
  readonly egressAllow?: readonly string[];
  /** Name servers that are really asked; what `txtRecords` says if absent. */
  readonly dnsServers?: readonly string[];
  /** Off if absent. They follow the test's clock. */
  readonly rateLimits?: boolean;
  /** Where it keeps its files, which stay when it is closed; a folder of its own, gone afterwards, if absent. */
  readonly dataDir?: string;
  /** True: mails become files in its folder, as where no mail server is configured. Else tests see them. */
  readonly writesMails?: boolean;
  /** Milliseconds for every outbound call; so long that only what hangs meets it if absent: a busy machine is no outage. */
  readonly outboundTimeoutMs?: number;
  /** What becomes of work that nobody waits for; done at once, and waited for, if absent. */
  readonly afterwards?: Afterwards;
}

/** Stands still until told to move. */
export interface TestClock {
  now(): number;
  advance(ms: number): void;
}

/** One line the gateway logged. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface TestGateway {
  readonly baseUrl: string;
  /** `http://127.0.0.1:port`, where it really listens. */
  readonly origin: string;
  readonly server: Server;
  readonly deps: HttpDeps;
  readonly storage: Storage;
  /** The store's file. */
  readonly path: string;
  readonly clock: TestClock;
  readonly operatorKey: string;
  /** Every mail handed over so far, oldest first. */
  readonly mails: readonly Mail[];
  /** What DNS answers: TXT values by name. */
  readonly txtRecords: Map<string, readonly string[]>;
  readonly logLines: readonly LogLine[];
  /** A fresh supertest agent: `gateway.request().get('/healthz')`. */
  request(): ReturnType<typeof supertest>;
  /** Sends mails that wait in the outbox; answers how many were tried. */
  deliverMails(): Promise<number>;
  createOrganization(input?: Partial<OrganizationInput>): Promise<Organization>;
  /** An active directory with one live token. */
  createDirectory(organization: Pick<Organization, 'id'>, kind?: DirectoryKind): Promise<TestDirectory>;
  close(): Promise<void>;
}

export interface TestDirectory {
  readonly directory: Directory;
  readonly organizationId: Directory['organizationId'];
  readonly directoryId: Directory['id'];
  readonly token: string;
  /** `/scim/v2/{directoryId}` */
  readonly scimPath: string;
}

/** The cause of what a test does through core. */
export const testCause: Cause = { actor: { kind: 'operator' }, requestId: 'test' };

/** Starts a gateway that nobody else uses. */
export async function startGateway(options: GatewayOptions = {}): Promise<TestGateway> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'gatehouse-'));
  const { server, origin } = await listen();
  const clock = createTestClock(options.now ?? Date.UTC(2026, 2, 1, 12));
  const operatorKey = `gho_${randomBytes(32).toString('base64url')}`;
  const seen: Seen = { mails: [], logLines: [], txtRecords: new Map() };
  const config = configOf(options, { dataDir, origin, operatorKey });
  const { mailer, txtResolver, ...replaced } = replacementsOf(clock, seen, options);
  const gateway = await composeGateway(config, collectingLogger(seen.logLines, {}), {
    ...replaced,
    ...(options.dnsServers !== undefined || txtResolver === undefined ? {} : { txtResolver }),
    ...(options.writesMails === true || mailer === undefined ? {} : { mailer }),
  });
  server.on('request', (req, res) => gateway.server.emit('request', req, res));
  const { deps } = gateway;
  return {
    ...{ baseUrl: deps.baseUrl, origin, server, deps, storage: deps.storage, clock, operatorKey, ...seen },
    ...requestsOf(deps, server),
    path: join(dataDir, 'gatehouse.db'),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await gateway.close();
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

interface Place {
  readonly dataDir: string;
  readonly origin: string;
  readonly operatorKey: string;
}

/** What an operator would have set. */
function configOf(options: GatewayOptions, { dataDir, origin, operatorKey }: Place): Config {
  const defaults = loadConfig({ env: {}, readFile: () => undefined });
  return {
    ...defaults,
    ...{ port: 0, dataDir, operatorKey, rateLimits: options.rateLimits ?? false },
    baseUrl:
      options.baseUrl ?? (options.isLocalhost === true ? origin.replace('127.0.0.1', 'localhost') : origin),
    plans: options.plans ?? defaults.plans,
    trustProxy: options.trustProxy ?? [],
    dnsServers: options.dnsServers ?? [],
    egressAllow: options.egressAllow ?? ['127.0.0.1', 'localhost'],
  };
}

/** What tests look at, filled while the gateway runs. */
interface Seen {
  readonly mails: Mail[];
  readonly logLines: LogLine[];
  readonly txtRecords: Map<string, readonly string[]>;
}

function replacementsOf(
  clock: TestClock,
  { mails, txtRecords }: Seen,
  { afterwards = (work) => work(), outboundTimeoutMs = PATIENT_MS }: GatewayOptions,
): Replacements {
  return {
    clock: clock.now,
    passwords: fastPasswords,
    samlValidator: inProcessValidator,
    newRsaKey: fixedRsaKeys(),
    outboundTimeoutMs,
    // The rest follows the clock of the machine: on a slow one it would meet a test, and its clock, in the middle.
    onlyJobs: ['flush-recorder'],
    ...(process.env.GATEHOUSE_TESTS === 'twice' ? { decorateStorage: runningTwice } : {}),
    // Waited for, so that a test sees what its request has done.
    afterwards,
    txtResolver: { resolveTxt: async (name) => txtRecords.get(name) ?? [] },
    mailer: {
      send: async (mail) => {
        mails.push(mail);
        return { channel: 'smtp', messageId: `<${mails.length}@test>` };
      },
    },
  };
}

function requestsOf(
  deps: HttpDeps,
  server: Server,
): Pick<TestGateway, 'request' | 'deliverMails' | 'createOrganization' | 'createDirectory'> {
  return {
    request: () => supertest(server),
    deliverMails: () => deliverDueMails(deps),
    createOrganization: (input = {}) =>
      createOrganization(deps, { cause: testCause, organization: { name: 'Acme', ...input } }),
    createDirectory: (organization, kind) => createActiveDirectory(deps, organization, kind),
  };
}

/** Listens before the gateway exists, so that the gateway can be told its own address. */
async function listen(): Promise<{ readonly server: Server; readonly origin: string }> {
  // As long as a real one keeps them: a client that has waited for a busy machine must not meet a connection just closed.
  const server = createHttpServer({ maxHeaderSize: 16_384, keepAliveTimeout: 65_000 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { server, origin: `http://127.0.0.1:${address.port}` };
}

function createTestClock(start: number): TestClock {
  let now = start;
  return {
    now: () => now,
    advance: (ms) => {
      now += ms;
    },
  };
}

/** Real hashing takes most of a second by design; tests are not about that. */
const fastPasswords: PasswordHasher = {
  hash: async (password) => `fast$${digest(password)}`,
  verify: async (hash, password) => hash === `fast$${digest(password)}`,
  isOutdated: (hash) => !hash.startsWith('fast$'),
};

const digest = (text: string) => createHash('sha256').update(text).digest('hex');

function collectingLogger(lines: LogLine[], inherited: Readonly<Record<string, unknown>>): Logger {
  const write =
    (level: LogLine['level']) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
      lines.push({ level, message, fields: { ...inherited, ...fields } });
    };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    writes: () => true,
    child: (fields) => collectingLogger(lines, { ...inherited, ...fields }),
  };
}

async function createActiveDirectory(
  deps: HttpDeps,
  organization: Pick<Organization, 'id'>,
  kind: DirectoryKind = 'generic',
): Promise<TestDirectory> {
  const request = { organizationId: organization.id, cause: testCause };
  const directory = await createDirectory(deps, { ...request, kind });
  const { token } = await createDirectoryToken(deps, {
    ...request,
    directoryId: directory.id,
    name: 'test',
  });
  const { id: directoryId, organizationId } = directory;
  return { directory, organizationId, directoryId, token, scimPath: `/scim/v2/${directoryId}` };
}
