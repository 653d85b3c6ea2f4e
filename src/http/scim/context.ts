/** What every SCIM handler is told: whose directory it acts for. The token decides that; the path must agree with it. */
import type { Request, Response } from 'express';
import { authenticateDirectory } from '../../core/directory/directory-authentication.ts';
import type { Directory } from '../../core/entities/directory.ts';
import type { AuditEvent, Cause } from '../../core/entities/journal.ts';
import { watchCommits } from '../../core/journal/committed-events.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { rememberingHasher } from '../../kernel/tokens.ts';
import type { HttpDeps } from '../deps.ts';
import { bearerToken } from '../guards.ts';
import { causeOf } from '../request-facts.ts';
import type { DirectoryTypes } from './resource-types.ts';

/** One authenticated request of a directory. */
export interface ScimContext extends DirectoryTypes {
  readonly deps: HttpDeps;
  readonly directory: Directory;
  readonly organizationId: Directory['organizationId'];
  readonly directoryId: Directory['id'];
  readonly cause: Cause;
  /** `https://host/scim/v2/{directoryId}`: every location starts with it, whatever the Host header says. */
  readonly baseUrl: string;
  /** True for an operation of a Bulk, whose result shows no resource: none is put together. */
  readonly isAnswerUnread?: boolean;
}

/** Answers one request. The context is already authenticated. */
export type ScimHandler = (context: ScimContext, req: Request, res: Response) => Promise<void> | void;

/**
 * The guard of everything below `/:directoryId`; it runs before any body is read. Throws `unauthenticated` for a
 * missing, malformed, doubled, unknown, expired or foreign token (S108), `forbidden` for a draft directory.
 */
export function directoryGuard(
  deps: HttpDeps,
): (directoryId: string, req: Request, res: Response) => Promise<void> {
  // A directory shows the same token with every request.
  const remembering = { ...deps, hashToken: rememberingHasher(deps.hashToken, TOKENS_REMEMBERED) };
  return async (directoryId, req, res) => {
    const bearer = bearerToken(req);
    if (bearer === undefined) {
      throw new GatehouseError('unauthenticated', 'Send the directory token as a bearer token.');
    }
    const { directory, token } = await authenticateDirectory(remembering, { token: bearer, directoryId });
    const cause = causeOf(res, {
      kind: 'directory',
      directoryId: directory.id,
      tokenId: token.id,
      tokenName: token.name,
    });
    placeContext(req, res, { deps, directory, cause });
  };
}

/** A few for each of the directories that push at one time. */
const TOKENS_REMEMBERED = 256;

/** Leaves the context for handlers, and in `res.locals.committed` the audit rows that the request will have caused. */
export function placeContext(
  req: Pick<Request, 'method'>,
  res: Pick<Response, 'locals'>,
  from: { readonly deps: HttpDeps; readonly directory: Directory; readonly cause: Cause },
): void {
  const { deps, directory, cause } = from;
  const types = deps.typesOf(directory);
  const context: ScimContext = {
    deps: req.method === 'GET' ? deps : { ...deps, storage: watchCommits(deps.storage, noteIn(res)) },
    directory,
    organizationId: directory.organizationId,
    directoryId: directory.id,
    cause: directory.isShadow ? { ...cause, isShadow: true } : cause,
    baseUrl: `${deps.baseUrl}/scim/v2/${directory.id}`,
    userType: types.userType,
    groupType: types.groupType,
    userFields: types.userFields,
    uniqueAttributes: types.uniqueAttributes,
  };
  res.locals.scim = context;
}

const noteIn = (res: Pick<Response, 'locals'>) => {
  const committed: AuditEvent[] = [];
  res.locals.committed = committed;
  return (events: readonly AuditEvent[]): void => {
    committed.push(...events);
  };
};

/** The context that the guard left for this request. */
export function scimContextOf(res: Response): ScimContext {
  const context: ScimContext | undefined = res.locals.scim;
  if (context === undefined) {
    throw new GatehouseError('internal', 'A SCIM handler ran without its guard.');
  }
  return context;
}
