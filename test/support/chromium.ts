/** A real Chromium: /usr/bin/chromium, or CHROMIUM=... */
import { type Browser, chromium, type Page } from 'playwright-core';
import { PATIENT_MS } from './in-time.ts';

export function startChromium(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  return chromium.launch({ executablePath, args: ['--no-sandbox'], timeout: PATIENT_MS });
}

/** A window that knows nobody yet. What is waited for in it may take as long as a busy machine takes. */
export async function newWindow(browser: Browser): Promise<Page> {
  const context = await browser.newContext();
  context.setDefaultTimeout(PATIENT_MS);
  return context.newPage();
}
