/** Why a SAML response was refused, for an admin. */
import type { SamlRejection } from '../../protocols/saml/rejections.ts';
import { type Cause, CONNECTION } from './cause.ts';

const DAMAGED: Cause = {
  cause:
    'The response is not one that an identity provider sends by itself: it was damaged or altered on the way, or made by something else. If a real person met this, look at what stands between the browser and Gatehouse.',
  screen: 'logs',
};

const TOO_LARGE: Cause = {
  cause:
    'The response is larger than Gatehouse reads. Nearly always it carries too many groups: send only those assigned to the application.',
  screen: 'groups',
};

const ODD_SIGNATURE: Cause = {
  cause:
    'The signature is not made as SAML asks: it has to cover the whole response or the whole assertion, once, and stand inside it. Leave signing to the identity provider itself; if it did this on its own, the attempt may be an attack.',
  screen: 'signing',
};

const CLOCK: Cause = {
  cause:
    'The times in the response do not fit the clock of Gatehouse, or the person left the page open for minutes before going on. Two minutes of difference are tolerated. Set the clocks of both machines by NTP.',
  screen: 'logs',
};

const INCOMPLETE: Cause = {
  cause:
    'A part that SAML requires is missing from the assertion, or stands there twice. The detail of the reason names it. Usually the application at the identity provider was set up as something other than SAML 2.0 web browser sign-on.',
  screen: 'claims',
};

const OTHER_ANSWER: Cause = {
  cause:
    'The response answers another request than the one this browser made. Going back in the browser, a bookmark of the identity provider’s page or two sign-ins mixed up do this: start again. If it keeps happening, the attempt may be an attack.',
};

/** One line for every reason a response can be refused for. */
export const SAML_CAUSES: Readonly<Record<SamlRejection, Cause>> = {
  'saml.not_one_string': DAMAGED,
  'saml.base64': DAMAGED,
  'saml.too_large': TOO_LARGE,
  'saml.encoding': DAMAGED,
  'saml.doctype': DAMAGED,
  'saml.processing_instruction': DAMAGED,
  'saml.cdata': DAMAGED,
  'saml.comment': DAMAGED,
  'saml.entity': DAMAGED,
  'saml.malformed': DAMAGED,
  'saml.too_deep': DAMAGED,
  'saml.too_many_elements': TOO_LARGE,
  'saml.too_many_attributes': DAMAGED,
  'saml.namespace': DAMAGED,
  'saml.id_attribute': DAMAGED,
  'saml.duplicate_id': DAMAGED,
  'saml.not_a_response': {
    cause: 'What was posted is not a SAML response. The address may belong to another kind of message.',
    screen: 'addresses',
  },
  'saml.response_shape': DAMAGED,
  'saml.version': {
    cause: 'The identity provider speaks a version of SAML other than 2.0.',
    screen: 'addresses',
  },
  'saml.status': {
    cause:
      'The identity provider itself says no: the person may not use the application, gave up, or does not meet a policy there. The facts show its status; its own log knows why.',
    screen: 'assignment',
  },
  'saml.assertion_count': {
    cause: 'The response does not carry exactly one assertion. The attempt may be an attack.',
    screen: 'logs',
  },
  'saml.encryption_shape': DAMAGED,
  'saml.encryption_algorithm': {
    cause:
      'The assertion is encrypted in a way that is not safe. Use AES-GCM with RSA-OAEP, or switch encryption off.',
    screen: 'signing',
  },
  'saml.decryption': {
    cause:
      'The assertion cannot be decrypted: it is meant for another key. Give the identity provider the encryption certificate of this connection’s metadata, or switch encryption off.',
    screen: 'signing',
  },
  'saml.unsigned': { cause: 'Nothing in the response is signed. Switch signing on.', screen: 'signing' },
  'saml.unsigned_assertion': {
    cause: 'This connection asks for a signed assertion, and only the response is signed.',
    screen: 'signing',
    here: `${CONNECTION}: signatures`,
  },
  'saml.unsigned_response': {
    cause: 'This connection asks for a signed response, and only the assertion is signed.',
    screen: 'signing',
    here: `${CONNECTION}: signatures`,
  },
  'saml.signature_place': ODD_SIGNATURE,
  'saml.signature_shape': ODD_SIGNATURE,
  'saml.reference': ODD_SIGNATURE,
  'saml.transforms': ODD_SIGNATURE,
  'saml.algorithm': {
    cause: 'The signature uses an algorithm that is no longer safe, such as SHA-1. Choose RSA with SHA-256.',
    screen: 'signing',
  },
  'saml.signature': {
    cause:
      'The signature does not fit any certificate of this connection. Most likely the identity provider has a new signing certificate: import its metadata again. If it has not, somebody altered the response.',
    screen: 'keys',
    here: `${CONNECTION}: certificates`,
  },
  'saml.engine': DAMAGED,
  'saml.parsers_disagree': DAMAGED,
  'saml.validator': {
    cause:
      'Gatehouse could not finish checking this response: it took too long, or the check broke off. The log of the gateway says more. Let the person try again; if it comes back, report it with the response.',
    screen: 'logs',
  },
  'saml.too_many_waiting': {
    cause:
      'More people were signing in at once than this gateway can check, so this one was asked to try again. If it happens every morning, give the gateway more threads for it.',
    screen: 'logs',
  },
  'saml.certificate': {
    cause:
      'No certificate of this connection can be read. Import the metadata of the identity provider again.',
    screen: 'keys',
    here: `${CONNECTION}: certificates`,
  },
  'saml.certificate_weak': {
    cause:
      'The certificate of this connection has too short a key. Let the identity provider make one with RSA 2048 bits or more.',
    screen: 'keys',
    here: `${CONNECTION}: certificates`,
  },
  'saml.certificate_expired': {
    cause:
      'The signing certificate of this connection has ended. Import the new one from the identity provider.',
    screen: 'keys',
    here: `${CONNECTION}: certificates`,
  },
  'saml.destination': {
    cause:
      'The response was meant for another address. The ACS URL at the identity provider is not the one of this connection.',
    screen: 'addresses',
  },
  'saml.issuer': {
    cause:
      'The response comes from another identity provider, or another application there, than this connection names: the entity ids differ. The facts show the one that was sent.',
    screen: 'keys',
    here: `${CONNECTION}: entity id`,
  },
  'saml.unsolicited': {
    cause:
      'The sign-in began at the identity provider (a tile or bookmark), and this connection does not allow that. Let people start at Gatehouse, put that address behind the tile, or allow it for this connection.',
    here: `${CONNECTION}: idpInitiated`,
  },
  'saml.unsolicited_in_response_to': OTHER_ANSWER,
  'saml.in_response_to': OTHER_ANSWER,
  'saml.assertion_in_response_to': OTHER_ANSWER,
  'saml.time_format': DAMAGED,
  'saml.issued_in_future': CLOCK,
  'saml.too_old': CLOCK,
  'saml.not_yet_valid': CLOCK,
  'saml.expired': CLOCK,
  'saml.assertion_shape': INCOMPLETE,
  'saml.name_id': {
    cause:
      'The assertion names nobody: its NameID is missing, empty or unusable. Map the Name ID to a value that every person has.',
    screen: 'claims',
  },
  'saml.name_id_transient': {
    cause:
      'The Name ID has the format transient and changes with each sign-in, so nobody can be known by it. Choose persistent or emailAddress.',
    screen: 'claims',
  },
  'saml.subject_confirmation': INCOMPLETE,
  'saml.confirmation_method': INCOMPLETE,
  'saml.confirmation_time': CLOCK,
  'saml.recipient': {
    cause:
      'The assertion was meant for another address. The recipient or ACS URL at the identity provider is not the one of this connection.',
    screen: 'addresses',
  },
  'saml.conditions': INCOMPLETE,
  'saml.audience': {
    cause:
      'The assertion was made for another service. The audience (entity ID) at the identity provider is not the one of this connection.',
    screen: 'addresses',
  },
  'saml.authn_statement': INCOMPLETE,
  'saml.session_expired': CLOCK,
  'saml.authn_context': {
    cause:
      'The person did not sign in the way this connection asks for. Change the sign-on policy at the identity provider, or what the connection asks for.',
    screen: 'assignment',
    here: `${CONNECTION}: authnContexts`,
  },
  'saml.authn_too_old': {
    cause:
      'The person was to prove anew who they are, and the identity provider answered from an older session. It has to honour ForceAuthn.',
    screen: 'assignment',
    here: `${CONNECTION}: forceAuthn`,
  },
  'saml.attribute_limits': TOO_LARGE,
  'saml.attribute_nested': {
    cause: 'An attribute holds markup instead of text. Map it to a plain value.',
    screen: 'claims',
  },
  'saml.query': DAMAGED,
  'saml.deflate': DAMAGED,
  'saml.not_a_logout': {
    cause: 'What came to the logout address is not a message of single logout.',
    screen: 'addresses',
  },
  'saml.logout_shape': DAMAGED,
  'saml.logout_expired': CLOCK,
  'saml.logout_replayed': {
    cause:
      'This logout message was used before. Reloading the page does this; if nobody did, somebody replayed it.',
  },
};
