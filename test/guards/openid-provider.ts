/** What the tests of the OpenID Provider (S89 to S105) must notice the loss of. */
import type { Guard } from '../../scripts/guards/guard.ts';

const CONFIGURATION = 'src/http/provider/configuration.ts';
const RECORDS = 'src/http/provider/records.ts';
const SETTINGS = 'src/core/applications/application-settings.ts';
const ATTACKS_TEST = 'test/http/provider/attacks.test.ts';
const SIGN_OUT_TEST = 'test/http/provider/sign-out.test.ts';
const APPLICATIONS_TEST = 'test/http/api/applications.test.ts';
const KEYS_TEST = 'test/http/provider/keys.test.ts';

/** Each check of addresses, codes, tokens, keys and clients. */
export const openidProviderGuards: readonly Guard[] = [
  {
    line: 'S89',
    file: SETTINGS,
    without: "if (uri.includes('#')) throw",
    put: "if (uri === '#') throw",
    test: APPLICATIONS_TEST,
  },
  {
    line: 'S89',
    file: SETTINGS,
    without: "if (uri.includes('*')) throw",
    put: "if (uri === '*') throw",
    test: APPLICATIONS_TEST,
  },
  {
    line: 'S89',
    file: SETTINGS,
    without: "if (url.username !== '' || url.password !== '')",
    put: "if (url.username === '#')",
    test: APPLICATIONS_TEST,
  },
  {
    line: 'S90',
    file: CONFIGURATION,
    without: 'pkce: { required: () => true },',
    put: 'pkce: { required: () => false },',
    test: ATTACKS_TEST,
  },
  {
    line: 'S91',
    file: RECORDS,
    without: 'if (isFirst) return;',
    put: 'if (isFirst || !isFirst) return;',
    test: 'test/http/provider/records.test.ts',
  },
  {
    line: 'S91',
    file: 'src/storage/sqlite/provider-records.ts',
    without: 'id_hash = ? AND consumed_at IS NULL',
    put: 'id_hash = ?',
    test: ['test/http/provider/records.test.ts', 'test/contract/run.test.ts'],
  },
  {
    line: 'S91',
    file: 'src/core/applications/application-grants.ts',
    without: 'if (!(await tx.applicationGrants.remove(organizationId, id))) return;',
    put: '',
    test: ATTACKS_TEST,
  },
  {
    line: 'S92',
    file: CONFIGURATION,
    without: 'rotateRefreshToken: () => true,',
    put: 'rotateRefreshToken: () => false,',
    test: ATTACKS_TEST,
  },
  {
    line: 'S92',
    file: RECORDS,
    without: 'revokeByGrantId: (grantId) => withdraw(deps, grantId, reasonOf()),',
    put: '',
    test: ATTACKS_TEST,
  },
  {
    line: 'S93',
    file: 'node_modules/oidc-provider/lib/helpers/grant_source.js',
    without: 'if (source.clientId !== ctx.oidc.client.clientId) {',
    put: 'if (source.clientId === undefined) {',
    test: ATTACKS_TEST,
    why: 'Behind it stand the grant of the source, and ours, which withdraws before the library looks: all three are taken out.',
    also: [
      {
        file: 'node_modules/oidc-provider/lib/helpers/grant_source.js',
        without: 'if (grant.clientId !== ctx.oidc.client.clientId) {',
        put: 'if (grant.clientId === undefined) {',
      },
      {
        file: RECORDS,
        without: 'if (oidc.client !== undefined && oidc.client.clientId !== clientId)',
        put: 'if (oidc.client === null)',
      },
    ],
  },
  {
    line: 'S93',
    file: RECORDS,
    without: 'if (oidc.client !== undefined && oidc.client.clientId !== clientId)',
    put: 'if (oidc.client === null)',
    test: ATTACKS_TEST,
  },
  {
    line: 'S94',
    file: 'src/core/applications/application-people.ts',
    without: "if (stored?.status !== 'active') return undefined;",
    put: 'if (stored === undefined) return undefined;',
    test: SIGN_OUT_TEST,
  },
  {
    line: 'S94',
    file: 'src/core/applications/application-grants.ts',
    without: 'if (!(ended.keepsOffline && isOffline(grant)))',
    put: 'if (ended.keepsOffline === null)',
    test: SIGN_OUT_TEST,
  },
  {
    line: 'S94',
    file: CONFIGURATION,
    without: 'AccessToken: 300,',
    put: 'AccessToken: 301,',
    test: 'test/http/provider/sign-in.test.ts',
  },
  {
    line: 'S95',
    file: 'src/core/applications/application-grants.ts',
    without: 'if (!servesOrganization(application, organizationId)) {',
    put: 'if (!servesOrganization(application, organizationId) && scopes.length === -1) {',
    test: ATTACKS_TEST,
  },
  {
    line: 'S96',
    file: 'src/http/provider/claims.ts',
    without: 'org_role: orgRole,',
    put: "org_role: 'owner',",
    test: 'test/http/provider/sign-in.test.ts',
    added: 'a role from elsewhere than the ledger',
  },
  {
    line: 'S96',
    file: 'src/http/provider/claims.ts',
    without: "    'amr',\n",
    put: "    'amr',\n    'roles',\n",
    test: ATTACKS_TEST,
    added: 'one more claim',
    also: [
      {
        file: 'src/http/provider/claims.ts',
        without: 'amr: grant.amr,',
        put: 'amr: grant.amr, roles: [],',
      },
    ],
  },
  {
    line: 'S97',
    file: CONFIGURATION,
    without: 'deviceFlow: off,',
    put: 'deviceFlow: { enabled: true },',
    test: ATTACKS_TEST,
  },
  {
    line: 'S97',
    file: CONFIGURATION,
    without: 'requestObjects: off,',
    put: 'requestObjects: { enabled: true },',
    test: ATTACKS_TEST,
  },
  {
    line: 'S98',
    file: 'src/core/applications/client-secrets.ts',
    without:
      "if (!fits.includes(true)) throw new GatehouseError('unauthenticated', 'The secret does not fit.');",
    put: '',
    test: ATTACKS_TEST,
  },
  {
    line: 'S98',
    file: 'src/core/applications/client-secrets.ts',
    without: 'await limitAttempt(deps.clientAttempts, attempted, () => assertFits(deps, shown));',
    put: 'await limitAttempt(undefined, attempted, () => assertFits(deps, shown));',
    test: 'test/http/provider/limits.test.ts',
  },
  {
    line: 'S99',
    file: 'src/core/applications/signing-keys.ts',
    without: 'const signsFrom = current === undefined ? now : now + PUBLISHED_BEFORE_MS;',
    put: 'const signsFrom = now;',
    test: KEYS_TEST,
  },
  {
    line: 'S99',
    file: 'src/core/applications/signing-keys.ts',
    without: 'const expiresAt = context.now + PUBLISHED_AFTER_MS;',
    put: 'const expiresAt = context.now;',
    test: KEYS_TEST,
  },
  {
    line: 'S99',
    file: 'src/core/applications/signing-keys.ts',
    without: "const remove = mode === 'at_once' ? own : own.filter((key) => key.signsFrom > now);",
    put: 'const remove = own.filter((key) => key.signsFrom > now);',
    test: KEYS_TEST,
  },
];
