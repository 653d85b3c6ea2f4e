/** Okta: catalogue apps, which change people by PATCH, and apps made with the wizard (AIW), which PUT everything. */
import type { Simulator } from '../simulation.ts';
import { deleteGroups, groupLife, imports, pushGroups, races } from './okta-groups.ts';
import { changes, deactivateByPatch, deactivateByPut, onboardPeople, testConnection } from './okta-people.ts';

const manner = {
  headers: { 'user-agent': 'Okta SCIM Client 1.0.0', accept: 'application/scim+json' },
  contentType: 'application/scim+json; charset=utf-8',
  blank: '%20',
} as const;

/** An app of Okta's catalogue. */
export const okta: Simulator = {
  title: 'Okta (catalogue app)',
  manner,
  onboarding: [testConnection, onboardPeople, pushGroups('patch')],
  afterwards: [changes('patch'), groupLife('patch'), imports, races, deleteGroups],
  deactivate: deactivateByPatch,
};

/** An app made with Okta's wizard: PUT for people and for groups, not switchable. */
export const oktaAiw: Simulator = {
  title: 'Okta (app made with the wizard)',
  manner,
  onboarding: [testConnection, onboardPeople, pushGroups('put')],
  afterwards: [changes('put'), groupLife('put'), imports, races, deleteGroups],
  deactivate: deactivateByPut,
};
