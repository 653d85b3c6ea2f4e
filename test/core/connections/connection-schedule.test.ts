/** When connections are looked at again, and what owners are told then. */
import { describe, expect, test } from '@jest/globals';
import { dueAtOf, dueWarnings, REFRESH_EVERY_MS } from '../../../src/core/connections/connection-schedule.ts';
import type { SamlSettings } from '../../../src/core/entities/connection.ts';
import { days } from '../../../src/kernel/clock.ts';
import { newId } from '../../../src/kernel/ids.ts';
import { selfSignedCertificate } from '../../../src/kernel/self-signed-certificate.ts';
import { oidcSettings, samlSettings } from '../../support/builders.ts';
import { fixedRsaKeys } from '../../support/saml-keys.ts';

const END = Date.UTC(2027, 5, 1);
const privateKey = await fixedRsaKeys()();
const certificateUntil = (notAfter: number) =>
  selfSignedCertificate({ privateKey, commonName: 'idp', notBefore: 0, notAfter });
const THEIRS = certificateUntil(END);

const settingsWith = (wishes: Partial<SamlSettings>): SamlSettings =>
  samlSettings({ certificates: [THEIRS], ...wishes });

/** Lets time run to each moment, and answers the days told of at each. */
function tellAlong(moments: readonly number[], wishes: Partial<SamlSettings> = {}) {
  let settings = settingsWith(wishes);
  return moments.map((daysBefore) => {
    const { warnings, told } = dueWarnings(settings, END - days(daysBefore));
    settings = { ...settings, expiryWarnings: told };
    return warnings.map(({ thresholdDays }) => thresholdDays);
  });
}

describe('warnings before a certificate ends', () => {
  test('are given 60, 30, 14, 7 and 1 days before, and at the end; each once', () => {
    expect(tellAlong([61, 60, 59, 30, 29, 14, 7, 7, 2, 1, 0, -1])).toEqual([
      [],
      [60],
      [],
      [30],
      [],
      [14],
      [7],
      [],
      [],
      [1],
      [0],
      [],
    ]);
  });

  test('one that is met late gets the nearest only', () => {
    expect(tellAlong([5, 4, 0.5])).toEqual([[7], [], [1]]);
  });

  test('are for each certificate alone, theirs and ours, but not for one that is no longer used', () => {
    const key = (use: 'current' | 'next' | 'previous', days_: number) => ({
      ...{ id: newId('spk', 0), use, privateKey: '', createdAt: 0 },
      certificate: certificateUntil(END + days(days_)),
    });
    const { warnings } = dueWarnings(
      settingsWith({
        certificates: [THEIRS, certificateUntil(END + days(40))],
        spKeys: [key('current', 10), key('next', 700), key('previous', -20)],
      }),
      END - days(14),
    );
    expect(warnings.map(({ use, thresholdDays }) => `${use} ${thresholdDays}`)).toEqual([
      'idp 14',
      'idp 60',
      'sp 30',
    ]);
  });

  test('what was told of a certificate that has gone is forgotten', () => {
    const { told } = dueWarnings(settingsWith({ expiryWarnings: { 'AA:BB': 7 } }), END - days(90));
    expect(told).toEqual({});
  });
});

describe('when a connection is due', () => {
  const dueFor = (wishes: Partial<SamlSettings>, status: 'active' | 'draft' | 'disabled' = 'active') =>
    dueAtOf({ status, settings: settingsWith(wishes) });
  const watch = { url: 'https://idp.example', isTrusted: false, problem: null, staged: null };
  const fingerprint = dueWarnings(settingsWith({}), END).warnings[0]?.fingerprint ?? '';

  test('60 days before the end, then at each next warning, then never', () => {
    expect(dueFor({})).toBe(END - days(60));
    expect(dueFor({ expiryWarnings: { [fingerprint]: 60 } })).toBe(END - days(30));
    expect(dueFor({ expiryWarnings: { [fingerprint]: 1 } })).toBe(END);
    expect(dueFor({ expiryWarnings: { [fingerprint]: 0 } })).toBeNull();
  });

  test('when its metadata was read some hours ago, if that is sooner', () => {
    expect(dueFor({ metadata: { ...watch, checkedAt: 1000 } })).toBe(1000 + REFRESH_EVERY_MS);
    expect(dueFor({ metadata: { ...watch, checkedAt: END } })).toBe(END - days(60));
  });

  test('never while it is disabled, or speaks OIDC', () => {
    expect(dueFor({}, 'disabled')).toBeNull();
    expect(dueAtOf({ status: 'active', settings: oidcSettings() })).toBeNull();
  });
});
