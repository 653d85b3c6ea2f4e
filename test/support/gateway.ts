/** The whole gateway for tests: every route on a real store and a local port, with a clock, mails and DNS that tests own. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import supertest from 'supertest';
import defaults from '../../config/defaults.json' with { type: 'json' };
import { createDirectory, createDirectoryToken } from '../../src/core/directories.ts';
import type { Directory, DirectoryKind } from '../../src/core/entities/directory.ts';
import type { Cause } from '../../src/core/entities/journal.ts';
import type { Organization } from '../../src/core/entities/organization.ts';
import type { OrganizationInput } from '../../src/core/organizations.ts';
import { createOrganization } from '../../src/core/organizations.ts';
import type { PlanPreset } from '../../src/core/plans.ts';
import type { Mail } from '../../src/core/ports/mailer.ts';
import type { PasswordHasher } from '../../src/core/ports/password-hasher.ts';
import type { Storage } from '../../src/core/ports/storage.ts';
import type { HttpDeps } from '../../src/http/deps.ts';
import { createOidcClient } from '../../src/http/oidc/strategy.ts';
import { deliverDueMails } from '../../src/jobs/deliver-mails.ts';
import type { Logger } from '../../src/kernel/log.ts';
import { createSealer, deriveKey } from '../../src/kernel/sealing.ts';
import { createTokenHasher } from '../../src/kernel/tokens.ts';
import { createSafeFetch } from '../../src/outbound/safe-fetch.ts';
import { sealSecrets } from '../../src/storage/seal-secrets.ts';
import { openSqliteStorage } from '../../src/storage/sqlite/open.ts';

export interface GatewayOptions {
  /** Where the clock starts, epoch ms; 2026-03-01T12:00:00Z if absent. Tests with live identity providers pass Date.now(). */
  readonly now?: number;
  /** The gateway's own address, such as `https://gatehouse.example`; the local port it really listens on if absent. */
  readonly baseUrl?: string;
  readonly plans?: Readonly<Record<string, PlanPreset>>;
  readonly trustProxy?: readonly string[];
  /** Hosts or CIDRs that outbound calls may reach; 127.0.0.1 and localhost if absent. */
  readonly egressAllow?: readonly string[];
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
  /** Listens on 127.0.0.1. */
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
  readonly token: string;
  /** `/scim/v2/{directoryId}` */
  readonly scimPath: string;
}

/** The cause of what a test does through core. */
export const testCause: Cause = { actor: { kind: 'operator' }, requestId: 'test' };

/** Starts a gateway that nobody else uses. */
export async function startGateway(options: GatewayOptions = {}): Promise<TestGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-'));
  const path = join(folder, 'gatehouse.db');
  const { server, origin } = await listen();
  const clock = createTestClock(options.now ?? Date.UTC(2026, 2, 1, 12));
  const masterKey = randomBytes(32);
  const storage = sealSecrets(
    await openSqliteStorage({ path, clock: clock.now }),
    createSealer(deriveKey(masterKey, 'seal')),
  );
  const operatorKey = `gho_${randomBytes(32).toString('base64url')}`;
  const mails: Mail[] = [];
  const txtRecords = new Map<string, readonly string[]>();
  const logLines: LogLine[] = [];
  const deps = createDeps({
    options,
    storage,
    clock,
    masterKey,
    operatorKey,
    origin,
    mails,
    txtRecords,
    logLines,
  });
  server.on('request', await createApp(deps));
  return {
    baseUrl: deps.baseUrl,
    server,
    deps,
    storage,
    path,
    clock,
    operatorKey,
    mails,
    txtRecords,
    logLines,
    request: () => supertest(server),
    deliverMails: () => deliverDueMails(deps),
    createOrganization: (input = {}) =>
      createOrganization(deps, { cause: testCause, organization: { name: 'Acme', ...input } }),
    createDirectory: (organization, kind) => createActiveDirectory(deps, organization, kind),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await storage.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Until every router that server.ts mounts is written, SCIM and what else is there stand alone. */
async function createApp(deps: HttpDeps): Promise<RequestListener> {
  try {
    const { createServer } = await import('../../src/http/server.ts');
    return createServer(deps) as RequestListener;
  } catch {
    const { default: express } = await import('express');
    const { attachFacts } = await import('../../src/http/request-facts.ts');
    const { createScimRouter } = await import('../../src/http/scim/router.ts');
    const app = express();
    app.set('query parser', 'simple');
    app.set('case sensitive routing', true);
    app.set('strict routing', true);
    app.disable('etag');
    app.use(attachFacts(deps.logger));
    app.use('/scim/v2', createScimRouter(deps));
    return app as RequestListener;
  }
}

async function listen(): Promise<{ readonly server: Server; readonly origin: string }> {
  const server = createHttpServer({ maxHeaderSize: 16_384 });
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

interface Parts {
  readonly options: GatewayOptions;
  readonly storage: Storage;
  readonly clock: TestClock;
  readonly masterKey: Buffer;
  readonly operatorKey: string;
  readonly origin: string;
  readonly mails: Mail[];
  readonly txtRecords: ReadonlyMap<string, readonly string[]>;
  readonly logLines: LogLine[];
}

function createDeps(parts: Parts): HttpDeps {
  const { options, storage, clock, mails, txtRecords } = parts;
  const hashToken = createTokenHasher(deriveKey(parts.masterKey, 'token-hash'));
  const fetcher = createSafeFetch({ allow: options.egressAllow ?? ['127.0.0.1', 'localhost'] });
  return {
    storage,
    clock: clock.now,
    hashToken,
    passwords: fastPasswords,
    mailer: {
      send: async (mail) => {
        mails.push(mail);
        return { channel: 'smtp', messageId: `<${mails.length}@test>` };
      },
    },
    fetcher,
    txtResolver: { resolveTxt: async (name) => txtRecords.get(name) ?? [] },
    baseUrl: options.baseUrl ?? parts.origin,
    plans: options.plans ?? readPlans(),
    logger: collectingLogger(parts.logLines, {}),
    oidc: createOidcClient({ fetcher, clock: clock.now }),
    operatorKeyHash: hashToken(parts.operatorKey),
    trustProxy: options.trustProxy ?? [],
  };
}

function readPlans(): Readonly<Record<string, PlanPreset>> {
  return JSON.parse(JSON.stringify(defaults.plans));
}

/** Real hashing takes most of a second by design; tests are not about that. */
const fastPasswords: PasswordHasher = {
  hash: async (password) => `fast$${digest(password)}`,
  verify: async (hash, password) => hash === `fast$${digest(password)}`,
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
  return { directory, organizationId: organization.id, token, scimPath: `/scim/v2/${directory.id}` };
}
