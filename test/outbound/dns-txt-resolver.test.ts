/** What a name server's answer says of a record, code by code, and when the next server is asked. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { saysThereIsNothing } from '../../src/outbound/dns-header.ts';
import { createDnsTxtResolver } from '../../src/outbound/dns-txt-resolver.ts';
import { type NameServerStub, type SpokenHeader, startNameServerStub } from '../support/name-server.ts';

const NAME = '_gatehouse-challenge.acme.example';
/** Every server answers: how long that takes is not the subject. */
const lookUp = (...servers: readonly string[]) => createDnsTxtResolver(servers, 60_000).resolveTxt(NAME);
const open: NameServerStub[] = [];
afterEach(() => {
  for (const stub of open.splice(0)) stub.close();
});

async function start(says: SpokenHeader): Promise<NameServerStub> {
  const stub = await startNameServerStub(says);
  open.push(stub);
  return stub;
}

const ERRORS: readonly (readonly [string, SpokenHeader])[] = [
  ['FORMERR', { code: 1 }],
  ['SERVFAIL', { code: 2 }],
  ['NOTIMP', { code: 4 }],
  ['REFUSED', { code: 5 }],
  ['YXDOMAIN', { code: 6 }],
  ['YXRRSET', { code: 7 }],
  ['NXRRSET', { code: 8 }],
  ['NOTAUTH', { code: 9 }],
  ['NOTZONE', { code: 10 }],
  ['a code that nobody has given a meaning', { code: 12 }],
  ['sent elsewhere', { code: 0, isRecursive: false }],
];

describe('S153 what says that there is no record', () => {
  test.each<readonly [string, SpokenHeader]>([
    ['NXDOMAIN', { code: 3 }],
    ['NOERROR without a record, asked further', { code: 0 }],
    ['NOERROR without a record, out of its own zone', { code: 0, isAuthoritative: true, isRecursive: false }],
  ])('S153 %s', async (_title, says) => {
    const { address } = await start(says);
    expect(await lookUp(address)).toEqual([]);
  });

  test.each(ERRORS)('S153 not %s', async (_title, says) => {
    const { address } = await start(says);
    expect(await lookUp(address)).toBeUndefined();
  });
});

test.each(['fe80::1%nolink', '[fe80::1%nolink]:5353', '[fe80::1%nolink]'])(
  'S153 %s, of a link that is gone, is a server that says nothing',
  async (server) => {
    expect(await saysThereIsNothing(server, { name: NAME, waitMs: 60_000 })).toBe(false);
  },
);

describe('the next server', () => {
  test.each(ERRORS)('is asked after %s', async (_title, says) => {
    const [first, second] = [await start(says), await start({ code: 0, text: 'proof' })];
    expect(await lookUp(first.address, second.address)).toEqual(['proof']);
    expect(first.asked()).toBeGreaterThan(0);
  });

  test.each<readonly [string, SpokenHeader, readonly string[]]>([
    ['a record', { code: 0, text: 'other' }, ['other']],
    ['no such name', { code: 3 }, []],
    ['no record', { code: 0 }, []],
  ])('is not asked after %s', async (_title, says, found) => {
    const [first, second] = [await start(says), await start({ code: 0, text: 'proof' })];
    expect(await lookUp(first.address, second.address)).toEqual(found);
    expect(second.asked()).toBe(0);
  });
});
