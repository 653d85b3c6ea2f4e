/** Reads recorded attempts to sign in through the management API, as an admin does. */
import type { Organization } from '../../src/core/entities/organization.ts';
import type { TestGateway } from './gateway.ts';

export interface RecordedFact {
  readonly name: string;
  readonly values: readonly string[];
  readonly count: number;
  readonly isVerified: boolean;
}

/** An item, as far as tests look into it. */
export interface RecordedSignIn {
  readonly id: string;
  readonly kind: string;
  readonly protocol: string;
  readonly connectionId: string | null;
  readonly identityProvider: string | null;
  readonly signInId: string | null;
  readonly step: string;
  readonly timings: readonly { readonly step: string; readonly ms: number }[];
  readonly requestId: string;
  readonly status: number;
  readonly facts: readonly RecordedFact[];
  readonly notes: readonly { readonly code: string; readonly cause: string; readonly where: object }[];
  readonly outcome: { readonly kind: string; readonly membershipId: string | null } | null;
  readonly failure: {
    readonly code: string;
    readonly reason: string;
    readonly cause: string;
    readonly where: Readonly<Record<string, string>>;
    readonly here: string | null;
  } | null;
}

/** Newest first. */
export async function recordedSignIns(
  gateway: TestGateway,
  { id }: Pick<Organization, 'id'>,
  query = '',
): Promise<readonly RecordedSignIn[]> {
  const answer = await gateway
    .request()
    .get(`/api/v1/organizations/${id}/recorder?kind=sign-in${query}`)
    .set('Authorization', `Bearer ${gateway.operatorKey}`);
  if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.text}`);
  return answer.body.items;
}

/** The values said under a name, and whether a signature covers them; undefined when nothing was. */
export function factOf(
  attempt: RecordedSignIn | undefined,
  name: string,
): readonly [readonly string[], boolean] | undefined {
  const fact = attempt?.facts.find((one) => one.name === name);
  return fact && [fact.values, fact.isVerified];
}
