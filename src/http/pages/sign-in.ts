/** The sign-in page: by organization or work e-mail through the company's identity provider, or with a password. */
import type { Request, RequestHandler } from 'express';
import { signInRefusal } from '../../core/sign-in/refused-sign-ins.ts';
import type { SignInHints } from '../../core/sign-in/sign-in-routing.ts';
import { findSignInRoute } from '../../core/sign-in/sign-in-routing.ts';
import type { HttpDeps } from '../deps.ts';
import { queryText } from '../form-body.ts';
import { enrollingOf, isVouchedElsewhere } from '../guards.ts';
import { ownPath } from '../return-path.ts';
import { enrolmentPath } from './enrolment.ts';
import { seeOther } from './layout.ts';
import { sendMovingOn } from './moving-on.ts';
import { plainHint } from './organization-sign-in.ts';
import { sendSignIn } from './sign-in-form.ts';
import { organizationWish, signInPath } from './sign-in-paths.ts';
import { visitorOf } from './visitor.ts';

/**
 * `GET /sign-in`: the forms. With a hint (`organization`: a slug or a work e-mail, `connection`, `login_hint`, `domain`) the
 * way on to an identity provider, or the forms again when there is none: the same for every address without one, whether
 * somebody has it or not (S155). With `way=password` nothing leads on: an `organization` is the one to end up in. Throws `sign_in_refused` for an unknown connection.
 */
export const getSignIn =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const returnTo = ownPath(queryText(req, 'return_to'));
    const isPassword = queryText(req, 'way') === 'password';
    const hints = isPassword ? {} : hintsOf(req);
    if (Object.values(hints).every((hint) => hint === undefined)) {
      if (returnTo === null && (await visitorOf(deps, req)) !== undefined) return seeOther(res, '/');
      // Every page that wants a session leads here: so nobody who has to set up a second factor is lost.
      if ((await enrollingOf(deps, req)) !== undefined) return seeOther(res, enrolmentPath(returnTo));
      const organization = isPassword ? organizationWish(queryText(req, 'organization')) : undefined;
      const form = { returnTo, organization, asksOrganization: !isPassword, note: done(req) };
      if (!(await isVouchedElsewhere(deps, req))) return sendSignIn(res, form);
      return sendSignIn(res, { ...form, asksOrganization: false, note: OWN_PROOF_WANTED });
    }
    const path = await wayOn(deps, hints, returnTo);
    if (path !== undefined) return sendMovingOn(res, path);
    sendSignIn(res, { returnTo, email: hints.email ?? '', note: NO_WAY_ON });
  };

/** What has just been done, as the address says it. */
const done = (req: Request): string | undefined =>
  queryText(req, 'done') === 'sign-out' ? 'You are signed out.' : undefined;

const NO_WAY_ON =
  'No company sign-in is known for this. Use your password below, or the short name of your organization.';

const OWN_PROOF_WANTED =
  'Your organization asks for a second step, and the company through which you came in cannot set one up for you. Sign in with your own password or passkey.';

/** An address may stand where an organization is asked for: people type the one they have. */
function hintsOf(req: Request): SignInHints {
  const asked = wordOf(req, 'organization');
  const isAddress = asked?.includes('@') === true;
  return {
    organization: isAddress ? undefined : asked?.toLowerCase(),
    connection: wordOf(req, 'connection'),
    email: (isAddress ? plainHint(asked) : undefined) ?? plainHint(wordOf(req, 'login_hint')),
    domain: wordOf(req, 'domain'),
  };
}

function wordOf(req: Request, name: string): string | undefined {
  const word = queryText(req, name)?.trim();
  return word === '' ? undefined : word;
}

/** Where the organization signs in; undefined when nothing leads to one. A slug is not looked up here. */
async function wayOn(
  deps: HttpDeps,
  hints: SignInHints,
  returnTo: string | null,
): Promise<string | undefined> {
  const { organization, connection, email } = hints;
  if (organization !== undefined) return signInPath(organization, { returnTo, connection, loginHint: email });
  const route = await findSignInRoute(deps, hints);
  switch (route.kind) {
    case 'password':
      return undefined;
    case 'unknown_connection':
      throw signInRefusal('sign_in.unknown_connection');
    case 'choose':
      return signInPath(route.organization.slug, { returnTo, loginHint: email });
    case 'start': {
      // An address says it again there; without one the connection must be named.
      const named = email === undefined ? route.connection.id : connection;
      return signInPath(route.organization.slug, { returnTo, loginHint: email, connection: named });
    }
  }
}
