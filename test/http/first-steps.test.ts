/** The commands of the README, in their order, on a fresh gateway: a newcomer is refused nowhere. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { PASSWORD } from '../support/page-visits.ts';
import { aScimGroup, scimCaller } from '../support/scim.ts';

interface Command {
  readonly path: string;
  readonly method: 'get' | 'post' | 'patch';
  readonly body: string | undefined;
}

/** Every `api PATH [-X PATCH] [-d 'JSON']` of the page. */
const commandsOf = (page: string): readonly Command[] =>
  [...page.matchAll(/^ {4}api (\S+)( -X PATCH)?(?: -d '([^']*)')?$/gm)].map(([, path = '', patch, body]) => ({
    path,
    method: patch !== undefined ? 'patch' : body !== undefined ? 'post' : 'get',
    body,
  }));

const commands = commandsOf(readFileSync('README.md', 'utf8'));
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

/** Puts the id that was answered last in the place of each `mem_…`. */
const withIds = (text: string, answers: string): string =>
  text.replaceAll(/([a-z]+)_…/g, (placeholder, prefix: string) => {
    const found = [...answers.matchAll(new RegExp(`\\b${prefix}_[0-9a-z]{26}\\b`, 'g'))];
    return found.at(-1)?.[0] ?? placeholder;
  });

function run({ path, method, body }: Command) {
  const request = gateway.request()[method](`/api/v1/${path}`);
  request.set('Authorization', `Bearer ${gateway.operatorKey}`).type('json');
  return body === undefined ? request : request.send(body);
}

/** What the page asks for between two commands: the invitation is accepted, and whoever has the token pushes. Answers what comes of it. */
async function actBetween(path: string, { url, token }: { readonly url?: string; readonly token?: string }) {
  if (url !== undefined) {
    const accept = gateway.request().post(`/api/v1${new URL(url).pathname}/accept`);
    return accept.send({ name: 'Ada', password: PASSWORD }).expect(200);
  }
  if (token === undefined) return undefined;
  const scimPath = `/scim/v2/${path.split('/')[3]}`;
  return scimCaller(gateway, { scimPath, token }).post('/Groups', aScimGroup());
}

test('each answers what the next one needs', async () => {
  expect(commands.length).toBeGreaterThan(8);
  const statuses: [path: string, status: number][] = [];
  let answers = '';
  for (const command of commands) {
    const path = withIds(command.path, answers);
    const body = command.body === undefined ? undefined : withIds(command.body, answers);
    const answer = await run({ ...command, path, body });
    statuses.push([path, answer.status]);
    answers += answer.text + (await actBetween(path, answer.body))?.text;
  }
  expect(statuses.filter(([, status]) => status >= 300)).toEqual([]);
});
