/** What the tests of outbound calls and webhooks (S194 to S201) must notice the loss of. */
import type { Guard } from '../../scripts/guards/guard.ts';

const EGRESS = 'src/outbound/egress-rules.ts';
const FETCH = 'src/outbound/safe-fetch.ts';
const SIGNATURES = 'src/core/journal/webhook-signatures.ts';
const WEBHOOKS = 'src/core/journal/webhooks.ts';
const DELIVERY = 'src/core/journal/webhook-delivery.ts';
const TRIES = 'src/core/journal/webhook-tries.ts';
const FETCH_TEST = 'test/outbound/safe-fetch.test.ts';
const TRIES_TEST = 'test/core/journal/webhook-delivery.test.ts';
const DELIVERY_TEST = 'test/http/api/webhook-delivery.test.ts';
const WEBHOOKS_TEST = 'test/http/api/webhooks.test.ts';
const ASIDE_TEST = 'test/http/api/webhook-set-aside.test.ts';

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
    line: 'S194',
    file: EGRESS,
    without: 'if (address.toString() === AZURE_PLATFORM_ADDRESS) return false;',
    put: '',
    test: FETCH_TEST,
  },
  {
    line: 'S194',
    file: EGRESS,
    without: "return address.kind() === 'ipv4' || address.match(GLOBAL_UNICAST_V6);",
    put: 'return true;',
    test: FETCH_TEST,
  },
  {
    line: 'S194',
    file: EGRESS,
    without: "if (isLocalName(host)) return refused('local_name');",
    put: '',
    test: FETCH_TEST,
  },
  {
    line: 'S194',
    file: EGRESS,
    without: "    .replace(/\\.$/, '');",
    put: '    .trim();',
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
    line: 'S195',
    file: FETCH,
    without: 'for (const { address } of addresses) {',
    put: 'for (const { address } of addresses.slice(0, 1)) {',
    test: FETCH_TEST,
  },
  {
    line: 'S195',
    file: FETCH,
    without: 'lookup: lookupAnswering(addresses),',
    put: 'lookup: (host, _options, answer) => void options.resolve(host).then((found) => answer(null, found)),',
    test: FETCH_TEST,
  },
  {
    line: 'S195',
    file: FETCH,
    without: "if (isRedirect(status)) giveUp(refusal('redirect'));",
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
    line: 'S196',
    file: EGRESS,
    without: "if (!PUBLIC_PORTS.has(url.port) && !mayBeExempt) return refused('port');",
    put: '',
    test: FETCH_TEST,
  },
  {
    line: 'S196',
    file: EGRESS,
    without: "if (url.username !== '' || url.password !== '') return refused('userinfo');",
    put: '',
    test: FETCH_TEST,
  },
  {
    line: 'S196',
    file: FETCH,
    without: "if (size > maxBytes) return giveUp(new Error('answer is larger than allowed'));",
    put: '',
    test: FETCH_TEST,
  },
  {
    line: 'S196',
    file: FETCH,
    without: 'return new Uint8Array(decode(body, { maxOutputLength: maxBytes }));',
    put: 'return new Uint8Array(decode(body, {}));',
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
    line: 'S197',
    file: DELIVERY,
    without: "return status >= 200 && status < 300 ? 'accepted' : 'rejected';",
    put: "return status >= 200 && status < 300 ? 'accepted' : status >= 500 ? 'unreachable' : 'rejected';",
    test: WEBHOOKS_TEST,
  },
  {
    line: 'S198',
    file: SIGNATURES,
    without: '`${id}.${timestamp}.${body}`',
    put: '`${id}.${body}`',
    test: TRIES_TEST,
  },
  {
    line: 'S198',
    file: SIGNATURES,
    without: 'previousSecret !== null && previousSecret.endsAt > now ? [previousSecret.value] : [];',
    put: '[];',
    test: [TRIES_TEST, WEBHOOKS_TEST],
  },
  {
    line: 'S198',
    file: SIGNATURES,
    without: 'previousSecret !== null && previousSecret.endsAt > now ? [previousSecret.value] : [];',
    put: 'previousSecret !== null ? [previousSecret.value] : [];',
    test: [TRIES_TEST, WEBHOOKS_TEST],
  },
  {
    line: 'S198',
    file: SIGNATURES,
    without:
      "if (!secret.startsWith(PREFIX)) throw new GatehouseError('internal', 'Nothing is signed without a secret.');",
    put: '',
    test: TRIES_TEST,
  },
  {
    line: 'S199',
    file: 'src/core/access/roles.ts',
    without: "  'billing.manage',\n];\n\n/** What the built-in",
    put: "  'billing.manage',\n  'webhooks.manage',\n];\n\n/** What the built-in",
    test: WEBHOOKS_TEST,
  },
  {
    line: 'S199',
    file: 'src/core/sign-in/step-up.ts',
    without: "  'webhooks.manage',\n",
    put: '',
    test: WEBHOOKS_TEST,
  },
  {
    line: 'S199',
    file: WEBHOOKS,
    without: "const isProved = url === before.url && before.status === 'active';",
    put: "const isProved = before.status === 'active';",
    test: WEBHOOKS_TEST,
  },
  {
    line: 'S199',
    file: DELIVERY,
    without: 'after: before.url === pinged.url ? proved(before, now) : before,',
    put: 'after: proved(before, now),',
    test: WEBHOOKS_TEST,
    why: 'The address is compared before, too: both are taken out.',
    also: [
      {
        file: DELIVERY,
        without: "outcome !== 'accepted' || present.url !== pinged.url || present.status",
        put: "outcome !== 'accepted' || present.status",
      },
    ],
  },
  {
    line: 'S199',
    file: WEBHOOKS,
    without: 'host: new URL(url).host,',
    put: 'host: url,',
    test: WEBHOOKS_TEST,
  },
  {
    line: 'S199',
    file: WEBHOOKS,
    without: 'organizationId: organizationId === INSTALLATION ? undefined : organizationId,',
    put: 'organizationId: undefined,',
    test: DELIVERY_TEST,
  },
  {
    line: 'S200',
    file: TRIES,
    without: "outcome === 'gone' ? 'gone' : now - failingSince >= FAILING_LIMIT_MS ? 'failing' : null;",
    put: "now - failingSince >= FAILING_LIMIT_MS ? 'failing' : null;",
    test: TRIES_TEST,
  },
  {
    line: 'S200',
    file: TRIES,
    without: "outcome === 'gone' ? 'gone' : now - failingSince >= FAILING_LIMIT_MS ? 'failing' : null;",
    put: "outcome === 'gone' ? 'gone' : null;",
    test: TRIES_TEST,
  },
  {
    line: 'S200',
    file: TRIES,
    without: 'Math.min(seconds(5) * 2 ** (failures - 1), hours(1))',
    put: 'Math.min(seconds(5) * failures, seconds(5))',
    test: TRIES_TEST,
  },
  {
    line: 'S200',
    file: TRIES,
    without: "if (now - one.since >= FAILING_LIMIT_MS) return 'given_up';",
    put: '',
    test: ASIDE_TEST,
  },
  {
    line: 'S200',
    file: DELIVERY,
    without: "if (next.status === 'disabled') await tellEnd(tx, next, now);",
    put: '',
    test: DELIVERY_TEST,
  },
  {
    line: 'S200',
    file: 'src/jobs/deliver-webhooks.ts',
    without: 'ofOne.length < MOST.ofOne &&',
    put: '',
    test: DELIVERY_TEST,
  },
  {
    line: 'S201',
    file: FETCH,
    without: "'user-agent': 'Gatehouse', ",
    put: '',
    test: FETCH_TEST,
  },
  {
    line: 'S201',
    file: 'node_modules/undici/lib/core/request.js',
    without: "} else if (typeof val === 'string') {\n    if (!isValidHeaderValue(val)) {",
    put: "} else if (typeof val === 'string') {\n    if (val === null) {",
    test: FETCH_TEST,
  },
];
