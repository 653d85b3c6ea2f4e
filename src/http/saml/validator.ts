/** The seam between the endpoints and the thread that judges SAML responses. */
import type { SamlFacts } from '../../protocols/saml/read-assertion.ts';
import type { SamlResponseInput } from './strategy.ts';

/** Names and values as a response states them, believed by nobody. */
export type SamlHints = readonly (readonly [name: string, values: readonly string[]])[];

/** Judges responses. What goes in and what comes out are plain values, the same on this thread and on another. */
export interface SamlValidator {
  /**
   * Facts about a person, or `sign_in_refused` with the exact reason. Throws
   * `too_many_requests` with `retryAfterSeconds` when too many wait already; then nothing has been looked at.
   */
  facts(input: SamlResponseInput): Promise<SamlFacts>;
  /** What a refused response seems to say; empty for what cannot be read, or when too many wait. Never throws. */
  hints(samlResponse: unknown): Promise<SamlHints>;
  /** Says that a response is to be expected: threads start now rather than with it. Holds up nobody; does nothing when they run. */
  warm(): void;
  /** Ends its threads. What is still being judged is refused. */
  close(): Promise<void>;
}
