// A thousand readers of events on one process: each is told of every change, once, before and after the node that
// hotline-web reads from has died, and one that broke off goes on from its last id.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { check, eventually, request, sleep, step, stream } from './client.mjs';

const count = 1000;
const pid = process.env.WEB_PID;

const rss = () => /VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1] / 1024;
const cpu = () => fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ').slice(13, 15).map(Number).reduce((a, b) => a + b) / 100;
const place = async () => {
  const placed = await request('POST', '/v1/calls', { body: { number: '+249912345678', queue: 'consultation' } });
  check(placed.status === 201, `placing: ${placed.status} ${placed.text}`);
  return placed.json.call;
};
const told = (call, state) => (event) => event.event === 'change' && event.data.call === call && event.data.state === state;
const once = (events) => {
  const places = events.filter((event) => event.event === 'change').map(({ data }) => `${data.owner} ${data.boot} ${data.seq}`);
  return new Set(places).size === places.length;
};

step(`${count} streams are opened`);
const before = { rss: rss(), at: Date.now() };
const streams = [];
for (let i = 0; i < count; i++) {
  streams.push(stream('/v1/events'));
  if (i % 50 === 49) await Promise.all(streams.slice(-50).map((made) => made.opened));
}
const opened = await Promise.all(streams.map((made) => made.opened));
check(opened.every(({ status }) => status === 200), `statuses: ${[...new Set(opened.map(({ status }) => status))]}`);
console.log(`  opened in ${Date.now() - before.at} ms; ${((rss() - before.rss) / count * 1024).toFixed(0)} KiB each`);

step('every one is told of a call');
const cpuBefore = cpu();
let at = Date.now();
const first = await place();
await Promise.all(streams.map((made) => made.until(told(first, 'waiting'), 20000)));
console.log(`  all told ${Date.now() - at} ms after the call was placed; ${(cpu() - cpuBefore).toFixed(2)} s of CPU`);

step('the node that hotline-web reads from is killed: every one is told of the next call');
const { node } = (await request('GET', '/ready', { token: null })).json;
execFileSync(process.env.KILL, [node]);
at = Date.now();
const second = await place();
await Promise.all(streams.map((made) => made.until(told(second, 'waiting'), 30000)));
console.log(`  all told ${Date.now() - at} ms after the kill`);

step('readers that broke off go on from their last id');
const cut = streams.splice(0, 100);
const ids = cut.map((made) => made.events.at(-1).id);
for (const made of cut) made.close();
const third = await place();
const resumed = ids.map((id) => stream('/v1/events', { headers: { 'Last-Event-ID': id } }));
await Promise.all(resumed.map((made) => made.until(told(third, 'waiting'), 20000)));
resumed.forEach((made, i) => check(once([...cut[i].events, ...made.events]), 'told twice across the break'));
check(streams.every((made) => once(made.events)), 'told twice');

step('one more than the bound is told to come later');
const more = [];
for (let i = streams.length + resumed.length; i < 1200; i++) more.push(stream('/v1/events'));
await Promise.all(more.map((made) => made.opened));
await eventually('a stream over the bound is refused', async () => {
  const over = stream('/v1/events');
  const { status } = await over.opened;
  over.close();
  return status === 503;
});

step('streams that end are given back');
for (const made of [...streams, ...resumed, ...more]) made.close();
await eventually('there is room again', async () => {
  const again = stream('/v1/events');
  const { status } = await again.opened;
  again.close();
  return status === 200;
}, 20000);
await sleep(100);
process.exit(0);
