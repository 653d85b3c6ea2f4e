/** Name and picture on the account page: chosen anew without a script, and what is wrong said beside the field. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { type ApiWorld, type Person, type Sender, startApiWorld } from '../api/api-world.ts';
import { newDirectedPerson } from '../api/push.ts';

let world: ApiWorld;
let organization: Organization;

beforeAll(async () => {
  world = await startApiWorld();
  organization = await world.newOrganization({ name: 'Acme' });
});

afterAll(() => world.close());

const PICTURE = 'https://pictures.example/a.png';

const pageOf = async ({ headers }: Sender): Promise<string> =>
  (await fetch(`${world.gateway.baseUrl}/account`, { headers })).text();

const csrfOf = (page: string): string => /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? '';

async function save(person: Sender, fields: Readonly<Record<string, string>>) {
  const csrf = csrfOf(await pageOf(person));
  const response = await fetch(`${world.gateway.baseUrl}/account/profile`, {
    method: 'POST',
    redirect: 'manual',
    headers: { ...person.headers, 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ csrf, ...fields }),
  });
  const { status, headers } = response;
  return { status, location: headers.get('location'), page: await response.text() };
}

const seen = async (person: Sender) => {
  const { name, avatarUrl = null } = (await world.send(person, 'get /session')).body.user;
  return [name, avatarUrl];
};

/** The field as it stands in the page. */
const fieldOf = (page: string, name: string) => new RegExp(`<input id="${name}"[^>]*>`).exec(page)?.[0];

describe('somebody with an account', () => {
  let person: Person;
  beforeAll(async () => {
    person = await world.newPerson(organization);
  });

  test('303: name and picture are saved, told, and stand in the form; left empty they are taken away', async () => {
    const saved = await save(person, { displayName: ' Addy ', avatarUrl: PICTURE });
    expect([saved.status, saved.location]).toEqual([303, '/account?done=profile']);
    expect(await seen(person)).toEqual(['Addy', PICTURE]);
    const { headers } = person;
    const told = await (await fetch(`${world.gateway.baseUrl}${saved.location}`, { headers })).text();
    expect(told).toContain('<p class="told" role="status">Your name and your picture are saved.</p>');
    expect(fieldOf(told, 'displayName')).toContain('value="Addy"');
    expect(fieldOf(told, 'avatarUrl')).toContain(`value="${PICTURE}"`);
    for (const name of ['displayName', 'avatarUrl']) expect(told).toContain(`<label for="${name}">`);
    expect((await save(person, { displayName: '', avatarUrl: '' })).status).toBe(303);
    expect(await seen(person)).toEqual(['Ada', null]);
  });

  test.each([
    ['a picture over http', { displayName: 'Eve', avatarUrl: 'http://pictures.example/a.png' }, 'avatarUrl'],
    ['a picture that is a script', { displayName: 'Eve', avatarUrl: 'javascript:alert(1)' }, 'avatarUrl'],
    ['a name of 201 letters', { displayName: 'e'.repeat(201), avatarUrl: PICTURE }, 'displayName'],
    ['a name that turns the writing', { displayName: 'E\u202eve', avatarUrl: PICTURE }, 'displayName'],
    ['a name of two lines', { displayName: 'E\nve', avatarUrl: PICTURE }, 'displayName'],
  ])(
    '422: %s is said beside the field; what was written stays, and nothing changes',
    async (_what, fields, field) => {
      const before = await seen(person);
      const { status, page } = await save(person, fields);
      expect([status, await seen(person)]).toEqual([422, before]);
      expect(page).toMatch(new RegExp(`<p class="wrong" id="${field}-problem" role="alert">[^<]{10,}</p>`));
      expect(fieldOf(page, field)).toMatch(/aria-describedby="[^"]*-problem" aria-invalid="true" autofocus/);
      expect(fieldOf(page, 'avatarUrl')).toContain(`value="${fields.avatarUrl}"`);
    },
  );

  test('S186: 403 for a form that is not of this session, and nothing changes', async () => {
    const before = await seen(person);
    const other = csrfOf(await pageOf(await world.newPerson(organization)));
    for (const csrf of ['', 'x', other])
      expect((await save(person, { csrf, displayName: 'Mallory' })).status).toBe(403);
    expect(await seen(person)).toEqual(before);
  });

  test('401 for whoever is signed in no more', async () => {
    expect((await save({ headers: { origin: world.gateway.baseUrl } }, { displayName: 'Eve' })).status).toBe(
      401,
    );
  });
});

test('whom a directory names is not asked for a name, chooses a picture, and a name sent all the same changes nothing', async () => {
  const directed = await world.newOrganization();
  const { membership, sender: person } = await newDirectedPerson(world.gateway, directed);
  const page = await pageOf(person);
  expect(fieldOf(page, 'displayName')).toBeUndefined();
  expect(page).toContain('comes from the directory of your organization');
  expect((await save(person, { avatarUrl: PICTURE })).status).toBe(303);
  expect(await seen(person)).toEqual([membership.name, PICTURE]);
  expect((await save(person, { displayName: 'Another', avatarUrl: '' })).status).toBe(422);
  expect(await seen(person)).toEqual([membership.name, PICTURE]);
});
