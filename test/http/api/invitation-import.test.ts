/** POST …/invitations/import: good rows of a CSV file are invited, bad ones named; a dry run says the same and writes nothing. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { days } from '../../../src/kernel/clock.ts';
import { nextText } from '../../support/builders.ts';
import { type ApiWorld, PASSWORD, type Person, type Sender, startApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());

interface Place {
  readonly base: string;
  readonly owner: Person;
  readonly admin: Person;
}
async function newPlace(seats: number | null = null): Promise<Place> {
  const organization = await world.newOrganization({ plan: { preset: 'enterprise', seats } });
  const owner = await world.newPerson(organization, 'owner');
  return {
    base: `/organizations/${organization.id}`,
    owner,
    admin: await world.newPerson(organization, 'admin'),
  };
}

const fresh = () => `${nextText('person')}@example.com`;
const send = (place: Place, csv: string, sender: Sender = place.admin) =>
  world.send(sender, `post ${place.base}/invitations/import`, csv);
const sendDry = (place: Place, csv: string) =>
  world.send(place.admin, `post ${place.base}/invitations/import?dryRun=true`, csv);
const pending = async ({ base }: Place) =>
  (await world.send(world.operator, `get ${base}/invitations?status=pending&limit=200`)).body.items;
const invited = (line: number, email: string) => ({ line, email, status: 'invited' });
const refused = (line: number, email: string, [code, detail]: readonly [string, RegExp]) => ({
  ...{ line, email, status: 'refused', code },
  detail: expect.stringMatching(detail),
});

/** Good and bad rows side by side; `member` is there already, waits@example.com is invited. */
const mixedFile = (member: string): string =>
  [
    'email,role,department,message',
    'ada@example.com,viewer,research,"Hello, Ada.\r\n""Soon"" then."',
    'Bob@Example.COM,,,',
    'bob@example.com,member,,',
    'carl@example.com,admin,,',
    'no address,member,,',
    'dora@example.com,boss,,',
    '',
    `${member},member,,`,
    'waits@example.com,,,',
    'emil@example.com,member,Night shift,',
    'fritz@example.com,member,,a,b',
    'gerd@example.com',
  ].join('\r\n');

describe('a file', () => {
  test('200: good rows are invited by mail as they say, bad ones named by line; the dry run says the same and writes nothing', async () => {
    const place = await newPlace();
    const { base, admin } = place;
    const { body: team } = await world.send(admin, `post ${base}/teams`, { name: 'Research' });
    await world.send(admin, `post ${base}/invitations`, { email: 'waits@example.com' });
    const csv = mixedFile(admin.email);
    const before = [await pending(place), world.gateway.mails.length];
    const dry = await sendDry(place, csv);
    expect([await pending(place), world.gateway.mails.length]).toEqual(before);
    const { body } = await send(place, csv);
    expect(body).toEqual({
      rows: [
        invited(2, 'ada@example.com'),
        invited(4, 'Bob@example.com'),
        refused(5, 'bob@example.com', ['already_invited', /Line 4/]),
        refused(6, 'carl@example.com', ['forbidden', /may not give the role admin/]),
        refused(7, 'no address', ['invalid', /^email: /]),
        refused(8, 'dora@example.com', ['invalid', /No such role; there are owner, admin/]),
        refused(10, admin.email, ['already_member', /already a member/]),
        refused(11, 'waits@example.com', ['already_invited', /pending/]),
        invited(12, 'emil@example.com'),
        refused(13, 'fritz@example.com', ['invalid', /Cell 5/]),
        invited(14, 'gerd@example.com'),
      ],
      totals: { rows: 11, invited: 4, refused: 7 },
    });
    expect(dry.body).toEqual(body);
    const ada = (await pending(place)).find(({ email }: { email: string }) => email === 'ada@example.com');
    expect(ada).toMatchObject({
      ...{ role: 'viewer', teams: [{ id: team.id, role: 'member' }], department: 'research' },
      ...{ message: 'Hello, Ada.\n"Soon" then.', channel: 'email' },
    });
    const sent = world.gateway.mails.slice(-4).map(({ to }) => to);
    expect(sent.sort()).toEqual([
      'Bob@example.com',
      'ada@example.com',
      'emil@example.com',
      'gerd@example.com',
    ]);
  });

  const heads: [what: string, csv: string][] = [
    ['columns in another order and in capitals', 'Message,EMAIL, Role \nHi,x@example.com,VIEWER\n'],
    ['a byte order mark', '\ufeffemail,role,message\nx@example.com,viewer,Hi\n'],
    [
      'semicolons, as spreadsheets of half the world write',
      'email;role;message\r\nx@example.com;viewer;Hi\r\n',
    ],
    ['tabs', 'email\trole\tmessage\nx@example.com\tviewer\tHi'],
    ['quotes around everything', '"email","role","message"\n"x@example.com","viewer","Hi"\n'],
    ['line ends of old machines', 'email,role,message\rx@example.com,viewer,Hi\r'],
    ['empty columns and rows', 'email,role,message,,\n,,,,\nx@example.com,viewer,Hi,,\n\n , ,\n'],
  ];
  test.each(heads)('200: %s', async (_what, csv) => {
    const place = await newPlace();
    const { body } = await send(place, csv);
    expect(body.totals).toEqual({ rows: 1, invited: 1, refused: 0 });
    expect(await pending(place)).toMatchObject([{ email: 'x@example.com', role: 'viewer', message: 'Hi' }]);
  });

  const broken: [what: string, csv: string, status: number, code: string, detail: RegExp][] = [
    ['nothing at all', '', 422, 'invalid', /text\/csv|empty/],
    ['blank lines', '\n\n', 422, 'invalid', /empty/],
    ['no column for the address', 'name,role\nx,member', 422, 'invalid', /no column "name"/],
    ['no header', 'x@example.com,member', 422, 'invalid', /no column "x@example.com"/],
    ['no email column', 'role\nmember', 422, 'invalid', /email is missing/],
    ['a misspelled column', 'email,roel\nx@example.com,viewer', 422, 'invalid', /no column "roel"/],
    ['a column twice', 'email,role,Role\nx@example.com,viewer,admin', 422, 'invalid', /role is there twice/],
    ['a quote that never ends', 'email\n"x@example.com\ny@example.com', 422, 'invalid', /Nobody was invited/],
    ['a quote in the middle', 'email\nok@example.com\nx"y@example.com\n', 422, 'invalid', /line 3/],
    ['a row without end', `email,message\nx@example.com,${'x'.repeat(20_000)}`, 422, 'invalid', /longer/],
    ['10,001 rows', `email\n${'x@example.com\n'.repeat(10_001)}`, 413, 'payload_too_large', /10000 rows/],
    ['10,001 rows of empty cells', `email\n${',\n'.repeat(10_001)}`, 413, 'payload_too_large', /empty ones/],
    ['a header without end', `email${','.repeat(60_000)}\na\n`, 422, 'invalid', /256 cells in line 1/],
    ['a row of cells without end', `email\n${','.repeat(60_000)}`, 422, 'invalid', /256 cells in line 2/],
    ['more than 4 MiB', `email\n${'x'.repeat(4_200_000)}`, 413, 'payload_too_large', /large/],
  ];
  test.each(broken)(
    '%s refuses the whole, and nobody is invited',
    async (_what, csv, status, code, detail) => {
      const place = await newPlace();
      const answer = await send(place, csv);
      expect([answer.status, answer.body.code]).toEqual([status, code]);
      expect(answer.body.detail).toMatch(detail);
      expect(await pending(place)).toEqual([]);
    },
  );

  test('400, 415: bytes that are not UTF-8, another charset, JSON', async () => {
    const { base, admin } = await newPlace();
    const post = async (type: string, body: string | Uint8Array<ArrayBuffer>) => {
      const headers = { ...admin.headers, 'content-type': type };
      const url = `${world.gateway.baseUrl}/api/v1${base}/invitations/import`;
      const answer = await fetch(url, { method: 'POST', headers, body });
      return [answer.status, ((await answer.json()) as { code?: string }).code];
    };
    const latin1 = new Uint8Array(Buffer.from('email,message\nx@example.com,Grüße', 'latin1'));
    const utf16 = new Uint8Array(Buffer.from('\ufeffemail\nx@example.com', 'utf16le'));
    expect(await post('text/csv', latin1)).toEqual([400, 'invalid_syntax']);
    expect(await post('text/csv', utf16)).toEqual([400, 'invalid_syntax']);
    expect(await post('text/csv; charset=iso-8859-1', 'email\n')).toEqual([415, 'unsupported_media_type']);
    expect(await post('application/json', '{"email":"x"}')).toEqual([415, 'unsupported_media_type']);
    expect(await post('text/csv; charset="UTF-8"', 'email\nx@example.com')).toEqual([200, undefined]);
  });

  test('S172, S204: a cell is one plain address or none, whatever stands in it', async () => {
    const place = await newPlace();
    const cells = [
      '"x@example.com, y@example.com"',
      '"x@example.com\r\nBcc: y@example.com"',
      '"Ada <x@example.com>"',
      '=cmd|calc',
      '"x@exämple.com"',
    ];
    const { body } = await send(place, ['email', ...cells].join('\r\n'));
    expect(body.rows.map(({ code }: { code?: string }) => code)).toEqual([
      ...['invalid', 'invalid', 'invalid', 'invalid'],
      undefined,
    ]);
    expect(body.rows[4]).toEqual(invited(7, 'x@xn--exmple-cua.com'));
  });
});

describe('who and how many', () => {
  test('S162: an owner invites admins by file, nobody an owner; members nobody', async () => {
    const place = await newPlace();
    const csv = 'email,role\na@example.com,admin\nb@example.com,owner\n';
    const { body } = await send(place, csv, place.owner);
    expect(body.rows).toEqual([
      invited(2, 'a@example.com'),
      refused(3, 'b@example.com', ['forbidden', /Nobody becomes owner by invitation/]),
    ]);
  });

  test('S167: a file never promises more seats than there are, also beside invitations that wait', async () => {
    const place = await newPlace(6);
    await world.send(place.admin, `post ${place.base}/invitations`, { email: fresh(), expiresIn: '1h' });
    const emails = Array.from({ length: 5 }, fresh);
    const csv = ['email', 'nonsense', ...emails].join('\n');
    const dry = await sendDry(place, csv);
    const { body } = await send(place, csv);
    expect(body.totals).toEqual({ rows: 6, invited: 3, refused: 3 });
    expect(body.rows.map(({ code }: { code?: string }) => code)).toEqual([
      ...['invalid', undefined, undefined, undefined, 'seats_exhausted', 'seats_exhausted'],
    ]);
    expect(dry.body).toEqual(body);
  });

  test('403 plan_lacks for the plan of one person; 409 where a directory decides (S163)', async () => {
    const free = await world.newOrganization({ plan: { preset: 'free' } });
    const csv = 'email\nx@example.com';
    const lacks = await world.send(world.operator, `post /organizations/${free.id}/invitations/import`, csv);
    expect([lacks.status, lacks.body.code]).toEqual([403, 'plan_lacks']);
    const directed = await world.newOrganization();
    await world.gateway.createDirectory(directed, 'okta');
    for (const query of ['', '?dryRun=true']) {
      const path = `post /organizations/${directed.id}/invitations/import${query}`;
      const shut = await world.send(world.operator, path, csv);
      expect([shut.status, shut.body.code]).toEqual([409, 'invitations_disabled']);
    }
  });
});

describe('the department of a row', () => {
  test('is kept with the member; the one team of that name takes them in, whatever its case', async () => {
    const place = await newPlace();
    const { base, admin } = place;
    const { body: team } = await world.send(admin, `post ${base}/teams`, { name: 'Sales' });
    await world.send(admin, `post ${base}/teams`, { name: 'Twins' });
    await world.send(admin, `post ${base}/teams`, { name: 'twins' });
    const rows = [
      ['SALES ', [{ id: team.id, role: 'member' }]],
      ['Twins', []],
      ['Elsewhere', []],
    ] as const;
    for (const [department, teams] of rows) {
      const email = fresh();
      await send(place, `email,department\n${email},${department}`);
      const [invitation] = await pending(place);
      expect(invitation).toMatchObject({ email, department: department.trim(), teams });
      const { body } = await world.send(world.operator, `post ${base}/invitations/${invitation.id}/link`);
      const accept = `post /invitations/${body.url.split('/').at(-1)}/accept`;
      const joined = await world.send(world.nobody, accept, { name: 'Eve', password: PASSWORD });
      const member = await world.send(admin, `get ${base}/members/${joined.body.membershipId}`);
      expect(member.body).toMatchObject({ department: department.trim(), teams });
      const one = `patch ${base}/members/${joined.body.membershipId}`;
      const moved = await world.send(admin, one, { department: 'Legal' });
      expect(moved.body).toMatchObject({ department: 'Legal', teams });
      expect((await world.send(admin, one, { department: null })).body.department).toBeUndefined();
    }
  });

  const control = /department.*one line without control characters/i;
  test.each([
    ['a tab in it', '"Night\tshift"', control],
    ['two lines', '"Night\nshift"', control],
    ['a NUL', 'Night\u0000shift', control],
    ['a line separator', 'Night\u2028shift', control],
    ['a turn of the writing', 'Night\u202eshift', control],
    ['1,000 letters', 'n'.repeat(1000), /department.*at most 100 characters/i],
  ])('%s: the row is refused and says so, the others are invited', async (_what, cell, detail) => {
    const place = await newPlace();
    const [bad, good] = [fresh(), fresh()];
    const { status, body } = await send(place, `email,department\n${bad},${cell}\n${good},Night shift`);
    expect([status, body.totals]).toEqual([200, { rows: 2, invited: 1, refused: 1 }]);
    expect(body.rows[0]).toEqual(refused(2, bad, ['invalid', detail]));
    expect(await pending(place)).toMatchObject([{ email: good, department: 'Night shift' }]);
  });

  test.each(['=HYPERLINK("https://evil.example")', '+1', '-1', '@SUM(A1)'])(
    'S202: %s is kept as it is, and no formula in the file of members',
    async (formula) => {
      const place = await newPlace();
      const email = fresh();
      await send(place, `email,department\n${email},"${formula.replaceAll('"', '""')}"`);
      const [invitation] = await pending(place);
      expect(invitation.department).toBe(formula);
      const { body } = await world.send(
        world.operator,
        `post ${place.base}/invitations/${invitation.id}/link`,
      );
      const accept = `post /invitations/${body.url.split('/').at(-1)}/accept`;
      await world.send(world.nobody, accept, { name: 'Eve', password: PASSWORD });
      const file = await world.send(place.admin, `get ${place.base}/members/export`);
      const line = String(file.body)
        .split('\r\n')
        .find((one) => one.includes(email));
      expect(line?.endsWith(`,"'${formula.replaceAll('"', '""')}"`)).toBe(true);
    },
  );

  test('is said, changed and taken away on single invitations too', async () => {
    const { base, admin } = await newPlace();
    const made = await world.send(admin, `post ${base}/invitations`, { email: fresh(), department: 'Legal' });
    expect([made.status, made.body.department]).toEqual([201, 'Legal']);
    const one = `patch ${base}/invitations/${made.body.id}`;
    for (const department of ['Law', null])
      expect((await world.send(admin, one, { department })).body.department).toBe(department);
  });
});

test('42: a row for an address whose invitation has expired gets a fresh one', async () => {
  const place = await newPlace();
  const email = fresh();
  await send(place, `email\n${email}`);
  world.gateway.clock.advance(days(7));
  const { body } = await send(place, `email\n${email}`, world.operator);
  expect(body.rows).toEqual([invited(2, email)]);
});

test('of a file of 5,000 rows a hundred are done at a time, and others have their turn between', async () => {
  const place = await newPlace();
  const file = ['email', ...Array.from({ length: 5000 }, fresh)].join('\n');
  let isOver = false;
  const importing = send(place, file, world.operator).finally(() => {
    isOver = true;
  });
  let answered = 0;
  for (; !isOver; answered += 1) expect((await world.gateway.request().get('/healthz')).status).toBe(200);
  expect((await importing).body.rows).toHaveLength(5000);
  // One event loop has both sides: who is faster does not count.
  expect(answered).toBeGreaterThan(10);
});
