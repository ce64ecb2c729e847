// The desk page: it rings here. What the agent's desk is doing comes whole with every event; the page shows it.
import './desk.css';
import { placeText } from './explain.js';
import { WorldMap } from './map.js';
import { $, api, begin, forgetToken, givenAgent, h, hasToken, keyed, listen, setText, signIn } from './page.js';
import { allowSound, isAllowed, startRinging, stopRinging } from './ring.js';
import { languageName, moment, onLanguage, queueName, sayAll, seconds, t, timer } from './words.js';

const dispositions = ['resolved', 'information', 'forwarded', 'follow_up', 'unreachable_caller', 'false_call'];
const reasons = ['break', 'lunch', 'training', 'admin'];

const map = new WorldMap($('map'), { fills: true });
let agent = sessionStorage.getItem('hotline.agent') ?? '';
let me = null;            // the agent as the directory has him
let desk = null;          // as it is
let skew = 0, broken = false, notice = null, noticeTimer = null;
let speakingSince = 0, earlierOf = '', earlier = null, choosing = false, after = '';
let drawn = '';

const now = () => Date.now() + skew;
const path = (word = '') => `/v1/desks/${encodeURIComponent(agent)}${word && `/${word}`}`;

function notify(text, good, ms = 5000) {
  notice = text && { text, good };
  clearTimeout(noticeTimer);
  if (text && ms) noticeTimer = setTimeout(() => { notice = null; draw(); }, ms);
}

// ---- what the person says

async function say(word, body) {
  try {
    await api('POST', path(word), body);
  } catch (problem) {
    notify(problem.message, false);
    draw();
  }
}

const accept = () => { stopRinging(); say('accept', { call: desk.offer.call }); };
const decline = () => { stopRinging(); say('decline', { call: desk.offer.call }); };
const notReached = (failure) => say('not_reached', { call: desk.offer.call, failure });
const dials = () => Boolean(desk.offer?.call_back) && !desk.connected;  // nobody is on the line yet
const notReady = (reason) => {
  choosing = false;
  if (desk.state === 'on_call' || desk.state === 'ringing') { after = reason; notify(t('remembered'), true, 0); }
  say('not_ready', { reason });
  draw();
};

// ---- what it looks like

const action = (word, key, run, kind = '') => h(`button${kind && `.${kind}`}`, { type: 'button', onclick: run, 'data-action': word, 'aria-keyshortcuts': key }, t(word), h('kbd', {}, key));
const fact = (word, value, kind = 'plain') => h('div', {}, h('dt', {}, t(word)), h(`dd.${kind}`, {}, value));

function callFacts(offer) {
  return h('dl', {},
    fact('queue', queueName(offer.queue), offer.queue === 'emergency' ? 'emergency' : 'plain'),
    fact('languages', offer.languages.length ? offer.languages.map(languageName).join(', ') : '–'),
    fact('caller', placeText(offer)),
    fact('from_here', `${offer.km.toLocaleString()} ${t('km')}`),
    h('div', {}, h('dt', {}, t('waited')), h('dd', { id: 'waited' })),
    offer.call_back && fact('owed_since', moment(offer.owed_ms)), offer.call_back && fact('tried', offer.tries));
}

const views = {
  available: () => [h('p.big', {}, t('ready_for')), h('p.hint', {}, t('ready_hint')), isAllowed() ? null : h('p.hint', {}, t('sound_off')),
    h('div.actions', {}, choosing ? [] : action('go_not_ready', 'N', () => { choosing = true; draw(); })), choosing && choices()],
  ringing: () => [h('p.big', {}, t(desk.offer.call_back ? 'call_back' : 'incoming')), h('p.number', {}, desk.offer.from || t('withheld')),
    h('div.remains', { role: 'img', 'aria-label': t('rings_for') }, h('i', { id: 'remains' })), callFacts(desk.offer),
    h('div.actions', {}, action('accept', 'A', accept, 'accept'), action('decline', 'D', decline))],
  on_call: () => dials() ? [h('p.big', {}, t('call_back')), h('p.number', {}, h('a', { href: `tel:${desk.offer.from}` }, desk.offer.from)), h('p.hint', {}, t('dial_it')), callFacts(desk.offer),
    h('div.choices', {}, [['no_answer_there', 'no_answer', '1'], ['wrong_number', 'wrong_number', '2'], ['other_failure', 'other', '3']].map(([word, failure, key]) =>
      h('button', { type: 'button', 'data-failure': failure, onclick: () => notReached(failure) }, h('kbd', {}, key), t(word)))),
    h('div.actions', {}, action('reached', 'A', () => say('reached', { call: desk.offer.call }), 'accept'), action('end', 'E', () => say('end'), 'end'))]
    : [h('p.big', {}, t(desk.connected ? 'conversation' : 'connecting')), h('p.number', {}, desk.offer?.from || t('withheld')),
    desk.connected && h('p.timer', { id: 'timer', role: 'timer' }), desk.offer && callFacts(desk.offer), choosing && choices(),
    h('div.actions', {}, action('end', 'E', () => say('end'), 'end'), !choosing && action('go_not_ready', 'N', () => { choosing = true; draw(); }))],
  wrap_up: () => [h('p.big', {}, t('after_call')), h('p.hint', {}, t('how_did_it_go')),
    h('div.choices', { role: 'group', 'aria-label': t('how_did_it_go') }, dispositions.map((word, index) => h('button', { type: 'button', 'data-disposition': word,
      'aria-pressed': String(desk.disposition === word), onclick: () => say('disposition', { call: desk.last_call, disposition: word }) }, h('kbd', {}, index + 1), t(word)))),
    choosing && choices(),
    h('div.actions', {}, action('go_available', 'R', () => say('available'), 'accept'), !choosing && action('go_not_ready', 'N', () => { choosing = true; draw(); }))],
  not_ready: () => [h('p.big', {}, t('is_not_ready')), h('p.hint', {}, desk.reason ? t(desk.reason) : ''), 
    h('div.actions', {}, action('go_available', 'R', () => say('available'), 'accept'))],
  offline: () => [h('p.big', {}, desk.over ? t(desk.over) : t('offline')), h('div.actions', {}, action('sign_in', 'R', () => location.reload(), 'accept'))],
};

const choices = () => h('div.choices', { role: 'group', 'aria-label': t('go_not_ready') }, reasons.map((word, index) => h('button', { type: 'button', onclick: () => notReady(word) }, h('kbd', {}, index + 1), t(word))));

function drawWork() {
  const text = JSON.stringify([desk.state, desk.over, desk.connected, desk.offer, desk.disposition, desk.reason, choosing, notice, document.documentElement.lang, isAllowed()]);
  if (text === drawn) return;
  drawn = text;
  const focused = document.activeElement?.dataset?.action;
  $('work').className = `work ${desk.state}`;
  $('work').replaceChildren(...[notice && h(`p.notice${notice.good ? '.good' : ''}`, {}, notice.text), ...views[desk.state]()].filter(Boolean));
  const again = focused && $('work').querySelector(`[data-action="${focused}"]`);
  (again ?? (desk.state === 'ringing' ? $('work').querySelector('.accept') : null))?.focus();
}

function drawTimes() {
  const offer = desk?.offer;
  if (!offer) return;
  if ($('waited')) setText($('waited'), seconds((desk.connected ? speakingSince : now()) - offer.queued_ms));
  if ($('timer')) setText($('timer'), timer(now() - speakingSince));
  if ($('remains')) $('remains').style.width = `${Math.max(0, Math.min(100, 100 * (offer.until_ms - now()) / offer.whole_ms))}%`;
}

function drawHeader() {
  $('who').replaceChildren(me?.name ?? agent, h('small', {}, me ? me.site : ''));
  $('sign-out').hidden = !desk || Boolean(desk.over);
  const lost = broken || (desk && !desk.attached && !desk.over);
  $('pulse').classList.toggle('broken', Boolean(lost));
  setText($('pulse'), broken ? t('reconnecting') : !desk || desk.over ? '' : desk.attached ? t('at_node', desk.node) : t('stale'));
  document.title = desk?.state === 'ringing' ? `☎ ${desk.offer?.from || t('withheld')}` : 'hotline';
}

function drawMap() {
  const offer = desk?.offer, placed = offer && offer.lat !== null;
  map.focus(placed ? [[offer.lon, offer.lat], ...(me ? [[me.lon, me.lat]] : [])] : []);
  map.draw({
    label: placed ? placeText(offer) : t('map'),
    nodes: me ? [{ key: 'me', lon: me.lon, lat: me.lat, state: 'self', label: me.site }] : [],
    callers: placed ? [{ key: offer.call, lon: offer.lon, lat: offer.lat, state: desk.connected ? 'connected' : 'ringing' }] : [],
    arcs: placed && me ? [{ key: offer.call, from: [offer.lon, offer.lat], to: [me.lon, me.lat], state: desk.connected ? 'connected' : 'ringing' }] : [],
  });
}

function drawEarlier() {
  const shown = Boolean(desk?.offer && earlier && desk.offer.from);
  $('earlier').hidden = !shown;
  if (!shown) return;
  const rows = earlier.filter((call) => call.call !== desk.offer.call).slice(0, 20);
  if (!$('earlier').firstChild) $('earlier').append(h('h2', { 'data-word': 'earlier' }), h('ul'));
  sayAll($('earlier'));
  keyed($('earlier').lastChild, rows.length ? rows : [{ call: '' }], (call) => call.call, () => h('li', {}, h('span'), h('span'), h('span'), h('span')), (element, call) => {
    const texts = call.call ? [moment(call.queued_ms), queueName(call.queue), call.agent || '–', t(call.reason || call.state)] : [t('none_earlier'), '', '', ''];
    texts.forEach((text, index) => setText(element.children[index], text));
  });
}

function draw() {
  drawHeader();
  if (desk) drawWork();
  drawTimes();
  drawMap();
  drawEarlier();
}

// ---- what comes

async function fetchEarlier(number) {
  earlierOf = number;
  earlier = null;
  const found = await api('GET', `/v1/calls?number=${encodeURIComponent(number)}`).catch(() => null);
  if (earlierOf === number) { earlier = found?.calls ?? []; draw(); }
}

function take(name, data) {
  if (name !== 'desk') return;
  const before = desk;
  skew = data.now_ms - Date.now();
  desk = { ...data, reason: data.news === 'state' ? data.reason : before?.state === data.state ? before?.reason : data.reason };
  if (desk.offer) desk.offer.whole_ms = before?.offer?.call === desk.offer.call ? before.offer.whole_ms : Math.max(1, desk.offer.until_ms - data.now_ms);
  if (data.news === 'detached') notify(t('moving', before?.node || data.node), false, 0);
  if (data.news === 'attached' && before && !before.attached) notify(t('moved', data.node), true, 6000);
  if (data.news === 'withdrawn') notify(t(data.reason === 'caller_gone' || data.reason === 'ended' ? 'caller_gone' : 'withdrawn_news'), false);
  if (data.state === 'not_ready' && data.reason === 'missed_calls') notify(t('missed_calls'), false, 0);
  if (data.state === 'available' && before?.state === 'not_ready') notify(null);
  if (data.connected && !before?.connected) speakingSince = data.news === 'snapshot' ? now() : data.now_ms;
  if (data.state !== before?.state) choosing = false;
  if (after && data.state === 'not_ready') { after = ''; notify(null); }
  if (data.state === 'ringing' && before?.state !== 'ringing') startRinging();
  if (data.state !== 'ringing') stopRinging();
  if (desk.offer?.from && desk.offer.from !== earlierOf) fetchEarlier(desk.offer.from);
  if (!desk.offer) earlierOf = '';
  draw();
}

async function begun() {
  sessionStorage.setItem('hotline.agent', agent);
  listen(path('events'), {
    onEvent: take,
    onOpen: () => { broken = false; draw(); },
    onBreak: () => {
      broken = true;
      draw();
      api('POST', path()).catch(() => {});  // hotline-web may have been started anew
    },
    onProblem: (problem) => {
      if (problem.status !== 401 && problem.status !== 403) return false;
      forgetToken();
      location.reload();
      return true;
    },
  });
  const { agents } = await api('GET', '/v1/agents').catch(() => ({ agents: [] }));
  me = agents.find((row) => row.agent === agent) ?? null;
  draw();
}

async function attempt(name) {
  agent = name;
  allowSound();
  await api('POST', path());
  await begun();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !desk || $('sign-in').open || event.target.matches?.('input')) return;
  const key = event.key.toLowerCase(), number = Number(event.key);
  const click = (selector) => $('work').querySelector(selector)?.click();
  const actions = { a: dials() && desk.state === 'on_call' ? 'reached' : 'accept', d: 'decline', e: 'end', r: 'go_available', n: 'go_not_ready' };
  if (actions[key]) { click(`[data-action="${actions[key]}"]`); event.preventDefault(); }
  else if (number > 0) [...$('work').querySelectorAll('.choices')].at(choosing ? -1 : 0)?.children[number - 1]?.click();
}

begin();
onLanguage(() => { map.project(); drawn = ''; draw(); });
document.addEventListener('keydown', onKey);
document.addEventListener('pointerdown', () => { allowSound(); setTimeout(draw, 200); }, { once: true });
$('sign-out').addEventListener('click', async () => { await api('DELETE', path()).catch(() => {}); sessionStorage.removeItem('hotline.agent'); forgetToken(); location.reload(); });
setInterval(drawTimes, 200);
draw();
if (hasToken() && (agent || givenAgent)) attempt(agent || givenAgent).catch(() => signIn({ agent: true, attempt }));
else signIn({ agent: true, attempt });
