/** Every reason for which a SAML sign-in is refused: exact in the log and the audit, one sentence outside (law 10). */
import { GatehouseError } from '../../kernel/errors.ts';

/** Closed list of exact reasons. New checks add a reason; a reason is never reused for another cause. */
export type SamlRejection =
  // the form field
  | 'saml.not_one_string'
  | 'saml.base64'
  | 'saml.too_large'
  | 'saml.encoding'
  // the text as XML
  | 'saml.doctype'
  | 'saml.processing_instruction'
  | 'saml.cdata'
  | 'saml.comment'
  | 'saml.entity'
  | 'saml.malformed'
  | 'saml.too_deep'
  | 'saml.too_many_elements'
  | 'saml.too_many_attributes'
  // names and identifiers
  | 'saml.namespace'
  | 'saml.id_attribute'
  | 'saml.duplicate_id'
  // the message
  | 'saml.not_a_response'
  | 'saml.response_shape'
  | 'saml.version'
  | 'saml.status'
  | 'saml.assertion_count'
  // the encryption
  | 'saml.encryption_shape'
  | 'saml.encryption_algorithm'
  | 'saml.decryption'
  // the signature
  | 'saml.unsigned'
  | 'saml.unsigned_assertion'
  | 'saml.unsigned_response'
  | 'saml.signature_place'
  | 'saml.signature_shape'
  | 'saml.reference'
  | 'saml.transforms'
  | 'saml.algorithm'
  | 'saml.signature'
  | 'saml.engine'
  | 'saml.parsers_disagree'
  // the connection's certificates
  | 'saml.certificate'
  | 'saml.certificate_weak'
  | 'saml.certificate_expired'
  // our own threads
  | 'saml.validator'
  | 'saml.too_many_waiting'
  // wrapper and assertion against what is expected
  | 'saml.destination'
  | 'saml.issuer'
  | 'saml.unsolicited'
  | 'saml.unsolicited_in_response_to'
  | 'saml.in_response_to'
  | 'saml.assertion_in_response_to'
  | 'saml.time_format'
  | 'saml.issued_in_future'
  | 'saml.too_old'
  | 'saml.not_yet_valid'
  | 'saml.expired'
  // the assertion's parts
  | 'saml.assertion_shape'
  | 'saml.name_id'
  | 'saml.name_id_transient'
  | 'saml.subject_confirmation'
  | 'saml.confirmation_method'
  | 'saml.confirmation_time'
  | 'saml.recipient'
  | 'saml.conditions'
  | 'saml.audience'
  | 'saml.authn_statement'
  | 'saml.session_expired'
  | 'saml.authn_context'
  | 'saml.authn_too_old'
  | 'saml.attribute_limits'
  | 'saml.attribute_nested'
  // single logout
  | 'saml.query'
  | 'saml.deflate'
  | 'saml.not_a_logout'
  | 'saml.logout_shape'
  | 'saml.logout_expired'
  | 'saml.logout_replayed';

/** The one sentence a browser sees, whatever the cause. */
const REFUSED = 'The sign-in could not be completed. Please start again, or ask your administrator.';

/**
 * Throws `sign_in_refused` with the exact reason in `context.reason`.
 * `facts` come from a message nobody vouches for: they are logged under `context.unverified`, and lead to nothing else.
 */
export function refuse(
  reason: SamlRejection,
  facts?: Readonly<Record<string, unknown>>,
  cause?: unknown,
): never {
  throw new GatehouseError('sign_in_refused', REFUSED, {
    context: facts === undefined ? { reason } : { reason, unverified: facts },
    ...(cause === undefined ? {} : { cause }),
  });
}
