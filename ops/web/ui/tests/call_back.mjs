// A caller who was lost is owed a call-back: it rings at the desk page, the agent dials and says how that went.
import { execFileSync } from 'node:child_process';
import { browser } from './browser.mjs';
import { base, check, eventually, request, step, tokens } from './client.mjs';

const { AGENT: agent, LOST: lost, SHOTS: shots } = process.env;
const { context, watch, nothingWrong, close } = await browser();
try {
  step('the agent is not ready while a caller waits, and is lost');
  const desk = watch(await context.newPage(), 'desk');
  await desk.goto(`${base}/desk#token=${tokens.desk}&agent=${agent}`);
  await desk.waitForSelector('.work.available');
  await desk.keyboard.press('n');
  await desk.keyboard.press('1');
  await desk.waitForSelector('.work.not_ready');
  const call = execFileSync(lost).toString().trim();
  await eventually('the call is owed a call-back', async () => (await request('GET', `/v1/calls/${call}`)).json?.reason === 'called_back', 20000);

  step('the call-back rings; dialled in vain, it comes again');
  await desk.keyboard.press('r');
  await desk.waitForSelector('.work.ringing', { timeout: 60000 });
  await desk.keyboard.press('a');
  await desk.waitForSelector('[data-action=reached]');
  check((await desk.textContent('.work .number')) === '+249912345678', 'the page does not show whom to dial');
  await desk.screenshot({ path: `${shots}/desk-call-back.png` });
  await desk.click('[data-failure=no_answer]');
  await desk.waitForSelector('.work.wrap_up');
  await desk.keyboard.press('r');
  await desk.waitForSelector('.work.ringing', { timeout: 60000 });
  check((await desk.textContent('.work dl')).includes('Tried in vain1'), 'the page does not show the try in vain');

  step('reached: the conversation is the desk page\'s');
  await desk.click('[data-action=accept]');
  await desk.click('[data-action=reached]');
  await desk.waitForSelector('.work.on_call #timer');
  await eventually('the call-back is spoken', async () => (await request('GET', `/v1/calls/${call}~1`)).json?.state === 'connected');
  await desk.keyboard.press('e');
  await desk.waitForSelector('.work.wrap_up');
  await desk.keyboard.press('1');
  await eventually('the disposition stands with the call-back', async () => (await request('GET', `/v1/calls/${call}~1/explain`)).json?.disposition === 'resolved');
  await eventually('the call-back ended answered', async () => (await request('GET', `/v1/calls/${call}~1`)).json?.reason === 'answered');
  nothingWrong();
} finally {
  await close();
}
