// The pages in a browser: a call placed by the API rings at the desk page, is accepted by a click, shows on the wallboard;
// the node of both is killed, and both go on. The screenshots of the README are made on the way.
import { execFileSync } from 'node:child_process';
import { browser } from './browser.mjs';
import { base, check, eventually, request, sleep, step, tokens } from './client.mjs';

const { AGENT: agent, SHOTS: shots, KILL: kill } = process.env;
const { context, watch, nothingWrong, close } = await browser();
const shoot = (page, name) => page.screenshot({ path: `${shots}/${name}.png` });
const place = async (body) => {
  const placed = await request('POST', '/v1/calls', { body: { queue: 'consultation', ...body } });
  check(placed.status === 201, `placing: ${placed.text}`);
  return placed.json.call;
};
const stateOf = async (call) => (await request('GET', `/v1/calls/${call}`)).json?.state;

try {
  step('the agent signs in at the desk page');
  const desk = watch(await context.newPage(), 'desk');
  await desk.goto(`${base}/desk`);
  await desk.fill('input[name=agent]', agent);
  await desk.fill('input[name=token]', 'a-token-that-nobody-has');
  await desk.click('#sign-in button[type=submit]');
  await desk.waitForSelector('.wrong:not(:empty)');
  await desk.fill('input[name=token]', tokens.desk);
  await desk.keyboard.press('Enter');
  await desk.waitForSelector('.work.available');

  step('the wallboard shows nodes, sites, queues');
  const wall = watch(await context.newPage(), 'wall');
  await wall.goto(`${base}/#token=${tokens.viewer}`);
  await wall.waitForSelector('.nodes li:nth-child(5)');
  await wall.waitForSelector('.map .node:nth-child(5)');
  await wall.waitForSelector('.queue');
  step('the mesh: every two nodes, with round trips');
  await wall.waitForFunction(() => document.querySelectorAll('.map .link.up').length === 10);
  const labels = await wall.$$eval('.map .link.up text', (all) => all.map((text) => text.textContent));
  check(labels.every((label) => /^\d+\.\d ms/.test(label)), `a link without a round trip: ${labels}`);
  check(!(await wall.url()).includes('token'), 'the token stays in the address');

  step('a call placed by the API rings in the page');
  const number = '+249912345678';
  const first = await place({ number });
  await desk.waitForSelector('.work.ringing');
  check((await desk.textContent('.work .number')) === number, 'the page does not show who calls');
  check((await desk.title()).includes(number), 'the title does not say that it rings');
  await desk.waitForSelector('.map .caller');
  await desk.waitForSelector('#earlier li');
  await wall.waitForSelector(`.map .call.ringing[data-key="${first}"]`, { state: 'attached' });
  await shoot(desk, 'desk-ringing');

  step('it is accepted by a click, and shows on the map');
  await desk.click('[data-action=accept]');
  await desk.waitForSelector('.work.on_call #timer');
  await eventually('the call is connected', async () => (await stateOf(first)) === 'connected');
  await wall.waitForSelector(`.map .call.connected[data-key="${first}"]`, { state: 'attached' });
  await wall.click(`.calls li[data-key="${first}"] button`);
  await wall.waitForSelector('#explain td.good');
  await shoot(wall, 'wall-explain');
  await wall.keyboard.press('Escape');
  await wall.waitForSelector('#explain', { state: 'hidden' });

  step('the world at work');
  for (const spec of JSON.parse(process.env.CROWD)) await place(spec);
  await wall.waitForSelector('.map .call.connected:nth-child(8)', { state: 'attached' });
  await sleep(1500);
  await shoot(wall, 'wall');

  step("the page's node is killed: red on the wall, and the page goes on");
  const { node } = (await request('GET', `/v1/desks/${agent}`)).json;
  const killed = Date.now();
  execFileSync(kill, [node]);
  await wall.waitForSelector(`.map .node.down[data-key="${node}"]`);
  console.log(`  ${node} red ${Date.now() - killed} ms after the kill`);
  await wall.waitForSelector(`.nodes li.down[data-key="${node}"]`);
  await desk.waitForSelector('.notice.good');
  console.log(`  the desk page at another node ${Date.now() - killed} ms after the kill`);
  await shoot(desk, 'desk-moved');
  await wall.waitForSelector('.alarm.red');
  await sleep(400);
  await shoot(wall, 'wall-node-down');
  check((await desk.getAttribute('.work', 'class')).includes('on_call'), 'the conversation did not go on');
  check((await stateOf(first)) === 'connected', 'the call is no longer connected');

  step('its test calls are missed, too, in one alarm');
  const alarms = async () => (await wall.$$eval('.alarm', (all) => all.map((one) => one.textContent)));
  await eventually('the wall says that the node places no test calls',
    async () => (await alarms()).filter((text) => text.includes(node) && text.includes('test calls')).length === 1, 60000);

  step('by key: the call ends, its disposition is said, the next one is declined and one is taken');
  await desk.keyboard.press('e');
  await desk.waitForSelector('.work.wrap_up');
  await desk.keyboard.press('1');
  await desk.waitForSelector('[data-disposition=resolved][aria-pressed=true]');
  await shoot(desk, 'desk-wrap-up');
  await eventually('the disposition stands with the call',
    async () => (await request('GET', `/v1/calls/${first}/explain`)).json.disposition === 'resolved');
  await desk.keyboard.press('r');
  await desk.waitForSelector('.work.available');
  const second = await place({ number });
  await desk.waitForSelector('.work.ringing');
  await desk.waitForSelector(`#earlier li[data-key="${first}"]`);
  await desk.keyboard.press('d');
  await desk.waitForSelector('.work.available');
  await request('DELETE', `/v1/calls/${second}`);
  const third = await place({ number });
  await desk.waitForSelector('.work.ringing');
  await desk.keyboard.press('a');
  await desk.waitForSelector('.work.on_call #timer');
  await request('DELETE', `/v1/calls/${third}`);
  await desk.waitForSelector('.work.wrap_up');

  step('not ready, and back');
  await desk.keyboard.press('n');
  await desk.keyboard.press('2');
  await desk.waitForSelector('.work.not_ready');
  await desk.reload();
  await desk.waitForSelector('.work.not_ready');
  await desk.keyboard.press('r');
  await desk.waitForSelector('.work.available');

  step('Chinese, light, on a phone');
  await wall.click('#language');
  await wall.waitForFunction(() => document.documentElement.lang === 'zh-CN');
  await wall.click('#theme');
  await wall.waitForFunction(() => document.documentElement.dataset.theme === 'light');
  await sleep(600);
  await shoot(wall, 'wall-chinese-light');
  await wall.setViewportSize({ width: 390, height: 844 });
  await sleep(600);
  check(await wall.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the wall is wider than a phone');
  await shoot(wall, 'wall-phone');
  await desk.setViewportSize({ width: 390, height: 844 });
  await sleep(300);
  check(await desk.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the desk page is wider than a phone');
  await shoot(desk, 'desk-phone');

  step('every button has a name, and the tabulator reaches the calls');
  for (const page of [wall, desk]) {
    const nameless = await page.evaluate(() => [...document.querySelectorAll('button, a, input')].filter((element) =>
      !element.textContent.trim() && !element.labels?.length && !element.getAttribute('aria-label')).map((element) => element.outerHTML));
    check(nameless.length === 0, `without a name: ${nameless}`);
  }
  await wall.evaluate(() => document.querySelector('.calls button')?.focus());
  check(await wall.evaluate(() => document.activeElement.matches('.calls button')), 'a call cannot be reached by keyboard');
  await wall.keyboard.press('Enter');
  await wall.waitForSelector('#explain[open] h2');

  step('nothing came from elsewhere, and nothing went wrong');
  nothingWrong();
} finally {
  await close();
}
