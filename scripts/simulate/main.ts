/** `npm run simulate`: one identity provider against one SCIM server, with progress, a scorecard and an exit status. */
import { helpText, readArguments } from './arguments.ts';
import { isGreen, printScorecard } from './expectations.ts';
import { simulate } from './simulate.ts';
import { simulators } from './simulators.ts';

async function main(): Promise<number> {
  const command = readArguments(process.argv.slice(2), process.env);
  if (command.kind === 'help') {
    console.log(helpText);
    return 0;
  }
  if (command.kind === 'mistake') {
    console.error(`${command.problems.join('\n')}\n\nTry: npm run simulate -- --help`);
    return 2;
  }
  const simulator = simulators[command.wish.idp];
  if (simulator === undefined) return 2;
  const rows = await simulate(simulator, command.wish, ({ name, requests, ms }) =>
    console.log(`  ${name}: ${requests} requests, ${Math.round(ms)} ms`),
  );
  console.log(`\n${printScorecard(simulator.title, rows)}`);
  return isGreen(rows) ? 0 : 1;
}

process.exitCode = await main();
