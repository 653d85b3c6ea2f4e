/** Prefixed, time-sortable, unguessable ids. The prefix says what the id names; the brand says it to the compiler. */
import { takeRandomText } from './random.ts';

declare const brand: unique symbol;
type Id<Kind extends string> = string & { readonly [brand]: Kind };

export type OrganizationId = Id<'organization'>;
export type UserId = Id<'user'>;
export type MembershipId = Id<'membership'>;
export type GrantId = Id<'grant'>;
export type TeamId = Id<'team'>;
export type DirectoryId = Id<'directory'>;
export type DirectoryTokenId = Id<'directoryToken'>;
export type DirectoryClientId = Id<'directoryClient'>;
export type DirectoryUserId = Id<'directoryUser'>;
export type DirectoryGroupId = Id<'directoryGroup'>;
export type GroupMappingId = Id<'groupMapping'>;
export type MappingTestId = Id<'mappingTest'>;
export type MappingDraftId = Id<'mappingDraft'>;
export type ConnectionId = Id<'connection'>;
export type SpKeyId = Id<'spKey'>;
export type DomainId = Id<'domain'>;
export type AdoptionConflictId = Id<'adoptionConflict'>;
export type TestSignInId = Id<'testSignIn'>;
export type EmergencyCodeId = Id<'emergencyCode'>;
export type AccessReviewId = Id<'accessReview'>;
export type InvitationId = Id<'invitation'>;
export type ShareableLinkId = Id<'shareableLink'>;
export type MailSuppressionId = Id<'mailSuppression'>;
export type PasskeyId = Id<'passkey'>;
export type SignInId = Id<'signIn'>;
export type SessionId = Id<'session'>;
export type AuditEventId = Id<'auditEvent'>;
export type OutboxEventId = Id<'outboxEvent'>;
export type JobId = Id<'job'>;
export type RecorderEntryId = Id<'recorderEntry'>;
export type ApplicationId = Id<'application'>;
export type ApplicationSecretId = Id<'applicationSecret'>;
export type ApplicationGrantId = Id<'applicationGrant'>;
export type ApiKeyId = Id<'apiKey'>;
export type SigningKeyId = Id<'signingKey'>;
export type WebhookId = Id<'webhook'>;

interface Prefixes {
  org: OrganizationId;
  usr: UserId;
  mem: MembershipId;
  grt: GrantId;
  team: TeamId;
  dir: DirectoryId;
  dtk: DirectoryTokenId;
  dcl: DirectoryClientId;
  du: DirectoryUserId;
  dg: DirectoryGroupId;
  map: GroupMappingId;
  mpt: MappingTestId;
  mdr: MappingDraftId;
  con: ConnectionId;
  spk: SpKeyId;
  dom: DomainId;
  acf: AdoptionConflictId;
  tsi: TestSignInId;
  emc: EmergencyCodeId;
  arv: AccessReviewId;
  inv: InvitationId;
  lnk: ShareableLinkId;
  sup: MailSuppressionId;
  pky: PasskeyId;
  sin: SignInId;
  ses: SessionId;
  aud: AuditEventId;
  evt: OutboxEventId;
  job: JobId;
  rec: RecorderEntryId;
  app: ApplicationId;
  sec: ApplicationSecretId;
  agr: ApplicationGrantId;
  key: SigningKeyId;
  apk: ApiKeyId;
  whk: WebhookId;
}

/** Crockford's alphabet in lower case: sorts like the number, has no look-alikes. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** A whole number in so many characters; longer ones lose their front. */
function encode(whole: number, length: number): string {
  let rest = whole;
  let text = '';
  for (let index = 0; index < length; index += 1) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

/** Ten characters of time: ids made later sort later, so a list by id is a list by age. */
function encodeTime(now: number): string {
  if (now !== encoded.now) encoded = { now, text: encode(now, 10) };
  return encoded.text;
}

/** The last answer: one change makes many ids of one millisecond. */
let encoded = { now: -1, text: '' };

const ID_BYTES = 16;
const PLACE_LENGTH = 8;

/** A new id such as `org_01k9...`: 48 bits of time, 80 bits of randomness. */
export const newId = <P extends keyof Prefixes>(prefix: P, now: number): Prefixes[P] =>
  idOf(prefix, now, takeRandomText(ALPHABET, ID_BYTES));

/** The same for one of a sequence: those of one millisecond sort by `place`, a whole number from 0 to 2^40; 40 bits are random. */
export const newIdInSequence = <P extends keyof Prefixes>(
  prefix: P,
  { now, place }: { readonly now: number; readonly place: number },
): Prefixes[P] =>
  idOf(prefix, now, encode(place, PLACE_LENGTH) + takeRandomText(ALPHABET, ID_BYTES - PLACE_LENGTH));

// The one place where a string becomes a branded id out of nothing.
const idOf = <P extends keyof Prefixes>(prefix: P, now: number, rest: string): Prefixes[P] =>
  `${prefix}_${encodeTime(now)}${rest}` as Prefixes[P];

/** Sorts before every id of that kind made at `at` or later, and behind every earlier one. */
export const idFloor = (prefix: keyof Prefixes, at: number): string => `${prefix}_${encodeTime(at)}`;

/** Reads an id from outside: undefined unless it has the prefix and the shape of one. */
export function parseId<P extends keyof Prefixes>(prefix: P, text: string): Prefixes[P] | undefined {
  return text.startsWith(`${prefix}_`) && /^[0-9a-z]{26}$/.test(text.slice(prefix.length + 1))
    ? (text as Prefixes[P])
    : undefined;
}
