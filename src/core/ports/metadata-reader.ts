/** The port for SAML metadata at an address: core knows no XML, and calls nobody by itself. */
import type { IdpDescription } from '../entities/connection.ts';

export interface MetadataReading {
  readonly description: IdpDescription;
  /** True when one of the given certificates signed the document. */
  readonly isSigned: boolean;
}

/**
 * Calls the address and reads what is there. Throws `egress_refused`, `upstream_unreachable`, and `invalid` for anything
 * but one identity provider's metadata (S63).
 */
export type ReadMetadata = (input: {
  readonly url: string;
  /** Pinned certificates, PEM: whose signature would vouch for the document. */
  readonly certificates: readonly string[];
}) => Promise<MetadataReading>;
