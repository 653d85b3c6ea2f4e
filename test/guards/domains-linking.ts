/** What the tests of domains and account linking (S149 to S157) must notice the loss of. */
import type { Guard } from '../../scripts/guards/guard.ts';

const DECISION = 'src/core/sign-in/sign-in-decision.ts';
const NAMES = 'src/core/connections/domain-names.ts';
const CHECKS = 'src/core/connections/domain-checks.ts';
const BY_MAIL = 'src/core/sign-in/connecting-by-mail.ts';
const SIGN_INS_TEST = 'test/core/sign-in/sign-ins.test.ts';
const DOMAINS_TEST = 'test/core/connections/domains.test.ts';
const RESOLVER_TEST = 'test/outbound/dns-txt-resolver.test.ts';
const CHECKS_TEST = 'test/core/connections/domain-checks.test.ts';
const ROUTING_TEST = 'test/core/sign-in/sign-in-routing.test.ts';
const CONNECTING_TEST = 'test/http/policy/connecting.test.ts';
const BY_MAIL_TEST = 'test/http/policy/connecting-by-mail.test.ts';

/** What a domain has to be proved for, and how an identity becomes somebody's who is there already. */
export const domainsLinkingGuards: readonly Guard[] = [
  {
    line: 'S149',
    file: DECISION,
    without: "if (facts.jit && facts.isDomainProved) return { kind: 'join' };",
    put: "if (facts.jit) return { kind: 'join' };",
    test: SIGN_INS_TEST,
  },
  {
    line: 'S149',
    file: 'src/core/connections/domains.ts',
    without: '(await from.domains.findVerified(domain))?.organizationId === organizationId;',
    put: '(await from.domains.findVerified(domain)) !== undefined;',
    test: SIGN_INS_TEST,
  },
  {
    line: 'S149',
    file: CHECKS,
    without: 'if (found?.includes(value) === true) return null;',
    put: 'if (found !== undefined && found.length > 0) return null;',
    test: DOMAINS_TEST,
  },
  {
    line: 'S150',
    file: 'src/core/sign-in/organization-switch.ts',
    without: "if (isOwnProof(session) && passwordAllowedFor(organization, 'enter')) return;",
    put: "if (passwordAllowedFor(organization, 'enter')) return;",
    test: 'test/http/sessions/organization-switch.test.ts',
  },
  {
    line: 'S150',
    file: DECISION,
    without: "if (facts.isAddressTaken) return refuse('identity.address_taken');",
    put: '',
    test: SIGN_INS_TEST,
  },
  {
    line: 'S151',
    file: 'src/core/credentials/password-reset.ts',
    without: 'if (user.emailVerifiedAt === null) await dropCredentials(tx, user.id);',
    put: '',
    test: 'test/http/password-reset.test.ts',
  },
  {
    line: 'S151',
    file: BY_MAIL,
    without: 'await takeBack(tx, context, offered.user);',
    put: '',
    test: BY_MAIL_TEST,
  },
  {
    line: 'S151',
    file: 'src/core/joining/joining-people.ts',
    without: 'await dropCredentials(tx, holder.id);',
    put: '',
    test: 'test/core/joining/address-proof.test.ts',
  },
  {
    line: 'S151',
    file: 'src/core/joining/joining-people.ts',
    without:
      "const ended = await endSessionsOfUser(tx, context, { userId: holder.id, reason: 'address_released' });",
    put: 'const ended = [];',
    test: 'test/core/joining/address-proof.test.ts',
  },
  {
    line: 'S152',
    file: 'src/core/members/users.ts',
    without: 'emailVerifiedAt: null,',
    put: 'emailVerifiedAt: context.now,',
    test: 'test/http/verified-address.test.ts',
    added: 'an address proved because a directory says so',
  },
  {
    line: 'S152',
    file: 'src/http/api/session.ts',
    without: "avatarUrl: pictureField.nullable().optional().describe('https; never loaded by Gatehouse.'),",
    put: 'avatarUrl: pictureField.nullable().optional(), emailVerified: z.boolean().optional(),',
    test: 'test/http/verified-address.test.ts',
    added: 'a field that says an address is verified',
  },
  {
    line: 'S153',
    file: NAMES,
    without: "if (PUBLIC_MAIL.has(domain)) return 'a public mail service';",
    put: '',
    test: DOMAINS_TEST,
  },
  {
    line: 'S153',
    file: NAMES,
    without: 'SHARED_SUFFIX.has(domain) || REGISTRY_SUFFIX.test(domain)',
    put: "domain === ''",
    test: DOMAINS_TEST,
  },
  {
    line: 'S153',
    file: NAMES,
    without: "|| !domain.split('.').every(isRealLabel))",
    put: ')',
    test: DOMAINS_TEST,
  },
  {
    line: 'S153',
    file: NAMES,
    without: "NOT_IN_A_HOST.test(text.trim()) ? '' : domainToASCII(text.trim().toLowerCase());",
    put: 'domainToASCII(text.trim().toLowerCase());',
    test: [SIGN_INS_TEST, DOMAINS_TEST],
  },
  {
    line: 'S153',
    file: 'src/core/connections/domains.ts',
    without: "challenge: randomBytes(20).toString('hex'),",
    put: "challenge: randomBytes(0).toString('hex').padEnd(40, 'a'),",
    test: DOMAINS_TEST,
  },
  {
    line: 'S153',
    file: CHECKS,
    without: 'const isOver = isProved && now - missingSince >= LAPSE_AFTER_MS;',
    put: 'const isOver = false;',
    test: CHECKS_TEST,
  },
  {
    line: 'S153',
    file: CHECKS,
    without: 'const isOver = isProved && now - missingSince >= LAPSE_AFTER_MS;',
    put: 'const isOver = isProved;',
    test: CHECKS_TEST,
  },
  {
    line: 'S153',
    file: CHECKS,
    without: "if (problem.code !== 'lookup_failed') return",
    put: 'if (problem.code.length > 0) return',
    test: CHECKS_TEST,
    why: 'An error of a name server counts as a record that is gone.',
  },
  {
    line: 'S153',
    file: CHECKS,
    without: 'const isOver = isProved && unansweredMs >= LAPSE_UNANSWERED_MS;',
    put: 'const isOver = false;',
    test: CHECKS_TEST,
    why: 'Whose name servers answer everybody but us keeps a proof for ever.',
  },
  {
    line: 'S153',
    file: CHECKS,
    without: '(await resolver.resolveTxt(topLevel)) !== undefined;',
    put: "topLevel !== '';",
    test: CHECKS_TEST,
    why: 'A gateway that is cut off ends the proofs of all.',
  },
  {
    line: 'S153',
    file: CHECKS,
    without: 'Math.min(Math.max(now - (domain.checkedAt ?? now), 0), CHECK_EVERY_MS)',
    put: 'CHECK_EVERY_MS',
    test: CHECKS_TEST,
    why: 'Whoever asks all day ends a proof within a day.',
  },
  {
    line: 'S153',
    file: CHECKS,
    without: "isProved && isTold ? 'domain.unanswered'",
    put: "false ? 'domain.unanswered'",
    test: CHECKS_TEST,
  },
  {
    line: 'S153',
    file: 'src/outbound/dns-txt-resolver.ts',
    without: 'return (await saysThereIsNothing(server, { name, waitMs })) ? [] : undefined;',
    put: 'return [];',
    test: RESOLVER_TEST,
    why: 'An error that node:dns has no word for counts as a record that is gone.',
  },
  {
    line: 'S153',
    file: 'src/outbound/dns-header.ts',
    without: 'isResponse && isItsOwn && (code === 0 || code === 3)',
    put: 'isResponse && (code === 0 || code === 3)',
    test: RESOLVER_TEST,
  },
  {
    line: 'S154',
    file: 'src/storage/sqlite/migrations/0001-initial.sql',
    without: "CREATE UNIQUE INDEX domains_verified ON domains (domain) WHERE status = 'verified';",
    put: "CREATE INDEX domains_verified ON domains (domain) WHERE status = 'verified';",
    test: DOMAINS_TEST,
  },
  {
    line: 'S155',
    file: 'src/core/sign-in/sign-in-routing.ts',
    without: "const domain = name === '' ? undefined : await storage.domains.findVerified(name);",
    put: `const domain = name === '' ? undefined : await storage.domains.findVerified(name);
  if (hints.email !== undefined) await storage.users.findByEmail(hints.email);`,
    test: ROUTING_TEST,
    added: 'a look-up of the person',
  },
  {
    line: 'S155',
    file: 'src/http/pages/sign-in.ts',
    without: "sendSignIn(res, { returnTo, email: hints.email ?? '', note: NO_WAY_ON });",
    put: `const known = await deps.storage.users.findByEmail(hints.email ?? '');
    sendSignIn(res, { returnTo, email: hints.email ?? '', note: known === undefined ? NO_WAY_ON : 'Welcome back.' });`,
    test: 'test/http/pages/sign-in.test.ts',
    added: 'another sentence for an address that has an account',
  },
  {
    line: 'S155',
    file: BY_MAIL,
    without: 'await deps.afterwards(() => deps.storage.transact((tx) => offer(tx, deps, refused)));',
    put: 'await deps.storage.transact((tx) => offer(tx, deps, refused));',
    test: BY_MAIL_TEST,
  },
  {
    line: 'S156',
    file: DECISION,
    without: "if (facts.isAddressTaken) return refuse('identity.address_taken');",
    put: '',
    test: CONNECTING_TEST,
  },
  {
    line: 'S156',
    file: 'src/core/sign-in/identity-connection.ts',
    without: "if (!facts.isAddressVerified || !isOwnAddress) throw signInRefusal('identity.other_address');",
    put: '',
    test: CONNECTING_TEST,
  },
  {
    line: 'S156',
    file: 'src/core/sign-in/identity-connection.ts',
    without:
      "if (facts.bound !== undefined || own !== undefined) throw signInRefusal('identity.already_bound');",
    put: '',
    test: CONNECTING_TEST,
  },
  {
    line: 'S156',
    file: BY_MAIL,
    without: 'if (!(await isProvedAddress(from, organizationId, emailKey))) return undefined;',
    put: '',
    test: 'test/http/policy/connecting-by-mail-oidc.test.ts',
  },
  {
    line: 'S156',
    file: BY_MAIL,
    without:
      "if (connection?.status !== 'active' || !stillRestsOn(wanted.basis, connection)) return undefined;",
    put: "if (connection?.status !== 'active') return undefined;",
    test: BY_MAIL_TEST,
  },
  {
    line: 'S156',
    file: BY_MAIL,
    without: "const found = await tx.oneTimeRecords.consume('identity_connection', deps.hashToken(token));",
    put: "const found = await tx.oneTimeRecords.find('identity_connection', deps.hashToken(token));",
    test: BY_MAIL_TEST,
    why: 'Whoever has connected already is asked no more: both are taken out.',
    also: [
      {
        file: BY_MAIL,
        without: 'return own === undefined ? { organization, connection, membership } : undefined;',
        put: 'return own === null ? undefined : { organization, connection, membership };',
      },
    ],
  },
  {
    line: 'S157',
    file: 'src/core/connections/sso-enforcement.ts',
    without: 'only: (session) => !sessionFits(organization, session),',
    put: 'only: () => false,',
    test: 'test/http/policy/sso-required.test.ts',
  },
  {
    line: 'S157',
    file: 'src/core/sign-in/sessions.ts',
    without: ' || !sessionFits(organization, session)) return undefined;',
    put: ') return undefined;',
    test: 'test/core/sign-in/sessions.test.ts',
  },
  {
    line: 'S157',
    file: 'src/core/sign-in/sessions.ts',
    without: 'if (!sessionFits(organization, { connectionId, emergency }))',
    put: 'if (organization.ssoPolicy === undefined)',
    test: 'test/core/sign-in/sessions.test.ts',
  },
  {
    line: 'S157',
    file: 'src/core/sign-in/organization-switch.ts',
    without: "if (isOwnProof(session) && passwordAllowedFor(organization, 'enter')) return;",
    put: 'if (isOwnProof(session)) return;',
    test: 'test/http/sessions/organization-switch.test.ts',
  },
  {
    line: 'S157',
    file: 'src/core/applications/api-keys.ts',
    without: 'if (lackOfKey(organization, key) !== undefined) return undefined;',
    put: '',
    test: 'test/http/api/api-keys.test.ts',
  },
  {
    line: 'S157',
    file: 'src/core/credentials/emergency-codes.ts',
    without: 'await deps.afterwards(() => tellRefused(deps, { code: found, reason, cause: input.cause }));',
    put: ';',
    test: 'test/http/policy/emergency.test.ts',
    why: 'Nobody would hear that a sealed code was tried again.',
  },
];
