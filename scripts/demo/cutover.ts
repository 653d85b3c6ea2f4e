/** A live organization goes to its directory: shadow, report, switch, and the way back. */
import { CORE_GROUP, CORE_USER, listAt, textAt, valueAt } from '../simulate/answers.ts';
import { createScimCaller, type ScimCaller } from '../simulate/client.ts';
import { printExchange } from '../simulate/expectations.ts';
import { checked } from './checked.ts';
import type { Guest, ManualOrganization } from './invitations.ts';
import type { Narrator } from './narration.ts';
import type { Stage } from './stage.ts';

const COLLEAGUES = ['rosa', 'sam', 'tilda', 'uwe'];

/** Where the bakery's directory is. */
interface Shadow {
  readonly path: string;
  readonly scim: ScimCaller;
}

/** Moves the bakery, which has one member and one pending invitation, and takes it back. */
export async function cutOver(
  stage: Stage,
  narrator: Narrator,
  { bakery, guest }: { readonly bakery: ManualOrganization; readonly guest: Guest },
): Promise<void> {
  narrator.chapter(`${bakery.name} moves to a directory, and back`);
  const link = await narrator.step('Before that, one more person is invited by hand', () =>
    inviteLast(stage, bakery),
  );
  const shadow = await narrator.step(
    'A shadow directory is opened: it takes pushes, and changes nobody',
    () => openShadow(stage, bakery),
  );
  await narrator.step(`Okta pushes ${guest.name}, four colleagues and a group of shift leads`, () =>
    pushShadows(stage, shadow, { bakery, guest }),
  );
  const reportHash = await narrator.step('The report says what the switch would do', () =>
    readReport(stage, shadow),
  );
  await narrator.step('The switch does exactly that, and the invitation dies in the same moment', () =>
    switchOn(stage, shadow, { bakery, link, reportHash }),
  );
  await narrator.step('Taken back, everything is as it was; the invitation stays dead', () =>
    takeBack(stage, shadow, { bakery, guest }),
  );
}

async function inviteLast({ operator }: Stage, { slug }: ManualOrganization) {
  const body = { email: 'rosa@bakery.example', role: 'member', delivery: 'link' };
  const path = `/organizations/${slug}/invitations`;
  const invited = await operator.expect(201, { method: 'POST', path, body });
  return { result: textAt(invited, 'url'), facts: [`${textAt(invited, 'email')}: pending`] };
}

async function openShadow({ operator }: Stage, { slug }: ManualOrganization) {
  const organization = `/organizations/${slug}`;
  const domain = { domain: 'bakery.example', verified: true };
  await operator.create(`${organization}/domains`, domain);
  const body = { kind: 'okta', status: 'draft', shadow: true };
  const path = `${organization}/directories`;
  const made = await operator.expect(201, { method: 'POST', path, body });
  const place = `${path}/${textAt(made, 'id')}`;
  const issued = await operator.expect(201, {
    ...{ method: 'POST', path: `${place}/tokens`, body: { name: 'okta' } },
  });
  const endpoint = { base: textAt(made, 'scimBaseUrl'), token: textAt(issued, 'token') };
  const manner = { headers: {}, contentType: 'application/scim+json', blank: '%20' } as const;
  return { result: { path: place, scim: createScimCaller(endpoint, manner) } };
}

async function pushShadows(
  stage: Stage,
  { scim }: Shadow,
  { bakery, guest }: { readonly bakery: ManualOrganization; readonly guest: Guest },
) {
  const push = async (path: string, body: object): Promise<string> => {
    const exchange = await scim.send('POST', path, { body });
    if (exchange.status !== 201) throw new Error(printExchange(exchange));
    return textAt(exchange.body, 'id');
  };
  const addresses = [guest.email, ...COLLEAGUES.map((name) => `${name}@bakery.example`)];
  const ids: string[] = [];
  for (const value of addresses) {
    const emails = [{ value, primary: true }];
    ids.push(await push('/Users', { schemas: [CORE_USER], userName: value, externalId: value, emails }));
  }
  const members = ids.slice(0, 2).map((value) => ({ value }));
  const groupId = await push('/Groups', { schemas: [CORE_GROUP], displayName: 'Shift leads', members });
  const grants = [{ scope: 'org', role: 'admin' }];
  await stage.operator.create(`/organizations/${bakery.slug}/group-mappings`, { match: { groupId }, grants });
  const count = await memberCount(stage, bakery);
  if (count !== 1) throw new Error(`${count} members, not 1`);
  return { result: undefined, facts: [`${scim.sent()} requests answered 201; members: ${count}`] };
}

async function memberCount({ operator }: Stage, { slug }: ManualOrganization): Promise<number> {
  const path = `/organizations/${slug}/members?status=active&limit=200`;
  return listAt(await operator.expect(200, { method: 'GET', path }), 'items').length;
}

async function readReport({ operator }: Stage, { path }: Shadow) {
  const report = await operator.expect(200, { method: 'GET', path: `${path}/cutover` });
  // One of the people is the member already, an admin; one of the others becomes one, and the invitation dies.
  const number = (wanted: number, ...at: string[]) => checked(at.join(' '), valueAt(report, ...at), wanted);
  const total = number(1 + COLLEAGUES.length, 'people', 'total');
  const added = number(COLLEAGUES.length, 'people', 'new');
  const blockers = checked('blockers', listAt(report, 'outcomes', 'keep', 'blockers').length, 0);
  const facts = [
    `people: ${total}, of them ${number(1, 'people', 'adopt')} a member already, ${added} new; ${number(1, 'people', 'gain')} gain a role`,
    `members who are not in the directory: ${number(0, 'members', 'unmatched')}; invitations that die: ${number(1, 'voids', 'invitations')}; blockers: ${blockers}`,
  ];
  return { result: textAt(report, 'reportHash'), facts };
}

async function switchOn(
  stage: Stage,
  { path }: Shadow,
  order: { readonly bakery: ManualOrganization; readonly link: string; readonly reportHash: string },
) {
  const { operator } = stage;
  const { bakery, link, reportHash } = order;
  const startedAt = performance.now();
  const body = { reportHash, unmatched: 'keep' };
  await operator.expect(200, { method: 'POST', path: `${path}/cutover`, body });
  const ms = Math.round(performance.now() - startedAt);
  const token = new URL(link).pathname.split('/').at(-1) ?? '';
  const accept = { name: 'Rosa', password: 'warm bread before sunrise' };
  const problem = await operator.expect(409, {
    ...{ method: 'POST', path: `/invitations/${token}/accept`, body: accept },
  });
  const again = await operator.expect(409, { method: 'POST', path: `${path}/cutover`, body });
  const members = checked('members', await memberCount(stage, bakery), 1 + COLLEAGUES.length);
  const dead = checked('code of the link', textAt(problem, 'code'), 'invitations_disabled');
  const moved = checked('code of the old report', textAt(again, 'code'), 'cutover_moved');
  return {
    result: undefined,
    facts: [
      `${ms} ms; members: ${members}; the link answers 409 ${dead}; the same report again 409 ${moved}`,
    ],
  };
}

async function takeBack(
  stage: Stage,
  { path }: Shadow,
  { bakery, guest }: { readonly bakery: ManualOrganization; readonly guest: Guest },
) {
  const { operator } = stage;
  const startedAt = performance.now();
  const over = await operator.expect(200, { method: 'POST', path: `${path}/cutover/rollback` });
  const ms = Math.round(performance.now() - startedAt);
  const members = await operator.expect(200, {
    ...{ method: 'GET', path: `/organizations/${bakery.slug}/members` },
  });
  const [olive, ...others] = listAt(members, 'items');
  const told = `${textAt(olive, 'name')}, org ${textAt(olive, 'orgRole')}, source ${textAt(olive, 'source')}`;
  if (others.length > 0 || textAt(olive, 'email') !== guest.email) throw new Error(JSON.stringify(members));
  checked('role after the way back', textAt(olive, 'orgRole'), 'admin');
  checked('source after the way back', textAt(olive, 'source'), 'invitation');
  const voided = listAt(over, 'voided').map((gone) => textAt(gone, 'email'));
  return {
    result: undefined,
    facts: [`${ms} ms; members: ${told}; invitations to send again: ${voided.join(', ')}`],
  };
}
