/** The gateway as people start it: what it prints, what it leaves on disk, how it stops. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import packageJson from '../../package.json' with { type: 'json' };
import { findFreePort } from '../support/free-port.ts';
import { endChild as end } from '../support/gateway-process.ts';
import { until } from '../support/in-time.ts';

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
  readonly folder: string;
  /** Everything printed so far, both streams. */
  output(): string;
}

const folders: string[] = [];
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) await end(child, 'SIGKILL');
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-start-'));
  folders.push(folder);
  return folder;
}

type Command = readonly [program: string, ...parameters: string[]];

async function run(
  folder: string,
  env: Readonly<Record<string, string>> = {},
  [program, ...parameters]: Command = [process.execPath, 'src/main.ts'],
): Promise<Started> {
  const port = await findFreePort();
  const child = spawn(program, parameters, {
    env: { PATH: process.env.PATH, PORT: String(port), GATEHOUSE_DATA_DIR: join(folder, 'data'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { child, url: `http://127.0.0.1:${port}`, folder, output: () => text };
}

/** Resolves when the gateway says that it is ready, or has ended and everything that it said has arrived. */
async function settled(started: Started): Promise<Started> {
  const { child, output } = started;
  const ended = once(child, 'close');
  let isEnded = false;
  ended.then(() => {
    isEnded = true;
  });
  while (!output().includes('Gatehouse is ready') && !isEnded) {
    await Promise.race([ended, once(child.stdout ?? child, 'data'), once(child.stderr ?? child, 'data')]);
  }
  // What it wrote to the other stream before is read in the same turn as this.
  await new Promise(setImmediate);
  return started;
}

const start = async (folder: string, env?: Readonly<Record<string, string>>) =>
  settled(await run(folder, env));

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('the first start on an empty folder', () => {
  test('prints address, key origin, operator key and one-time link, and keeps files for its owner alone (S232, S233)', async () => {
    const gateway = await start(newFolder());
    const printed = gateway.output();
    expect(printed).toMatch(/Gatehouse is ready at http:\/\/localhost:\d+/);
    expect(printed).toMatch(/master key: generated \(.*master\.key/);
    expect(printed).toMatch(/operator key, shown only now: gho_[\w-]{43}/);
    expect(printed).toMatch(/open once: http:\/\/localhost:\d+\/setup\/\S+/);
    const data = join(gateway.folder, 'data');
    expect([modeOf(data), modeOf(join(data, 'master.key')), modeOf(join(data, 'gatehouse.db'))]).toEqual([
      0o700, 0o600, 0o600,
    ]);
    expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200);
  });

  test('the printed operator key opens the API, and the log line of the start holds no secret (S210)', async () => {
    const gateway = await start(newFolder(), {
      GATEHOUSE_OPERATOR_KEY: 'canary-operator-key-0123456789abcdef',
    });
    const answer = await fetch(`${gateway.url}/api/v1/organizations`, {
      headers: { Authorization: 'Bearer canary-operator-key-0123456789abcdef' },
    });
    expect(answer.status).toBe(200);
    expect(gateway.output()).not.toContain('canary-operator-key');
    expect(gateway.output()).toContain(
      '"operatorKeyIs":"set","masterKeyIs":"not set","mailServer":"not set"',
    );
    const stored = readFileSync(join(gateway.folder, 'data', 'gatehouse.db'), 'latin1');
    expect(stored).not.toContain('canary-operator-key');
  });
});

describe('a later start', () => {
  test('prints no operator key again, and the key of the first start still works', async () => {
    const first = await start(newFolder());
    const key = /gho_[\w-]{43}/.exec(first.output())?.[0] ?? '';
    expect(await end(first.child, 'SIGTERM')).toBe(0);
    const second = await start(first.folder);
    expect(second.output()).toMatch(/master key: file/);
    expect(second.output()).not.toContain('operator key, shown only now');
    const answer = await fetch(`${second.url}/api/v1/organizations`, {
      headers: { Authorization: `Bearer ${key}` },
    });
    expect(answer.status).toBe(200);
  });

  test('under another master key is refused before anything is served (S212)', async () => {
    const first = await start(newFolder());
    await end(first.child, 'SIGTERM');
    writeFileSync(join(first.folder, 'data', 'master.key'), Buffer.alloc(32, 7).toString('base64url'), {
      mode: 0o600,
    });
    const second = await start(first.folder);
    expect(second.child.exitCode).toBe(1);
    expect(second.output()).toContain('The master key is not the one this store was made with');
  });

  test('with a master key that others may read is refused (S233)', async () => {
    const folder = newFolder();
    const first = await start(folder);
    await end(first.child, 'SIGTERM');
    const path = join(folder, 'data', 'master.key');
    const key = readFileSync(path);
    rmSync(path);
    writeFileSync(path, key, { mode: 0o644 });
    const second = await start(folder);
    expect([second.child.exitCode, second.output().includes('may be read by others')]).toEqual([1, true]);
  });
});

describe('a start that cannot work says why in one sentence', () => {
  test('on a port in use: it names PORT, and the operator key it made is shown and works later', async () => {
    const busy = createServer().listen(0);
    await once(busy, 'listening');
    const { port } = busy.address() as AddressInfo;
    const refused = await start(newFolder(), { PORT: String(port) });
    busy.close();
    const [keyLine, sentence, ...more] = refused.output().trim().split('\n');
    expect([refused.child.exitCode, sentence, more]).toEqual([
      1,
      `Port ${port} is in use by another program: stop that one, or set PORT to a free port.`,
      [],
    ]);
    const key = /operator key, shown only now: (gho_[\w-]{43})$/.exec(keyLine ?? '')?.[1];
    const later = await start(refused.folder);
    const headers = { Authorization: `Bearer ${key}` };
    expect((await fetch(`${later.url}/api/v1/organizations`, { headers })).status).toBe(200);
  });

  test('beside a store whose master.key is lost or which was emptied: nothing is written (S212)', async () => {
    const first = await start(newFolder());
    await end(first.child, 'SIGTERM');
    const [store, key] = ['gatehouse.db', 'master.key'].map((name) => join(first.folder, 'data', name));
    if (store === undefined || key === undefined) throw new Error('no paths');

    const bytes = readFileSync(store);
    truncateSync(store, 0);
    const emptied = await start(first.folder);
    expect([emptied.child.exitCode, statSync(store).size]).toEqual([1, 0]);
    expect(emptied.output()).toMatch(/^The store at .*gatehouse\.db is empty \(0 bytes\): .*\n$/);

    writeFileSync(store, bytes);
    rmSync(key);
    const keyless = await start(first.folder);
    expect([keyless.child.exitCode, existsSync(key), readFileSync(store).equals(bytes)]).toEqual([
      1,
      false,
      true,
    ]);
    expect(keyless.output()).toMatch(
      /^.*master\.key is missing, and the store at .*gatehouse\.db opens with no other key\. .*\n$/,
    );
  });

  test('in a data folder that is a file', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'data'), 'a file where the folder should be');
    const refused = await start(folder);
    expect([refused.child.exitCode, refused.output()]).toEqual([
      1,
      `The data folder ${join(folder, 'data')} cannot be used: it must be a folder that this user may write to (GATEHOUSE_DATA_DIR).\n`,
    ]);
  });
});

test('a short operator key and a mistyped variable are warned of, and the gateway starts', async () => {
  const gateway = await start(newFolder(), { GATEHOUSE_OPERATOR_KEY: 'canary-key', GATEHOUSE_BASEURL: 'x' });
  const warnings = gateway
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{"level":"warn"'));
  expect(warnings).toEqual([
    expect.stringContaining('GATEHOUSE_OPERATOR_KEY has fewer than 32 characters'),
    expect.stringContaining(
      'GATEHOUSE_BASEURL is not a setting and is ignored: did you mean GATEHOUSE_BASE_URL?',
    ),
  ]);
  expect(gateway.output()).toContain('Gatehouse is ready');
  expect(gateway.output()).not.toContain('canary-key');
});

test('a configuration with several problems names them all and starts nothing', async () => {
  const gateway = await start(newFolder(), {
    PORT: 'many',
    GATEHOUSE_BASE_URL: 'ftp://x',
    GATEHOUSE_MASTER_KEY: 'short',
  });
  expect(gateway.child.exitCode).toBe(1);
  for (const name of ['PORT', 'GATEHOUSE_BASE_URL', 'GATEHOUSE_MASTER_KEY'])
    expect(gateway.output()).toContain(name);
});

test('S193: whoever asks for a WebSocket gets an ordinary answer, and the connection ends with it', async () => {
  const { url } = await start(newFolder());
  const { hostname, port } = new URL(url);
  for (const path of ['/', '/api/v1/events', '/console']) {
    const socket = connect(Number(port), hostname);
    const upgrade = ['Connection: close, Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
    socket.write([`GET ${path} HTTP/1.1`, `Host: ${hostname}`, ...upgrade, key, '', ''].join('\r\n'));
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    expect(answer).toMatch(/^HTTP\/1\.1 [2345]\d\d /);
    expect(answer).not.toMatch(/^upgrade:/im);
  }
});

test('SIGTERM lets a request under way finish, takes no new ones, and ends with status 0 (R41)', async () => {
  const gateway = await start(newFolder());
  const port = Number(new URL(gateway.url).port);
  const body = JSON.stringify({ email: 'nobody@example.com', password: 'nobody has this password' });
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('data', (text) => {
    answer += text;
  });
  const head = ['Content-Type: application/json', `Content-Length: ${body.length}`, 'Expect: 100-continue'];
  socket.write(['POST /sign-in/password HTTP/1.1', 'Host: localhost', ...head, '', ''].join('\r\n'));
  await until('a request under way', () => answer.includes('100 Continue'));
  const exited = once(gateway.child, 'exit');
  gateway.child.kill('SIGTERM');
  while (await takesConnections(port));
  socket.write(body);
  await once(socket, 'close');
  expect(answer).toMatch(/HTTP\/1\.1 40[13] /);
  expect(answer).toMatch(/^connection: close\r$/im);
  await exited;
  expect(gateway.child.exitCode).toBe(0);
});

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

test('npm start ends the gateway with itself, whoever ends npm by its id', async () => {
  const gateway = await settled(await run(newFolder(), {}, ['npm', 'start']));
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
  await end(gateway.child, 'SIGTERM');
  await expect(fetch(`${gateway.url}/healthz`)).rejects.toThrow();
});

test('npm start and the container hand node the same flags, and node knows them', () => {
  // `exec`: a shell in between would keep npm's signals to itself, and the gateway would outlive what started it.
  const [exec, program = '', ...parameters] = packageJson.scripts.start.split(' ');
  expect(exec).toBe('exec');
  const command = /^CMD (.*)$/m.exec(readFileSync('Dockerfile', 'utf8'))?.[1] ?? '';
  expect(JSON.parse(command)).toEqual([program, ...parameters]);
  const flags = parameters.filter((parameter) => /^--.*=/.test(parameter));
  expect(flags.length).toBeGreaterThan(1);
  const { status, stderr } = spawnSync(process.execPath, [...flags, '--eval', ''], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
});
