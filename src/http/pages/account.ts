/** Looking after one's own name, picture and credentials in the browser: every act is a form of ours, most of them with the password again. */
import type { Request, RequestHandler, Response } from 'express';
import { requestEmailChange } from '../../core/credentials/email-change.ts';
import { removePasskey } from '../../core/credentials/passkeys.ts';
import { changePassword } from '../../core/credentials/password-change.ts';
import {
  beginSecondFactor,
  confirmSecondFactor,
  removeSecondFactor,
  renewRecoveryCodes,
  showFactorAgain,
} from '../../core/credentials/second-factors.ts';
import { findHeld } from '../../core/directory/directory-hold.ts';
import { accountInReach } from '../../core/members/own-account.ts';
import { changeOwnProfile } from '../../core/members/own-profile.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import { parseId } from '../../kernel/ids.ts';
import { canonicalEmail } from '../api/fields.ts';
import type { HttpDeps } from '../deps.ts';
import { formText, queryText } from '../form-body.ts';
import { actorOf, callerFrom } from '../guards.ts';
import { causeOf } from '../request-facts.ts';
import { profileChange, profileForm } from './account-profile.ts';
import {
  type AccountForm,
  type AccountProblem,
  accountBody,
  recoveryCodesBody,
  setUpBody,
} from './account-view.ts';
import { seeOther, sendPage } from './layout.ts';
import { typedSeen } from './seen-fields.ts';
import { assertOwnForm, type Visitor, visitorOf } from './visitor.ts';

const NOTICES: Readonly<Record<string, string>> = {
  profile: 'Your name and your picture are saved.',
  password: 'Your password is changed. Your other devices are signed out.',
  email: 'A link is on its way to the new address. Open it to make the change.',
  'second-factor-remove': 'The second step is off.',
  passkey: 'Your passkey is ready to use.',
  'passkey-remove': 'The passkey is removed.',
};

/** `GET /account`: the page, or the way to the sign-in for strangers. */
export const getAccount =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const visitor = await visitorOf(deps, req);
    if (visitor === undefined) return seeOther(res, '/sign-in?return_to=/account');
    await showAccount(deps, { res, visitor, notice: NOTICES[queryText(req, 'done') ?? ''] });
  };

interface Showing {
  readonly res: Response;
  readonly visitor: Visitor;
  readonly notice?: string | undefined;
  readonly problem?: AccountProblem | undefined;
  readonly status?: number;
}

async function showAccount(deps: HttpDeps, showing: Showing): Promise<void> {
  const { res, visitor, status = 200, ...rest } = showing;
  const { signedIn } = visitor;
  const account = await accountInReach(deps, signedIn);
  const isNameFromDirectory = (await findHeld(deps.storage, signedIn.membership)) !== undefined;
  const profile = profileForm({ visitor, problem: rest.problem }, { isNameFromDirectory });
  sendPage(res, {
    title: 'Your account',
    of: signedIn.organization,
    status,
    offersPasskeys: account.hasPassword,
    body: accountBody({ visitor, account, profile, ...rest }),
  });
}

interface Act {
  readonly deps: HttpDeps;
  readonly req: Request;
  readonly res: Response;
  readonly visitor: Visitor;
}

/** What every act with the password in hand is given. */
function provingOf({ req, res, visitor }: Act) {
  const { signedIn } = visitor;
  return {
    signedIn,
    user: signedIn.user,
    cause: causeOf(res, actorOf(callerFrom(signedIn))),
    password: formText(req, 'current_password') ?? '',
  };
}

const organizationOf = ({ visitor }: Act) => visitor.signedIn.organization;

const back = (res: Response, done: AccountForm): void => seeOther(res, `/account?done=${done}`);

const ACTS: Readonly<Record<AccountForm, (act: Act) => Promise<void>>> = {
  profile: async (act) => {
    const { signedIn, cause } = provingOf(act);
    await changeOwnProfile(act.deps, { signedIn, cause, change: profileChange(act.req) });
    back(act.res, 'profile');
  },
  password: async (act) => {
    const { password: currentPassword, ...proving } = provingOf(act);
    const newPassword = formText(act.req, 'new_password') ?? '';
    await changePassword(act.deps, { ...proving, currentPassword, newPassword });
    back(act.res, 'password');
  },
  email: async (act) => {
    const email = canonicalEmail((formText(act.req, 'email') ?? '').trim());
    if (email === undefined) {
      const rule = 'Give one plain e-mail address, such as ada@example.com.';
      throw new GatehouseError('invalid', rule, { field: 'email' });
    }
    await requestEmailChange(act.deps, { ...provingOf(act), email });
    back(act.res, 'email');
  },
  'second-factor': async (act) => {
    const body = setUpBody(act.visitor, { factor: await beginSecondFactor(act.deps, provingOf(act)) });
    sendPage(act.res, { title: 'Set up a second step', of: organizationOf(act), body });
  },
  'second-factor-remove': async (act) => {
    await removeSecondFactor(act.deps, { ...provingOf(act), code: formText(act.req, 'code') ?? '' });
    back(act.res, 'second-factor-remove');
  },
  'passkey-remove': async (act) => {
    const id = parseId('pky', formText(act.req, 'passkey') ?? '');
    if (id === undefined) throw new GatehouseError('not_found', 'No such passkey.');
    await removePasskey(act.deps, { ...provingOf(act), id });
    back(act.res, 'passkey-remove');
  },
  'recovery-codes': async (act) => {
    const codes = await renewRecoveryCodes(act.deps, provingOf(act));
    sendPage(act.res, {
      title: 'Your recovery codes',
      of: organizationOf(act),
      body: recoveryCodesBody(codes),
    });
  },
};

/** The forms that are mounted below `/account/`. */
export const ACCOUNT_FORMS = [
  'profile',
  'password',
  'email',
  'second-factor',
  'second-factor-remove',
  'recovery-codes',
  'passkey-remove',
] as const;

/** `POST /account/{form}`: 303 or the next page; what the person can mend is said beside the form. */
export const postAccount =
  (deps: HttpDeps, form: AccountForm): RequestHandler =>
  async (req, res) => {
    const visitor = await actingVisitor(deps, req);
    try {
      await ACTS[form]({ deps, req, res, visitor });
    } catch (error) {
      if (!isGatehouseError(error) || !MENDABLE.has(error.code)) throw error;
      const problem = { form, field: error.field, text: error.detail, typed: typedSeen(req) };
      await showAccount(deps, { res, visitor, problem, status: 422 });
    }
  };

const MENDABLE: ReadonlySet<string> = new Set([
  'invalid',
  'unauthenticated',
  'already_exists',
  'not_found',
  'role_from_directory',
]);

/** `POST /account/second-factor-confirm` with `code`: the recovery codes, or the form again. */
export const postConfirmation =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const visitor = await actingVisitor(deps, req);
    const { user, cause } = provingOf({ deps, req, res, visitor });
    try {
      const codes = await confirmSecondFactor(deps, { user, cause, code: formText(req, 'code') ?? '' });
      sendPage(res, {
        title: 'The second step is on',
        of: visitor.signedIn.organization,
        body: recoveryCodesBody(codes),
      });
    } catch (error) {
      if (isGatehouseError(error, 'not_found')) return seeOther(res, '/account');
      if (!isGatehouseError(error, 'invalid')) throw error;
      const factor = await showFactorAgain(deps, { user, secret: formText(req, 'secret') ?? '' });
      const body = setUpBody(visitor, { factor, problem: error.detail });
      sendPage(res, { title: 'Set up a second step', of: visitor.signedIn.organization, status: 422, body });
    }
  };

async function actingVisitor(deps: HttpDeps, req: Request): Promise<Visitor> {
  const visitor = await visitorOf(deps, req);
  if (visitor === undefined) throw new GatehouseError('unauthenticated', 'Sign in first.');
  assertOwnForm(req, visitor);
  return visitor;
}
