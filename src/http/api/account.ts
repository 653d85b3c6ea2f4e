/** Somebody's own credentials over the management API: password, sign-in address and second factor. */
import { z } from 'zod';
import { awaitsSecondFactor } from '../../core/connections/sso-policy.ts';
import { requestEmailChange } from '../../core/credentials/email-change.ts';
import { changePassword } from '../../core/credentials/password-change.ts';
import { beginEnrolment, completeEnrolment } from '../../core/credentials/second-factor-enrolment.ts';
import {
  beginSecondFactor,
  confirmSecondFactor,
  removeSecondFactor,
  renewRecoveryCodes,
} from '../../core/credentials/second-factors.ts';
import type { Deps } from '../../core/deps.ts';
import { accountInReach } from '../../core/members/own-account.ts';
import type { SignedIn } from '../../core/sign-in/sessions.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { setSessionCookie } from '../session-cookie.ts';
import { accountShape, recoveryCodesShape, startedFactorShape } from './account-shapes.ts';
import { emailField } from './fields.ts';
import type { ApiContext, ApiRoute } from './route.ts';
import { plainRoute } from './route.ts';

const tag = 'account';
const guard = { kind: 'session' } as const;
/** What somebody does who is asked for a second factor and has none yet. */
const enrolment = { kind: 'session', whoWaits: 'enters' } as const;

/** The rule for passwords is core's; the bound only keeps absurd ones away from it (S183). */
export const passwordField = z.string().max(2048, 'At most 512 characters.');
const codeField = z.string().max(64, 'At most 64 characters.');
const provingBody = z.strictObject({ currentPassword: passwordField });

/** What every act with the password in hand may answer. */
export const PROVING = ['unauthenticated', 'too_many_requests', 'version_conflict'] as const;

/** The person behind the session: the guard has made sure of one. */
export function personOf({ signedIn }: ApiContext): SignedIn {
  if (signedIn === undefined)
    throw new GatehouseError('unauthenticated', 'Sign in first.', {
      whatToDo: 'Sign in, then send the request with the session cookie.',
    });
  return signedIn;
}

async function presentAccount(
  deps: Pick<Deps, 'storage'>,
  signedIn: SignedIn,
): Promise<z.infer<typeof accountShape>> {
  const account = await accountInReach(deps, signedIn);
  return {
    email: account.email,
    emailVerified: account.isEmailVerified,
    hasPassword: account.hasPassword,
    secondFactor: { enabled: account.hasSecondFactor, recoveryCodesLeft: account.recoveryCodesLeft },
  };
}

const ownRoutes: readonly ApiRoute[] = [
  plainRoute({
    method: 'get',
    path: '/account',
    operationId: 'getAccount',
    summary: 'Says how the person signed in can sign in by themselves: address, password, second factor.',
    tag,
    guard,
    status: 200,
    response: accountShape,
    errors: [],
    handle: async (context) => presentAccount(context.deps, personOf(context)),
  }),
  plainRoute({
    method: 'post',
    path: '/account/password',
    operationId: 'changePassword',
    summary: 'Changes the password; every other session of the person ends.',
    tag,
    guard,
    body: z.strictObject({ currentPassword: passwordField, newPassword: passwordField }),
    status: 204,
    errors: [...PROVING],
    handle: async (context, { body }) =>
      changePassword(context.deps, { ...body, signedIn: personOf(context), cause: context.cause }),
  }),
  plainRoute({
    method: 'post',
    path: '/account/email',
    operationId: 'requestEmailChange',
    summary: 'Mails a link to the new sign-in address; nothing changes before it is opened.',
    tag,
    guard,
    body: z.strictObject({ currentPassword: passwordField, email: emailField }),
    status: 204,
    errors: [...PROVING],
    handle: async (context, { body: { email, currentPassword: password } }) => {
      const { deps, cause } = context;
      await requestEmailChange(deps, { email, password, signedIn: personOf(context), cause });
    },
  }),
];

const secondFactorRoutes: readonly ApiRoute[] = [
  plainRoute({
    method: 'post',
    path: '/account/second-factor',
    operationId: 'beginSecondFactor',
    summary: 'Begins setting up one-time codes; nothing is asked for before a code has been confirmed.',
    tag,
    guard: enrolment,
    body: provingBody,
    status: 201,
    response: startedFactorShape,
    errors: [...PROVING, 'already_exists'],
    handle: async (context, { body }) => {
      const signedIn = personOf(context);
      const { deps, cause, res } = context;
      const { user, organization, session } = signedIn;
      const password = body.currentPassword;
      if (!awaitsSecondFactor(organization, session))
        return beginSecondFactor(deps, { user, cause, password });
      const { secret, address, sessionToken } = await beginEnrolment(deps, { signedIn, cause, password });
      if (sessionToken !== undefined) setSessionCookie(res, sessionToken);
      return { secret, address };
    },
  }),
  plainRoute({
    method: 'post',
    path: '/account/second-factor/confirm',
    operationId: 'confirmSecondFactor',
    summary:
      'Turns the second factor on with a code of it and answers the recovery codes; whoever had to set one up gets a full session.',
    tag,
    guard: enrolment,
    body: z.strictObject({ code: codeField }),
    status: 200,
    response: recoveryCodesShape,
    errors: ['not_found', 'version_conflict', 'already_exists'],
    handle: async (context, { body }) => {
      const signedIn = personOf(context);
      const { deps, cause, res } = context;
      const { user, organization, session } = signedIn;
      if (!awaitsSecondFactor(organization, session))
        return { recoveryCodes: await confirmSecondFactor(deps, { user, cause, code: body.code }) };
      const done = await completeEnrolment(deps, { signedIn, cause, code: body.code });
      setSessionCookie(res, done.sessionToken);
      return { recoveryCodes: done.recoveryCodes };
    },
  }),
  plainRoute({
    method: 'post',
    path: '/account/second-factor/remove',
    operationId: 'removeSecondFactor',
    summary: 'Turns the second factor off, with the password and a code of it or a recovery code.',
    tag,
    guard,
    body: provingBody.extend({ code: codeField }),
    status: 204,
    errors: [...PROVING, 'not_found'],
    handle: async (context, { body }) => {
      const { user } = personOf(context);
      const { code, currentPassword: password } = body;
      await removeSecondFactor(context.deps, { user, cause: context.cause, password, code });
    },
  }),
  plainRoute({
    method: 'post',
    path: '/account/recovery-codes',
    operationId: 'renewRecoveryCodes',
    summary: 'Makes ten new recovery codes; the old ones stop working.',
    tag,
    guard,
    body: provingBody,
    status: 200,
    response: recoveryCodesShape,
    errors: [...PROVING, 'not_found'],
    handle: async (context, { body }) => {
      const { user } = personOf(context);
      const proving = { user, cause: context.cause, password: body.currentPassword };
      return { recoveryCodes: await renewRecoveryCodes(context.deps, proving) };
    },
  }),
];

/** All routes of this resource. */
export const accountRoutes: readonly ApiRoute[] = [...ownRoutes, ...secondFactorRoutes];
