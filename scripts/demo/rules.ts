/** Rules of access as something that can be tried, tested and looked back upon. */
import { listAt, textAt, valueAt } from '../simulate/answers.ts';
import { checked } from './checked.ts';
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
  await narrator.step('Drafted without that rule: a plan, applied as planned, and undone', () =>
    planAndApply(stage, company),
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
  // A second ago: what begins in this very millisecond holds in it.
  const before = new Date(Date.now() - 1000).toISOString();
  await operator.create(`${organization}/group-mappings`, {
    ...{ match: { groupId: groupIdOf(company, 'Sales') }, grants: [{ scope: 'org', role: 'viewer' }] },
  });
  const explain = async (path: string) => {
    const told = await operator.expect(200, { method: 'GET', path });
    const because = listAt(told, 'orgRole', 'because').map((grant) => textAt(grant, 'sentence'));
    return `org ${textAt(told, 'orgRole', 'role')}: ${because.join(' ')}`;
  };
  const then = await explain(`${member}?at=${encodeURIComponent(before)}`);
  const now = await explain(member);
  checked('role before', then.split(':')[0], 'org member');
  checked('role now', now.split(':')[0], 'org viewer');
  return { result: undefined, facts: [`${person.displayName} at ${before}: ${then}`, `now: ${now}`] };
}

/** Plans a draft that leaves the last rule out, applies exactly that plan, then the draft that takes it back. */
async function planAndApply({ operator }: Stage, { slug }: Company) {
  const organization = `/organizations/${slug}`;
  const drafts = `${organization}/mapping-drafts`;
  const rules = listAt(
    await operator.expect(200, { method: 'GET', path: `${organization}/group-mappings` }),
    'items',
  );
  const mappings = rules.slice(0, -1).map((rule) => ({
    ...{ id: textAt(rule, 'id'), match: valueAt(rule, 'match'), grants: valueAt(rule, 'grants') },
    rank: valueAt(rule, 'rank'),
  }));
  const apply = async (id: string) => {
    const plan = await operator.expect(200, { method: 'GET', path: `${drafts}/${id}/plan` });
    const count = (name: string) => Number(valueAt(plan, 'summary', 'counts', name));
    const body = { planHash: textAt(plan, 'planHash') };
    await operator.expect(200, { method: 'POST', path: `${drafts}/${id}/apply`, body });
    return { people: count('members'), gain: count('gains'), lose: count('losses') };
  };
  const first = await operator.create(drafts, { name: 'Sales as before', mappings });
  const applied = await apply(first);
  const undo = await operator.expect(201, { method: 'POST', path: `${drafts}/${first}/undo` });
  const undone = await apply(textAt(undo, 'id'));
  if (!(applied.gain > 0)) throw new Error(`the plan gives nobody anything: ${JSON.stringify(applied)}`);
  checked('people who lose at the undoing what they gained', undone.lose, applied.gain);
  checked('people of the undoing', undone.people, applied.people);
  const tell = ({ people, gain, lose }: typeof applied) => `${people} people: ${gain} gain, ${lose} lose`;
  return { result: undefined, facts: [`applied: ${tell(applied)}`, `undone: ${tell(undone)}`] };
}
