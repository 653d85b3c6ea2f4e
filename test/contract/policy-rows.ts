/** Drivers of the rows that stand beside a required single sign-on. */
import { nextId } from '../support/builders.ts';
import { anApiKey, anEmergencyCode, aTestSignIn } from '../support/policy-builders.ts';
import type { RowKind } from './row-kind.ts';

const testSignIns: RowKind = {
  name: 'testSignIns',
  make: ({ organization: { id }, connection }, text) => {
    const facts = {
      ...{ issuer: text, subject: text, email: text, isEmailVerified: true, userName: null, name: text },
      externalIds: [text],
      claims: { [text]: [text] },
    };
    const value = aTestSignIn(connection, {
      ...{ tokenHash: text, settingsMark: text, connects: true, status: 'failed', finishedAt: 1 },
      report: { reason: text, facts, decision: { kind: 'refuse', reason: text } },
    });
    return {
      value,
      insert: (tx) => tx.testSignIns.insert(id, value),
      find: (store) => store.testSignIns.find(id, value.id),
    };
  },
};

const emergencyCodes: RowKind = {
  name: 'emergencyCodes',
  make: ({ organization: { id }, membership }, text) => {
    const value = anEmergencyCode(membership, { codeHash: text });
    return {
      value,
      insert: (tx) => tx.emergencyCodes.insert(id, value),
      find: (store) => store.emergencyCodes.find(id, value.id),
      update: (tx, connectionId, version) => {
        const createdBy = { kind: 'connection', connectionId } as const;
        return tx.emergencyCodes.update(id, { ...value, createdBy }, version);
      },
    };
  },
};

const apiKeys: RowKind = {
  name: 'apiKeys',
  make: ({ organization: { id } }, text) => {
    const value = anApiKey(
      { organizationId: id, id: nextId('mem') },
      {
        ...{
          name: text,
          createdBy: text,
          tokenHash: text,
          kind: 'team',
          membershipId: null,
          connectionId: nextId('con'),
        },
        ...{
          amr: ['pwd', 'otp'],
          scopes: ['audit.read', 'members.read'],
          expiresAt: 7,
          expiryWarnedDays: 1,
          lastUsedAt: 8,
        },
      },
    );
    return {
      value,
      insert: (tx) => tx.apiKeys.insert(id, value),
      find: (store) => store.apiKeys.find(id, value.id),
      remove: (tx) => tx.apiKeys.remove(id, value.id),
    };
  },
};

/** Their kinds. */
export const POLICY_ROWS: readonly RowKind[] = [testSignIns, emergencyCodes, apiKeys];
