/** Test sign-ins: a real round to the identity provider and back that opens no session and shows what it would have done. */
import { days, minutes } from '../../kernel/clock.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import type { ConnectionId, MembershipId, OrganizationId, TestSignInId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import { newToken } from '../../kernel/tokens.ts';
import type { Caller } from '../access/access.ts';
import type { OrgRole } from '../access/roles.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Connection } from '../entities/connection.ts';
import type { Cause } from '../entities/journal.ts';
import type { TestDecision, TestFacts, TestReport, TestSignIn } from '../entities/sso-policy.ts';
import { record } from '../journal/audit.ts';
import type { Repositories } from '../ports/storage.ts';
import { connectIdentity } from '../sign-in/identity-connection.ts';
import { signInRefusal } from '../sign-in/refused-sign-ins.ts';
import { judge } from '../sign-in/sign-in-admission.ts';
import type { SignInDecision } from '../sign-in/sign-in-decision.ts';
import type { AnswerToTake } from '../sign-in/sign-ins.ts';
import { takeAnswer } from '../sign-in/sign-ins.ts';
import type { UpstreamIdentity } from '../sign-in/upstream-identity.ts';
import { getConnection } from './connections.ts';
import { settingsMark } from './sso-enforcement.ts';

/** How long the address works. */
const OPEN_MS = minutes(15);
/** How long a result is kept. */
const KEPT_MS = days(30);

/**
 * Prepares a test of a draft or active connection and answers the address to open: in the browser of the owner who asked,
 * or in any for the operator. `connects`: an identity that carries the owner's own verified address becomes theirs. Throws
 * `not_found`, `invalid` for a disabled connection.
 */
export async function createTestSignIn(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken' | 'baseUrl'>,
  input: {
    readonly organizationId: OrganizationId;
    readonly connectionId: ConnectionId;
    readonly caller: Caller;
    readonly connects: boolean;
    readonly cause: Cause;
  },
): Promise<{ readonly test: TestSignIn; readonly url: string }> {
  const { organizationId, connectionId, caller, cause } = input;
  const token = newToken('ght');
  const test = await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const connection = await getConnection(tx, organizationId, connectionId);
    if (connection.status === 'disabled')
      throw new GatehouseError('invalid', 'A disabled connection cannot be tested. Make it a draft first.', {
        field: 'status',
      });
    const row: TestSignIn = {
      id: newId('tsi', context.now),
      organizationId,
      connectionId,
      tokenHash: deps.hashToken(token),
      startedBy: cause.actor,
      membershipId: caller.kind === 'member' ? caller.membershipId : null,
      connects: input.connects && caller.kind === 'member',
      settingsMark: settingsMark(deps.hashToken, connection),
      status: 'open',
      report: null,
      createdAt: context.now,
      expiresAt: context.now + OPEN_MS,
      finishedAt: null,
    };
    await tx.testSignIns.insert(organizationId, row);
    const target = { kind: 'connection', id: connectionId };
    await record(tx, context, { type: 'test_sign_in.started', target, details: { testSignInId: row.id } });
    return row;
  });
  return { test, url: `${deps.baseUrl}/sign-in/test/${token}` };
}

/** The test an address names, with its connection, while it is open; undefined for anything else. Asking consumes nothing. */
export async function findOpenTest(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken'>,
  token: string,
): Promise<{ readonly test: TestSignIn; readonly connection: Connection } | undefined> {
  const test = await deps.storage.testSignIns.findByTokenHash(deps.hashToken(token));
  if (test === undefined || test.status !== 'open' || test.expiresAt <= deps.clock()) return undefined;
  const connection = await deps.storage.connections.find(test.organizationId, test.connectionId);
  return connection === undefined ? undefined : { test, connection };
}

/** Whether a connection of this status may be tested. */
export const isTestable = ({ status }: Pick<Connection, 'status'>): boolean => status !== 'disabled';

type Answered = AnswerToTake & { readonly id: TestSignInId };

/**
 * Takes the answer of the identity provider, decides what a real sign-in would have done, does none of it, and stores the
 * result. Throws `sign_in_refused` when the answer belongs to no test.
 */
export async function completeTestSignIn(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken' | 'hashPending'>,
  input: Answered,
): Promise<TestReport> {
  const { connection, identity, cause, id } = input;
  const { organizationId } = connection;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    await takeAnswer(tx, deps, input);
    const test = await tx.testSignIns.find(organizationId, id);
    const current = await tx.connections.find(organizationId, connection.id);
    if (test === undefined || current === undefined || !isTestable(current)) throw notPending();
    // The one that judged the answer as well as the one of now.
    const isUnchanged = [connection, current].every(
      (one) => settingsMark(deps.hashToken, one) === test.settingsMark,
    );
    const decision = await decide(tx, context, { test, connection: current, identity, isUnchanged });
    const reason = isUnchanged ? whyFailed(test, decision) : 'test.settings_changed';
    const report = { reason, facts: factsOf(identity), decision };
    await settle(tx, context, { test, report });
    return report;
  });
}

/** Stores why a test failed before its answer could be believed; nothing happens when it is settled already. */
export async function failTestSignIn(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: {
    readonly connection: Connection;
    readonly id: TestSignInId;
    readonly error: unknown;
    readonly cause: Cause;
  },
): Promise<void> {
  const { connection, id, error, cause } = input;
  const { organizationId } = connection;
  if (!isGatehouseError(error)) return;
  const reason = typeof error.context.reason === 'string' ? error.context.reason : error.code;
  await deps.storage.transact(async (tx) => {
    const test = await tx.testSignIns.find(organizationId, id);
    if (test?.status !== 'open') return;
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    await settle(tx, context, { test, report: { reason, facts: null, decision: null } });
  });
}

const notPending = () => signInRefusal('sign_in.not_pending');

async function settle(
  tx: Repositories,
  context: ChangeContext,
  { test, report }: { readonly test: TestSignIn; readonly report: TestReport },
): Promise<void> {
  const { organizationId, now } = context;
  const status = report.reason === null ? 'passed' : 'failed';
  const outcome = { status, report, now, expiresAt: now + KEPT_MS } as const;
  if (!(await tx.testSignIns.claim(organizationId, test.id, outcome))) throw notPending();
  await record(tx, context, {
    type: status === 'passed' ? 'test_sign_in.passed' : 'test_sign_in.failed',
    target: { kind: 'connection', id: test.connectionId },
    details: { testSignInId: test.id, reason: report.reason, decision: report.decision },
  });
}

interface Tested {
  readonly test: TestSignIn;
  readonly connection: Connection;
  readonly identity: UpstreamIdentity;
  /** False: the connection is another than the one that was to be tested. */
  readonly isUnchanged: boolean;
}

/** What a sign-in would do; the one thing a test does itself is what its owner agreed to beforehand: about the connection of then (S142). */
async function decide(tx: Repositories, context: ChangeContext, tested: Tested): Promise<TestDecision> {
  const { test, connection, identity, isUnchanged } = tested;
  const { decision, organization } = await judge(tx, context, { connection, identity });
  const own = test.connects && isUnchanged ? test.membershipId : null;
  if (own !== null && decision.kind === 'refuse' && decision.reason === 'identity.address_taken') {
    const membershipId = await connectOwn(tx, context, { connection, identity, membershipId: own });
    if (membershipId !== undefined) return { kind: 'connect', membershipId };
  }
  return presentable(decision, organization.defaultRole);
}

/** Undefined when the identity is not the owner's own after all; nothing has changed then. */
async function connectOwn(
  tx: Repositories,
  context: ChangeContext,
  input: Parameters<typeof connectIdentity>[2],
): Promise<MembershipId | undefined> {
  const connected = await connectIdentity(tx, context, input).catch((error: unknown) => {
    if (!isGatehouseError(error, 'sign_in_refused')) throw error;
    return undefined;
  });
  return connected?.membership.id;
}

function presentable(decision: SignInDecision, defaultRole: OrgRole): TestDecision {
  switch (decision.kind) {
    case 'enter':
      return { kind: 'enter', membershipId: decision.person.membership.id };
    case 'accept_invitation':
      return { kind: 'accept_invitation', role: decision.invitation.role };
    case 'join':
      return { kind: 'join', role: defaultRole };
    case 'refuse':
      return decision;
  }
}

/** Pure: an owner must come back as themselves; for the operator it is enough that the person would be let in. */
function whyFailed(test: Pick<TestSignIn, 'membershipId'>, decision: TestDecision): string | null {
  if (decision.kind === 'refuse') return decision.reason;
  if (test.membershipId === null) return null;
  const isSelf = 'membershipId' in decision && decision.membershipId === test.membershipId;
  return isSelf ? null : 'test.another_person';
}

const MOST_VALUES = 50;
const LONGEST = 512;
const cut = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

/** Bounded: an identity provider may send thousands of groups. */
function factsOf(identity: UpstreamIdentity): TestFacts {
  const { issuer, subject, email, isEmailVerified, userName, externalIds, name, claims } = identity;
  const listed = [...claims].slice(0, MOST_VALUES);
  return {
    issuer,
    subject,
    email,
    isEmailVerified,
    userName,
    externalIds: externalIds.slice(0, MOST_VALUES),
    name,
    claims: Object.fromEntries(
      listed.map(([key, values]) => [cut(key), values.slice(0, MOST_VALUES).map(cut)]),
    ),
  };
}
