/** Recorded exchanges and attempts as JSON, each failure with its plain-language cause. */
import type { z } from 'zod';
import { explainFailure } from '../../core/directory/scim-failures.ts';
import type { Connection, IdentityProvider } from '../../core/entities/connection.ts';
import type { RecorderEntry } from '../../core/entities/recorder.ts';
import type { SignInAttempt } from '../../core/entities/sign-in-attempt.ts';
import { explainSignIn } from '../explanations/explain.ts';
import { identityProviderOf } from '../explanations/identity-provider.ts';
import { isReplayable } from '../scim/replay.ts';
import { isoTime } from './present.ts';
import type { scimEntryShape, signInEntryShape } from './recorder-shapes.ts';

export const presentExchange = (entry: RecorderEntry): z.infer<typeof scimEntryShape> => {
  const { organizationId: _organization, isRequestWhole: _whole, change, failure, ...rest } = entry;
  return {
    ...rest,
    at: isoTime(entry.at),
    tolerances: [...entry.tolerances],
    unknownAttributes: [...entry.unknownAttributes],
    change: change === null ? null : { ...change, auditEventIds: [...change.auditEventIds] },
    failure: failure === null ? null : { ...failure, ...explainFailure(failure, entry.path) },
    isReplayable: isReplayable(entry),
  };
};

/** `connections` are those of the organization; one that is gone leaves the product unknown. */
export function presentAttempt(
  attempt: SignInAttempt,
  connections: readonly Connection[],
): z.infer<typeof signInEntryShape> {
  const { organizationId: _organization, facts, notes, failure, ...rest } = attempt;
  const connection = connections.find(({ id }) => id === attempt.connectionId);
  const product: IdentityProvider | undefined = connection && identityProviderOf(connection);
  const about = { protocol: attempt.protocol, product };
  return {
    ...rest,
    kind: 'sign-in',
    at: isoTime(attempt.at),
    identityProvider: product ?? null,
    timings: attempt.timings.map((timing) => ({ ...timing })),
    facts: facts.map((fact) => ({ ...fact, values: [...fact.values] })),
    notes: notes.map((code) => ({ code, ...explainSignIn(code, about) })),
    failure: failure === null ? null : { ...failure, ...explainSignIn(failure.reason, about) },
  };
}
