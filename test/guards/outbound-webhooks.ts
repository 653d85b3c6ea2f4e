/** What the tests of outbound calls and webhooks (S194 to S201) must notice the loss of. */
import type { Guard } from '../../scripts/guards/guard.ts';

const EGRESS = 'src/outbound/egress-rules.ts';
const FETCH = 'src/outbound/safe-fetch.ts';
const FETCH_TEST = 'test/outbound/safe-fetch.test.ts';

/** Who may be called and how, what is signed and told, and what becomes of an endpoint that fails. */
export const outboundWebhooksGuards: readonly Guard[] = [
  {
    line: 'S194',
    file: EGRESS,
    without: "if (isLiteral && !isPublicAddress(host)) return refused('address');",
    put: '',
    test: FETCH_TEST,
  },
  {
    line: 'S195',
    file: EGRESS,
    without: "if (!isPublicAddress(address)) return 'address';",
    put: '',
    test: FETCH_TEST,
  },
  {
    line: 'S196',
    file: EGRESS,
    without: "if (url.protocol !== 'https:' && !mayBeExempt) return refused('scheme');",
    put: '',
    test: FETCH_TEST,
  },
  {
    line: 'S197',
    file: FETCH,
    without: "return new GatehouseError('upstream_unreachable', UNREACHABLE, { cause });",
    put: "return new GatehouseError('upstream_unreachable', String(cause), { cause });",
    test: FETCH_TEST,
  },
  {
    line: 'S201',
    file: FETCH,
    without: "'user-agent': 'Gatehouse', ",
    put: '',
    test: FETCH_TEST,
  },
];
