/** Why somebody whom the identity provider knows was not let in, and what else can end a sign-in, for an admin. */
import type { SignInRefusal } from '../../core/sign-in/sign-in-decision.ts';
import type { Cause } from './cause.ts';
import { CONNECTION } from './cause.ts';

/** One line for every refusal of the decision. */
export const DECISION_CAUSES: Readonly<Record<SignInRefusal, Cause>> = {
  'identity.unknown': {
    cause:
      'Nobody here is known by this identity, and its address is not a verified one: the identity provider does not say email_verified, and the domain is not proved. Prove the domain, or invite the person by mail.',
    screen: 'claims',
    here: 'Domains',
  },
  'identity.ambiguous': {
    cause: 'Several people of the directory fit this identity. Give each one externalId and user name.',
    screen: 'claims',
    here: 'Directories > the directory',
  },
  'identity.already_bound': {
    cause:
      'The person of the directory who fits is bound to another identity of this connection already. If the identity provider gave the person a new one, unbind the old one; if not, the address was given to somebody else.',
    screen: 'claims',
    here: 'Members > the person > Identities',
  },
  'identity.inactive': {
    cause: 'The person is deactivated, by the directory or here.',
    screen: 'assignment',
    here: 'Members > the person',
  },
  'identity.not_in_directory': {
    cause:
      'No person of the directory fits. The subject must equal an externalId, or the user name it states a userName (with OpenID Connect only a verified e-mail or the claim the connection names). Assign the person to the provisioning application too, or map both to the same value.',
    screen: 'claims',
    here: `${CONNECTION}: userNameClaim`,
  },
  'identity.address_taken': {
    cause:
      'Somebody with this address has an account already, which single sign-on never opens by address alone. An active member with an address of a domain that the organization has proved was sent a mail with a link that connects the two (ten an hour at most): they open it and sign in again. Where the domain is not proved no mail goes: prove it, and the next try is mailed. Where single sign-on is optional they can also sign in with their password and connect it on their own page. Anybody else is invited by mail.',
    here: 'The person’s mailbox or own page, Domains, or Invitations',
  },
  'identity.other_address': {
    cause:
      'A member wanted to connect an identity that does not carry their own, verified address. Correct the address at the identity provider or of the member.',
    screen: 'claims',
    here: 'Members',
  },
  'identity.not_invited': {
    cause:
      'The person is not a member and not invited, and this connection does not let people of proved domains join by themselves.',
    here: `Invitations, or ${CONNECTION}: jit`,
  },
};

const NOT_OURS: Cause = {
  cause: 'This was our fault, not yours. Give the reference to the operator of Gatehouse.',
};

/** What else ends a sign-in: reasons of the flow, of passwords, and codes of errors that are not about signing in. */
export const FLOW_CAUSES: Readonly<Record<string, Cause>> = {
  'sign_in.connection_inactive': {
    cause: 'The connection is a draft or disabled. Activate it.',
    here: `${CONNECTION}: status`,
  },
  'sign_in.connection_changed': {
    cause:
      'What the connection believes was changed while this sign-in was under way: a certificate was taken away, or the issuer, a demand or the mapping of attributes became another. Start again; it is judged by what holds now.',
    here: CONNECTION,
  },
  'sign_in.not_pending': {
    cause:
      'The answer belongs to no sign-in of this browser: it took longer than ten minutes, was used before, was sent twice at once (a double click: the other one counts), began in another browser, or its cookie did not come back. Start again; cookies must be allowed.',
  },
  'invitation.not_open': {
    cause:
      'Somebody wanted to join with an invitation that was used, withdrawn, sent again or over in the meantime, or the organization has turned a directory on.',
    here: 'Invitations',
  },
  'sign_in.auth_time': {
    cause:
      'The person was to prove anew who they are, and the identity provider answered from an older session, or does not say when it asked.',
    screen: 'claims',
  },
  'sign_in.unknown_connection': { cause: 'The organization or the connection is gone.', here: 'Connections' },
  'sign_in.unknown_protocol': NOT_OURS,
  'saml.start': {
    cause:
      'The request to the identity provider could not be made: an address, a certificate or a key of the connection is not usable.',
    screen: 'keys',
    here: CONNECTION,
  },
  'saml.replayed': {
    cause:
      'This assertion was used before. Going back in the browser or reloading the page does this: start again. If nobody did, somebody replayed it.',
  },
  'oidc.start': {
    cause:
      'The request to the identity provider could not be made: an address of the connection is not usable.',
    screen: 'addresses',
    here: CONNECTION,
  },
  'password.wrong': {
    cause:
      'The password does not fit the address. Many of these for one person may be somebody who guesses; after ten within a quarter of an hour every try is refused for a while.',
    here: 'Members > the person',
  },
  'password.no_way_in': {
    cause:
      'No organization of this person lets them in by password: the membership is suspended, or the organization asks for single sign-on.',
    here: 'Members > the person, or Settings > Single sign-on',
  },
  'second_step.wrong_code': {
    cause:
      'The password was right, the code was not: of an earlier step, of another app, or used before. A clock that is wrong by more than 30 seconds makes every code wrong. Who has lost the app signs in with a recovery code; without those, take the second step away from them.',
    here: 'Members > the person > Second factors',
  },
  'second_step.over': {
    cause: 'The code came too late, after five wrong ones, or for a sign-in that was over. Start again.',
  },
  'passkey.refused': {
    cause:
      'A passkey of this person opened nothing: its answer was not genuine, came from another browser or too late, or the person may come in nowhere with it.',
    here: 'Members > the person',
  },
  'unread.method': {
    cause:
      'The address was opened where answers are posted to, as reloading it or a bookmark does, or the other way round: start the sign-in again. If an identity provider did this, it uses another binding than HTTP-POST (SAML) or another response mode than query (OpenID Connect).',
    screen: 'addresses',
  },
  'unread.request': {
    cause:
      'A request of SAML arrived where only answers are taken: the address for answers stands at the identity provider where another belongs.',
    screen: 'addresses',
  },
  'unread.no_response': {
    cause:
      'The form held no SAMLResponse. Nobody signs in by that; an identity provider that sends it has the wrong binding or address.',
    screen: 'addresses',
  },
  'unread.too_large': {
    cause:
      'More was posted than Gatehouse reads, 450 KB in all or more than twenty fields. Nearly always the response carries too many groups: send only those assigned to the application.',
    screen: 'groups',
  },
  'unread.media_type': {
    cause:
      'Something else than a form in UTF-8 was posted, or a compressed one. No identity provider does this by itself: look at what stands between the browser and Gatehouse.',
    screen: 'addresses',
  },
  'unread.form': {
    cause: 'The form could not be read or did not arrive whole. Start again.',
  },
  'second_factor.passkey_wanted': {
    cause:
      'The password was right, and the organization asks for more than a password: this person has a passkey and signs in with it.',
    here: 'Members > the person > Second factors',
  },
  'emergency.used_before': {
    cause:
      'This emergency code was used already; a code works once. If its owner did not do this, somebody else has it: look into the audit for the time it was used.',
    here: 'Settings > Single sign-on > Emergency codes',
  },
  'emergency.taken_back': {
    cause: 'This emergency code was taken back. Somebody still has it: ask its owner.',
    here: 'Settings > Single sign-on > Emergency codes',
  },
  'emergency.expired': {
    cause: 'This emergency code is over. An owner or the operator makes another.',
    here: 'Settings > Single sign-on > Emergency codes',
  },
  'emergency.no_owner': {
    cause: 'The person this emergency code was made for is no active owner any more.',
    here: 'Members > the person, or Settings > Single sign-on > Emergency codes',
  },
  'test.another_person': {
    cause:
      'The sign-in worked, and the identity provider named somebody else than the owner who ran the test. Sign out there and test again, or correct the address it sends.',
    screen: 'claims',
    here: `${CONNECTION}: test`,
  },
  'test.settings_changed': {
    cause: 'The settings of the connection were changed during the test. Test again.',
    here: `${CONNECTION}: test`,
  },
  invalid: {
    cause:
      'A program sent an e-mail address without a password, or something that is no text. Nobody tried a password.',
  },
  too_many_requests: {
    cause:
      'There were too many wrong passwords or codes for this person or from this network. It ends by itself.',
  },
  seats_exhausted: {
    cause: 'All seats of the plan are taken. Raise their number, or deactivate somebody.',
    here: 'Members',
  },
  plan_lacks: { cause: 'The plan of this organization does not include single sign-on.' },
  egress_refused: {
    cause:
      'An address of the connection lies where Gatehouse may not call. The operator can allow it with GATEHOUSE_EGRESS_ALLOW.',
    screen: 'addresses',
    here: CONNECTION,
  },
  upstream_unreachable: {
    cause: 'The identity provider did not answer. Other organizations are not affected.',
    here: `${CONNECTION}: check`,
  },
  version_conflict: { cause: 'Two changes met. Start again.' },
  already_exists: { cause: 'The person was added by somebody else at the same moment. Start again.' },
  internal: NOT_OURS,
  storage_unavailable: { cause: 'Gatehouse could not reach its store for a moment. Start again.' },
};

/** Things that did not stop a sign-in and still want mending. */
export const NOTE_CAUSES: Readonly<Record<string, Cause>> = {
  'saml.unanswered': {
    cause:
      'People are sent to the identity provider and nobody comes back: it is out of order, does not know the application any more, or lets nobody use it. Open a test sign-in and look at the page that it shows; any answer ends this note.',
    screen: 'logs',
  },
  'oidc.groups_overage': {
    cause:
      'The person is in more groups than Entra puts into a token, so it sent none. Roles that rest on groups were left as they were. Let Entra send only groups assigned to the application, or app roles; or push groups with a directory.',
    screen: 'groups',
  },
  'saml.groups_overage': {
    cause:
      'The person is in more groups than Entra puts into an assertion, so it sent none. Roles that rest on groups were left as they were. Let Entra send only groups assigned to the application, or app roles; or push groups with a directory.',
    screen: 'groups',
  },
};
