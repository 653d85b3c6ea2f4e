/** passport-saml between our gates: judges a verified assertion by its own rules and with its own parser. It can only say no. */
import {
  AbstractStrategy,
  type CacheProvider,
  type PassportSamlConfig,
  type Profile,
  SAML,
  ValidateInResponseTo,
  type VerifiedCallback,
} from '@node-saml/passport-saml';
import passport from 'passport';
import { systemClock } from '../../kernel/clock.ts';
import { canonicalXml } from '../../protocols/saml/canonical-xml.ts';
import { type ExpectedAssertion, maxAgeOf, skewOf } from '../../protocols/saml/expectations.ts';
import { childrenOf, DS_NS, SAML_NS, type XmlElement } from '../../protocols/saml/xml-tree.ts';

const REQUEST_TTL_MS = 600_000;

/** Settings that no response and no clock changes; each one differs from, or pins, the library's default. */
export function fixedOptions(connection: Readonly<Record<'spEntityId' | 'acsUrl' | 'idpEntityId', string>>) {
  return {
    name: 'saml',
    issuer: connection.spEntityId,
    audience: connection.spEntityId,
    callbackUrl: connection.acsUrl,
    idpIssuer: connection.idpEntityId,
    signatureAlgorithm: 'sha256',
    digestAlgorithm: 'sha256',
    authnRequestBinding: 'HTTP-Redirect',
    disableRequestedAuthnContext: true,
    identifierFormat: null,
    allowCreate: true,
  } as const;
}

export interface EngineInput extends Question {
  /** Read from verified bytes. */
  readonly assertion: XmlElement;
}

interface Question {
  /** What the response says it answers. */
  readonly inResponseTo: string | undefined;
  readonly expected: ExpectedAssertion;
  /** PEM. */
  readonly certificates: readonly string[];
}

/** Whom the engine's own parser finds in the same bytes. */
type EngineReading = Readonly<Record<'issuer' | 'nameId', string | undefined>>;

/**
 * One run of passport over one strategy made for it. The request it sees is ours: only the assertion, no query and no other
 * field, so its doors for logout, redirect binding and starting a sign-in are out of reach (S52, S53). Attributes are left
 * out: it has no rule about them, and reading them a third time is what would take longest. Throws what the engine throws.
 */
export function askEngine({ assertion, ...question }: EngineInput): Promise<EngineReading> {
  const unjudged = [
    ...childrenOf(assertion, SAML_NS, 'AttributeStatement'),
    ...childrenOf(assertion, DS_NS, 'Signature'),
  ];
  return runPassport(canonicalXml(assertion, { without: unjudged }), question);
}

/**
 * A function of its own, whose closures know the text and not the tree it was written from: passport assigns functions to
 * properties, V8 keeps such ones where only full collections look, and whatever they reach lives until then.
 */
function runPassport(text: string, question: Question): Promise<EngineReading> {
  const request = { body: { SAMLResponse: text }, query: {}, headers: {} };
  return new Promise((resolve, reject) => {
    let reading: EngineReading | undefined;
    const strategy = new VerifiedStrategy(question, (profile) => {
      reading = { issuer: profile.issuer, nameId: profile.nameID };
      return reading;
    });
    const answer = (error: unknown, user: unknown): void => {
      if (!error && reading !== undefined && user === reading) resolve(reading);
      else reject(error ?? new Error('The engine let nobody in.'));
    };
    // passport-saml is typed against Express 4, the rest of us against 5; passport derives such an object anyway.
    const seam: passport.Strategy = Object.create(strategy);
    const run = passport.authenticate(seam, { session: false }, answer);
    run(request, {}, (error: unknown) => answer(error, undefined));
  });
}

/** The strategy of passport-saml, over an engine that takes assertions whose signature has been verified. */
class VerifiedStrategy extends AbstractStrategy {
  static override readonly newSamlProviderOnConstruct = false;

  constructor(question: Question, read: (profile: Profile) => EngineReading) {
    const options = engineOptions(question);
    super(
      { ...options, passReqToCallback: true },
      (_request, profile: Profile | null, done: VerifiedCallback) =>
        profile === null ? done(new Error('The engine found nobody.')) : done(null, read(profile)),
      (_request, _profile: Profile | null, done: VerifiedCallback) =>
        done(new Error('Sign-out does not pass here.')),
    );
    this._saml = new VerifiedSaml(options, question.inResponseTo ?? null);
  }
}

/** The engine from the point where it has verified the signature: `verifiedText` has done that part. */
class VerifiedSaml extends SAML {
  readonly #inResponseTo: string | null;

  constructor(options: PassportSamlConfig, inResponseTo: string | null) {
    super(options);
    this.#inResponseTo = inResponseTo;
  }

  /** `SAMLResponse` is the text of a verified assertion, not a posted field. */
  override async validatePostResponseAsync(container: Record<string, string>) {
    await this.validateInResponseTo(this.#inResponseTo);
    return this.processValidlySignedAssertionAsync(container.SAMLResponse ?? '', '', this.#inResponseTo);
  }
}

/**
 * The engine reads the machine's clock, we are given `now`. Its skew is widened by the difference, so it is never
 * stricter than our own gate, which repeats every time check with `now` exactly; where both clocks are one, as in
 * production, the difference is nothing.
 */
function engineOptions({ expected, certificates }: Question): PassportSamlConfig {
  const clock = systemClock();
  const { always, never } = ValidateInResponseTo;
  return {
    ...fixedOptions({ ...expected, idpEntityId: expected.entityId }),
    idpCert: [...certificates],
    acceptedClockSkewMs: skewOf(expected) + Math.abs(clock - expected.now),
    maxAssertionAgeMs: maxAgeOf(expected),
    validateInResponseTo: expected.requestId === undefined ? never : always,
    requestIdExpirationPeriodMs: REQUEST_TTL_MS,
    cacheProvider: pendingRequest(expected.requestId, clock),
  };
}

/** The engine's memory of requests: the one pending request of this browser. Its expiry is the caller's matter. */
function pendingRequest(requestId: string | undefined, clock: number): CacheProvider {
  return {
    saveAsync: async () => null,
    getAsync: async (key) => (key === requestId ? new Date(clock).toISOString() : null),
    removeAsync: async () => null,
  };
}
