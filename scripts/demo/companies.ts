/** The two companies with a directory: organization, teams, the push of their identity provider, roles from groups. */

import { textAt } from '../simulate/answers.ts';
import { printScorecard } from '../simulate/expectations.ts';
import { makePopulation, type Person } from '../simulate/population.ts';
import { beginSimulation, runPhases, type Simulation, type Simulator } from '../simulate/simulation.ts';
import { simulators } from '../simulate/simulators.ts';
import type { Narrator } from './narration.ts';
import type { Stage } from './stage.ts';

export interface Company {
  readonly name: string;
  readonly slug: string;
  readonly simulator: Simulator;
  readonly simulation: Simulation;
  /** The first employee who is in the one group and not in the other. Throws when there is none. */
  inGroup(group: string, notIn?: string): Person;
}

export interface CompanyPlan {
  readonly name: string;
  readonly slug: string;
  readonly domain: string;
  readonly kind: 'okta' | 'entra';
  readonly seed: number;
}

const USERS = 50;
const GROUPS = 6;

/** Creates the organization, lets its identity provider push 50 people and 6 groups, and maps groups to roles. */
export async function foundCompany(stage: Stage, narrator: Narrator, plan: CompanyPlan): Promise<Company> {
  narrator.chapter(`${plan.name}: people come from ${plan.kind === 'okta' ? 'Okta' : 'Microsoft Entra ID'}`);
  await narrator.step(`The organization “${plan.name}” is created`, async () => {
    const { name, slug } = plan;
    return { result: await stage.operator.create('/organizations', { name, slug }) };
  });
  const simulation = await narrator.step(
    'A directory is opened for it, with a token for the identity provider',
    () => openDirectory(stage, plan),
  );
  const simulator = simulatorOf(plan);
  await narrator.step(`${USERS} people and ${GROUPS} groups are pushed over SCIM`, () =>
    push(simulation, simulator),
  );
  await narrator.step('Groups become roles', () => mapGroups(stage, plan, simulation));
  const membersOf = (name: string) =>
    simulation.population.groups.find((group) => group.name === name)?.members ?? [];
  const inGroup = (name: string, notIn = '') => {
    const person = membersOf(name).find((member) => !membersOf(notIn).includes(member));
    if (person === undefined) throw new Error(`nobody is in ${name} alone`);
    return person;
  };
  return { name: plan.name, slug: plan.slug, simulator, simulation, inGroup };
}

function simulatorOf({ kind }: CompanyPlan): Simulator {
  const simulator = simulators[kind];
  if (simulator === undefined) throw new Error(`no simulator of that name: ${kind}`);
  return simulator;
}

async function openDirectory({ operator }: Stage, plan: CompanyPlan) {
  const path = `/organizations/${plan.slug}/directories`;
  const directory = await operator.expect(201, { method: 'POST', path, body: { kind: plan.kind } });
  const id = textAt(directory, 'id');
  const base = textAt(directory, 'scimBaseUrl');
  const body = { name: 'the identity provider' };
  const token = textAt(
    await operator.expect(201, { method: 'POST', path: `${path}/${id}/tokens`, body }),
    'token',
  );
  const population = makePopulation({ users: USERS, groups: GROUPS, seed: plan.seed, domain: plan.domain });
  const simulation = beginSimulation({ simulator: simulatorOf(plan), endpoint: { base, token }, population });
  return { result: simulation, facts: [base] };
}

async function push(simulation: Simulation, simulator: Simulator) {
  const startedAt = performance.now();
  await runPhases(simulation, simulator.onboarding);
  const rows = simulation.score.rows();
  const red = rows.filter(({ failures }) => failures > 0);
  if (red.length > 0) throw new Error(printScorecard(simulator.title, red));
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const checks = rows.reduce((sum, row) => sum + row.checks, 0);
  return {
    result: undefined,
    facts: [
      `${simulator.title}: ${simulation.scim.sent()} requests in ${seconds} s, ${checks} answers checked, all as they should be`,
    ],
  };
}

async function mapGroups({ operator }: Stage, { slug }: CompanyPlan, simulation: Simulation) {
  const teamNamed = (name: string) => operator.create(`/organizations/${slug}/teams`, { name });
  const [engineering, sales] = [await teamNamed('Engineering'), await teamNamed('Sales')];
  const rules = [
    { group: 'IT Admins', told: 'org admin', grants: [{ scope: 'org', role: 'admin' }] },
    {
      group: 'Engineering',
      told: 'team Engineering',
      grants: [{ scope: 'team', team: engineering, role: 'member' }],
    },
    {
      group: 'Engineering Leads',
      told: 'org member, owner of team Engineering',
      grants: [
        { scope: 'org', role: 'member' },
        { scope: 'team', team: engineering, role: 'owner' },
      ],
    },
    { group: 'Sales', told: 'team Sales', grants: [{ scope: 'team', team: sales, role: 'member' }] },
  ];
  for (const { group, grants } of rules) {
    const { key = '' } = simulation.population.groups.find(({ name }) => name === group) ?? {};
    const groupId = simulation.groupIds.get(key);
    await operator.create(`/organizations/${slug}/group-mappings`, { match: { groupId }, grants });
  }
  return { result: undefined, facts: rules.map(({ group, told }) => `${group} → ${told}`) };
}
