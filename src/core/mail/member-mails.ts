/** What mails to the people of an organization say: invited, asked whether an address is theirs, welcome, another role, removed. They look as the organization chose. */

import type { Connection } from '../entities/connection.ts';
import type { Invitation } from '../entities/invitation.ts';
import type { Organization } from '../entities/organization.ts';
import { fillIn } from '../joining/welcome-text.ts';
import type { MailBlock, MailContent } from './mail-layout.ts';
import { facts, line, link, paragraphs, quote, text } from './mail-layout.ts';

/** Carries an invitation's link to the invited address, and says who invites, into what and until when. */
export function invitationMail(input: {
  readonly invitation: Pick<Invitation, 'email' | 'message' | 'expiresAt'>;
  /** Its name. */
  readonly role: string;
  readonly organization: Organization;
  /** Name, and address where known; absent: nobody who could be asked. */
  readonly inviter?: string | undefined;
  /** Names of teams, and what else the invitation gives; absent: none. */
  readonly teams?: readonly string[];
  readonly resources?: readonly string[];
  readonly url: string;
}): MailContent {
  const { invitation, role, organization, inviter, teams = [], resources = [], url } = input;
  const { email, message } = invitation;
  const until = new Date(invitation.expiresAt).toUTCString();
  const { productName } = organization.branding;
  const details = [
    ...some('Invited by', inviter === undefined ? [] : [inviter]),
    ...some('Teams', teams),
    ...some('Access to', resources),
  ];
  return {
    subject: line`You are invited to ${organization.name}`,
    blocks: [
      text(
        productName === null
          ? line`You have been invited to join ${organization.name} as ${role}.`
          : line`You have been invited to join ${organization.name} on ${productName} as ${role}.`,
      ),
      ...(message === null ? [] : [quote(message)]),
      ...(details.length === 0 ? [] : [facts(...details)]),
      link('Open this link to accept:', 'Accept the invitation', url),
      text(
        line`It works once, and only for ${email},`,
        `until ${until}.`,
        'If you did not expect this, ignore this mail; nothing happens.',
      ),
    ],
  };
}

/** Carries the link by which a member takes an identity of their company as theirs. */
export const connectingMail = (input: {
  readonly organization: Organization;
  readonly connection: Pick<Connection, 'name'>;
  /** What the identity provider calls the identity. */
  readonly subject: string;
  readonly url: string;
}): MailContent => ({
  subject: line`Connect your sign-in with ${input.organization.name}`,
  blocks: [
    text(
      line`Somebody, probably you, came from ${input.connection.name} to sign in to ${input.organization.name} with this e-mail address.`,
      line`There they are known as ${input.subject}.`,
    ),
    link(
      'If that was you, open this link, connect the two, and sign in again:',
      'Connect my sign-in',
      input.url,
    ),
    text(
      'It works once, for one hour, and only until another one is sent.',
      'If it was not you, do not connect anything: whoever it was would sign in as you. Tell your administrator.',
    ),
  ],
});

/** Carries the link that proves an address to whoever wants to join with it. */
export const addressProofMail = (input: {
  readonly organization: Organization;
  readonly url: string;
}): MailContent => ({
  subject: line`Confirm your address to join ${input.organization.name}`,
  blocks: [
    text(line`Somebody, probably you, wants to join ${input.organization.name} with this e-mail address.`),
    link('Open this link to go on:', 'Confirm the address', input.url),
    text('It works once, for one hour. If you did not ask for this, ignore this mail; nothing happens.'),
  ],
});

/** What somebody asks for anew: an invitation of an address, or a link that was passed on. */
export type Asked =
  | { readonly kind: 'invitation'; readonly email: string }
  /** Epoch ms. */
  | { readonly kind: 'link'; readonly createdAt: number };

/** Says to whoever invited that the link works no more and somebody who holds it would like a new one. */
export const newLinkWantedMail = (input: {
  readonly organization: Organization;
  readonly asked: Asked;
}): MailContent => ({
  subject: line`Somebody asks for a new invitation to ${input.organization.name}`,
  blocks: [
    text(
      input.asked.kind === 'invitation'
        ? line`The invitation of ${input.asked.email} to ${input.organization.name} works no more, and whoever holds it asks for a new one.`
        : line`A link into ${input.organization.name}, made on ${new Date(input.asked.createdAt).toUTCString()}, works no more, and somebody who holds it asks for a new one.`,
      'Invite again if you still want to, in the place where you invite people. You are told of this once.',
    ),
  ],
});

/** Whom a welcome is for, and what they may do from now on. */
export interface Welcomed {
  readonly name: string;
  /** The name of the org role. */
  readonly role: string;
  /** Names of teams. */
  readonly teams: readonly string[];
  /** Such as `chatbot 7 (Viewer)`. */
  readonly resources: readonly string[];
}

const USUAL_WELCOME = 'Welcome to {organization}, {name}.\n\nYou are in as {role}.';

/** Greets somebody who has joined, with the organization's own words where it has any. */
export function welcomeMail(input: {
  readonly organization: Organization;
  readonly welcomed: Welcomed;
  /** Where they sign in. */
  readonly url: string;
}): MailContent {
  const { organization, welcomed, url } = input;
  const { branding, name } = organization;
  const values = {
    name: welcomed.name,
    organization: name,
    team: welcomed.teams.join(', '),
    role: welcomed.role,
    resources: welcomed.resources.join(', '),
    support: branding.supportContact ?? '',
    product: branding.productName ?? 'Gatehouse',
  };
  return {
    subject: line`Welcome to ${name}`,
    blocks: [
      ...paragraphs(url, (link) => fillIn(branding.welcomeText ?? USUAL_WELCOME, { ...values, link })),
      ...entitlements(welcomed),
      link('Start here:', 'Sign in', url),
    ],
  };
}

/** A fact only where there is something to say. */
const some = (name: string, values: readonly string[]) =>
  values.length === 0 ? [] : [[name, values.join(', ')] as const];

function entitlements({ role, teams, resources }: Welcomed): readonly MailBlock[] {
  return [facts(['Role', role], ...some('Teams', teams), ...some('Access to', resources))];
}

/** Says to a member that their role is another one; both by name. */
export const roleChangedMail = (input: {
  readonly organization: Organization;
  readonly before: string;
  readonly after: string;
}): MailContent => ({
  subject: line`Your role in ${input.organization.name} has changed`,
  blocks: [
    text(
      line`Your role in ${input.organization.name} is ${input.after} from now on; it was ${input.before}.`,
    ),
    text('If that surprises you, ask an administrator of the organization.'),
  ],
});

/** Says to somebody that they are no member any more. */
export const removedMail = (input: { readonly organization: Organization }): MailContent => ({
  subject: line`You are no longer a member of ${input.organization.name}`,
  blocks: [
    text(
      line`You have been removed from ${input.organization.name}. You are signed out, and what you could open there is closed.`,
      'What you did stays in its records. If this is a mistake, ask an administrator of the organization; you can be invited again.',
    ),
  ],
});
