/** What a test sign-in found, for the person who ran it: the facts, what a real sign-in would have done, and why. */
import type { Response } from 'express';
import { roleName } from '../../core/access/role-table.ts';
import type { TestDecision, TestFacts, TestReport } from '../../core/entities/sso-policy.ts';
import type { HttpDeps } from '../deps.ts';
import { type Html, html, isolated } from './html.ts';
import { sendPage } from './layout.ts';

/** Sends the page. Only the browser that ran the test gets here, so facts and reasons may be named. */
export async function sendTestReport(
  { storage }: Pick<HttpDeps, 'storage'>,
  res: Response,
  { reason, facts, decision }: TestReport,
): Promise<void> {
  const promised = decision !== null && 'role' in decision ? await roleName(storage, decision.role) : '';
  sendPage(res, {
    title: reason === null ? 'The test sign-in passed' : 'The test sign-in did not pass',
    width: 'wide',
    body: html`<p>Nobody was signed in by this. ${decision !== null && sentenceOf(decision, promised)}</p>
${reason !== null && html`<p class="wrong" role="alert">Reason: <code>${reason}</code></p>`}
${facts !== null && factsOf(facts)}
<p>The result is kept with the connection. You can close this page.</p>`,
  });
}

function sentenceOf(decision: TestDecision, role: string): string {
  switch (decision.kind) {
    case 'enter':
      return 'A real sign-in would let this person in as the member they are.';
    case 'connect':
      return 'This identity is now connected to you: from now on it signs you in.';
    case 'accept_invitation':
      return `A real sign-in would accept the pending invitation as ${role}.`;
    case 'join':
      return `A real sign-in would make this person a member, as ${role}.`;
    case 'refuse':
      return 'A real sign-in would be refused.';
  }
}

function factsOf(facts: TestFacts): Html {
  const rows: readonly (readonly [string, string | null])[] = [
    ['Issuer', facts.issuer],
    ['Subject', facts.subject],
    ['Name', facts.name],
    [
      'E-mail',
      facts.email === null ? null : `${facts.email}${facts.isEmailVerified ? ' (verified there)' : ''}`,
    ],
    ['User name', facts.userName],
    ['May equal an externalId', facts.externalIds.join(', ')],
    ...Object.entries(facts.claims).map(([name, values]) => [name, values.join(', ')] as const),
  ];
  return html`<h2>What the identity provider said</h2>
<dl>${rows.map(([name, value]) => html`<dt>${isolated(name)}</dt><dd>${isolated(value ?? 'nothing')}</dd>`)}</dl>`;
}
