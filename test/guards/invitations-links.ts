/** What the tests of invitations and links (S158 to S174) must notice the loss of. */
import type { Guard } from '../../scripts/guards/guard.ts';

const LINKS = 'src/core/joining/invitation-links.ts';
const INVITATIONS = 'src/core/joining/invitations.ts';
const SETTLEMENT = 'src/core/joining/invitation-settlement.ts';
const ACCEPTANCE = 'src/core/joining/invitation-acceptance.ts';
const RULES = 'src/core/joining/invitation-rules.ts';
const PEOPLE = 'src/core/joining/joining-people.ts';
const LINK_JOINING = 'src/core/joining/link-joining.ts';
const PROVISIONING = 'src/core/directory/provisioning.ts';
const OPENED = 'src/http/pages/opened-links.ts';
const LINK_ROWS = 'src/storage/sqlite/migrations/0024-shareable-links.sql';
const MAIL_LIMIT = 'src/core/mail/mail-limit.ts';
const FIELDS = 'src/http/api/fields.ts';
const LAYOUT = 'src/core/mail/mail-layout.ts';
const INVITATIONS_TEST = 'test/core/joining/invitations.test.ts';
const CHANGES_TEST = 'test/http/api/invitation-changes.test.ts';
const LINK_JOINING_TEST = 'test/http/api/link-joining.test.ts';
const PROVISIONING_TEST = 'test/core/directory/provisioning.test.ts';
const OPENED_TEST = 'test/http/pages/opened-links.test.ts';
const PAGES_TEST = 'test/http/pages/invitations.test.ts';
const OUTBOX_TEST = 'test/core/journal/outbox.test.ts';
const FIELDS_TEST = 'test/http/api/fields.test.ts';

/** What a link opens and to whom, what it gives, how often, and what is said about it. */
export const invitationsLinksGuards: readonly Guard[] = [
  {
    line: 'S158',
    file: LINKS,
    without: 'if (!constantTimeEqual(text.slice(dot + 1), proofOf(hashToken, token)))',
    put: "if (text === '.')",
    test: CHANGES_TEST,
  },
  {
    line: 'S158',
    file: LINKS,
    without:
      "found !== undefined && constantTimeEqual(rest.join('-'), copyProofOf(hashToken, found.tokenHash));",
    put: 'found !== undefined;',
    test: CHANGES_TEST,
  },
  {
    line: 'S158',
    file: INVITATIONS,
    without: "const token = newToken('ghi', 128);",
    put: "const token = newToken('ghi', 64);",
    test: INVITATIONS_TEST,
  },
  {
    line: 'S158',
    file: INVITATIONS,
    without: '{ ...input, tokenHash: deps.hashToken(token) }',
    put: '{ ...input, tokenHash: token }',
    test: INVITATIONS_TEST,
  },
  {
    line: 'S159',
    file: SETTLEMENT,
    without: "if (!isWinner) throw new GatehouseError('invitation_used', 'This invitation has been used.');",
    put: '',
    test: 'test/core/races/invitations.test.ts',
    why: 'In one process transactions stand in line, so that the status they read would do: both are taken out.',
    also: [
      {
        file: SETTLEMENT,
        without: 'assertAcceptable(invitation, now);\n  const isWinner',
        put: 'const isWinner',
      },
      { file: ACCEPTANCE, without: 'assertAcceptable(invitation, context.now);', put: '' },
    ],
  },
  {
    line: 'S160',
    file: PEOPLE,
    without: 'if (user === undefined || !isTheirs || user.passwordHash !== person.passwordHash) {',
    put: 'if (user === undefined) {',
    test: INVITATIONS_TEST,
  },
  {
    line: 'S160',
    file: PEOPLE,
    without: 'if (!isShownToBe(user, acceptor, address)) {',
    put: 'if (user === null) {',
    test: 'test/http/sessions/vouched.test.ts',
  },
  {
    line: 'S161',
    file: 'src/core/joining/joining-by-sign-on.ts',
    without: 'if (!link.provesAddress)',
    put: 'if (link === null)',
    test: 'test/http/policy/invited-elsewhere.test.ts',
  },
  {
    line: 'S161',
    file: PEOPLE,
    without: 'emailVerifiedAt: address.provesAddress ? context.now : null,',
    put: 'emailVerifiedAt: context.now,',
    test: 'test/core/joining/address-proof.test.ts',
  },
  {
    line: 'S161',
    file: LINK_JOINING,
    without: 'emailVerifiedAt === null || !isOwnProof(session)',
    put: '!isOwnProof(session)',
    test: LINK_JOINING_TEST,
  },
  {
    line: 'S162',
    file: RULES,
    without: 'assertMayGrant(caller, role);\n  if',
    put: 'if',
    test: INVITATIONS_TEST,
  },
  {
    line: 'S162',
    file: RULES,
    without: "if (role.key !== 'owner') return;",
    put: "if (role.key !== '') return;",
    test: INVITATIONS_TEST,
  },
  {
    line: 'S162',
    file: SETTLEMENT,
    without: "if (isStillGiven || promised === 'member' || promised === 'viewer') return promised;",
    put: "if (isStillGiven || promised !== 'owner') return promised;",
    test: INVITATIONS_TEST,
  },
  {
    line: 'S162',
    file: SETTLEMENT,
    without: "const teamRole = isStillGiven ? team.role : 'member';",
    put: 'const teamRole = team.role;',
    test: INVITATIONS_TEST,
  },
  {
    line: 'S162',
    file: LINK_JOINING,
    without: 'if (!(await mayStillInvite(from, { organizationId, invitedBy: link.createdBy }, now)))',
    put: 'if (link.createdBy === null)',
    test: LINK_JOINING_TEST,
  },
  {
    line: 'S163',
    file: PROVISIONING,
    without: "provisioning === 'directory' ? await voidPendingInvitations(tx, context) : 0;",
    put: '0;',
    test: PROVISIONING_TEST,
  },
  {
    line: 'S163',
    file: PROVISIONING,
    without: "if (organization.provisioning !== 'directory') return;",
    put: "if (organization.provisioning !== 'nobody') return;",
    test: PROVISIONING_TEST,
  },
  {
    line: 'S163',
    file: PROVISIONING,
    without: "provisioning === 'directory' ? await voidOpenLinks(tx, context) : 0;",
    put: '0;',
    test: 'test/http/api/invitation-links.test.ts',
  },
  {
    line: 'S164',
    file: ACCEPTANCE,
    without: 'const holder = await deps.storage.users.findByEmail(invitation.emailKey);\n  // Where',
    put: `const holder = await deps.storage.users.findByEmail(invitation.emailKey);
  const { organizationId, id } = invitation;
  const membershipId = 'mem_00000000000000000000000000';
  await deps.storage.transact((tx) => tx.invitations.claim(organizationId, id, { membershipId, now: deps.clock() }));
  // Where`,
    test: INVITATIONS_TEST,
    added: 'a preview that uses the invitation up',
  },
  {
    line: 'S165',
    file: SETTLEMENT,
    without: "if (status === 'expired')",
    put: "if (status === 'nothing')",
    test: INVITATIONS_TEST,
  },
  {
    line: 'S165',
    file: ACCEPTANCE,
    without: 'if (invitation?.tokenHash !== found.tokenHash) throw',
    put: 'if (invitation === undefined) throw',
    test: INVITATIONS_TEST,
  },
  {
    line: 'S165',
    file: 'src/http/pages/joining-forms.ts',
    without: "    case 'invitation_used':\n    case 'invitation_revoked':\n",
    put: '',
    test: PAGES_TEST,
  },
  {
    line: 'S166',
    file: 'src/storage/sqlite/shareable-links.ts',
    without:
      'UPDATE shareable_links SET uses = uses + 1\n  WHERE organization_id = ? AND id = ? AND revoked_at IS NULL AND expires_at > ? AND uses < max_uses`',
    put: 'UPDATE shareable_links SET uses = uses + 1\n  WHERE organization_id = ? AND id = ? AND revoked_at IS NULL AND expires_at > ?`',
    test: 'test/contract/run.test.ts',
    why: 'A check of the column stands behind it; both are taken out.',
    also: [{ file: LINK_ROWS, without: ' CHECK (uses BETWEEN 0 AND max_uses)', put: '' }],
  },
  {
    line: 'S166',
    file: LINK_JOINING,
    without: 'if (takesAddress(link, email)) return;',
    put: 'if (takesAddress(link, email) || email !== null) return;',
    test: LINK_JOINING_TEST,
  },
  {
    line: 'S167',
    file: 'src/storage/sqlite/organizations.ts',
    without: 'AND (? <= 0 OR plan_seats IS NULL OR seats_used + ? <= plan_seats)',
    put: 'AND (? <= 0 OR plan_seats IS NULL OR ? > 0)',
    test: 'test/core/members/counters.test.ts',
  },
  {
    line: 'S167',
    file: RULES,
    without: 'plan.seats === null ? Number.POSITIVE_INFINITY : plan.seats - seatsUsed - promised;',
    put: 'plan.seats === null ? Number.POSITIVE_INFINITY : plan.seats - seatsUsed - promised * 0;',
    test: 'test/http/api/invitation-history.test.ts',
  },
  {
    line: 'S168',
    file: OPENED,
    without: 'if (!isNavigation(req) || !SECRET.test(rest)) return next();',
    put: 'if (rest !== null) return next();',
    test: OPENED_TEST,
  },
  {
    line: 'S168',
    file: OPENED,
    without: 'if (secret === undefined || !constantTimeEqual(referenceOf(kind, secret), reference))',
    put: 'if (secret === undefined)',
    test: OPENED_TEST,
  },
  {
    line: 'S168',
    file: 'src/http/request-facts.ts',
    without:
      "return typeof path === 'string' ? `${req.baseUrl.replace(/\\/[a-z]+_[0-9a-z]+/g, '/:id')}${path}` : '(none)';",
    put: "return typeof path === 'string' ? req.originalUrl : '(none)';",
    test: PAGES_TEST,
  },
  {
    line: 'S168',
    file: 'src/http/server.ts',
    without: "referrerPolicy: { policy: 'no-referrer' },",
    put: "referrerPolicy: { policy: 'same-origin' },",
    test: PAGES_TEST,
  },
  {
    line: 'S168',
    file: 'src/http/pages/invitations.ts',
    without:
      "import { html, isolated } from './html.ts';\nimport { invitationBody } from './invitation-view.ts';",
    put: `import { html, isolated } from './html.ts';
import { invitationBody as plainBody } from './invitation-view.ts';
const invitationBody = (...view) =>
  html\`<img src="\${view[0]?.organization?.branding?.logoUrl ?? ''}">\${plainBody(...view)}\`;`,
    test: 'test/http/pages/logo.test.ts',
    added: 'the logo of the organization, from its own host',
  },
  {
    line: 'S169',
    file: RULES,
    without: 'if (members.length > 0) throw memberThere(organization, invitation.email, members);',
    put: '',
    test: INVITATIONS_TEST,
  },
  {
    line: 'S169',
    file: 'src/core/joining/joining.ts',
    without: 'await assertNoMember(tx, address);',
    put: '',
    test: LINK_JOINING_TEST,
  },
  {
    line: 'S170',
    file: INVITATIONS,
    without: 'return announced(deps, invited, outcome);',
    put: `const hasAccount = (await deps.storage.users.findByEmail(invited.invitation.emailKey)) !== undefined;
  return { ...announced(deps, invited, outcome), hasAccount };`,
    test: INVITATIONS_TEST,
    added: 'an answer that says whether the address has an account',
  },
  {
    line: 'S171',
    file: MAIL_LIMIT,
    without: 'if (waitMs > 0) throw tooMany(waitMs);',
    put: '',
    test: 'test/http/api/invitation-mails.test.ts',
  },
  {
    line: 'S171',
    file: MAIL_LIMIT,
    without: 'if (waitMs > 0) return waitMs;',
    put: '',
    test: 'test/http/requested-mails.test.ts',
  },
  {
    line: 'S171',
    file: 'src/core/journal/outbox.ts',
    without: 'if (barred !== undefined)\n    return { deliveredAt',
    put: 'if (barred === null)\n    return { deliveredAt',
    test: 'test/http/api/invitation-mails.test.ts',
  },
  {
    line: 'S172',
    file: FIELDS,
    without: ' && LOCAL_PART.test(local) && DOMAIN.test(domain);',
    put: ' && DOMAIN.test(domain);',
    test: FIELDS_TEST,
  },
  {
    line: 'S172',
    file: FIELDS,
    without: "UNICODE_DOMAIN.test(written) ? domainToASCII(written) : '';",
    put: 'domainToASCII(written);',
    test: FIELDS_TEST,
  },
  {
    line: 'S172',
    file: INVITATIONS,
    without: 'const emailKey = foldKey(chosen.email);',
    put: 'const emailKey = chosen.email;',
    test: INVITATIONS_TEST,
    why: 'The look-up of a waiting invitation and the unique index stand one behind the other: both see the address as it was typed.',
    also: [
      {
        file: RULES,
        without: 'tx.invitations.findPendingByEmail(organization.id, foldKey(invitation.email));',
        put: 'tx.invitations.findPendingByEmail(organization.id, invitation.email);',
      },
    ],
  },
  {
    line: 'S173',
    file: 'src/core/joining/link-joining.ts',
    without:
      'const organization = await getOrganization(from, organizationId);\n  await assertInvitationsOpen(from, organization);',
    put: 'const organization = (await from.organizations.find(organizationId)) ?? { provisioning: "manual", name: "" };\n  await assertInvitationsOpen(from, organization);',
    test: LINK_JOINING_TEST,
    why: 'The rows of an organization go with it besides: both are taken out.',
    also: [
      {
        file: LINK_ROWS,
        without: 'organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,',
        put: 'organization_id TEXT NOT NULL,',
      },
    ],
  },
  {
    line: 'S173',
    file: 'src/http/pages/joining-forms.ts',
    without: "    case 'not_found':\n    case 'invitation_used':",
    put: "    case 'invitation_used':",
    test: 'test/http/pages/invitations-after-mailing.test.ts',
  },
  {
    line: 'S174',
    file: LAYOUT,
    without: 'withoutUrls(word).replace(DOT_OF_A_DOMAIN, (dot) => `${dot} `)',
    put: 'withoutUrls(word)',
    test: OUTBOX_TEST,
  },
  {
    line: 'S174',
    file: LAYOUT,
    without: "text.replace(/:\\/\\//g, ': //').replace(/\\bwww\\./gi, 'www .');",
    put: 'text;',
    test: OUTBOX_TEST,
  },
  {
    line: 'S174',
    file: LAYOUT,
    without: "return block.lines.map((one) => `> ${one}`).join('\\n');",
    put: "return block.lines.join('\\n');",
    test: OUTBOX_TEST,
  },
  {
    line: 'S174',
    file: LAYOUT,
    without: ".replace(/[@\\uff20]/g, ' at ')",
    put: '',
    test: OUTBOX_TEST,
  },
];
