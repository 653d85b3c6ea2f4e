/** `npm run demo`: the main job of the gateway on one screen, over HTTP only; with `--exit` it ends by itself. */
import { parseArgs } from 'node:util';
import { createNarrator, type Narrator } from './narration.ts';
import { startAddress } from './sign-ins.ts';
import { type Stage, startStage } from './stage.ts';
import { type Ending, tellStory } from './story.ts';

const HELP = `Shows what Gatehouse does: two companies fed by a directory, single sign-on, invitations, a deactivation.

  npm run demo             stays up afterwards, so that you can open the pages; Ctrl-C ends it
  npm run demo -- --exit   ends by itself: status 0 when every step held, else 1`;

async function main(): Promise<number> {
  const options = { exit: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;
  const { values } = parseArgs({ options });
  if (values.help === true) {
    console.log(HELP);
    return 0;
  }
  const narrator = createNarrator({
    write: (text) => void process.stdout.write(text),
    hasColours: process.stdout.isTTY === true && !process.env.NO_COLOR,
    width: process.stdout.columns ?? 150,
  });
  const stopped = untilStopped();
  return play(narrator, { stopped, staysUp: values.exit !== true });
}

/** Resolves when somebody wants the demo to end. */
function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
}

interface Run {
  readonly stopped: Promise<void>;
  readonly staysUp: boolean;
}

async function play(narrator: Narrator, { stopped, staysUp }: Run): Promise<number> {
  const startedAt = performance.now();
  let stage: Stage | undefined;
  try {
    narrator.chapter('The gateway');
    const running = await narrator.step(
      'It starts on an empty folder, beside two identity providers and a mail server',
      async () => {
        const result = await startStage();
        return {
          result,
          facts: [`${result.gateway.baseUrl}, ready after ${Math.round(result.gateway.readyAfterMs)} ms`],
        };
      },
    );
    stage = running;
    const ending = await Promise.race([tellStory(running, narrator), stopped]);
    if (ending === undefined) return 1;
    narrator.say(`\nEvery step held, in ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`);
    if (staysUp) {
      showAround(narrator, running, ending);
      await stopped;
    }
    return 0;
  } catch (error) {
    narrator.say(`\n${error instanceof Error ? error.message : String(error)}`);
    if (stage !== undefined) narrator.say(`\nThe gateway said:\n${stage.gateway.output()}`);
    return 1;
  } finally {
    await stage?.close();
  }
}

function showAround(narrator: Narrator, stage: Stage, { saml, oidc, manual, guest }: Ending): void {
  const { baseUrl, operatorKey } = stage.gateway;
  const [admin, colleague] = [saml.inGroup('IT Admins'), oidc.inGroup('IT Admins')];
  const operatorLink = /https?:\/\/\S+\/setup\/\S+/.exec(stage.gateway.output())?.[0];
  narrator.chapter('Look around, Ctrl-C ends it');
  for (const line of [
    `${startAddress(stage, saml.slug)}  (SAML; the identity provider asks who you are: ${admin.email})`,
    `${startAddress(stage, saml.slug, admin.email)}  (the same, at once)`,
    `${startAddress(stage, oidc.slug)}  (OpenID Connect: ${colleague.email})`,
    `${startAddress(stage, oidc.slug, colleague.email)}  (the same, at once)`,
    `${baseUrl}/sign-in  (${manual.name}: ${guest.email}, password “${guest.password}”)`,
    `${baseUrl}/  (who you are, with which roles and why, once signed in)`,
    `${baseUrl}/console${operatorLink === undefined ? '' : `  (first operator: ${operatorLink})`}`,
    `curl -H "Authorization: Bearer ${operatorKey}" ${baseUrl}/api/v1/organizations`,
  ]) {
    narrator.say(`  ${line}`);
  }
}

process.exitCode = await main();
