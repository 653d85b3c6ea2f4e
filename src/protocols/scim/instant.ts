/** Reads SCIM dateTime values as points in time, finer than a JavaScript Date. Pure. */

const pattern =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,18}))?(Z|[+-](?:0\d|1[0-4]):[0-5]\d)?$/i;

/**
 * Nanoseconds since 1970 UTC of an xsd:dateTime (RFC 7643 §2.3.5), so that 7 fraction digits (Entra) and any zone
 * compare exactly. Digits beyond nanoseconds are dropped; a time without a zone is UTC. Undefined when not a dateTime.
 */
export function instantOf(text: string): bigint | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const local = Date.parse(`${text.slice(0, 19).toUpperCase()}Z`);
  // Date.parse rolls 30 February and 24:00 into the next day; such text is not a date.
  if (Number.isNaN(local) || new Date(local).getUTCDate() !== Number(match[3])) return undefined;
  const milliseconds = local - zoneMinutes(match[8] ?? 'Z') * 60_000;
  const fraction = (match[7] ?? '').slice(0, 9).padEnd(9, '0');
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction);
}

function zoneMinutes(zone: string): number {
  if (zone.toUpperCase() === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6));
  return zone.startsWith('-') ? -minutes : minutes;
}
