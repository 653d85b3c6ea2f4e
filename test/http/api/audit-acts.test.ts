/** S215: each security-relevant act leaves exactly one row of its type, and says who, from where, and in which request. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AuditEvent } from '../../../src/core/entities/journal.ts';
import { INSTALLATION } from '../../../src/core/journal/audit.ts';
import type { OrganizationId } from '../../../src/kernel/ids.ts';
import { type Browser, createBrowser, type Page } from '../../support/browser.ts';
import { codeOf } from '../../support/credentials.ts';
import { postForm } from '../../support/page-visits.ts';
import { type ApiWorld, startApiWorld } from './api-world.ts';
import type { Act } from './audit-act.ts';
import { ACTS } from './audit-acts.ts';
import { HELD_ELSEWHERE } from './audit-acts-elsewhere.ts';

let world: ApiWorld;
let browser: Browser;
/** What earlier acts answered, by the names the table gives it. */
const known: Record<string, string> = {};
beforeAll(async () => {
  world = await startApiWorld();
  browser = createBrowser();
});
afterAll(() => world.close());

const filled = (text: string): string => text.replace(/\{(\w+)\}/g, (whole, name) => known[name] ?? whole);
const isOrganizationId = (id: string | undefined): id is OrganizationId => id?.startsWith('org_') === true;

/** Every row there is, of the organization and of the installation. */
async function rows(): Promise<readonly AuditEvent[]> {
  const all: AuditEvent[] = [];
  for (const owner of [known.org, INSTALLATION])
    if (isOrganizationId(owner))
      all.push(...(await world.gateway.storage.auditEvents.list(owner, {}, { limit: 1000 })));
  return all;
}

interface Told {
  readonly status: number;
  readonly body: unknown;
  readonly requestId: string | null | undefined;
}

const told = ({ status, text, headers }: Page): Told => ({
  status,
  body: text.startsWith('{') ? JSON.parse(text) : text,
  requestId: headers.get('x-request-id'),
});

async function act(request: string, body: unknown): Promise<Told> {
  const [who = '', method = '', path = ''] = filled(request).split(' ');
  const sent = body === undefined ? undefined : JSON.parse(filled(JSON.stringify(body)));
  const { baseUrl } = world.gateway;
  if (who === 'operator' || who === 'nobody') {
    const answer = await world.send(world[who], `${method} ${path}`, sent);
    return { ...answer, requestId: answer.headers['x-request-id'] };
  }
  if (who === 'form') return told(await postForm(world.gateway, browser, { path, fields: sent }));
  const headers =
    who === 'scim'
      ? { 'content-type': 'application/scim+json', authorization: `Bearer ${known.scimToken}` }
      : { 'content-type': 'application/json', accept: 'application/json', origin: baseUrl };
  return told(
    await browser.request(`${baseUrl}${who === 'person' ? '/api/v1' : ''}${path}`, {
      ...{ method: method.toUpperCase(), headers },
      ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
    }),
  );
}

const at = (body: unknown, path: string): unknown =>
  path.split('.').reduce((value: unknown, key) => Object(value)[key], body);

/** Remembers what later acts need. */
async function learn({ saves = {}, mails }: Act, body: unknown): Promise<void> {
  for (const [name, path] of Object.entries(saves)) {
    const value = String(at(body, path));
    known[name] = path === 'url' ? (value.split('/').at(-1) ?? '') : value;
  }
  if (mails === undefined) return;
  await world.gateway.deliverMails();
  const link = new RegExp(`${world.gateway.baseUrl}(/${mails}/\\S+)`);
  const links = world.gateway.mails.flatMap(({ text }) => link.exec(text)?.[1] ?? []);
  known.mailed = links.at(-1) ?? 'no link was mailed';
  known.mailedProof = known.mailed.split('/').at(-1) ?? '';
}

/** Asked of every row: who, what, from where, in which request. */
const isComplete = (row: AuditEvent): boolean =>
  row.actor.kind !== 'system' && row.ip === '127.0.0.1' && row.target.id !== '';

test.each(ACTS.map((one) => [one.types.join(' and ') || 'nothing', one.request, one] as const))(
  'S215: %s by %s',
  async (_types, request, one) => {
    world.gateway.clock.advance(1 + (one.waits ?? 0));
    if (known.factor !== undefined) known.code = codeOf(known.factor, world.gateway.clock.now());
    const before = new Set((await rows()).map(({ id }) => id));
    const answer = await act(request, one.body);
    await learn(one, answer.body);
    const added = (await rows()).filter(({ id }) => !before.has(id));
    const types = added.map(({ type }) => type).toSorted();
    const expected = [...one.types, ...(one.also ?? [])].toSorted();
    const status = one.status ?? (answer.status < 400 ? answer.status : 'of success');
    expect({ types, answer: answer.status, body: answer.body }).toEqual({
      types: expected,
      answer: status,
      body: answer.body,
    });
    const meant = added.filter(({ type }) => one.types.includes(type));
    expect(meant.filter((row) => !isComplete(row) || row.requestId !== answer.requestId)).toEqual([]);
  },
);

test('S215: no bearer value, password or secret of all this is in any row', async () => {
  const text = JSON.stringify(await rows());
  for (const name of [
    'invitationToken',
    'scimToken',
    'linkToken',
    'keyToken',
    'webhookSecret',
    'factor',
    'recovery',
    'mailedProof',
  ])
    expect([name, text.includes(known[name] ?? 'was never learnt')]).toEqual([name, false]);
  expect(text).not.toContain('sentence');
});

const source = readFileSync('src/core/entities/journal.ts', 'utf8');
const union = /export type AuditType =([\s\S]*?);\n/.exec(source)?.[1] ?? '';
const allTypes = [...union.matchAll(/'([a-z_]+\.[a-z_]+)'/g)].map(([, type = '']) => type);
const acted = new Set<string>(ACTS.flatMap(({ types, also = [] }) => [...types, ...also]));
const unheld = (types: readonly string[]) =>
  types.filter((type) => !acted.has(type) && !(type in HELD_ELSEWHERE));

describe('the gate', () => {
  test('S215: every type there is has an act here, or a test elsewhere that finds its one row', () => {
    expect(allTypes.length).toBeGreaterThan(120);
    expect(unheld(allTypes)).toEqual([]);
    expect(unheld([...allTypes, 'member.promoted'])).toEqual(['member.promoted']);
  });

  test.each(Object.entries(HELD_ELSEWHERE))(
    'S215: %s is held by the test that is named',
    (type, [file, title]) => {
      const text = readFileSync(file, 'utf8');
      expect([text.includes(title), text.includes(type)]).toEqual([true, true]);
      expect([acted.has(type), allTypes.includes(type)]).toEqual([false, true]);
    },
  );
});
