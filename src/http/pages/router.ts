/** The pages for people. GET changes nothing here but the start of a sign-in; every form is posted from our own pages. */
import { type RequestHandler, Router } from 'express';
import type { HttpDeps } from '../deps.ts';
import { parseForm, requireForm } from '../form-body.ts';
import { strictJson } from '../json-body.ts';
import { mountMethods } from '../methods.ts';
import { ACCOUNT_FORMS, getAccount, postAccount, postConfirmation } from './account.ts';
import { postConnect } from './connect.ts';
import { getConsole, postConsoleSignIn } from './console.ts';
import {
  getConnectLink,
  getEmailChange,
  getUndo,
  postConnectLink,
  postEmailChange,
  postUndo,
} from './credential-links.ts';
import { getEmergency, postEmergency } from './emergency.ts';
import { getEnrolment, postEnrolment, postEnrolmentCode } from './enrolment.ts';
import { getInvitation, postInvitation } from './invitations.ts';
import { ASSETS } from './layout.ts';
import { getLink, getProvedLink, postLink, postProvedLink } from './links.ts';
import { openedLinks } from './opened-links.ts';
import { getOrganizationSignIn } from './organization-sign-in.ts';
import { postOwnSessions, postSwitchOrganization } from './own-sessions.ts';
import { postPasskeyAgain, postPasskeyOptions, postPasskeySignIn } from './passkey-sign-in.ts';
import { postPassword } from './password.ts';
import { getNewPassword, getPasswordReset, postNewPassword, postPasswordReset } from './password-reset.ts';
import { getPerson } from './person.ts';
import { getSecondStep, postSecondStep } from './second-step.ts';
import { getSetup, postSetup } from './setup.ts';
import { getSignIn } from './sign-in.ts';
import { getSignInAgain, postSignInAgain } from './sign-in-again.ts';
import { getSignOut, postSignOut } from './sign-out.ts';
import { getSignedOut, getSigningOut } from './signed-out.ts';
import { getTestSignIn } from './test-sign-in.ts';

const LIMIT_BYTES = 16 * 1024;
const PASSKEY_LIMIT_BYTES = 64 * 1024;
const FORM = 'application/x-www-form-urlencoded';

/** The router for everything a person opens in a browser. */
export function createPagesRouter(deps: HttpDeps): Router {
  const router = Router({ caseSensitive: true, strict: true });
  const form = requireForm(LIMIT_BYTES);
  const formOrJson = [
    strictJson({ limit: LIMIT_BYTES, types: ['application/json'], alsoAccept: [FORM] }),
    parseForm(LIMIT_BYTES),
  ];
  mountAssets(router);
  router.use(openedLinks(deps));
  mountMethods(router, '/', { GET: [getPerson(deps)] });
  mountSignIn(router, deps, formOrJson);
  mountMethods(router, '/sign-out', { GET: [getSignOut(deps)], POST: [...formOrJson, postSignOut(deps)] });
  mountMethods(router, '/signed-out/:connectionId', { GET: [getSignedOut(deps)], allowsHead: false });
  mountMethods(router, '/signed-out/:connectionId/:handle', { GET: [getSigningOut(deps)] });
  mountMethods(router, '/sign-in-again', {
    GET: [getSignInAgain(deps)],
    POST: [...formOrJson, postSignInAgain(deps)],
    allowsHead: false,
  });
  mountMethods(router, '/sign-in-again/passkey', { POST: [...passkeyJson(), postPasskeyAgain(deps)] });
  mountMethods(router, '/own-sessions', { POST: [...form, postOwnSessions(deps)] });
  mountMethods(router, '/switch-organization', { POST: [...form, postSwitchOrganization(deps)] });
  mountJoining(router, deps);
  mountCredentialLinks(router, deps, formOrJson);
  mountAccount(router, deps);
  mountMethods(router, '/setup/:token', { GET: [getSetup(deps)], POST: [...form, postSetup(deps)] });
  mountMethods(router, '/console', { GET: [getConsole(deps)] });
  mountMethods(router, '/console/sign-in', { POST: [...form, postConsoleSignIn(deps)] });
  return router;
}

const passkeyJson = (): readonly RequestHandler[] => [
  strictJson({ limit: PASSKEY_LIMIT_BYTES, types: ['application/json'], alsoAccept: [] }),
];

/** Signing in: by organization, password and code, or passkey. The organization's own path comes last. */
function mountSignIn(router: Router, deps: HttpDeps, formOrJson: readonly RequestHandler[]): void {
  mountMethods(router, '/sign-in', { GET: [getSignIn(deps)] });
  mountMethods(router, '/sign-in/password', { POST: [...formOrJson, postPassword(deps)] });
  mountMethods(router, '/sign-in/second-step', {
    GET: [getSecondStep(deps)],
    POST: [...formOrJson, postSecondStep(deps)],
  });
  mountMethods(router, '/sign-in/passkey/options', { POST: [...passkeyJson(), postPasskeyOptions(deps)] });
  mountMethods(router, '/sign-in/passkey', { POST: [...passkeyJson(), postPasskeySignIn(deps)] });
  mountMethods(router, '/sign-in/emergency', {
    GET: [getEmergency],
    POST: [...formOrJson, postEmergency(deps)],
  });
  mountMethods(router, '/sign-in/connect', { POST: [...requireForm(LIMIT_BYTES), postConnect(deps)] });
  mountMethods(router, '/sign-in/test/:token', { GET: [getTestSignIn(deps)], allowsHead: false });
  mountMethods(router, '/sign-in/:organization', { GET: [getOrganizationSignIn(deps)], allowsHead: false });
}

/** The doors into organizations that people look after by hand. */
function mountJoining(router: Router, deps: HttpDeps): void {
  const form = requireForm(LIMIT_BYTES);
  mountMethods(router, '/invitations/:token', {
    GET: [getInvitation(deps)],
    POST: [...form, postInvitation(deps)],
  });
  mountMethods(router, '/invitations/:token/:proof', {
    GET: [getInvitation(deps)],
    POST: [...form, postInvitation(deps)],
  });
  mountMethods(router, '/links/:token', { GET: [getLink(deps)], POST: [...form, postLink(deps)] });
  mountMethods(router, '/links/:token/:proof', {
    GET: [getProvedLink(deps)],
    POST: [...form, postProvedLink(deps)],
  });
}

/** Links that people are mailed, and the form that asks for one. */
function mountCredentialLinks(router: Router, deps: HttpDeps, formOrJson: readonly RequestHandler[]): void {
  mountMethods(router, '/password-reset', {
    GET: [getPasswordReset()],
    POST: [...formOrJson, postPasswordReset(deps)],
  });
  mountMethods(router, '/password-reset/:token', {
    GET: [getNewPassword(deps)],
    POST: [...formOrJson, postNewPassword(deps)],
  });
  const form = requireForm(LIMIT_BYTES);
  mountMethods(router, '/email-change/:token', {
    GET: [getEmailChange(deps)],
    POST: [...form, postEmailChange(deps)],
  });
  mountMethods(router, '/connect/:token', {
    GET: [getConnectLink(deps)],
    POST: [...form, postConnectLink(deps)],
  });
  mountMethods(router, '/undo/:token', { GET: [getUndo(deps)], POST: [...form, postUndo(deps)] });
}

/** The page for one's own credentials and its forms. */
function mountAccount(router: Router, deps: HttpDeps): void {
  const form = requireForm(LIMIT_BYTES);
  mountMethods(router, '/account', { GET: [getAccount(deps)] });
  for (const name of ACCOUNT_FORMS)
    mountMethods(router, `/account/${name}`, { POST: [...form, postAccount(deps, name)] });
  mountMethods(router, '/account/enrol', {
    GET: [getEnrolment(deps)],
    POST: [...form, postEnrolment(deps)],
    allowsHead: false,
  });
  mountMethods(router, '/account/enrol-confirm', { POST: [...form, postEnrolmentCode(deps)] });
  mountMethods(router, '/account/second-factor-confirm', { POST: [...form, postConfirmation(deps)] });
}

function mountAssets(router: Router): void {
  for (const { path, type, bytes } of ASSETS) {
    const send = (_req: unknown, res: import('express').Response): void => {
      res.set('Cache-Control', 'public, max-age=31536000, immutable').set('Content-Type', type).send(bytes);
    };
    mountMethods(router, path, { GET: [send] });
  }
}
