// The wallboard's mesh where a link between two living nodes is cut: it is shown as that, whichever node answers.
import { browser } from './browser.mjs';
import { base, check, step, tokens } from './client.mjs';

const { CUT: cut, SHOTS: shots } = process.env;
const { context, watch, nothingWrong, close } = await browser();

try {
  step('the cut link is drawn as cut, the others with their round trips');
  const wall = watch(await context.newPage(), 'wall');
  await wall.goto(`${base}/#token=${tokens.viewer}`);
  await wall.waitForSelector(`.map .link.cut[data-key="${cut}"]`, { state: 'attached' });
  await wall.waitForFunction(() => document.querySelectorAll('.map .link.up').length === 2);
  check((await wall.textContent(`.map .link.cut[data-key="${cut}"] text`)) === 'cut', 'the link does not say that it is cut');
  const labels = await wall.$$eval('.map .link.up text', (all) => all.map((text) => text.textContent));
  check(labels.every((label) => /^\d+\.\d ms/.test(label)), `a link without a round trip: ${labels}`);
  check((await wall.$$('.map .node.down')).length === 0, 'a node is shown as down');

  step('it is an alarm, in both languages');
  await wall.waitForSelector('.alarm.amber');
  check((await wall.textContent('.alarm.amber')).includes(cut.replace(' ', ' – ')), 'the alarm does not name the link');
  if (shots) await wall.screenshot({ path: `${shots}/wall-link-cut.png` });
  await wall.click('#language');
  await wall.waitForFunction(() => document.querySelector('.map .link.cut text')?.textContent === '中断');
  nothingWrong();
} finally {
  await close();
}
