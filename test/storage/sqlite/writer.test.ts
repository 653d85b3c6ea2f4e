/** The single writer: calls that wait are committed together, and what one of them does hurts no other (R4, R16). */
import { AsyncLocalStorage } from 'node:async_hooks';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import Database, { type Database as Connection } from 'better-sqlite3';
import type { Repositories } from '../../../src/core/ports/storage.ts';
import { openReader, openWriter } from '../../../src/storage/sqlite/connect.ts';
import { prepareFile } from '../../../src/storage/sqlite/files.ts';
import { migrate } from '../../../src/storage/sqlite/migrate.ts';
import { createRepositories } from '../../../src/storage/sqlite/repositories.ts';
import { createSql } from '../../../src/storage/sqlite/sql.ts';
import { Writer } from '../../../src/storage/sqlite/writer.ts';
import { anOrganization } from '../../support/builders.ts';

let folder: string;
let path: string;
let connection: Connection;
let reader: Connection;
let writer: Writer;
/** What the disk was asked to keep: the organizations that were committed by then. */
let kept: unknown[];
/** What the disk does when it is asked; a test may put a fault here. */
let disk: () => Promise<void>;

const toDisk = () => {
  kept.push(slugs());
  return disk();
};

beforeEach(() => {
  kept = [];
  disk = async () => undefined;
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-writer-'));
  path = join(folder, 'gatehouse.db');
  prepareFile(path);
  connection = openWriter(path);
  migrate(connection, path, () => 0);
  reader = openReader(path);
  // A batch ends by number here, not by time: the machine may be busy.
  writer = new Writer(connection, { toDisk, batchMs: 60_000 });
});
afterEach(async () => {
  await writer.close();
  reader.close();
  connection.close();
  rmSync(folder, { recursive: true, force: true });
});

const slugs = () => reader.prepare('SELECT slug FROM organizations ORDER BY slug').pluck().all();
const insert = (slug: string) => async (tx: Repositories) => {
  const value = anOrganization({ slug });
  await tx.organizations.insert(value.id, value);
  return slug;
};
const numbered = (count: number) =>
  Array.from({ length: count }, (_, index) => `n${String(index).padStart(4, '0')}`);

describe('group commit', () => {
  test('100 calls that wait together cost a few commits, not 100, and each gets its own answer', async () => {
    const names = numbered(100);
    expect(await Promise.all(names.map((name) => writer.transact(insert(name))))).toEqual(names);
    expect(writer.commits).toBeLessThan(50);
    expect(slugs()).toEqual(names);
  });

  test('a call alone is committed alone', async () => {
    await writer.transact(insert('first'));
    await writer.transact(insert('second'));
    expect(writer.commits).toBe(2);
  });

  test('nobody is answered before the commit that holds the work', async () => {
    const seen: unknown[] = [];
    const names = numbered(20);
    await Promise.all(
      names.map(async (name) => {
        await writer.transact(insert(name));
        seen.push(slugs().includes(name));
      }),
    );
    expect(seen).toEqual(names.map(() => true));
  });

  test('a reader sees nothing of a batch until all of it is committed', async () => {
    const seen: number[] = [];
    const look = (name: string) => async (tx: Repositories) => {
      await insert(name)(tx);
      seen.push(slugs().length);
    };
    await Promise.all(numbered(10).map((name) => writer.transact(look(name))));
    expect(new Set(seen).size).toBeLessThan(10);
    expect(seen[0]).toBe(0);
    expect(slugs()).toHaveLength(10);
  });

  test('a failing call is rolled back alone; its neighbours in the same commit stay', async () => {
    const calls = numbered(9).map((name, index) =>
      writer.transact(async (tx) => {
        await insert(name)(tx);
        if (index % 3 === 0) throw new Error(name);
      }),
    );
    const ends = await Promise.allSettled(calls);
    expect(ends.map(({ status }) => status === 'rejected')).toEqual(numbered(9).map((_, i) => i % 3 === 0));
    expect(slugs()).toEqual(['n0001', 'n0002', 'n0004', 'n0005', 'n0007', 'n0008']);
    expect(writer.commits).toBeLessThan(9);
  });
});

test('what a commit is followed by is waited for: no other transaction begins before, and who was in it is answered', async () => {
  let goOn = (): void => undefined;
  const pausing = new Writer(connection, {
    toDisk,
    afterEach: () =>
      new Promise((resolve) => {
        goOn = resolve;
      }),
  });
  await pausing.transact(insert('one'));
  let hasBegun = false;
  const other = pausing.transact(async (tx) => {
    hasBegun = true;
    return insert('two')(tx);
  });
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  expect(hasBegun).toBe(false);
  goOn();
  expect(await other).toBe('two');
  goOn();
  await pausing.close();
});

describe('failures of the machine', () => {
  test('R4 on a full disk calls are storage_unavailable, reads go on, and writes again once there is room', async () => {
    await writer.transact(insert('before'));
    const pages = Number(connection.pragma('page_count', { simple: true }));
    connection.pragma(`max_page_count = ${pages}`);
    const big = async (tx: Repositories) => {
      for (const name of numbered(300)) {
        const value = anOrganization({ slug: `big-${name}`, name: 'x'.repeat(500) });
        await tx.organizations.insert(value.id, value);
      }
    };
    await expect(writer.transact(big)).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(slugs()).toEqual(['before']);
    connection.pragma('max_page_count = 1000000');
    await writer.transact(big);
    expect(slugs()).toHaveLength(301);
  });

  test('a commit that fails is told to everybody in it, and leaves nothing', async () => {
    const breakCommit = async (tx: Repositories) => {
      await insert('breaker')(tx);
      // Ends the transaction behind the writer's back, as SQLite itself does after some failed writes.
      connection.exec('ROLLBACK');
    };
    const calls = [insert('a'), insert('b'), breakCommit].map((fn) => writer.transact<unknown>(fn));
    for (const end of await Promise.allSettled(calls)) {
      expect(end).toMatchObject({ status: 'rejected', reason: { code: 'storage_unavailable' } });
    }
    expect(slugs()).toEqual([]);
    await writer.transact(insert('after'));
    expect(slugs()).toEqual(['after']);
  });

  test('a statement after the transaction was lost does not run on its own', async () => {
    const call = writer.transact(async (tx) => {
      connection.exec('ROLLBACK');
      await insert('stray')(tx);
    });
    await expect(call).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(slugs()).toEqual([]);
  });

  test('a lock held by another process is storage_unavailable for those who wait, and passes', async () => {
    connection.pragma('busy_timeout = 1');
    const other = new Database(path);
    other.exec('BEGIN IMMEDIATE');
    const calls = numbered(3).map((name) => writer.transact(insert(name)));
    for (const end of await Promise.allSettled(calls)) {
      expect(end).toMatchObject({ status: 'rejected', reason: { code: 'storage_unavailable' } });
    }
    other.exec('COMMIT');
    other.close();
    await writer.transact(insert('free'));
    expect(slugs()).toEqual(['free']);
  });
});

describe('the function of a call', () => {
  test('a refused write that the function swallows is still the end of its transaction', async () => {
    await writer.transact(insert('taken'));
    const call = writer.transact(async (tx) => {
      await insert('other')(tx);
      await insert('taken')(tx).catch(() => undefined);
    });
    await expect(call).rejects.toMatchObject({ code: 'already_exists', field: 'slug' });
    expect(slugs()).toEqual(['taken']);
  });

  test.each([
    ['the first call of a commit', ['bad', 'one', 'two']],
    ['a later one', ['one', 'bad', 'two']],
    ['the only one', ['bad']],
  ])('what %s did before it failed is gone, and nothing of its neighbours', async (_, names) => {
    const calls = names.map((name) =>
      writer.transact(async (tx) => {
        await insert(name)(tx);
        if (name === 'bad') throw new Error(name);
      }),
    );
    const ends = await Promise.allSettled(calls);
    expect(ends.map(({ status }) => status)).toEqual(
      names.map((name) => (name === 'bad' ? 'rejected' : 'fulfilled')),
    );
    expect(slugs()).toEqual(names.filter((name) => name !== 'bad'));
  });

  test('a version conflict that the function catches is not the end', async () => {
    const value = anOrganization({ slug: 'moved' });
    await writer.transact((tx) => tx.organizations.insert(value.id, value));
    const answer = await writer.transact(async (tx) => {
      await insert('other')(tx);
      return tx.organizations.update(value.id, value, 7).catch(() => 'caught');
    });
    expect(answer).toBe('caught');
    expect(slugs()).toEqual(['moved', 'other']);
  });

  test('transact inside transact is refused at once instead of waiting for itself', async () => {
    const inner = writer.transact(() => writer.transact(insert('inner')));
    await expect(inner).rejects.toMatchObject({ code: 'internal' });
    expect(slugs()).toEqual([]);
  });

  test('transact after transact in one flow is not mistaken for it', async () => {
    const later = await writer.transact(async () => () => writer.transact(insert('later')));
    await later();
    expect(slugs()).toEqual(['later']);
  });

  test('a function that waits for anything but storage is given up, rolled back and locked out', async () => {
    const impatient = new Writer(connection, { toDisk, functionLimitMs: 20 });
    let late: Promise<unknown> = Promise.resolve();
    const stuck = impatient.transact(async (tx) => {
      await insert('stuck')(tx);
      await new Promise((resolve) => {
        late = (async () => {
          await impatient.transact(async () => undefined).catch(() => undefined);
          await next;
          return insert('late')(tx);
        })();
        late.catch(() => resolve(undefined));
      });
    });
    const next = stuck.catch(() => impatient.transact(insert('next')));
    await expect(stuck).rejects.toMatchObject({ code: 'internal' });
    await expect(late).rejects.toMatchObject({ code: 'internal' });
    await next;
    expect(slugs()).toEqual(['next']);
    await impatient.close();
  });

  test("each function runs in its own caller's asynchronous context", async () => {
    const context = new AsyncLocalStorage<number>();
    const numbers = Array.from({ length: 10 }, (_, index) => index);
    const calls = numbers.map((number) =>
      context.run(number, () => writer.transact(async () => context.getStore())),
    );
    expect(await Promise.all(calls)).toEqual(numbers);
  });

  test('close lets the waiting calls finish and refuses later ones', async () => {
    const calls = numbered(300).map((name) => writer.transact(insert(name)));
    const closing = writer.close();
    await expect(writer.transact(insert('late'))).rejects.toMatchObject({ code: 'storage_unavailable' });
    await closing;
    expect(await Promise.all(calls)).toHaveLength(300);
    expect(slugs()).toHaveLength(300);
  });

  test('more calls than the queue holds are refused, the others served', async () => {
    const calls = Array.from({ length: 10_050 }, () => writer.transact(async () => 'served'));
    const ends = await Promise.allSettled(calls);
    expect(ends.filter(({ status }) => status === 'rejected')).toHaveLength(50);
  });

  test('R16 50 writers in a loop meet no lock of their own making', async () => {
    const loop = async (name: string) => {
      for (let round = 0; round < 10; round += 1) await writer.transact(insert(`${name}-${round}`));
    };
    await Promise.all(numbered(50).map(loop));
    expect(slugs()).toHaveLength(500);
  });

  test('a write outside a transaction is a bug, not an outage', async () => {
    const value = anOrganization();
    const outside = createRepositories(createSql(reader));
    await expect(outside.organizations.insert(value.id, value)).rejects.toMatchObject({ code: 'internal' });
  });
});

test('a long batch lets the event loop have its turns: what waits for no writer is answered meanwhile', async () => {
  let turns = 0;
  let isOver = false;
  const counting = (async () => {
    for (; !isOver; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  })();
  const busy = (name: string) => async (tx: Repositories) => {
    for (const until = performance.now() + 2; performance.now() < until; );
    return insert(name)(tx);
  };
  const before = writer.commits;
  await Promise.all(['one', 'two'].map((name) => writer.transact(busy(name))));
  const seen = turns;
  isOver = true;
  await counting;
  expect(writer.commits - before).toBe(1);
  expect(seen).toBeGreaterThan(2);
});

describe('a long transaction', () => {
  /** Turns of the event loop that are had while `fn` runs, and what each of them saw committed. */
  async function turnsDuring(fn: (tx: Repositories) => Promise<unknown>) {
    const seen: number[] = [];
    let isInside = false;
    let isOver = false;
    const watching = (async () => {
      for (; !isOver; await new Promise((resolve) => setImmediate(resolve)))
        if (isInside) seen.push(slugs().length);
    })();
    await writer.transact(async (tx) => {
      isInside = true;
      await fn(tx).finally(() => {
        isInside = false;
      });
    });
    isOver = true;
    await watching;
    return seen;
  }
  const many = (count: number) => async (tx: Repositories) => {
    for (const name of numbered(count)) await insert(name)(tx);
  };

  test('gives way by the number of its statements, and what looks meanwhile sees nothing of it', async () => {
    const seen = await turnsDuring(many(2000));
    expect(seen.length).toBeGreaterThan(8);
    expect(new Set(seen)).toEqual(new Set([0]));
    expect(slugs()).toHaveLength(2000);
  });

  test('gives way for what it reads, too', async () => {
    await writer.transact(many(500));
    const list = async (tx: Repositories) => {
      for (let page = 0; page < 20; page += 1) await tx.organizations.list({ limit: 500 });
    };
    expect((await turnsDuring(list)).length).toBeGreaterThan(5);
  });

  test('is no transaction of every day: that one has no turn in it', async () => {
    expect(await turnsDuring(many(40))).toEqual([]);
  });

  test('keeps the order of calls that do not wait for one another', async () => {
    await writer.transact(async (tx) => {
      const names = numbered(600);
      await Promise.all(names.map((name) => insert(name)(tx)));
      const order = await tx.organizations.list({ limit: 600 });
      expect(order).toHaveLength(600);
    });
    const rows = reader.prepare('SELECT slug FROM organizations ORDER BY rowid').pluck().all();
    expect(rows).toEqual(numbered(600));
  });

  test('leaves nothing when it fails after its turns, and whoever waited behind it is served', async () => {
    const failing = writer.transact(async (tx) => {
      await many(1000)(tx);
      throw new Error('the last one');
    });
    const behind = writer.transact(insert('behind'));
    await expect(failing).rejects.toThrow('the last one');
    await behind;
    expect(slugs()).toEqual(['behind']);
  });

  test('that says so is alone in its commit: who came before is answered first, who comes after has another', async () => {
    const order: string[] = [];
    const note = (name: string, durability: 'durable' | 'alone') =>
      writer.transact(insert(name), durability).then(() => order.push(`${name} ${writer.commits}`));
    const calls = [note('a', 'durable'), note('b', 'durable'), note('big', 'alone'), note('c', 'durable')];
    await Promise.all(calls);
    expect(order).toEqual(['a 1', 'b 1', 'big 2', 'c 3']);
  });

  test('is not given up while it asks the store, however long it is at it', async () => {
    const impatient = new Writer(connection, { toDisk, functionLimitMs: 1 });
    await impatient.transact(many(3000));
    expect(slugs()).toHaveLength(3000);
    await impatient.close();
  });
});

describe('relaxed calls', () => {
  test('do not wait for the disk, and the next durable call takes them there', async () => {
    await writer.transact(insert('first'), 'relaxed');
    expect(kept).toEqual([]);
    await writer.transact(insert('second'));
    await writer.transact(insert('third'), 'relaxed');
    expect(kept).toEqual([['first', 'second']]);
    await writer.close();
    expect(slugs()).toEqual(['first', 'second', 'third']);
  });

  test('have commits of their own: a durable call never rides on one, nor waits behind many', async () => {
    const order: string[] = [];
    const note = (name: string, durability: 'durable' | 'relaxed') =>
      writer.transact(insert(name), durability).then(() => order.push(durability));
    await Promise.all([
      ...numbered(5).map((name) => note(`relaxed-${name}`, 'relaxed')),
      ...numbered(5).map((name) => note(`durable-${name}`, 'durable')),
    ]);
    expect(order.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => 'durable'));
    expect(order).toHaveLength(10);
    expect(writer.commits).toBe(2);
  });

  test('that fail take nobody with them', async () => {
    const fail = writer.transact(async (tx) => {
      await insert('undone')(tx);
      throw new Error('no');
    }, 'relaxed');
    await expect(fail).rejects.toThrow('no');
    expect(slugs()).toEqual([]);
    await writer.transact(insert('next'));
    expect(slugs()).toEqual(['next']);
  });

  test('are stored before the writer is closed', async () => {
    const calls = numbered(3).map((name) => writer.transact(insert(name), 'relaxed'));
    await writer.close();
    await Promise.all(calls);
    expect(slugs()).toEqual(numbered(3));
  });
});

describe('the disk', () => {
  test('R4 nobody is answered before it has what was committed; whoever comes meanwhile is in the next commit', async () => {
    const order: string[] = [];
    let turn: () => void = () => undefined;
    disk = () => new Promise((resolve) => (turn = resolve));
    const first = writer.transact(insert('first')).then(() => order.push('first answered'));
    while (kept.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const second = writer.transact(insert('second')).then(() => order.push('second answered'));
    await new Promise((resolve) => setImmediate(resolve));
    expect([order, slugs(), kept]).toEqual([[], ['first'], [['first']]]);
    disk = async () => {
      order.push('disk has both');
    };
    turn();
    await Promise.all([first, second]);
    expect(order).toEqual(['first answered', 'disk has both', 'second answered']);
    expect(kept).toEqual([['first'], ['first', 'second']]);
  });

  test('R4 once it has refused, nothing more is promised to anybody, and the cause is told', async () => {
    disk = async () => {
      throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
    };
    const calls = [writer.transact(insert('lost')), writer.transact(insert('lost too'))];
    const ends = await Promise.allSettled(calls);
    expect(ends).toMatchObject([
      { reason: { code: 'storage_unavailable' } },
      { reason: { code: 'storage_unavailable' } },
    ]);
    disk = async () => undefined;
    await expect(writer.transact(insert('later'))).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(writer.failure?.cause).toMatchObject({ code: 'EIO' });
  });
});
