/** Applications: registered by the operator, with secrets that can be replaced while both work. */
import { days } from '../../kernel/clock.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { ApplicationId, ApplicationSecretId, OrganizationId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import { newToken } from '../../kernel/tokens.ts';
import type { Deps } from '../deps.ts';
import type {
  Application,
  ApplicationSecret,
  AuthMethod,
  IdTokenAlgorithm,
  PublicJwk,
} from '../entities/application.ts';
import type { Cause } from '../entities/journal.ts';
import type { ChangeRecord } from '../journal/audit.ts';
import { INSTALLATION, record } from '../journal/audit.ts';
import { findOrganization } from '../organization/organization-lookup.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import { assertSettings, takesSecret } from './application-settings.ts';

/** How long the secrets before a new one go on working unless told otherwise. */
export const SECRET_OVERLAP_MS = days(1);
const MOST_SECRETS = 5;

/** Everything the operator chooses. `organizations` holds ids or slugs; null or absent: all. */
export interface ApplicationInput {
  readonly name: string;
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris?: readonly string[] | undefined;
  readonly backchannelLogoutUri?: string | null | undefined;
  readonly organizations?: readonly string[] | null | undefined;
  readonly authMethod?: AuthMethod | undefined;
  readonly jwks?: readonly PublicJwk[] | undefined;
  readonly idTokenAlgorithm?: IdTokenAlgorithm | undefined;
}

export type ApplicationChange = {
  readonly [Key in keyof ApplicationInput]?: ApplicationInput[Key] | undefined;
};

/** `secret` is the only time its value is seen; null for applications that show none. */
export interface MadeApplication {
  readonly application: Application;
  readonly secret: string | null;
}

type ApplicationDeps = Pick<Deps, 'storage' | 'clock' | 'hashToken' | 'fetcher'>;

/** The application, or `not_found`. */
export async function getApplication(
  from: Pick<Queries, 'applications'> | Pick<Repositories, 'applications'>,
  id: ApplicationId,
): Promise<Application> {
  const application = await from.applications.find(id);
  if (application === undefined) throw new GatehouseError('not_found', 'No such application.');
  return application;
}

/** Registers an application. Throws `invalid`, `egress_refused`. */
export async function createApplication(
  deps: ApplicationDeps,
  input: { readonly application: ApplicationInput; readonly cause: Cause },
): Promise<MadeApplication> {
  const { application: wanted, cause } = input;
  const now = deps.clock();
  const authMethod = wanted.authMethod ?? 'client_secret_basic';
  const made = takesSecret(authMethod) ? makeSecret(deps, now) : undefined;
  const application: Application = {
    id: newId('app', now),
    version: 1,
    name: wanted.name,
    redirectUris: wanted.redirectUris,
    postLogoutRedirectUris: wanted.postLogoutRedirectUris ?? [],
    backchannelLogoutUri: wanted.backchannelLogoutUri ?? null,
    organizationIds: await organizationIdsOf(deps.storage, wanted.organizations ?? null),
    authMethod,
    jwks: wanted.jwks ?? [],
    idTokenAlgorithm: wanted.idTokenAlgorithm ?? 'ES256',
    secrets: made === undefined ? [] : [made.row],
    createdAt: now,
    updatedAt: now,
  };
  assertSettings(deps.fetcher, application);
  await deps.storage.transact(async (tx) => {
    await tx.applications.insert(application);
    await tell(tx, { cause, now }, { type: 'application.created', ...about(application) });
  });
  return { application, secret: made?.value ?? null };
}

/** Changes a registration; what is not named stays. Throws `not_found`, `invalid`, `egress_refused`. */
export async function updateApplication(
  deps: ApplicationDeps,
  input: {
    readonly id: ApplicationId;
    readonly change: ApplicationChange;
    readonly cause: Cause;
  },
): Promise<Application> {
  const { id, change, cause } = input;
  const { organizations } = change;
  const organizationIds =
    organizations === undefined ? undefined : await organizationIdsOf(deps.storage, organizations);
  return deps.storage.transact(async (tx) => {
    const now = deps.clock();
    const before = await getApplication(tx, id);
    const after: Application = {
      ...changed(before, change),
      organizationIds: organizationIds === undefined ? before.organizationIds : organizationIds,
      updatedAt: now,
    };
    assertSettings(deps.fetcher, after);
    assertSecretFits(after);
    await tx.applications.update(after, before.version);
    const details = { before: publicFacts(before), after: publicFacts(after) };
    await tell(tx, { cause, now }, { type: 'application.updated', target: targetOf(id), details });
    return { ...after, version: before.version + 1 };
  });
}

/** Removes an application: every grant, code and token of it is dead with it. Throws `not_found`. */
export async function removeApplication(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: { readonly id: ApplicationId; readonly cause: Cause },
): Promise<void> {
  await deps.storage.transact(async (tx) => {
    const application = await getApplication(tx, input.id);
    await tx.applications.remove(application.id);
    const context = { cause: input.cause, now: deps.clock() };
    await tell(tx, context, { type: 'application.removed', ...about(application) });
  });
}

/**
 * Makes another secret; those before it work for `overlapMs` more (S98). Throws `not_found`, and `invalid` for an
 * application that shows no secret or has too many.
 */
export async function rotateApplicationSecret(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  input: { readonly id: ApplicationId; readonly overlapMs: number; readonly cause: Cause },
): Promise<{ readonly application: Application; readonly row: ApplicationSecret; readonly secret: string }> {
  const now = deps.clock();
  const { row, value } = makeSecret(deps, now);
  const end = now + input.overlapMs;
  const application = await deps.storage.transact(async (tx) => {
    const before = await getApplication(tx, input.id);
    if (!takesSecret(before.authMethod))
      throw new GatehouseError('invalid', `${before.authMethod} uses no secret.`);
    const kept = before.secrets
      .map((secret) => ({ ...secret, expiresAt: Math.min(secret.expiresAt ?? end, end) }))
      .filter(({ expiresAt }) => expiresAt > now);
    if (kept.length >= MOST_SECRETS)
      throw new GatehouseError('invalid', `At most ${MOST_SECRETS} secrets at a time; remove one first.`);
    const after: Application = { ...before, secrets: [row, ...kept], updatedAt: now };
    await tx.applications.update(after, before.version);
    const details = { applicationId: before.id, overlapMs: input.overlapMs };
    const target = { kind: 'application_secret', id: row.id };
    await tell(tx, { cause: input.cause, now }, { type: 'application_secret.created', target, details });
    return { ...after, version: before.version + 1 };
  });
  return { application, row, secret: value };
}

/** Ends a secret at once. Throws `not_found`, `invalid` for the last one. */
export async function removeApplicationSecret(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: { readonly id: ApplicationId; readonly secretId: ApplicationSecretId; readonly cause: Cause },
): Promise<void> {
  const { id, secretId, cause } = input;
  await deps.storage.transact(async (tx) => {
    const now = deps.clock();
    const before = await getApplication(tx, id);
    const secrets = before.secrets.filter((secret) => secret.id !== secretId);
    if (secrets.length === before.secrets.length)
      throw new GatehouseError('not_found', 'No such application secret.');
    if (secrets.length === 0)
      throw new GatehouseError('invalid', 'This is the last secret. Make another one first.');
    await tx.applications.update({ ...before, secrets, updatedAt: now }, before.version);
    const target = { kind: 'application_secret', id: secretId };
    const details = { applicationId: id };
    await tell(tx, { cause, now }, { type: 'application_secret.removed', target, details });
  });
}

function makeSecret(deps: Pick<Deps, 'hashToken'>, now: number) {
  const value = newToken('gha');
  const row: ApplicationSecret = {
    id: newId('sec', now),
    secretHash: deps.hashToken(value),
    createdAt: now,
    expiresAt: null,
  };
  return { row, value };
}

function assertSecretFits({ authMethod, secrets }: Application): void {
  if (!takesSecret(authMethod) || secrets.length > 0) return;
  const detail = 'This application has no secret. Register another one that uses secrets.';
  throw new GatehouseError('invalid', detail, { field: 'authMethod' });
}

/** What is not named stays as it was. */
const changed = (before: Application, change: ApplicationChange): Application => ({
  ...before,
  name: change.name ?? before.name,
  redirectUris: change.redirectUris ?? before.redirectUris,
  postLogoutRedirectUris: change.postLogoutRedirectUris ?? before.postLogoutRedirectUris,
  backchannelLogoutUri:
    change.backchannelLogoutUri === undefined ? before.backchannelLogoutUri : change.backchannelLogoutUri,
  authMethod: change.authMethod ?? before.authMethod,
  jwks: change.jwks ?? before.jwks,
  idTokenAlgorithm: change.idTokenAlgorithm ?? before.idTokenAlgorithm,
});

async function organizationIdsOf(
  storage: Queries,
  references: readonly string[] | null,
): Promise<readonly OrganizationId[] | null> {
  if (references === null) return null;
  const ids = new Set<OrganizationId>();
  for (const reference of references) {
    const organization = await findOrganization(storage, reference);
    if (organization === undefined) {
      const detail = `There is no organization called ${reference}.`;
      throw new GatehouseError('invalid', detail, { field: 'organizations' });
    }
    ids.add(organization.id);
  }
  return [...ids];
}

const targetOf = (id: ApplicationId) => ({ kind: 'application', id });

const publicFacts = (application: Application): Readonly<Record<string, unknown>> => {
  const { secrets: _secrets, jwks: _jwks, id: _id, version: _version, ...facts } = application;
  return facts;
};

const about = (application: Application) => ({
  target: targetOf(application.id),
  details: publicFacts(application),
});

const tell = (
  tx: Repositories,
  context: { readonly cause: Cause; readonly now: number },
  change: ChangeRecord,
): Promise<void> => record(tx, { ...context, organizationId: INSTALLATION }, change);
