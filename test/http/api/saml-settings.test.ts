/** The address of metadata, asked through a fetcher that answers as told: what is forbidden, and what is only out of order. */
import { expect, test } from '@jest/globals';
import type { Fetcher } from '../../../src/core/ports/fetcher.ts';
import { readSaml } from '../../../src/http/api/saml-settings.ts';
import { type ErrorCode, GatehouseError } from '../../../src/kernel/errors.ts';

const failing = (code: ErrorCode): Fetcher => ({
  checkUrl: () => undefined,
  permitsHttp: () => true,
  permitsHttpAsWritten: (url) => url.includes('listed'),
  fetch: () => Promise.reject(new GatehouseError(code, 'As told.')),
});

test.each<readonly [string, ErrorCode, string, ErrorCode]>([
  ['a forbidden one', 'egress_refused', 'https://idp.example/md', 'egress_refused'],
  ['an outage', 'upstream_unreachable', 'https://idp.example/md', 'upstream_unreachable'],
  [
    'an outage of a host on the list',
    'upstream_unreachable',
    'http://listed.example/md',
    'upstream_unreachable',
  ],
  [
    'plain http to a name that is not on it',
    'upstream_unreachable',
    'http://idp.example/md',
    'egress_refused',
  ],
])('S194: the address of metadata: %s', async (_title, met, metadataUrl, told) => {
  const reading = readSaml({ fetcher: failing(met), clock: () => 0 }, { metadataUrl });
  await expect(reading).rejects.toMatchObject({
    code: told,
    ...(told === 'egress_refused' ? { field: 'metadataUrl' } : {}),
  });
});
