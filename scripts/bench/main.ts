/**
 * `npm run bench [-- --quick] [-- --only NAME] [-- --rounds N] [-- --out FILE]`: measures Gatehouse beside other servers.
 * Exit status 2 when any answer was wrong: then nothing of that scenario is quoted.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { type BenchOptions, readOptions } from './options.ts';
import { withFolder } from './peers/start.ts';
import { stageReport, targetReport } from './report.ts';
import { auditStage } from './stages/audit.ts';
import { comparisonStage } from './stages/comparison.ts';
import { growthStage } from './stages/growth.ts';
import { neighbourStage } from './stages/neighbour.ts';
import { oidcStage } from './stages/oidc.ts';
import { samlStage } from './stages/saml.ts';
import type { StageResult } from './stages/stage.ts';
import { strangersStage } from './stages/strangers.ts';
import { tokenStage } from './stages/tokens.ts';
import { targets } from './target-list.ts';
import { judge, type Verdict } from './targets.ts';

const stages = [
  ...[comparisonStage, growthStage, auditStage, neighbourStage],
  ...[samlStage, oidcStage, tokenStage, strangersStage],
];

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const startedAt = new Date();
  const loadBefore = loadavg()[0];
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const results: StageResult[] = [];
  for (const stage of stages) {
    say(`${stage.name}:`);
    results.push(await withFolder((folder) => stage.run(folder, options, say)));
  }
  const verdicts = judge(targets, results);
  const isClean = results.every((stage) => stage.results.every(({ faults }) => faults.length === 0));
  const host = {
    node: process.version,
    cpus: cpus().length,
    model: cpus()[0]?.model,
    memoryGb: totalmem() / 2 ** 30,
    loadBefore,
    loadAfter: loadavg()[0],
  };
  const seconds = (Date.now() - startedAt.getTime()) / 1000;
  console.log(results.map(stageReport).join('\n\n'));
  console.log(`\n== targets${options.isQuick ? ' (quick run: smaller sizes, shape only)' : ''}\n`);
  const isShown = ({ value }: Verdict) => options.only.length === 0 || !Number.isNaN(value);
  console.log(targetReport(verdicts.filter(isShown)));
  console.log(
    `\n${isClean ? 'Every answer was right.' : 'NOT A CLEAN RUN: see the faults above.'} ${seconds.toFixed(0)} s`,
  );
  writeOut(options, {
    startedAt: startedAt.toISOString(),
    seconds,
    isClean,
    host,
    options,
    stages: results,
    verdicts,
  });
  if (!isClean) process.exitCode = 2;
}

function writeOut({ out }: BenchOptions, report: object): void {
  if (out === undefined) return;
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(report, null, 1)}\n`);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
await main();
