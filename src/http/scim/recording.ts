/** Hands every exchange of a directory to the recorder once it is over: texts as they are, nothing is parsed or redacted here. */
import type { ErrorRequestHandler, Request, Response } from 'express';
import type { AuditEvent } from '../../core/entities/journal.ts';
import type { RecordedFailure } from '../../core/entities/recorder.ts';
import { changeOf, REQUEST_EXCERPT, type RecordedExchange } from '../../core/journal/recorder.ts';
import { type Excerpt, excerptOf } from '../../core/journal/recorder-redaction.ts';
import type { GatehouseError } from '../../kernel/errors.ts';
import { type DirectoryId, type OrganizationId, parseId } from '../../kernel/ids.ts';
import type { HttpDeps } from '../deps.ts';
import { entryOf, toGatehouseError } from '../errors/error-table.ts';
import { factsOf } from '../request-facts.ts';
import type { ScimContext } from './context.ts';
import type { NotedTolerances } from './noted-tolerances.ts';

/**
 * To be called when an exchange is over. What has no known token is nobody's and is not recorded: a stranger must not be
 * able to fill an organization's recorder.
 */
export function recordExchanges({ recorder }: HttpDeps): (req: Request, res: Response) => void {
  return (req, res) => {
    const owner = ownerOf(res);
    if (owner === undefined) return;
    const at: number = res.locals.at;
    const path = req.originalUrl.slice(`/scim/v2/${owner.directoryId}`.length);
    const ms = Math.round((performance.now() - factsOf(res).startedAt) * 10) / 10;
    recorder.add({ ...owner, ...exchangeOf(res), replayOf: null, at, ms, method: req.method, path });
  };
}

/** Keeps the error for the recorder; stands before the rendering. */
export const noteFailure: ErrorRequestHandler = (thrown, _req, res, next) => {
  res.locals.failure = toGatehouseError(thrown);
  next(thrown);
};

type Owner = Pick<RecordedExchange, 'organizationId' | 'directoryId' | 'tokenName'>;

/** Whose exchange it was: of the token that was let in, or of a real token that was refused. */
function ownerOf(res: Response): Owner | undefined {
  const context: ScimContext | undefined = res.locals.scim;
  if (context !== undefined) {
    const { organizationId, directoryId, cause } = context;
    const tokenName = cause.actor.kind === 'directory' ? cause.actor.tokenName : null;
    return { organizationId, directoryId, tokenName };
  }
  const failure: GatehouseError | undefined = res.locals.failure;
  return failure === undefined ? undefined : refusedOwner(failure.context);
}

function refusedOwner(facts: GatehouseError['context']): Owner | undefined {
  const organizationId: OrganizationId | undefined = parseId('org', String(facts.organizationId));
  const directoryId: DirectoryId | undefined = parseId('dir', String(facts.directoryId));
  if (organizationId === undefined || directoryId === undefined) return undefined;
  return { organizationId, directoryId, tokenName: String(facts.tokenName) };
}

type Outcome = Pick<
  RecordedExchange,
  'requestId' | 'status' | 'request' | 'response' | 'tolerances' | 'unknownAttributes' | 'change' | 'failure'
>;

/** What the handlers left behind in `res.locals`. */
export function exchangeOf(res: Response): Outcome {
  const { locals } = res;
  const tolerated: NotedTolerances | undefined = locals.tolerated;
  const committed: readonly AuditEvent[] | undefined = locals.committed;
  const bodyBytes: Buffer | undefined = locals.bodyBytes;
  const answer: Excerpt | undefined = locals.answer;
  return {
    requestId: factsOf(res).requestId,
    status: res.statusCode,
    request: bodyBytes === undefined ? null : excerptOf(bodyBytes, REQUEST_EXCERPT),
    response: answer ?? null,
    tolerances: tolerated?.tolerances ?? [],
    unknownAttributes: tolerated?.unknownAttributes ?? [],
    change: committed === undefined ? null : changeOf(committed),
    failure: failureOf(locals.failure),
  };
}

function failureOf(error: GatehouseError | undefined): RecordedFailure | null {
  if (error === undefined) return null;
  const { code, detail, field } = error;
  return { code, scimType: entryOf(code).scimType ?? null, detail, field: field ?? null };
}
