/** Why an OpenID Connect sign-in was refused, for an admin. */
import type { OidcRejection } from '../../protocols/oidc/rejections.ts';
import { type Cause, CONNECTION } from './cause.ts';

const CLOCK: Cause = {
  cause:
    'The times in the ID token do not fit the clock of Gatehouse. One minute of difference is tolerated, and a token is at most ten minutes old. Set the clocks of both machines by NTP.',
  screen: 'logs',
};

const DAMAGED: Cause = {
  cause:
    'The answer is not one that an identity provider sends by itself: parts are missing, stand there twice, or were altered. A bookmark of the page after the sign-in does this; so does an attack.',
};

const OTHER_APPLICATION: Cause = {
  cause:
    'The ID token was made for another application: the client id of this connection is not the one it names. The facts show whom it was made for.',
  screen: 'secret',
  here: `${CONNECTION}: clientId`,
};

const OTHER_ISSUER: Cause = {
  cause:
    'The answer comes from another identity provider, tenant or authorization server than this connection names. The facts show which one.',
  screen: 'addresses',
  here: `${CONNECTION}: issuer`,
};

/** One line for every reason. */
export const OIDC_CAUSES: Readonly<Record<OidcRejection, Cause>> = {
  'oidc.unreachable': {
    cause:
      'The identity provider cannot be reached: it did not answer in time, its TLS certificate is not to be trusted (it may have ended), or it answered with an error of its own. Other organizations are not affected. Look at its status page; the check of the connection asks again.',
    here: `${CONNECTION}: check`,
  },
  'oidc.egress': {
    cause:
      'The identity provider, or an address it names, lies where Gatehouse may not call: a private network or plain http. The operator can allow it with GATEHOUSE_EGRESS_ALLOW.',
    screen: 'addresses',
  },
  'oidc.discovery': {
    cause:
      'The identity provider’s own description cannot be used: it is no such document, names another issuer than this connection, or lacks an address. Copy the issuer exactly as it stands in that document, last slash included.',
    screen: 'addresses',
    here: `${CONNECTION}: issuer`,
  },
  'oidc.response': DAMAGED,
  'oidc.state': DAMAGED,
  'oidc.response_issuer': OTHER_ISSUER,
  'oidc.denied': {
    cause:
      'The identity provider itself says no. The facts show its error: access_denied means the person may not use the application or gave up, invalid_scope that a scope of this connection is not known there, consent_required that an admin has to consent.',
    screen: 'assignment',
    here: `${CONNECTION}: scopes`,
  },
  'oidc.code': {
    cause:
      'The identity provider would not exchange the code. Most likely the client secret of this connection is wrong or has ended, or the way it is sent is another one; a page that was reloaded also does this.',
    screen: 'secret',
    here: `${CONNECTION}: clientSecret, tokenEndpointAuthMethod`,
  },
  'oidc.userinfo': {
    cause:
      'The UserInfo address of the identity provider refused or answered nonsense. The application may lack a scope or permission there.',
    screen: 'claims',
  },
  'oidc.userinfo_subject': {
    cause:
      'UserInfo speaks of another person than the ID token. This is never right: ask the maker of the identity provider.',
    screen: 'logs',
  },
  'oidc.id_token': {
    cause:
      'There is no usable ID token in the answer. The scope openid must be among the scopes, and the application be one for OpenID Connect.',
    screen: 'signing',
    here: `${CONNECTION}: scopes`,
  },
  'oidc.encrypted': {
    cause:
      'The ID token is encrypted, which Gatehouse does not read. Switch token encryption off: the line to the identity provider is encrypted already.',
    screen: 'signing',
  },
  'oidc.algorithm': {
    cause:
      'The ID token is signed with an algorithm that this connection does not accept. Allow it for the connection if it is an asymmetric one; never sign with the client secret.',
    screen: 'signing',
    here: `${CONNECTION}: idTokenAlgs`,
  },
  'oidc.key': {
    cause:
      'The ID token is signed with a key that the identity provider does not publish. Right after a key rotation this mends itself; otherwise the token comes from somebody else.',
    screen: 'keys',
  },
  'oidc.signature': {
    cause:
      'The signature of the ID token does not fit the published key. The token was altered, or two servers of the identity provider disagree.',
    screen: 'keys',
  },
  'oidc.issuer': OTHER_ISSUER,
  'oidc.tenant': {
    cause:
      'The person belongs to another Entra tenant than the one this connection names, for instance as a guest or with a private Microsoft account.',
    screen: 'addresses',
    here: `${CONNECTION}: issuer, tenantId`,
  },
  'oidc.audience': OTHER_APPLICATION,
  'oidc.authorized_party': OTHER_APPLICATION,
  'oidc.nonce': {
    cause:
      'The ID token was made for another sign-in than the one this browser began. Start again; if it keeps happening, the attempt may be an attack.',
  },
  'oidc.subject': {
    cause: 'The ID token names nobody: `sub` is missing, empty, too long or not plain text.',
    screen: 'claims',
  },
  'oidc.time': {
    cause: 'The ID token lacks a time, or a time in it is not a number.',
    screen: 'claims',
  },
  'oidc.expired': CLOCK,
  'oidc.not_yet_valid': CLOCK,
  'oidc.too_old': CLOCK,
  'oidc.auth_time': {
    cause:
      'The person was to prove anew who they are, and the identity provider answered from an older session, or does not say when it asked.',
    screen: 'claims',
  },
  'oidc.logout_token': {
    cause:
      'The logout token is not one for this connection: its signature, audience, times or contents do not fit.',
    screen: 'addresses',
  },
  'oidc.logout_replayed': { cause: 'This logout token was used before.', screen: 'logs' },
};
