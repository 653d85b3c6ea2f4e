/** Rules of access as something that can be tried, tested and looked back upon. */
import { listAt, textAt } from '../simulate/answers.ts';
import type { Company } from './companies.ts';
import type { Narrator } from './narration.ts';
import type { Stage } from './stage.ts';

/** A test beside the rules refuses a bad edit; a look back says what somebody held before a good one. */
export async function testRules(stage: Stage, narrator: Narrator, company: Company): Promise<void> {
  narrator.chapter(`Rules of ${company.name}: tested, and explained as of any moment`);
  const group = groupIdOf(company, 'IT Admins');
  await narrator.step(
    'A test is kept beside the rules: who is in “IT Admins” comes out as admin',
    async () => {
      const body = { name: 'IT runs it', given: { groups: [group] }, expect: { orgRole: 'admin' } };
      return { result: await stage.operator.create(`/organizations/${company.slug}/mapping-tests`, body) };
    },
  );
  const rule = await ruleFor(stage, company, group);
  await narrator.step('An edit that would take that from them is refused, and changes nobody', async () => {
    const body = { grants: [{ scope: 'org', role: 'viewer' }] };
    const problem = await stage.operator.expect(409, { method: 'PATCH', path: rule, body });
    return { result: undefined, facts: [`409 ${textAt(problem, 'code')}: ${textAt(problem, 'detail')}`] };
  });
  await narrator.step('Sales become viewers; why one of them was a member before that is still told', () =>
    lookBack(stage, company),
  );
}

function groupIdOf({ simulation }: Company, name: string): string {
  const { key = '' } = simulation.population.groups.find((group) => group.name === name) ?? {};
  const id = simulation.groupIds.get(key);
  if (id === undefined) throw new Error(`no group ${name}`);
  return id;
}

async function ruleFor({ operator }: Stage, { slug }: Company, group: string): Promise<string> {
  const path = `/organizations/${slug}/group-mappings`;
  const rules = listAt(await operator.expect(200, { method: 'GET', path }), 'items');
  const rule = rules.find((one) => textAt(one, 'match', 'groupId') === group);
  return `${path}/${textAt(rule, 'id')}`;
}

async function lookBack({ operator }: Stage, company: Company) {
  const person = company.inGroup('Sales', 'IT Admins');
  const organization = `/organizations/${company.slug}`;
  const query = `q=${encodeURIComponent(person.email)}`;
  const found = await operator.expect(200, { method: 'GET', path: `${organization}/members?${query}` });
  const member = `${organization}/members/${textAt(listAt(found, 'items')[0], 'id')}/explain`;
  const before = new Date().toISOString();
  await operator.create(`${organization}/group-mappings`, {
    ...{ match: { groupId: groupIdOf(company, 'Sales') }, grants: [{ scope: 'org', role: 'viewer' }] },
  });
  const explain = async (path: string) => {
    const told = await operator.expect(200, { method: 'GET', path });
    const because = listAt(told, 'orgRole', 'because').map((grant) => textAt(grant, 'sentence'));
    return `org ${textAt(told, 'orgRole', 'role')}: ${because.join(' ')}`;
  };
  return {
    result: undefined,
    facts: [
      `${person.displayName} at ${before}: ${await explain(`${member}?at=${encodeURIComponent(before)}`)}`,
      `now: ${await explain(member)}`,
    ],
  };
}
