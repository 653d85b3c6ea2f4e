/** What people read: roles by their names, and in the title of each page whose it is. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { type ApiWorld, type Person, startApiWorld } from '../api/api-world.ts';

let world: ApiWorld;
let organization: Organization;
let owner: Person;

beforeAll(async () => {
  world = await startApiWorld();
  organization = await world.newOrganization({ name: 'Acme' });
  owner = await world.newPerson(organization, 'owner');
});

afterAll(() => world.close());

const at = () => `/organizations/${organization.id}`;
async function mailsTo(email: string): Promise<string> {
  await world.gateway.deliverMails();
  return world.gateway.mails.flatMap(({ to, text }) => (to === email ? [text] : [])).join('\n');
}

async function pageOf(path: string, person?: Person): Promise<string> {
  const headers = person === undefined ? {} : person.headers;
  return (await fetch(`${world.gateway.baseUrl}${path}`, { headers })).text();
}

const titleOf = (page: string): string | undefined => /<title>([^<]*)<\/title>/.exec(page)?.[1];

const invited = async (choice: object): Promise<string> => {
  const body = { email: 'bo@example.com', delivery: 'link', ...choice };
  const answer = await world.send(world.operator, `post ${at()}/invitations`, body);
  return new URL(answer.body.url).pathname;
};

describe('the own page', () => {
  test('says roles on single things beside the others, and why, to the person themselves', async () => {
    const person = await world.newPerson(organization);
    const self = `${at()}/members/${person.membership.id}`;
    const wanted = { role: 'viewer' };
    expect((await world.send(owner, `put ${self}/resources/chatbot/7`, wanted)).status).toBe(200);
    const page = await pageOf('/', person);
    expect(page).toContain('<bdi>chatbot 7</bdi>: <span class="tag">Viewer</span>');
    expect(page).toContain(`Given by ${owner.email}.`);
  });

  test('says “you” of the invitation that was accepted', async () => {
    const path = await invited({ role: 'member', email: 'di@example.com' });
    const body = { name: 'Di', password: 'a sentence nobody guesses' };
    const joined = await fetch(`${world.gateway.baseUrl}/api/v1${path}/accept`, {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
    });
    expect(joined.status).toBe(200);
    const cookie = joined.headers
      .getSetCookie()
      .map((one) => one.split(';', 1)[0])
      .join('; ');
    const page = await (await fetch(`${world.gateway.baseUrl}/`, { headers: { cookie } })).text();
    expect(page).toContain('Given by the invitation you accepted.');
    expect(page).not.toContain('this person');
  });
});

describe('roles', () => {
  test('a role of the product is told by its name: invitation, its page, change of role, the own page', async () => {
    const role = { key: 'support-lead', name: 'Lead of support', rank: 150, permissions: ['members.read'] };
    expect((await world.send(world.operator, 'post /roles', role)).status).toBe(201);
    const key = 'support-lead';
    const page = await pageOf(await invited({ role: key, email: 'cy@example.com', delivery: 'email' }));
    expect(page).toContain('<dt>Role</dt><dd><bdi>Lead of support</bdi></dd>');
    expect(await mailsTo('cy@example.com')).toContain('to join Acme as Lead of support.');
    const person = await world.newPerson(organization);
    await world.send(owner, `patch ${at()}/members/${person.membership.id}`, { orgRole: key });
    expect(await mailsTo(person.email)).toContain('is Lead of support from now on; it was Member.');
    expect(await pageOf('/', person)).toContain(
      'Your role: <span class="tag"><bdi>Lead of support</bdi></span>',
    );
  });

  test('so is a built-in one, with the name that the operator gave it', async () => {
    const person = await world.newPerson(organization, 'admin');
    expect(await pageOf('/', person)).toContain('<bdi>Admin</bdi>');
    await world.send(world.operator, 'patch /roles/admin', { name: 'Manager' });
    expect(await pageOf('/', person)).toContain('<bdi>Manager</bdi>');
    const { body } = await world.send(owner, `post ${at()}/branding/preview`, { mail: 'role_changed' });
    expect(body.text).toContain('is Manager from now on; it was Member.');
  });

  test('what somebody is in a team is told by its word', async () => {
    const team = await world.send(owner, `post ${at()}/teams`, { name: 'Research' });
    const put = `put ${at()}/teams/${team.body.id}/members/${owner.membership.id}`;
    await world.send(owner, put, { role: 'owner' });
    expect(await pageOf('/', owner)).toContain('<bdi>Research</bdi>: <span class="tag">Owner</span>');
  });
});

describe('titles', () => {
  test('of a page in an organization names it, and the product it is in once that has a name', async () => {
    const path = await invited({ role: 'member' });
    const titles = async () =>
      Promise.all(
        [pageOf(path), pageOf('/', owner), pageOf('/account', owner)].map(async (page) =>
          titleOf(await page),
        ),
      );
    expect(await titles()).toEqual(['You are invited - Acme', 'Your access - Acme', 'Your account - Acme']);
    await world.send(owner, `patch ${at()}`, { branding: { productName: 'Docs & <More>' } });
    const named = 'Acme on Docs &amp; &lt;More&gt;';
    expect(await titles()).toEqual([
      `You are invited - ${named}`,
      `Your access - ${named}`,
      `Your account - ${named}`,
    ]);
  });

  test.each([
    ['/sign-in', 'Sign in - Gatehouse'],
    ['/invitations/ghi_nobody', 'This invitation does not work - Gatehouse'],
    ['/sign-in/acme', 'No single sign-on here - Gatehouse'],
  ])('S165: %s names no organization to whoever asks', async (path, title) => {
    expect(titleOf(await pageOf(path))).toBe(title);
  });
});
