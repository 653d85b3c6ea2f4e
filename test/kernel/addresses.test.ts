/** Addresses as they are written down and counted. */
import { describe, expect, test } from '@jest/globals';
import { networkPrefix, plainAddress } from '../../src/kernel/addresses.ts';

describe('an address as audit, sessions and limits write it', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:127.0.0.1', '127.0.0.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['2001:db8::1', '2001:db8::1'],
    ['::1', '::1'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['::ffff:0:192.0.2.1', '::ffff:0:192.0.2.1'],
    ['not:an:address', 'not:an:address'],
    ['', ''],
  ])('%j is %j', (ip, written) => {
    expect(plainAddress(ip)).toBe(written);
  });
});

describe('S178 the network of an address', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:0:0:1::', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['not:an:address', 'not:an:address'],
    ['', ''],
  ])('of %j is %j', (ip, network) => {
    expect(networkPrefix(ip)).toBe(network);
  });
});
