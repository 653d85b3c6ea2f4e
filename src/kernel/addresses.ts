/** Network addresses as sockets and proxies write them: IPv4 is written as IPv4, and IPv6 counts by its network. */

/** The address, with IPv4 that travels inside IPv6 (`::ffff:192.0.2.1`, RFC 4291 section 2.5.5.2) written as the IPv4 it is. */
export function plainAddress(ip: string): string {
  if (!ip.includes(':')) return ip;
  const groups = groupsOf(ip);
  return groups === undefined ? ip : (mappedOf(groups) ?? ip);
}

/**
 * The network that is taken for one caller: an IPv4 address itself, also inside IPv6; an IPv6 address's /64, which is what
 * one customer of a provider gets (RFC 6177 section 2). Other text is answered as it is.
 */
export function networkPrefix(ip: string): string {
  const groups = groupsOf(ip);
  if (groups === undefined) return ip.replace(/%.*$/, '');
  return mappedOf(groups) ?? `${groups.slice(0, 4).join(':')}::/64`;
}

/** The four bytes in an IPv4-mapped address; undefined for every other. */
function mappedOf(groups: readonly string[]): string | undefined {
  if (groups.slice(0, 6).join(':') !== '0:0:0:0:0:ffff') return undefined;
  const bytes = groups.slice(6).map((group) => Number.parseInt(group, 16));
  return bytes.flatMap((pair) => [pair >> 8, pair & 255]).join('.');
}

/** The eight groups of an IPv6 address without its zone, in canonical form (RFC 5952); undefined for anything else. */
function groupsOf(ip: string): readonly string[] | undefined {
  const url = `http://[${ip.replace(/%.*$/, '')}]/`;
  if (!ip.includes(':') || !URL.canParse(url)) return undefined;
  const canonical = new URL(url).hostname.slice(1, -1);
  const [left = [], right] = canonical
    .split('::')
    .map((side) => side.split(':').filter((group) => group !== ''));
  if (right === undefined) return left;
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right];
}
