/** Hands every attempt to sign in to the recorder once its answer is over; handlers note what they find out on the way. */
import type { Response } from 'express';
import type { Connection } from '../core/entities/connection.ts';
import {
  isStrangers,
  type SignInAttempt,
  type SignInOutcome,
  type SignInStep,
} from '../core/entities/sign-in-attempt.ts';
import { MOST_VALUES, type SeenAttempt, type ToldFact } from '../core/sign-in/sign-in-recorder.ts';
import { isGatehouseError } from '../kernel/errors.ts';
import type { SignInId } from '../kernel/ids.ts';
import type { HttpDeps } from './deps.ts';
import { factsOf } from './request-facts.ts';

/** What a handler found out; facts and notes are added to what is there, the rest replaces it. */
export interface AttemptFinding {
  readonly step?: SignInStep;
  readonly signInId?: SignInId | undefined;
  readonly facts?: readonly ToldFact[];
  readonly notes?: readonly string[];
  readonly outcome?: SignInOutcome;
}

interface OpenAttempt {
  readonly about: Pick<SeenAttempt, 'organizationId' | 'connectionId' | 'protocol'>;
  readonly at: number;
  readonly startedAt: number;
  steps: readonly { readonly step: SignInStep; readonly from: number }[];
  signInId: SignInId | null;
  facts: readonly ToldFact[];
  notes: readonly string[];
  outcome: SignInOutcome | null;
  failure: SignInAttempt['failure'];
}

/**
 * Begins an attempt at a connection; it is recorded when the answer is over. A request has one attempt: a second call
 * changes nothing.
 */
export function openConnectionAttempt(
  { clock, signInRecorder }: Pick<HttpDeps, 'clock' | 'signInRecorder'>,
  res: Response,
  { connection, step }: { readonly connection: Connection; readonly step: SignInStep },
): void {
  if (attemptOf(res) !== undefined) return;
  const { organizationId, id: connectionId, settings } = connection;
  const { startedAt } = factsOf(res);
  const attempt: OpenAttempt = {
    about: { organizationId, connectionId, protocol: settings.protocol },
    ...{ at: clock(), startedAt, steps: [{ step, from: startedAt }] },
    ...{ signInId: null, facts: [], notes: [], outcome: null, failure: null },
  };
  res.locals.attempt = attempt;
  res.once('close', () => {
    signInRecorder.add(seenOf(attempt, res));
  });
}

/** True once something was noted that a signature covers. */
export const hasVerifiedFacts = (res: Response): boolean =>
  attemptOf(res)?.facts.some(({ isVerified }) => isVerified) === true;

/** True once this was refused and nothing ties it to a person (`isStrangers`). */
export function isStrangersAttempt(res: Response): boolean {
  const attempt = attemptOf(res);
  return attempt !== undefined && isStrangers({ ...attempt, connectionId: attempt.about.connectionId });
}

/** Adds what was found out; without an attempt it does nothing. */
export function noteAttempt(res: Response, finding: AttemptFinding): void {
  const attempt = attemptOf(res);
  if (attempt === undefined) return;
  const { step, signInId, facts = [], notes = [], outcome } = finding;
  if (step !== undefined) attempt.steps = [...attempt.steps, { step, from: performance.now() }];
  if (signInId !== undefined) attempt.signInId = signInId;
  if (outcome !== undefined) attempt.outcome = outcome;
  attempt.facts = [...attempt.facts, ...facts];
  attempt.notes = [...attempt.notes, ...notes];
}

/** Notes why nobody comes in. What the error says beside its reason was vouched for by nobody, but that a signature held (`isSigned`). */
export function noteRefusal(res: Response, error: unknown): void {
  const attempt = attemptOf(res);
  if (attempt === undefined) return;
  const code = isGatehouseError(error) ? error.code : 'internal';
  const { reason = code, unverified, isSigned, ...rest } = isGatehouseError(error) ? error.context : {};
  attempt.outcome = null;
  attempt.failure = { code, reason: String(reason) };
  // First of all: of very many facts the last are cut.
  if (isSigned === true) attempt.facts = [...factsFrom([['Signature', 'verified']], true), ...attempt.facts];
  const hints = typeof unverified === 'object' && unverified !== null ? { ...unverified, ...rest } : rest;
  if (code === 'sign_in_refused' || code === 'sign_out_refused')
    noteAttempt(res, { facts: factsFrom(Object.entries(hints), false) });
}

/** Facts of names and values of any kind: lists stay lists, also empty ones; what is absent is left out, what is not kept is counted. */
export function factsFrom(
  entries: Iterable<readonly [string, unknown]>,
  isVerified: boolean,
): readonly ToldFact[] {
  return [...entries].flatMap(([name, value]) => {
    const given = (Array.isArray(value) ? value : [value]).filter((one) => one !== undefined && one !== null);
    const values = given.slice(0, MOST_VALUES).map(plain);
    return values.length === 0 && !Array.isArray(value)
      ? []
      : [{ name, values, count: given.length, isVerified }];
  });
}

const plain = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));

const attemptOf = (res: Response): OpenAttempt | undefined => res.locals.attempt;

function seenOf(attempt: OpenAttempt, res: Response): SeenAttempt {
  const { about, at, startedAt, steps, signInId, facts, notes, outcome, failure } = attempt;
  const endedAt = performance.now();
  const timings = steps.map(({ step, from }, index) => ({
    step,
    ms: rounded((steps[index + 1]?.from ?? endedAt) - from),
  }));
  return {
    ...{ ...about, signInId, at, ms: rounded(endedAt - startedAt), timings },
    ...{ step: steps.at(-1)?.step ?? 'start', facts, notes, outcome, failure },
    ...{ requestId: factsOf(res).requestId, status: res.statusCode },
  };
}

const rounded = (ms: number): number => Math.round(ms * 10) / 10;
