// A browser of its own, and what no page may do in it.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { base, check } from './client.mjs';

export async function browser() {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'hotline-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium', headless: true, viewport: { width: 1440, height: 810 }, colorScheme: 'dark', locale: 'en-GB',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required'] });
  context.setDefaultTimeout(20000);

  // Nothing but hotline-web is asked for, and no page says that something is wrong.
  const elsewhere = [], wrong = [];
  function watch(page, name) {
    page.on('request', (asked) => { if (!asked.url().startsWith(base) && !asked.url().startsWith('data:')) elsewhere.push(asked.url()); });
    page.on('pageerror', (error) => wrong.push(`${name}: ${error.message}`));
    page.on('console', (message) => { if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) wrong.push(`${name}: ${message.text()}`); });
    return page;
  }
  const nothingWrong = () => {
    check(elsewhere.length === 0, `asked for: ${elsewhere}`);
    check(wrong.length === 0, wrong.join('; '));
  };
  const close = async () => {
    await context.close();
    fs.rmSync(profile, { recursive: true, force: true });
  };
  return { context, watch, nothingWrong, close };
}
