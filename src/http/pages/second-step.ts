/** The page that asks for a code after a right password. */
import type { Request, RequestHandler, Response } from 'express';
import {
  completeSecondStep,
  isSecondStepOpen,
  SECOND_STEP_OVER,
} from '../../core/credentials/second-step.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import { clearCookie, DEVICE_COOKIE, readCookie, SECOND_STEP_COOKIE } from '../cookies.ts';
import type { HttpDeps } from '../deps.ts';
import { formText, isForm } from '../form-body.ts';
import { enterLocally } from '../local-sign-in.ts';
import { recordSecondStepRefusal } from '../local-sign-in-recording.ts';
import { causeOf } from '../request-facts.ts';
import { leaveForm } from './after-form.ts';
import { codeField } from './form-parts.ts';
import { html } from './html.ts';
import { seeOther, sendPage } from './layout.ts';
import { sendSignIn } from './sign-in-form.ts';
import { assertNotForeign } from './visitor.ts';

/** `GET /sign-in/second-step`: the form, or the way back to the sign-in when no code is awaited from this browser. */
export const getSecondStep =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const stepToken = readCookie(req, SECOND_STEP_COOKIE);
    if (stepToken === undefined || !(await isSecondStepOpen(deps, stepToken)))
      return seeOther(res, '/sign-in');
    sendStep(res);
  };

/**
 * `POST /sign-in/second-step` with `code`: 303 or 204 with the session cookie. Throws, for JSON, `unauthenticated` for a wrong
 * code and when the step is over, `invalid` without a code; `forbidden` from another site.
 */
export const postSecondStep =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    assertNotForeign(deps, req);
    const code = formText(req, 'code');
    if (!isForm(req) && code === undefined)
      throw new GatehouseError('invalid', 'code: expected text.', { field: 'code' });
    const stepToken = readCookie(req, SECOND_STEP_COOKIE) ?? '';
    // Before it is tried: the step of a person who has tried too often is gone afterwards.
    const step = await deps.storage.oneTimeRecords.find('second_step', deps.hashToken(stepToken));
    try {
      const done = await completeSecondStep(deps, {
        stepToken,
        code: code ?? '',
        cause: causeOf(res, { kind: 'anonymous' }),
        device: readCookie(req, DEVICE_COOKIE),
      });
      clearCookie(res, SECOND_STEP_COOKIE);
      await enterLocally(deps, { req, res }, done);
      if (isForm(req)) return leaveForm({ req, res }, done.returnTo ?? '/');
      res.status(204).set('Cache-Control', 'no-store').end();
    } catch (error) {
      if (isGatehouseError(error))
        recordSecondStepRefusal(deps, res, { userId: step?.userId ?? undefined, error });
      sendRefusal({ req, res }, error);
    }
  };

/** The form again, or the sign-in from its beginning; to a program, the error. */
function sendRefusal({ req, res }: { readonly req: Request; readonly res: Response }, error: unknown): void {
  if (!isForm(req) || !isGatehouseError(error, 'unauthenticated')) throw error;
  if (error.context.reason !== SECOND_STEP_OVER) {
    sendStep(res, error.detail);
    return;
  }
  clearCookie(res, SECOND_STEP_COOKIE);
  sendSignIn(res, { returnTo: null, problem: error.detail, status: 401 });
}

function sendStep(res: Response, problem?: string): void {
  sendPage(res, {
    title: 'One more step',
    status: problem === undefined ? 200 : 401,
    body: html`<p>Your password was right. Now enter a code, so that a password alone is never enough.</p>
<form method="post" action="/sign-in/second-step" name="second-step">
${codeField(problem, { isFocused: true })}
<button type="submit">Sign in</button>
</form>
<p><a href="/sign-in">Sign in as somebody else</a></p>`,
  });
}
