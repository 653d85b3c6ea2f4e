/** Which addresses may be called: the pure half of the egress guard. It must not resolve or connect. */
import ipaddr from 'ipaddr.js';

/** The operator's allow list, parsed. Names match the host as written, ranges the resolved address. */
export interface EgressRules {
  readonly names: ReadonlySet<string>;
  readonly ranges: readonly (readonly [ipaddr.IPv4 | ipaddr.IPv6, number])[];
}

/** Why a URL or address is refused; logged, not shown. */
export type EgressRefusal =
  | 'malformed'
  | 'scheme'
  | 'userinfo'
  | 'port'
  | 'local_name'
  | 'address'
  | 'redirect';

export type EgressVerdict =
  | { readonly allowed: true; readonly url: URL }
  | { readonly allowed: false; readonly refusal: EgressRefusal };

const PUBLIC_PORTS: ReadonlySet<string> = new Set(['', '443', '8443']);
/** Only 2000::/3 is given out as global unicast (IANA); the rest of IPv6 is no place for an identity provider. */
const GLOBAL_UNICAST_V6 = ipaddr.parseCIDR('2000::/3');
/** Looks public but answers only inside Azure, with host credentials. */
const AZURE_PLATFORM_ADDRESS = '168.63.129.16';

/** Parses `host`, `host:port` (the port is ignored), `[v6]`, an address, or a CIDR. Empty entries are dropped. */
export function parseEgressRules(allow: readonly string[]): EgressRules {
  const names = new Set<string>();
  const ranges: (readonly [ipaddr.IPv4 | ipaddr.IPv6, number])[] = [];
  for (const entry of allow.map((text) => text.trim().toLowerCase()).filter((text) => text !== '')) {
    if (ipaddr.isValidCIDR(entry)) {
      ranges.push(ipaddr.parseCIDR(entry));
      continue;
    }
    const host = ipaddr.isValid(entry) ? entry : bareHost(entry.replace(/:\d+$/, ''));
    if (ipaddr.isValid(host)) ranges.push(singleAddress(host));
    else names.add(host);
  }
  return { names, ranges };
}

/**
 * Judges a URL as written: https, port 443 or 8443, no user info, no local name, no forbidden literal address.
 * The WHATWG parser has already turned decimal, octal, hex and full-width forms into plain dotted quads (S194).
 */
export function judgeUrl(text: string, rules: EgressRules): EgressVerdict {
  const url = URL.parse(text);
  if (url === null || url.hostname === '') return refused('malformed');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return refused('scheme');
  if (url.username !== '' || url.password !== '') return refused('userinfo');
  const host = bareHost(url.hostname);
  const isLiteral = ipaddr.isValid(host);
  if (isExempt(host, rules)) return { allowed: true, url };
  if (isLiteral && !isPublicAddress(host)) return refused('address');
  if (isLocalName(host)) return refused('local_name');
  // A name may still resolve into an allowed range: that is decided at connect time.
  const mayBeExempt = !isLiteral && rules.ranges.length > 0;
  if (url.protocol !== 'https:' && !mayBeExempt) return refused('scheme');
  if (!PUBLIC_PORTS.has(url.port) && !mayBeExempt) return refused('port');
  return { allowed: true, url };
}

/** Beyond this many it begins anew. */
const MOST_REMEMBERED = 1000;

/**
 * Whether a URL would be allowed if it were plain http. Rules never change: what was answered is remembered, because every sign-in asks
 * of its issuer, twice.
 */
export function httpPermission(rules: EgressRules): (url: string) => boolean {
  const known = new Map<string, boolean>();
  return (url) => {
    const before = known.get(url);
    if (before !== undefined) return before;
    const { allowed } = judgeUrl(url.replace(/^https:/i, 'http:'), rules);
    if (known.size >= MOST_REMEMBERED) known.clear();
    known.set(url, allowed);
    return allowed;
  };
}

/** Whether the host of a URL, as it stands there, is one the list holds. */
export function isExemptAsWritten(text: string, rules: EgressRules): boolean {
  const verdict = judgeUrl(text, rules);
  return verdict.allowed && isExempt(bareHost(verdict.url.hostname), rules);
}

/** Judges one resolved address for a connection to `host`, the moment before connecting. */
export function judgeAddress(
  address: string,
  target: { readonly host: string; readonly protocol: string; readonly port: string },
  rules: EgressRules,
): EgressRefusal | undefined {
  if (isExempt(bareHost(target.host), rules) || isInRanges(address, rules)) return undefined;
  if (!isPublicAddress(address)) return 'address';
  if (target.protocol !== 'https:') return 'scheme';
  return PUBLIC_PORTS.has(target.port) ? undefined : 'port';
}

/** True for an address of the public internet; false for anything special-purpose or unreadable (S194). */
function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.process(text);
  if (address.range() !== 'unicast') return false;
  if (address.toString() === AZURE_PLATFORM_ADDRESS) return false;
  return address.kind() === 'ipv4' || address.match(GLOBAL_UNICAST_V6);
}

const refused = (refusal: EgressRefusal): EgressVerdict => ({ allowed: false, refusal });

/** Lower case, without brackets, without the root dot: `localhost.` is `localhost`. */
function bareHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}

function isLocalName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}

function isExempt(host: string, rules: EgressRules): boolean {
  return rules.names.has(host) || isInRanges(host, rules);
}

function isInRanges(text: string, rules: EgressRules): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.process(text);
  return rules.ranges.some(([base, bits]) => address.kind() === base.kind() && address.match(base, bits));
}

function singleAddress(text: string): readonly [ipaddr.IPv4 | ipaddr.IPv6, number] {
  const address = ipaddr.process(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}
