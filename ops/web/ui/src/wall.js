// The wallboard: what one node tells of all, drawn as it comes.
import './wall.css';
import { explain, placeText } from './explain.js';
import { WorldMap } from './map.js';
import { $, api, begin, forgetToken, h, hasToken, keyed, listen, setText, signIn } from './page.js';
import { clock, onLanguage, percent, queueName, seconds, t, timer } from './words.js';

const callsShown = 60, arcsShown = 400, lagShown = 100;
const tables = { nodes: new Map(), queues: new Map(), calls: new Map(), agents: new Map(), status: new Map(), selftest: new Map() };
const keyOf = { nodes: 'node', queues: 'queue', calls: 'call', agents: 'agent', status: 'name', selftest: 'test' };
let sites = new Map(), skew = 0, beat = null, connected = false;

const map = new WorldMap($('map'), { onCall: explain });
const now = () => Date.now() + skew;  // as hotline-web counts
const open = () => [...tables.calls.values()].filter((call) => call.state !== 'ended');
const by = (rows, key) => rows.reduce((counts, row) => ({ ...counts, [row[key]]: (counts[row[key]] ?? 0) + 1 }), {});

const sortedNodes = () => [...tables.nodes.values()].sort((a, b) => a.node.localeCompare(b.node));

// Every two nodes, as both see the link between them: it is cut when one of two that live does not hear the other.
function mesh(nodes) {
  const sees = (from, to) => from.links.find((link) => link.to === to.node);
  return nodes.flatMap((a, i) => nodes.slice(i + 1).map((b) => {
    const seen = [sees(a, b), sees(b, a)].filter(Boolean);
    const most = (key) => Math.max(0, ...seen.map((link) => link[key]));
    const state = a.state === 'down' || b.state === 'down' ? 'down' : !seen.length ? 'unknown'
      : seen.some((link) => !link.up) ? 'cut' : most('feed_lag') > lagShown ? 'lagging' : 'up';
    return { key: `${a.node} ${b.node}`, a, b, state, rtt: most('rtt_ms'), lag: most('feed_lag') };
  }));
}

function linkText({ state, rtt, lag }) {
  if (state === 'down' || state === 'unknown') return '';
  return state === 'cut' ? t('cut') : `${rtt.toFixed(1)} ms${lag ? ` · ${t('lag')} ${lag}` : ''}`;
}

// ---- drawing

function drawTotals(calls) {
  const counts = by(calls, 'state');
  const nodes = [...tables.nodes.values()], up = nodes.filter((node) => node.state !== 'down').length;
  const items = [['nodes_up', nodes.length ? `${up}/${nodes.length}` : '–', up < nodes.length ? 'short' : ''],
    ...['waiting', 'ringing', 'connected'].map((state) => [state, counts[state] ?? 0, state])];
  keyed($('totals'), items, ([word]) => word, () => h('div', {}, h('dt'), h('dd')), (element, [word, value, kind]) => {
    element.className = kind;
    setText(element.children[0], t(word));
    setText(element.children[1], String(value));
    element.children[1].className = value === 0 ? 'zero' : '';
  });
}

// A desk that is silent is so for all nodes, and a node that refuses does so for all sites: one alarm each.
function testAlarms() {
  const groups = new Map();
  for (const test of tables.selftest.values()) {
    const why = test.state === 'stale' ? 'stale' : test.reason, key = `${why} ${test.agent || test.node}`;
    groups.set(key, { ...test, why, count: (groups.get(key)?.count ?? 0) + 1 });
  }
  return [...groups.values()].map(({ why, agent, site, node, count }) => {
    if (why === 'stale') return ['red', t('tests_stale', node)];
    if (agent) return ['amber', t('test_of_desk', agent, site, t(`test_${why}`))];
    return [why === 'draining' ? 'amber' : 'red', t('test_of_node', node, count, t(`test_${why}`))];
  });
}

function alarms() {
  const list = [];
  const status = (name) => tables.status.get(name)?.value;
  const me = status('node') ?? '';
  if (connected && beat && !beat.answers) list.push(['red', t('stale')]);
  for (const node of tables.nodes.values()) {
    if (node.state === 'down') list.push(['red', t('node_down', node.node)]);
    else if (node.feed_lag > 1000) list.push(['amber', t('lagging', node.node, node.feed_lag)]);
    if (Math.abs(node.skew_ms) > 500) list.push(['amber', t('skew', node.node, node.skew_ms)]);
  }
  for (const { state, a, b } of mesh(sortedNodes())) if (state === 'cut') list.push(['amber', t('link_cut', a.node, b.node)]);
  if (status('majority') === 'no') list.push(['red', t('minority', me)]);
  if (status('disk') && status('disk') !== 'ok') list.push(['red', t('disk_bad', me, status('disk'))]);
  if (status('version_clashes') > 0) list.push(['red', t('clashes', me, status('version_clashes'))]);
  if (tables.agents.size && ![...tables.agents.values()].some((agent) => agent.state === 'available') && open().some((call) => call.state === 'waiting'))
    list.push(['red', t('nobody')]);
  list.push(...testAlarms());
  for (const queue of tables.queues.values()) {
    if (queue.service_level !== null && 100 * queue.service_level < queue.target_percent)
      list.push(['amber', t('below_target', queueName(queue.queue), (100 * queue.service_level).toFixed(0), queue.target_percent)]);
  }
  return list;
}

function drawAlarms() {
  keyed($('alarms'), alarms(), ([, text]) => text, () => h('p.alarm'), (element, [kind, text]) => {
    element.className = `alarm ${kind}`;
    setText(element, text);
  });
}

function drawQueue(element, queue) {
  const level = queue.service_level, met = level !== null && 100 * level >= queue.target_percent;
  element.className = `queue${queue.waiting ? ' some' : ''}`;
  const target = `${queue.target_percent} % ${t('in_s')} ${queue.target_ms / 1000} ${t('s')}`;
  element.replaceChildren(
    h('h3', {}, queueName(queue.queue)),
    h('p.waits', {}, h('b', {}, queue.waiting), t('waiting'), queue.waiting ? `, ${t('longest')} ${seconds(queue.longest_ms)}` : ''),
    h(`div.level${level !== null && !met ? '.missed' : ''}`, { role: 'img', 'aria-label': level === null ? t('no_calls_yet') : percent(level) },
      h('i', { style: `width:${level === null ? 0 : 100 * level}%` }), h('u', { style: `left:${queue.target_percent}%` })),
    h('p.verdict', {}, level === null ? h('span.quiet', {}, `${t('no_calls_yet')}, ${t('target')} ${target}`)
      : [h('b', {}, percent(level)), ' ', h(`span.${met ? 'met' : 'missed'}`, {}, met ? `✓ ${t('met')}` : `✗ ${t('missed')}`), h('span.quiet', {}, `, ${t('target')} ${target}`)]),
    h('dl', {}, [['asa', queue.answered ? seconds(queue.asa_ms) : '–'], ['abandonment', percent(queue.abandonment_rate)], ['ewt', `${queue.ewt_s} ${t('s')}`], ['answered', queue.answered]]
      .map(([word, value]) => h('div', {}, h('dt', {}, t(word)), h('dd', {}, value)))));
}

function drawQueues() {
  const queues = [...tables.queues.values()].sort((a, b) => b.priority - a.priority);
  keyed($('queues'), queues, (queue) => queue.queue, () => h('article.queue'), (element, queue) => {
    const text = JSON.stringify(queue) + document.documentElement.lang;
    if (element.dataset.drawn === text) return;
    element.dataset.drawn = text;
    drawQueue(element, queue);
  });
}

function drawAgents() {
  const counts = by([...tables.agents.values()], 'state');
  const states = ['available', 'ringing', 'on_call', 'wrap_up', 'not_ready', 'offline'];
  if (!$('agents').firstChild) $('agents').append(h('div.bar', { 'aria-hidden': 'true' }), h('ul.legend'));
  const [bar, legend] = $('agents').children;
  keyed(bar, states.filter((state) => state !== 'offline'), (state) => state, (state) => h(`i.${state}`), (element, state) => { element.style.flexGrow = counts[state] ?? 0; });
  keyed(legend, states, (state) => state, (state) => h(`li.${state}`, {}, h('b'), h('span')), (element, state) => {
    setText(element.children[0], String(counts[state] ?? 0));
    setText(element.children[1], t(state));
  });
}

function drawNodes() {
  const nodes = sortedNodes();
  keyed($('nodes'), nodes, (node) => node.node, () => h('li', {}, h('span'), h('small'), h('small')), (element, node) => {
    element.className = node.state;
    element.title = t(node.state);
    setText(element.children[0], node.node);
    setText(element.children[1], node.state === 'down' ? '' : node.feed_lag ? `${t('lag')} ${node.feed_lag}` : node.via ? `${t('via')} ${node.via}` : '');
    setText(element.children[2], node.state === 'up' ? `${node.rtt_ms.toFixed(1)} ms` : t(node.state));
  });
}

function drawCalls(calls) {
  const list = calls.slice(0, callsShown);
  if (calls.length > list.length) list.push({ call: '', more: calls.length - list.length });
  if (!calls.length) list.push({ call: '', more: 0 });
  keyed($('calls'), list, (call) => call.call, (call) => call.call ? h('li', {}, h('button', { type: 'button', onclick: () => explain(call.call) }, h('span'), h('small'))) : h('li.none'),
    (element, call) => {
      if (!call.call) { setText(element, call.more ? t('more', call.more) : t('no_calls')); return; }
      const button = element.firstChild;
      button.className = call.state;
      setText(button.children[0], `${call.from || t('withheld')}${call.agent ? `  →  ${call.agent}` : `, ${placeText(call)}`}`);
      setText(button.children[1], `${t(call.state)} ${call.state === 'connected' || !call.since ? '' : timer(now() - call.since)}`);
    });
}

function drawMap(calls) {
  const where = (site) => sites.get(site) && [sites.get(site).lon, sites.get(site).lat];
  const nodes = sortedNodes().filter((node) => where(node.site));
  const bySite = new Map();
  const rank = ['offline', 'not_ready', 'wrap_up', 'on_call', 'ringing', 'available'];
  for (const agent of tables.agents.values()) {
    const best = bySite.get(agent.site);
    if (!best || rank.indexOf(agent.state) > rank.indexOf(best.state)) bySite.set(agent.site, agent);
  }
  const stateOfSite = { available: 'available', ringing: 'busy', on_call: 'busy', wrap_up: 'not_ready', not_ready: 'not_ready' };
  const placed = calls.filter((call) => call.lat !== null).slice(0, arcsShown);
  // A call names its agent from the accept on; until then an agent names the call that rings.
  const rung = new Map([...tables.agents.values()].filter((agent) => agent.call).map((agent) => [agent.call, agent]));
  const agentAt = (call) => { const agent = tables.agents.get(call.agent) ?? rung.get(call.call); return agent && [agent.lon, agent.lat]; };
  map.draw({
    label: `${nodes.length} ${t('nodes')}, ${calls.length} ${t('calls')}`,
    links: mesh(nodes).map((link) => ({ ...link, from: where(link.a.site), to: where(link.b.site), label: linkText(link) })),
    sites: [...bySite].map(([site, agent]) => ({ key: site, lon: agent.lon, lat: agent.lat, state: stateOfSite[agent.state] ?? 'offline', size: agent.state === 'offline' ? 1.3 : 2.6 })),
    callers: placed.map((call) => ({ key: call.call, lon: call.lon, lat: call.lat, state: call.state })),
    arcs: placed.filter((call) => call.state !== 'waiting' && agentAt(call)).map((call) => ({ key: call.call, from: [call.lon, call.lat], to: agentAt(call), state: call.state })),
    nodes: nodes.map((node) => ({ key: node.node, lon: where(node.site)[0], lat: where(node.site)[1], state: node.state, label: node.node })),
  });
}

function drawPulse() {
  const broken = !connected || (beat && !beat.answers);
  $('pulse').classList.toggle('broken', Boolean(broken));
  setText($('pulse'), !connected ? t('reconnecting') : !beat ? '' : beat.answers ? `${t('live')}, ${t('by')} ${beat.node}` : t('stale'));
}

let asked = false;
function draw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    const order = { waiting: 0, ringing: 1, connected: 2 };
    const calls = open().sort((a, b) => order[a.state] - order[b.state] || (a.since ?? 0) - (b.since ?? 0));
    drawPulse();
    drawTotals(calls);
    drawAlarms();
    drawQueues();
    drawAgents();
    drawNodes();
    drawCalls(calls);
    drawMap(calls);
  });
}

// ---- what comes

function take(name, data) {
  if (name === 'snapshot') {
    for (const table of Object.keys(tables)) tables[table] = new Map(data[table].map((row) => [row[keyOf[table]], row]));
    skew = data.now_ms - Date.now();
  } else if (name === 'row') {
    if (data.row) tables[data.table].set(data.key, data.row);
    else tables[data.table].delete(data.key);
  } else if (name === 'beat') {
    const before = beat?.node;
    beat = data;
    skew = data.now_ms - Date.now();
    if (before === data.node && data.answers && connected) { drawPulse(); return; }
  }
  draw();
}

async function fetchSites() {
  sites = new Map((await api('GET', '/v1/sites')).sites.map((site) => [site.site, site]));
  draw();
}

function watch() {
  listen('/v1/wall/events', {
    onEvent: take,
    onOpen: () => { connected = true; fetchSites().catch(() => setTimeout(fetchSites, 3000)); draw(); },
    onBreak: () => { connected = false; draw(); },
    onProblem: (problem) => {
      if (problem.status !== 401 && problem.status !== 403) return false;
      forgetToken();
      start();
      return true;
    },
  });
}

function start() {
  if (hasToken()) watch();
  else signIn({ agent: false, attempt: async () => { await api('GET', '/v1/nodes'); watch(); } });
}

begin();
onLanguage(() => { map.project(); draw(); });
setInterval(() => { setText($('clock'), clock(now())); if (open().some((call) => call.state !== 'connected')) draw(); }, 1000);
draw();
start();
