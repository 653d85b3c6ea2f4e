/** The operator's page: every organization at a glance, and what to do next when there is none. */
import type { RequestHandler, Response } from 'express';
import { limitAttempt } from '../../core/attempt-limit.ts';
import type { Organization } from '../../core/entities/organization.ts';
import { isOperatorSession, startOperatorSession } from '../../core/organization/operator-link.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import { constantTimeEqual } from '../../kernel/tokens.ts';
import { OPERATOR_COOKIE, readCookie } from '../cookies.ts';
import type { HttpDeps } from '../deps.ts';
import { formText, queryText } from '../form-body.ts';
import { causeOf } from '../request-facts.ts';
import { problemBox, textField } from './form-parts.ts';
import { type Html, html, isolated } from './html.ts';
import { sendPage } from './layout.ts';
import { enterConsole } from './setup.ts';
import { assertNotForeign } from './visitor.ts';

const PAGE_SIZE = 50;

/** `GET /console[?after=]`: 401 page with a form for the operator key unless the operator is signed in. */
export const getConsole =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const cookie = readCookie(req, OPERATOR_COOKIE);
    if (cookie === undefined || !(await isOperatorSession(deps, cookie))) return sendLocked(res);
    const found = await deps.storage.organizations.list({
      after: queryText(req, 'after'),
      limit: PAGE_SIZE + 1,
    });
    const shown = found.slice(0, PAGE_SIZE);
    const last = found.length > PAGE_SIZE ? shown.at(-1) : undefined;
    sendPage(res, {
      title: 'Organizations',
      width: 'wide',
      body: shown.length === 0 ? nothingYet(deps) : await tableOf(deps, shown, last),
    });
  };

/** `POST /console/sign-in` with `operator_key`: 303 to the console, else the form again with 401. Throws `too_many_requests` (S178). */
export const postConsoleSignIn =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    assertNotForeign(deps, req);
    const key = formText(req, 'operator_key') ?? '';
    const { ip } = causeOf(res, { kind: 'anonymous' });
    const attempted = { emailKey: 'operator', ip, refusal: 'unauthenticated' } as const;
    try {
      const token = await limitAttempt(deps.keyAttempts, attempted, async () => {
        if (constantTimeEqual(deps.hashToken(key), deps.operatorKeyHash)) return startOperatorSession(deps);
        throw new GatehouseError('unauthenticated', 'This is not the operator key.');
      });
      enterConsole(res, token);
    } catch (error) {
      if (!isGatehouseError(error, 'unauthenticated')) throw error;
      sendLocked(res, error.detail);
    }
  };

function sendLocked(res: Response, problem?: string): void {
  sendPage(res, {
    title: 'Operator console',
    status: 401,
    body: html`<p>This page is for the operator of this gateway. Open the one-time link that was printed at the first start, or enter the operator key.</p>
${problemBox(problem)}
<form method="post" action="/console/sign-in" name="operator">
${textField({
  name: 'operator_key',
  label: 'Operator key',
  type: 'password',
  autocomplete: 'current-password',
  hint: 'Set as GATEHOUSE_OPERATOR_KEY, or printed at the first start.',
})}
<button type="submit">Open the console</button>
</form>`,
  });
}

function nothingYet(deps: HttpDeps): Html {
  const command = [
    `curl -X POST ${deps.baseUrl}/api/v1/organizations \\`,
    "  -H 'Authorization: Bearer YOUR_OPERATOR_KEY' \\",
    "  -H 'Content-Type: application/json' \\",
    `  -d '{"name":"Example"}'`,
  ].join('\n');
  return html`<p>There is no organization yet. Make the first one:</p>
<pre><code>${command}</code></pre>
<p>Then reload this page.</p>`;
}

async function tableOf(
  deps: HttpDeps,
  organizations: readonly Organization[],
  last: Organization | undefined,
): Promise<Html> {
  const rows = await Promise.all(organizations.map((organization) => rowOf(deps, organization)));
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Organizations">
<table>
<thead><tr><th scope="col">Name</th><th scope="col">Slug</th><th scope="col">People managed</th><th scope="col" class="number">Seats used</th><th scope="col" class="number">Directories</th></tr></thead>
<tbody>
${rows}
</tbody>
</table>
</div>
${last !== undefined && html`<p><a class="button second" href="/console?after=${last.id}">More</a></p>`}`;
}

async function rowOf(deps: HttpDeps, organization: Organization): Promise<Html> {
  const { id, name, slug, provisioning, seatsUsed, plan } = organization;
  const directories = await deps.storage.directories.list(id);
  const seats = plan.seats === null ? `${seatsUsed}` : `${seatsUsed} of ${plan.seats}`;
  return html`<tr><th scope="row">${isolated(name)}</th><td>${slug}</td><td>${
    provisioning === 'directory' ? 'by its directory' : 'by hand'
  }</td><td class="number">${seats}</td><td class="number">${directories.length}</td></tr>
`;
}
