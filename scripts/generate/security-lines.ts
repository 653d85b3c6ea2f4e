/** Lines of the security catalogue about signing in, accounts, invitations, sessions, outbound calls and the audit, by area; `S` and a number in a title. */

/** First and last number of each area. */
export const areas: Readonly<Record<string, readonly [first: number, last: number]>> = {
  'SAML: document and signature': [1, 32],
  'SAML: protocol and binding': [33, 57],
  'SAML: tenancy, configuration, logout': [58, 67],
  'OpenID Connect relying party': [68, 88],
  'OpenID Provider': [89, 105],
  'roles, groups, lifecycle': [137, 148],
  'domains and account linking': [149, 157],
  'invitations and links': [158, 174],
  'passwords and recovery': [175, 183],
  'sessions and CSRF': [184, 193],
  'outbound calls and webhooks': [194, 201],
  'files for spreadsheets': [202, 202],
  audit: [214, 217],
  'one organization at the cost of others': [222, 222],
};

/** Lines without a test, each with the reason. */
export const exceptions: Readonly<Record<string, string>> = {};
