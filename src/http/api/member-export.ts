/** Members as a CSV file. */
import { listMembers, type Member } from '../../core/members/members.ts';
import type { MemberFilter } from '../../core/ports/people.ts';
import type { OrganizationId } from '../../kernel/ids.ts';
import type { HttpDeps } from '../deps.ts';
import { csvLine } from './csv.ts';
import { presentMember } from './present.ts';
import { FileAnswer, printPages } from './streamed-answer.ts';

const HEAD = [
  ...['id', 'userId', 'email', 'name', 'status', 'orgRole', 'teams', 'source', 'lastActiveAt'],
  // At the end: whoever reads by place finds the others where they were.
  ...['avatarUrl', 'department'],
];

/** Every member that fits, oldest first; teams as `name (role)`. */
export async function exportMembers(
  deps: HttpDeps,
  ask: {
    readonly organizationId: OrganizationId;
    readonly filter: MemberFilter;
    readonly fileName: string;
  },
): Promise<FileAnswer> {
  const { organizationId, filter, fileName } = ask;
  const teams = await deps.storage.teams.list(organizationId);
  const names = new Map(teams.map(({ id, name }) => [id, name]));
  const lineOf = (member: Member): string => {
    const { id, userId, email, name, status, orgRole, source, ...more } = presentMember(member);
    const inTeams = member.teams.map(({ teamId, role }) => `${names.get(teamId) ?? teamId} (${role})`);
    const shown = [id, userId, email, name, status, orgRole, inTeams.join('; '), source];
    return csvLine([...shown, more.lastActiveAt, more.avatarUrl ?? '', more.department ?? '']);
  };
  async function* pieces(): AsyncGenerator<string> {
    yield csvLine(HEAD);
    yield* printPages(
      async (page) => {
        const members = await listMembers(deps, { organizationId, filter, page });
        return members.map((member) => ({ id: member.membership.id, member }));
      },
      (rows) => rows.map(({ member }) => lineOf(member)).join(''),
    );
  }
  return new FileAnswer({ type: 'text/csv', fileName, pieces: pieces() });
}
