/** What the command line of the simulators takes, and the text that explains it. */
import { parseArgs } from 'node:util';
import { simulators } from './simulators.ts';

export interface SimulationWish {
  readonly idp: string;
  readonly base: string;
  readonly token: string;
  readonly users: number;
  readonly groups: number;
  readonly seed: number;
  readonly domain: string;
}

export type CommandLine =
  | { readonly kind: 'run'; readonly wish: SimulationWish }
  | { readonly kind: 'help' }
  | { readonly kind: 'mistake'; readonly problems: readonly string[] };

const DEFAULTS = { users: 25, groups: 6, seed: 1, domain: 'simulated.example' };

/** What `--help` prints. */
export const helpText = `Behaves like an identity provider towards any SCIM 2.0 server and grades the answers.

  npm run simulate -- --idp NAME --base URL --token T [--users N] [--groups M] [--seed S] [--domain D]

  --idp     ${Object.keys(simulators).join(', ')}
  --base    SCIM base URL, such as http://localhost:3000/scim/v2/dir_…
  --token   bearer token of the directory; or the environment variable SCIM_TOKEN
  --users   how many people it pushes, at least 10 (${DEFAULTS.users})
  --groups  how many groups, at least 3 (${DEFAULTS.groups})
  --seed    the same number gives the same company (${DEFAULTS.seed})
  --domain  of every e-mail address (${DEFAULTS.domain})

The company is left behind deactivated or deleted as that identity provider would. Ends with a scorecard; the exit
status is 0 when every expectation held, 1 when one did not, 2 when the command line was not understood.
Use a test directory: people in it with the same names would be changed.`;

/** Reads the command line. Every problem is named; nothing is thrown. */
export function readArguments(
  parameters: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
): CommandLine {
  const values = parse(parameters);
  if (typeof values === 'string') return { kind: 'mistake', problems: [values] };
  if (values.help === true) return { kind: 'help' };
  const wish = {
    idp: values.idp ?? '',
    base: values.base ?? '',
    token: values.token ?? environment.SCIM_TOKEN ?? '',
    users: Number(values.users ?? DEFAULTS.users),
    groups: Number(values.groups ?? DEFAULTS.groups),
    seed: Number(values.seed ?? DEFAULTS.seed),
    domain: values.domain ?? DEFAULTS.domain,
  };
  const problems = problemsOf(wish);
  return problems.length === 0 ? { kind: 'run', wish } : { kind: 'mistake', problems };
}

function parse(parameters: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...parameters],
      options: {
        idp: text,
        base: text,
        token: text,
        users: text,
        groups: text,
        seed: text,
        domain: text,
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function problemsOf(wish: SimulationWish): string[] {
  const isWhole = (value: number, least: number) => Number.isInteger(value) && value >= least;
  return [
    ...(Object.hasOwn(simulators, wish.idp)
      ? []
      : [`--idp must be one of ${Object.keys(simulators).join(', ')}`]),
    ...(/^https?:/.test(wish.base) && URL.canParse(wish.base) ? [] : ['--base must be an http(s) URL']),
    ...(wish.token === '' ? ['--token must be given'] : []),
    ...(isWhole(wish.users, 10) ? [] : ['--users must be a whole number of at least 10']),
    ...(isWhole(wish.groups, 3) ? [] : ['--groups must be a whole number of at least 3']),
    ...(isWhole(wish.seed, 0) ? [] : ['--seed must be a whole number']),
  ];
}
