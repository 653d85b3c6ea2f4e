/** Everything a use case may be given; each one picks the few it needs. Built once, in app.ts. */
import type { Clock } from '../kernel/clock.ts';
import type { OrganizationId } from '../kernel/ids.ts';
import type { NewRsaKey } from '../kernel/self-signed-certificate.ts';
import type { HashToken } from '../kernel/tokens.ts';
import type { AttemptLimiter } from './attempt-limit.ts';
import type { Cause } from './entities/journal.ts';
import type { MailLimits } from './mail/mail-limit.ts';
import type { PlanPreset } from './organization/plans.ts';
import type { Afterwards } from './ports/afterwards.ts';
import type { Fetcher } from './ports/fetcher.ts';
import type { Mailer } from './ports/mailer.ts';
import type { ReadMetadata } from './ports/metadata-reader.ts';
import type { OneTimeCodes } from './ports/one-time-codes.ts';
import type { PasskeyCeremonies } from './ports/passkey-ceremonies.ts';
import type { PasswordHasher } from './ports/password-hasher.ts';
import type { Storage } from './ports/storage.ts';
import type { TxtResolver } from './ports/txt-resolver.ts';

export interface Deps {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly hashToken: HashToken;
  /** The same, for what a sign-in under way is found by: asked at its start, when its answer comes, and when it is taken out. */
  readonly hashPending: HashToken;
  readonly passwords: PasswordHasher;
  /** Of everybody who states a password of an account; absent: no limit on guessing. */
  readonly passwordAttempts?: AttemptLimiter | undefined;
  /** Of everybody who states a code of a second factor, by person; absent: none. */
  readonly secondStepAttempts?: AttemptLimiter | undefined;
  /** Of everybody who types an operator key or an emergency code, by network; absent: none. */
  readonly keyAttempts?: AttemptLimiter | undefined;
  /** Of everybody who asks for a mail, by address; absent: none. */
  readonly resetRequests?: AttemptLimiter | undefined;
  /** How many people a change of rules projects within its request; absent: 500. More: a job does it. */
  readonly mostProjectedAtOnce?: number | undefined;
  /** Of everybody who wants a mail on their way in through a link, by address; absent: none. */
  readonly joiningRequests?: AttemptLimiter | undefined;
  /** Of invitations that are mailed; absent: none. */
  readonly mailLimits?: MailLimits | undefined;
  readonly oneTimeCodes: OneTimeCodes;
  readonly passkeyCeremonies: PasskeyCeremonies;
  readonly newRsaKey: NewRsaKey;
  readonly readMetadata: ReadMetadata;
  /** What goes on when the answer has left. */
  readonly afterwards: Afterwards;
  readonly mailer: Mailer;
  readonly fetcher: Fetcher;
  /** The same rules with more time, for what webhooks are sent to. */
  readonly webhookFetcher: Fetcher;
  readonly txtResolver: TxtResolver;
  /** The public origin, without a trailing slash; every absolute URL starts with it (never with a Host header). */
  readonly baseUrl: string;
  readonly plans: Readonly<Record<string, PlanPreset>>;
}

/** The facts that every write inside one transaction shares. */
export interface ChangeContext {
  readonly organizationId: OrganizationId;
  readonly cause: Cause;
  readonly now: number;
}
