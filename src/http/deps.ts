/** What the HTTP edge is given: core's dependencies and the few things only requests need. */
import type { AttemptLimiter } from '../core/attempt-limit.ts';
import type { Deps } from '../core/deps.ts';
import type { Directory } from '../core/entities/directory.ts';
import type { Recorder } from '../core/journal/recorder.ts';
import type { RateLimits } from '../core/rate-limit.ts';
import type { SignInRecorder } from '../core/sign-in/sign-in-recorder.ts';
import type { StrangerGate } from '../core/sign-in/stranger-refusals.ts';
import type { Logger } from '../kernel/log.ts';
import type { OidcRelyingParty } from './oidc/strategy.ts';
import type { SamlValidator } from './saml/validator.ts';
import type { Cursors } from './scim/cursors.ts';
import type { DirectoryTypes } from './scim/resource-types.ts';

export interface HttpDeps extends Deps {
  readonly logger: Logger;
  readonly oidc: OidcRelyingParty;
  /** Judges SAML responses, off this thread. */
  readonly samlValidator: SamlValidator;
  /** Keyed hash of the operator key. */
  readonly operatorKeyHash: string;
  /** Peers whose X-Forwarded-* headers count; empty: nobody's (S220). */
  readonly trustProxy: readonly string[];
  /** Of everybody who shows a client's secret; absent: no limit on guessing. */
  readonly clientAttempts?: AttemptLimiter | undefined;
  /** How many refusals that anybody can bring about the audit takes; absent: all. */
  readonly strangerGate?: StrangerGate | undefined;
  readonly recorder: Recorder;
  readonly signInRecorder: SignInRecorder;
  /** Places in lists that SCIM clients carry. */
  readonly cursors: Cursors;
  /** The resource types of a directory as it is in this version. */
  readonly typesOf: (directory: Directory) => DirectoryTypes;
  /** Of each directory; absent: none. */
  readonly rateLimits?: RateLimits | undefined;
}
