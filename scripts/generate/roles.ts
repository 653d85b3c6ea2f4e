/** The table of built-in org roles in `docs/roles.md`, from the roles themselves. */
import { roleTable } from '../../src/core/access/role-table.ts';
import { PERMISSIONS } from '../../src/core/access/roles.ts';

/** One row per permission, one column per role, the most powerful first. */
export function builtInRolesAsMarkdown(): string {
  const roles = [...roleTable([]).values()];
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    row(['permission', ...roles.map(({ key, rank }) => `${key} (${rank})`)]),
    row(['---', ...roles.map(() => '---')]),
    ...PERMISSIONS.map((permission) =>
      row([
        `\`${permission}\``,
        ...roles.map(({ permissions }) => (permissions.includes(permission) ? 'yes' : '')),
      ]),
    ),
  ].join('\n');
}
