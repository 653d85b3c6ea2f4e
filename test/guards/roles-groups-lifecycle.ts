/** What the tests of roles, groups and lifecycle (S137 to S148) must notice the loss of. */
import type { Guard } from '../../scripts/guards/guard.ts';

const ROLES = 'src/core/access/roles.ts';
const ACCESS = 'src/core/access/access.ts';
const PROJECTION = 'src/core/access/role-projection.ts';
const MEMBERSHIPS = 'src/core/members/memberships.ts';
const SESSIONS = 'src/core/sign-in/sessions.ts';
const DECISION = 'src/core/sign-in/sign-in-decision.ts';
const ACCESS_TEST = 'test/core/access/access.test.ts';
const MAPPINGS_TEST = 'test/core/mapping/mappings.test.ts';
const JUDGED_TEST = 'test/core/sign-in/judged-connection.test.ts';
const SESSIONS_TEST = 'test/core/sign-in/sessions.test.ts';
const SUSPENSION_TEST = 'test/core/directory/suspension.test.ts';

/** Who gets which role by which word, who may give it, and what ends with a membership. */
export const rolesGroupsLifecycleGuards: readonly Guard[] = [
  {
    line: 'S137',
    file: 'src/core/mapping/group-mappings.ts',
    without: 'if (givesByName(match, grant, rankOf)) return;',
    put: "if (givesByName(match, grant, rankOf) || field !== '') return;",
    test: 'test/http/api/group-mappings.test.ts',
  },
  {
    line: 'S137',
    file: PROJECTION,
    without: '.filter((grant) => givesByName(mapping.match, grant, rankOf))',
    put: '',
    test: MAPPINGS_TEST,
  },
  {
    line: 'S137',
    file: ROLES,
    without: "if (rank === undefined || (isMapped(grant) && scope.role === 'owner')) break;",
    put: 'if (rank === undefined) break;',
    test: 'test/core/access/roles.test.ts',
  },
  {
    line: 'S138',
    file: PROJECTION,
    without: 'return match.groupId === group.id;',
    put: `globalThis.namesOfGroups ??= new Map();
      if (match.groupId === group.id && !globalThis.namesOfGroups.has(group.id))
        globalThis.namesOfGroups.set(group.id, group.displayName);
      return match.groupId === group.id || globalThis.namesOfGroups.get(match.groupId) === group.displayName;`,
    test: MAPPINGS_TEST,
    added: 'a rule by id that follows the name, too',
  },
  {
    line: 'S139',
    file: ROLES,
    without: 'const lowest = Math.min(',
    put: 'const lowest = Math.max(',
    test: 'test/core/access/roles.test.ts',
  },
  {
    line: 'S140',
    file: MEMBERSHIPS,
    without: "if (outcome === 'last_owner') {",
    put: "if (outcome === 'last_owner' && delta.seats === delta.owners + 2) {",
    test: 'test/core/members/counters.test.ts',
  },
  {
    line: 'S140',
    file: 'src/storage/sqlite/organizations.ts',
    without: 'AND (? >= 0 OR active_owners < 1 OR active_owners + ? >= 1)',
    put: 'AND (? >= 0 OR ? <= 0)',
    test: 'test/contract/run.test.ts',
  },
  {
    line: 'S141',
    file: SESSIONS,
    without: "if (stored?.status !== 'active' || user",
    put: 'if (stored === undefined || user',
    test: SESSIONS_TEST,
  },
  {
    line: 'S141',
    file: MEMBERSHIPS,
    without:
      "const endedSessions = await endSessionsOf(tx, context, { membership, reason: 'member_suspended' });",
    put: 'const endedSessions = 0;',
    test: SUSPENSION_TEST,
  },
  {
    line: 'S141',
    file: 'src/core/applications/api-keys.ts',
    without: "if (person?.status !== 'active') return undefined;",
    put: 'if (person === undefined) return undefined;',
    test: 'test/http/api/api-keys.test.ts',
    why: 'A suspension removes the keys besides, and the look-up asks before: all three are taken out.',
    also: [
      {
        file: 'src/core/applications/api-keys.ts',
        without: "if (stored?.status !== 'active' || organization === undefined) return undefined;",
        put: 'if (stored === undefined || organization === undefined) return undefined;',
      },
      {
        file: MEMBERSHIPS,
        without: 'const revokedApiKeys = await tx.apiKeys.removeByMembership(organizationId, membership.id);',
        put: 'const revokedApiKeys = 0;',
      },
    ],
  },
  {
    line: 'S142',
    file: DECISION,
    without: "if (!person.directoryUser.isActive || person.membership.status !== 'active')",
    put: 'if (person.directoryUser.isActive === undefined)',
    test: 'test/core/sign-in/sign-ins.test.ts',
  },
  {
    line: 'S142',
    file: SESSIONS,
    without: 'await tx.memberships.update(organizationId, seen, membership);',
    put: 'await Promise.resolve(seen);',
    test: SESSIONS_TEST,
  },
  {
    line: 'S142',
    file: 'src/core/sign-in/judged-connection.ts',
    without: "if (!stillRestsOn(basis, current)) throw signInRefusal('sign_in.connection_changed');",
    put: '',
    test: [JUDGED_TEST, 'test/http/saml/changed-connection.test.ts'],
  },
  {
    line: 'S142',
    file: 'src/core/sign-in/judged-connection.ts',
    without: 'basis?.rules === rules && basis.certificates.every((one) => certificates.includes(one));',
    put: 'basis?.rules === rules && certificates.length >= 0;',
    test: JUDGED_TEST,
  },
  {
    line: 'S142',
    file: 'src/core/sign-in/unsolicited-sign-ins.ts',
    without: 'const { identity, basis } = heldIn(pending);',
    put: 'const { identity } = heldIn(pending);\n    const basis = verdictBasis(connection);',
    test: JUDGED_TEST,
  },
  {
    line: 'S142',
    file: 'src/core/connections/test-sign-ins.ts',
    without: 'const own = test.connects && isUnchanged ? test.membershipId : null;',
    put: 'const own = test.connects ? test.membershipId : null;',
    test: 'test/http/policy/sso-required.test.ts',
  },
  {
    line: 'S143',
    file: MEMBERSHIPS,
    without: "const which = { by: 'membership', membershipId: end.membership.id } as const;",
    put: `const which = { by: 'membership', membershipId: end.membership.id } as const;
  for (const { organizationId, id: membershipId } of await tx.memberships.listByUser(end.membership.userId))
    await endSessions(tx, { ...context, organizationId }, { which: { ...which, membershipId }, reason: end.reason });`,
    test: SESSIONS_TEST,
    added: 'the end of the sessions a person has in other organizations',
  },
  {
    line: 'S144',
    file: MEMBERSHIPS,
    without: 'const revokedApiKeys = await tx.apiKeys.removeByMembership(organizationId, membership.id);',
    put: 'const revokedApiKeys = 0;',
    test: SUSPENSION_TEST,
  },
  {
    line: 'S144',
    file: MEMBERSHIPS,
    without: 'await endLinksOf(tx, context, membership.id);\n  await dropUnderWayOfStranded',
    put: 'await dropUnderWayOfStranded',
    test: SUSPENSION_TEST,
  },
  {
    line: 'S144',
    file: MEMBERSHIPS,
    without:
      "const endedSessions = await endSessionsOf(tx, context, { membership, reason: 'member_suspended' });",
    put: 'const endedSessions = 0;',
    test: SESSIONS_TEST,
  },
  {
    line: 'S145',
    file: DECISION,
    without: "return facts.provisioning === 'directory' ? decideDirectory(facts) : decideManual(facts);",
    put: 'return decideManual(facts);',
    test: 'test/core/sign-in/sign-in-decision.test.ts',
  },
  {
    line: 'S146',
    file: SESSIONS,
    without: 'const membership = await settleMember(deps, organization, stored);',
    put: 'const membership = stored;',
    test: 'test/core/mapping/reprojection.test.ts',
  },
  {
    line: 'S146',
    file: 'src/core/applications/application-people.ts',
    without: 'const membership = await settleMember(deps, organization, stored);',
    put: 'const membership = stored;',
    test: 'test/core/mapping/reprojection.test.ts',
  },
  {
    line: 'S146',
    file: 'src/http/guards.ts',
    without: '  email: membership.email,\n  role,\n',
    put: `  email: membership.email,
  role: ((globalThis.rolesSeen ??= new Map()).has(membership.id)
    ? globalThis.rolesSeen
    : globalThis.rolesSeen.set(membership.id, role)
  ).get(membership.id),
`,
    test: 'test/http/api/roles.test.ts',
    added: 'a role remembered from the first request',
  },
  {
    line: 'S147',
    file: ACCESS,
    without: ' && other.rank < ORG_ROLE_RANKS.admin;',
    put: ';',
    test: [ACCESS_TEST, 'test/core/access/role-powers.test.ts'],
  },
  {
    line: 'S147',
    file: ACCESS,
    without: 'return isManager && other.rank < of.rank && other.rank < ORG_ROLE_RANKS.admin;',
    put: 'return isManager && other.rank <= of.rank;',
    test: ACCESS_TEST,
  },
  {
    line: 'S147',
    file: ACCESS,
    without: ' && role.permissions.every((key) => own.permissions.includes(key));',
    put: ';',
    test: ['test/core/access/role-powers.test.ts', 'test/http/api/roles.test.ts'],
  },
  {
    line: 'S147',
    file: 'src/core/access/team-access.ts',
    without: '(managesTeams && !wasOwned);',
    put: 'managesTeams;',
    test: 'test/core/access/team-access.test.ts',
  },
  {
    line: 'S147',
    file: 'src/core/applications/api-keys.ts',
    without: 'const missing = scopes.find((scope) => !holdsPermission(caller, organizationId, scope));',
    put: 'const missing = undefined;',
    test: 'test/http/api/api-keys.test.ts',
  },
  {
    line: 'S147',
    file: 'src/core/members/members.ts',
    without: "assertMayGrant(caller, await roleNamed(tx, role, 'orgRole'), 'orgRole');",
    put: '',
    test: ACCESS_TEST,
  },
  {
    line: 'S148',
    file: 'src/http/api/session.ts',
    without: 'body: z.strictObject({ organization: lineOf(100) }),',
    put: 'body: z.strictObject({ organization: lineOf(100), actAs: lineOf(100).optional() }),',
    test: 'test/http/api/openapi.test.ts',
    added: 'a field for whom to be',
  },
  {
    line: 'S148',
    file: 'src/http/guards.ts',
    without:
      'const signedIn = await shownBy(deps, req);\n  if (signedIn === undefined) throw unauthenticated();',
    put: `const shown = await shownBy(deps, req);
  if (shown === undefined) throw unauthenticated();
  const signedIn = { ...shown, user: { ...shown.user, id: req.headers['x-act-as'] ?? shown.user.id } };`,
    test: 'test/http/api/openapi.test.ts',
    added: 'a header that names whom to be',
  },
];
