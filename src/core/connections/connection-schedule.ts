/** When a connection wants to be looked at again: its metadata is to be read, or a certificate comes near its end. Pure. */

import { summarizeCertificate } from '../../kernel/certificates.ts';
import { days, hours } from '../../kernel/clock.ts';
import type { Connection, SamlSettings } from '../entities/connection.ts';

/** How often metadata is read. */
export const REFRESH_EVERY_MS = hours(6);

/** Days before the end; each is told once. At 0 it is over. */
const THRESHOLDS = [0, 1, 7, 14, 30, 60] as const;

/** A certificate that comes near its end, or is past it. */
export interface ExpiryWarning {
  /** `idp`: pinned, theirs. `sp`: ours. */
  readonly use: 'idp' | 'sp';
  readonly fingerprint: string;
  readonly expiresAt: number;
  readonly thresholdDays: number;
}

type Watched = Pick<ExpiryWarning, 'use' | 'fingerprint' | 'expiresAt'>;

/** Pinned certificates, and our own that are or will be used. */
function watchedCertificates({ certificates, spKeys }: SamlSettings): readonly Watched[] {
  const own = spKeys.filter(({ use }) => use !== 'previous').map(({ certificate }) => certificate);
  const watched = (use: Watched['use'], pem: string): readonly Watched[] => {
    const read = summarizeCertificate(pem);
    return read === undefined ? [] : [{ use, fingerprint: read.fingerprint, expiresAt: read.notAfter }];
  };
  return [...certificates.flatMap((pem) => watched('idp', pem)), ...own.flatMap((pem) => watched('sp', pem))];
}

/** The nearest threshold that has been reached; undefined when the end is farther away than all of them. */
const reached = (expiresAt: number, now: number): number | undefined =>
  THRESHOLDS.find((threshold) => expiresAt - now <= days(threshold));

/** What is to be told now, and what has been told then. One that is met late gets the nearest warning only. */
export function dueWarnings(
  settings: SamlSettings,
  now: number,
): { readonly warnings: readonly ExpiryWarning[]; readonly told: SamlSettings['expiryWarnings'] } {
  const before = settings.expiryWarnings;
  const warnings = watchedCertificates(settings).flatMap((one): readonly ExpiryWarning[] => {
    const thresholdDays = reached(one.expiresAt, now);
    const last = before[one.fingerprint] ?? Number.POSITIVE_INFINITY;
    return thresholdDays === undefined || thresholdDays >= last ? [] : [{ ...one, thresholdDays }];
  });
  const kept = watchedCertificates(settings).flatMap(({ fingerprint }) => {
    const last = before[fingerprint];
    return last === undefined ? [] : [[fingerprint, last] as const];
  });
  const given = warnings.map(({ fingerprint, thresholdDays }) => [fingerprint, thresholdDays] as const);
  return { warnings, told: Object.fromEntries([...kept, ...given]) };
}

/** When to look next, epoch milliseconds, in the past if something is due; null: never. */
export function dueAtOf({ status, settings }: Pick<Connection, 'status' | 'settings'>): number | null {
  if (settings.protocol !== 'saml' || status === 'disabled') return null;
  const refresh = settings.metadata === null ? [] : [settings.metadata.checkedAt + REFRESH_EVERY_MS];
  const warnings = watchedCertificates(settings).flatMap(({ fingerprint, expiresAt }) => {
    const last = settings.expiryWarnings[fingerprint] ?? Number.POSITIVE_INFINITY;
    const next = THRESHOLDS.findLast((threshold) => threshold < last);
    return next === undefined ? [] : [expiresAt - days(next)];
  });
  const moments = [...refresh, ...warnings];
  return moments.length === 0 ? null : Math.min(...moments);
}
