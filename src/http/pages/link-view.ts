/** What the page of a link that was passed on says, before and after the address is proved. */
import type { Organization } from '../../core/entities/organization.ts';
import type { ShareableLink } from '../../core/entities/shareable-link.ts';
import type { JoiningOffer } from '../../core/joining/joining-offer.ts';
import { hiddenField, problemBox, textField } from './form-parts.ts';
import { type Html, html, isolated } from './html.ts';
import type { JoiningProblem, JoiningView } from './invitation-view.ts';
import { acceptButton, inUtc, joiningFacts, offerFacts, waysToJoin } from './invitation-view.ts';
import type { Visitor } from './visitor.ts';

export interface LinkView {
  readonly link: ShareableLink;
  readonly offer: JoiningOffer;
  readonly organization: Organization;
  /** The page's own path, token included. */
  readonly path: string;
  readonly visitor: Visitor | undefined;
  /** The visitor's own address, where it is proved and the link takes it: nothing more is asked. */
  readonly ownEmail: string | undefined;
  readonly typedEmail: string;
  readonly problem?: JoiningProblem | undefined;
}

/** The body of the page that asks for an address, or for one click. */
export function linkBody(view: LinkView): Html {
  const { visitor, ownEmail } = view;
  return html`${factsOf(view, ownEmail)}
${visitor !== undefined && ownEmail !== undefined ? acceptButton(view, visitor) : addressForm(view)}`;
}

/** The body of the page behind the mail. */
export const provedLinkBody = (view: JoiningView & Pick<LinkView, 'link' | 'offer'>): Html =>
  html`${factsOf(view, view.email)}
${waysToJoin(view)}`;

const factsOf = (
  { organization, link, offer }: Pick<LinkView, 'organization' | 'link' | 'offer'>,
  email: string | undefined,
): Html =>
  joiningFacts([
    ['Organization', isolated(organization.name)],
    ['For', email === undefined ? null : isolated(email)],
    ...offerFacts(offer),
    ['Addresses', link.domains.length === 0 ? null : link.domains.map((domain) => `@${domain}`).join(', ')],
    ['Good until', inUtc(link.expiresAt)],
  ]);

function addressForm({ path, visitor, typedEmail, problem }: LinkView): Html {
  const ofEmail = problem?.field === 'email' ? problem.text : undefined;
  const signIn = `/sign-in?${new URLSearchParams({ return_to: path })}`;
  return html`<h2>Which address is yours?</h2>
<p>A mail to it shows that it is. Its link brings you back here.</p>
${ofEmail === undefined && problemBox(problem?.text)}
<form method="post" action="${path}" name="prove">
${visitor !== undefined && hiddenField('csrf', visitor.csrf)}
${textField({
  name: 'email',
  label: 'E-mail',
  type: 'email',
  autocomplete: 'email',
  value: typedEmail,
  problem: ofEmail,
})}
<button type="submit">Send the mail</button>
</form>
${
  visitor === undefined &&
  html`<p>Or <a href="${signIn}">sign in to the account you have</a>; then you come back here.</p>`
}`;
}
