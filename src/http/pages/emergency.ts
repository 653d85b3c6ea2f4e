/** The owner's sealed way in: a form for the code, or the code as JSON. Every failure looks like every other. */
import type { RequestHandler, Response } from 'express';
import { emergencyCodeOf } from '../../core/credentials/emergency-code-text.ts';
import { enterWithEmergencyCode } from '../../core/credentials/emergency-codes.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import type { HttpDeps } from '../deps.ts';
import { formText, isForm } from '../form-body.ts';
import { recordEmergencyRefusal, recordEntry } from '../local-sign-in-recording.ts';
import { causeOf } from '../request-facts.ts';
import { enterSession } from '../session-cookie.ts';
import { problemBox, textField } from './form-parts.ts';
import { html } from './html.ts';
import { seeOther, sendPage } from './layout.ts';
import { assertNotForeign } from './visitor.ts';

/** `GET /sign-in/emergency`: the form. */
export const getEmergency: RequestHandler = (_req, res) => sendForm(res, {});

/** `POST /sign-in/emergency` `{code}`: 303 for a form, 204 for JSON, both with the session cookie. Throws `forbidden` from another site; for JSON also `unauthenticated`, `invalid`. */
export const postEmergency =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    assertNotForeign(deps, req);
    const code = formText(req, 'code');
    if (code === undefined && !isForm(req))
      throw new GatehouseError('invalid', 'code: expected text.', { field: 'code' });
    const sealed = emergencyCodeOf(code ?? '');
    try {
      const cause = causeOf(res, { kind: 'anonymous' });
      const { sessionToken, entry } = await enterWithEmergencyCode(deps, { code: sealed, cause });
      recordEntry(deps, res, { ...entry, protocol: 'emergency_code' });
      await enterSession(deps, { req, res }, sessionToken);
    } catch (error) {
      if (isGatehouseError(error)) recordEmergencyRefusal(deps, res, { code: sealed, error });
      if (!isForm(req) || !isGatehouseError(error, 'unauthenticated')) throw error;
      return sendForm(res, { problem: 'This code does not work.', status: 401 });
    }
    if (isForm(req)) return seeOther(res, '/');
    res.status(204).set('Cache-Control', 'no-store').end();
  };

function sendForm(res: Response, shown: { readonly problem?: string; readonly status?: number }): void {
  sendPage(res, {
    title: 'Emergency sign-in',
    status: shown.status ?? 200,
    body: html`${problemBox(shown.problem)}
<p>For owners who hold an emergency code, when their organization's sign-on does not work. A code works once and opens a
session of one hour. All owners are told.</p>
<form method="post" action="/sign-in/emergency" name="emergency">
${textField({ name: 'code', label: 'Emergency code', autocomplete: 'off' })}
<button type="submit">Sign in</button>
</form>
<p><a href="/sign-in">Back to sign-in</a></p>`,
  });
}
