/** Who may join by signing in: switches, proved domains, seats, directories, and the invitation that waits for the address. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { nextText } from '../../support/builders.ts';
import { invite } from '../../support/page-visits.ts';
import { pushChange, pushPerson, refusalReasons, sessionStatus } from '../../support/sign-in-stage.ts';
import { type Company, openPolicyStage, type PolicyStage } from './policy-stage.ts';

let stage: PolicyStage;
beforeAll(async () => {
  stage = await openPolicyStage();
});
afterAll(() => stage.close());

const operator = (request: string, body?: unknown) => stage.world.send(stage.world.operator, request, body);
const memberOf = async ({ base }: Company, email: string) =>
  (await operator(`get ${base}/members?q=${encodeURIComponent(email)}`)).body.items[0];
const invitationsOf = async ({ base }: Company, status: string) =>
  (await operator(`get ${base}/invitations?status=${status}`)).body.items;
const addressIn = ({ domain }: Company) => `${nextText('new')}@${domain}`;

/** Signs in and says how it ended: the status of the session, and the reasons the organization was told. */
async function outcomeOf(company: Company, email: string) {
  const { browser } = await stage.signIn(company, { email });
  const reasons = await refusalReasons(stage.world.gateway, company);
  return [await sessionStatus(stage.world.gateway, browser), ...[...reasons].sort()];
}

describe('a manual organization', () => {
  test('lets a verified address of its domain join where jit is on, and nobody where it is off', async () => {
    const [on, off] = [await stage.company({ jit: true }), await stage.company()];
    const email = addressIn(on);
    expect(await outcomeOf(on, email)).toEqual([200]);
    expect(await memberOf(on, email)).toMatchObject({ source: 'sso', orgRole: 'member', status: 'active' });
    expect(await outcomeOf(off, addressIn(off))).toEqual([401, 'identity.not_invited']);
  });

  test('S149 nobody of a domain that is not proved joins, pending or given up', async () => {
    const company = await stage.company({ jit: true });
    const pending = `${nextText('claimed')}.example`;
    await operator(`post ${company.base}/domains`, { domain: pending });
    expect(await outcomeOf(company, `ada@${pending}`)).toEqual([401, 'identity.unknown']);
    const { body } = await operator(`get ${company.base}/domains`);
    const domain = body.items.find((each: { domain: string }) => each.domain === company.domain);
    await operator(`delete ${company.base}/domains/${domain.id}`);
    expect(await outcomeOf(company, addressIn(company))).toEqual([
      401,
      'identity.unknown',
      'identity.unknown',
    ]);
  });

  test('S167 the last seat goes once; who gets none is refused and leaves nothing behind, the invitation included', async () => {
    const company = await stage.company({ jit: true });
    await operator(`patch ${company.base}`, { plan: { preset: 'enterprise', seats: 1 } });
    const invited = addressIn(company);
    await invite(stage.world.gateway, company, { email: invited });
    expect(await outcomeOf(company, addressIn(company))).toEqual([200]);
    expect(await outcomeOf(company, addressIn(company))).toEqual([401, 'seats_exhausted']);
    expect(await outcomeOf(company, invited)).toEqual([401, 'seats_exhausted', 'seats_exhausted']);
    expect(await invitationsOf(company, 'pending')).toHaveLength(1);
    await operator(`patch ${company.base}`, { plan: { preset: 'enterprise', seats: 2 } });
    expect((await outcomeOf(company, invited))[0]).toBe(200);
  });

  test('a suspended member does not come back by signing in', async () => {
    const company = await stage.company({ jit: true });
    const email = addressIn(company);
    await outcomeOf(company, email);
    const { id } = await memberOf(company, email);
    await operator(`patch ${company.base}/members/${id}`, { status: 'suspended' });
    expect(await outcomeOf(company, email)).toEqual([401, 'identity.inactive']);
  });
});

describe('an invitation meets the first sign-in', () => {
  test('its role and team come with it, in place of what joining would give; it is accepted once', async () => {
    const company = await stage.company({ jit: true });
    const { body: team } = await operator(`post ${company.base}/teams`, { name: 'Red' });
    const email = addressIn(company);
    await operator(`post ${company.base}/invitations`, {
      ...{ email, role: 'admin', delivery: 'link' },
      teams: [{ team: team.id, role: 'owner' }],
    });
    expect(await outcomeOf(company, email)).toEqual([200]);
    const member = await memberOf(company, email);
    expect(member).toMatchObject({ source: 'invitation', orgRole: 'admin' });
    expect(member.teams).toEqual([{ id: team.id, role: 'owner' }]);
    expect(await invitationsOf(company, 'accepted')).toMatchObject([{ email, acceptedBy: member.id }]);
    expect(await outcomeOf(company, email)).toEqual([200]);
    expect((await operator(`get ${company.base}/members?limit=50`)).body.items).toHaveLength(1);
  });

  test('S169 one that was withdrawn lets nobody in, and gives nobody its role', async () => {
    const [closed, open] = [await stage.company(), await stage.company({ jit: true })];
    for (const company of [closed, open]) {
      const email = addressIn(company);
      const { body } = await operator(`post ${company.base}/invitations`, { email, role: 'admin' });
      await operator(`delete ${company.base}/invitations/${body.id}`);
      const [status] = await outcomeOf(company, email);
      if (company === closed) expect(status).toBe(401);
      else expect(await memberOf(company, email)).toMatchObject({ source: 'sso', orgRole: 'member' });
    }
  });

  test('S162 the role of an inviter who is no owner any more falls to member', async () => {
    const company = await stage.company();
    const owner = await company.member('owner');
    await company.member('owner');
    const email = addressIn(company);
    await owner.send(`post ${company.base}/invitations`, { email, role: 'admin', delivery: 'link' });
    await operator(`patch ${company.base}/members/${owner.membershipId}`, { orgRole: 'admin' });
    expect(await outcomeOf(company, email)).toEqual([200]);
    expect(await memberOf(company, email)).toMatchObject({ orgRole: 'member' });
  });
});

describe('S145 a directory-managed organization', () => {
  test('lets nobody join whom the directory does not hold as active, jit or not', async () => {
    const company = await stage.company({ jit: true });
    const directory = await stage.world.gateway.createDirectory(company, 'okta');
    const email = addressIn(company);
    expect(await outcomeOf(company, email)).toEqual([401, 'identity.not_in_directory']);
    const user = await pushPerson(stage.world.gateway, directory, { userName: email });
    expect((await outcomeOf(company, email))[0]).toBe(200);
    await pushChange(stage.world.gateway, user, { isActive: false });
    expect(await outcomeOf(company, email)).toEqual([401, 'identity.inactive', 'identity.not_in_directory']);
  });

  test('S163 an invitation from before the switch is void', async () => {
    const company = await stage.company();
    const email = addressIn(company);
    await invite(stage.world.gateway, company, { email });
    await stage.world.gateway.createDirectory(company, 'okta');
    expect(await outcomeOf(company, email)).toEqual([401, 'identity.not_in_directory']);
    expect(await stage.world.gateway.storage.invitations.listPending(company.id)).toEqual([]);
  });
});
