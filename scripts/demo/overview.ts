/** The table of who holds which role and why: a row for each role of a person, told by the gateway's own explanation. */
import { listAt, textAt, valueAt } from '../simulate/answers.ts';
import type { Operator } from './operator.ts';

export const OVERVIEW_HEAD = ['Organization', 'Person', 'Holds', 'Why'] as const;

/** How many people of one organization the table shows. */
const MOST_ROWS = 5;

interface Organization {
  readonly name: string;
  readonly slug: string;
}

/** The rows of one organization, and one that counts everybody who is not shown. Throws when a role has no reason. */
export async function overviewOf(operator: Operator, { name, slug }: Organization): Promise<string[][]> {
  const members = await listMembers(operator, slug);
  const shown = pickDifferent(members);
  const rows: string[][] = [];
  for (const member of shown) {
    const path = `/organizations/${slug}/members/${textAt(member, 'id')}/explain`;
    const explanation = await operator.expect(200, { method: 'GET', path });
    const reasons = reasonsOf(explanation);
    rows.push(...reasons.map((reason, index) => ['', index === 0 ? personOf(member) : '', ...reason]));
  }
  const others = members.filter((member) => !shown.includes(member));
  if (others.length > 0) rows.push(['', `and ${others.length} more`, '', countRoles(others)]);
  return rows.map(([, ...cells], index) => [index === 0 ? name : '', ...cells]);
}

async function listMembers(operator: Operator, slug: string): Promise<unknown[]> {
  const members: unknown[] = [];
  for (let cursor = ''; ; ) {
    const path = `/organizations/${slug}/members?limit=100${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
    const page = await operator.expect(200, { method: 'GET', path });
    members.push(...listAt(page, 'items'));
    cursor = textAt(page, 'nextCursor');
    if (cursor === '') return members;
  }
}

/** People who together hold everything there is to hold, whoever adds most first; then further combinations. */
function pickDifferent(members: readonly unknown[]): unknown[] {
  const byHoldings = new Map<string, unknown>();
  for (const member of members) {
    const key = holdingsOf(member).join('|');
    if (!byHoldings.has(key)) byHoldings.set(key, member);
  }
  const left = [...byHoldings.values()];
  const [shown, seen] = [[] as unknown[], new Set<string>()];
  while (left.length > 0 && shown.length < MOST_ROWS) {
    const news = left.map((member) => holdingsOf(member).filter((holding) => !seen.has(holding)).length);
    const [next] = left.splice(news.indexOf(Math.max(...news)), 1);
    shown.push(next);
    for (const holding of holdingsOf(next)) seen.add(holding);
  }
  return shown;
}

function holdingsOf(member: unknown): string[] {
  const teams = listAt(member, 'teams').map((team) => `${textAt(team, 'id')} ${textAt(team, 'role')}`);
  return [roleOf(member), ...(teams.length === 0 ? ['no team'] : teams.sort())];
}

const personOf = (member: unknown) => textAt(member, 'name') || textAt(member, 'email');

function roleOf(member: unknown): string {
  const isSuspended = valueAt(member, 'status') === 'suspended';
  return `${textAt(member, 'orgRole')}${isSuspended ? ' (suspended)' : ''}`;
}

/** What the person holds and the sentences behind it: the org role first, then each team. */
function reasonsOf(explanation: unknown): (readonly [holds: string, why: string])[] {
  const tell = (because: readonly unknown[]) => {
    const told = because.map((grant) => textAt(grant, 'sentence')).join(' ');
    if (told === '') throw new Error(`a role without a reason:\n${JSON.stringify(explanation)}`);
    return told;
  };
  const org = valueAt(explanation, 'orgRole');
  return [
    [`org ${textAt(org, 'role')}`, tell(listAt(org, 'because'))],
    ...listAt(explanation, 'teams').map(
      (team) => [`${textAt(team, 'name')} ${textAt(team, 'role')}`, tell(listAt(team, 'because'))] as const,
    ),
  ];
}

function countRoles(members: readonly unknown[]): string {
  const counts = new Map<string, number>();
  for (const member of members) counts.set(roleOf(member), (counts.get(roleOf(member)) ?? 0) + 1);
  return [...counts].map(([role, count]) => `${count} ${role}`).join(', ');
}
