/** Microsoft Entra ID, with the PATCH form it sends unless told otherwise and with the one of `aadOptscim062020`. */
import type { Simulator } from '../simulation.ts';
import { changes } from './entra-changes.ts';
import { type EntraDialect, legacyDialect, optscimDialect } from './entra-dialect.ts';
import { churn, deleteGroups, probeReferences, provisionGroups, races } from './entra-groups.ts';
import { oddities } from './entra-oddities.ts';
import { deactivateEntra, leaveAndReturn, provisionPeople, purge, testConnection } from './entra-people.ts';

const simulatorOf = (dialect: EntraDialect, other: EntraDialect): Simulator => ({
  title: `Microsoft Entra ID (${dialect.title})`,
  manner: {
    headers: { accept: 'application/scim+json, application/json' },
    contentType: 'application/scim+json; charset=utf-8',
    blank: '+',
  },
  onboarding: [testConnection, provisionPeople(dialect), provisionGroups(dialect)],
  afterwards: [
    changes(dialect, other),
    churn(dialect),
    probeReferences,
    leaveAndReturn(dialect),
    races(dialect),
    oddities,
    purge,
    deleteGroups,
  ],
  deactivate: (simulation, person) => deactivateEntra(simulation, person, dialect),
});

/** One operation for each attribute, capitalised, booleans as text. */
export const entra: Simulator = simulatorOf(legacyDialect, optscimDialect);

/** With the flag in the tenant URL: lower case, real booleans, several attributes in one operation. */
export const entraOptscim: Simulator = simulatorOf(optscimDialect, legacyDialect);
