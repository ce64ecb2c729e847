// What both pages have: elements, theme, language, the way to hotline-web.
import '@fontsource/ibm-plex-sans/latin-400.css';
import '@fontsource/ibm-plex-sans/latin-500.css';
import '@fontsource/ibm-plex-sans/latin-600.css';
import './style.css';
import { onLanguage, sayAll, switchLanguage, t } from './words.js';

export const $ = (id) => document.getElementById(id);

// An element: h('p.class', {attributes}, children...). Texts are texts, never markup.
export function h(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split('.');
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(' ');
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, '');
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

// The same element for the same key, from one drawing to the next: focus and motion survive.
export function keyed(parent, items, keyOf, make, update) {
  const have = new Map([...parent.children].map((element) => [element.dataset.key, element]));
  let before = null;
  for (const item of items) {
    const key = keyOf(item);
    let element = have.get(key);
    if (!element) {
      element = make(item);
      element.dataset.key = key;
    }
    have.delete(key);
    update(element, item);
    const next = before ? before.nextSibling : parent.firstChild;
    if (next !== element) parent.insertBefore(element, next);
    before = element;
  }
  for (const element of have.values()) element.remove();
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// ---- theme and language

const themes = ['auto', 'light', 'dark'];
const store = { get: (key) => { try { return localStorage.getItem(key); } catch { return null; } },
  set: (key, value) => { try { localStorage.setItem(key, value); } catch { /* a private window */ } } };
let theme = themes.includes(store.get('hotline.theme')) ? store.get('hotline.theme') : 'auto';

function showTheme() {
  document.documentElement.dataset.theme = theme;
  setText($('theme'), t(`theme_${theme}`));
}

export function begin() {
  $('theme').addEventListener('click', () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    store.set('hotline.theme', theme);
    showTheme();
  });
  const showLanguage = () => setText($('language'), t('language'));
  $('language').addEventListener('click', switchLanguage);
  onLanguage(showLanguage);
  onLanguage(showTheme);
  sayAll();
  showLanguage();
  showTheme();
}

// ---- the token: in the address once (#token=...), then in this window, or on this device when asked for

const given = new URLSearchParams(location.hash.slice(1));
if (given.get('token')) {
  sessionStorage.setItem('hotline.token', given.get('token'));
  history.replaceState(null, '', location.pathname);
}
let token = sessionStorage.getItem('hotline.token') ?? store.get('hotline.token');

export const hasToken = () => Boolean(token);
export const givenAgent = given.get('agent');

export function forgetToken() {
  token = null;
  sessionStorage.removeItem('hotline.token');
  try { localStorage.removeItem('hotline.token'); } catch { /* a private window */ }
}

export function keepToken(value, remember) {
  token = value;
  sessionStorage.setItem('hotline.token', value);
  if (remember) store.set('hotline.token', value);
}

export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail ?? `HTTP ${status}`);
    this.status = status;
    this.code = body?.code ?? '';
  }
}

export async function api(method, path, body) {
  const answer = await fetch(path, { method, cache: 'no-store',
    headers: { Authorization: `Bearer ${token}`, ...(body ? { 'Content-Type': 'application/json' } : {}) },
    body: body ? JSON.stringify(body) : undefined });
  const made = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) throw new Problem(answer.status, made);
  return made;
}

// Server-sent events with the token in a header, for good: a break is mended, and `onBreak` told.
export function listen(path, { onEvent, onOpen = () => {}, onBreak = () => {}, onProblem = () => {} }) {
  const control = { closed: false, close() { this.closed = true; abort?.abort(); } };
  let abort, wait = 250;
  (async () => {
    while (!control.closed) {
      abort = new AbortController();
      let quiet = setTimeout(() => abort.abort(), 15000);
      try {
        const answer = await fetch(path, { cache: 'no-store', signal: abort.signal,
          headers: { Authorization: `Bearer ${token}`, Accept: 'text/event-stream' } });
        if (!answer.ok) {
          const problem = new Problem(answer.status, await answer.json().catch(() => null));
          if (onProblem(problem)) { control.closed = true; return; }
          throw problem;
        }
        onOpen();
        wait = 250;
        const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
        for (let buffer = ''; ;) {
          const { value, done } = await reader.read();
          if (done) break;
          clearTimeout(quiet);
          quiet = setTimeout(() => abort.abort(), 15000);
          buffer += value;
          for (let cut = buffer.indexOf('\n\n'); cut >= 0; cut = buffer.indexOf('\n\n')) {
            const lines = Object.fromEntries(buffer.slice(0, cut).split('\n').map((line) => {
              const colon = line.indexOf(':');
              return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
            }));
            buffer = buffer.slice(cut + 2);
            if (lines.event) onEvent(lines.event, JSON.parse(lines.data));
          }
        }
      } catch { /* told below, whatever it was */ }
      clearTimeout(quiet);
      if (control.closed) return;
      onBreak();
      await new Promise((resolve) => setTimeout(resolve, wait * (0.75 + Math.random() / 2)));
      wait = Math.min(2 * wait, 5000);
    }
  })();
  return control;
}

// ---- signing in

// Asks for a token, and with `agent` for who it is; `attempt` throws a Problem when it will not do.
export function signIn({ agent, attempt }) {
  const dialog = $('sign-in');
  const say = h('p.wrong', { role: 'alert' });
  const name = h('input', { name: 'agent', required: agent, autocomplete: 'username', spellcheck: 'false', value: givenAgent ?? '' });
  const secret = h('input', { name: 'token', type: 'password', required: true, autocomplete: 'current-password' });
  const remember = h('input', { type: 'checkbox', name: 'remember' });
  const form = h('form', { method: 'dialog' },
    h('h2', {}, h('span.mark', { 'aria-hidden': 'true' }), 'hotline'),
    h('p.quiet', { 'data-word': 'sign_in_why' }),
    agent && h('label', {}, h('span', { 'data-word': 'agent_id' }), name),
    h('label', {}, h('span', { 'data-word': 'token' }), secret),
    h('label.check', {}, remember, h('span', { 'data-word': 'remember' })), say,
    h('button.primary', { type: 'submit', 'data-word': 'sign_in' }));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    keepToken(secret.value.trim(), remember.checked);
    try {
      await attempt(name.value.trim());
      dialog.close();
    } catch (problem) {
      if (problem.status === 401) forgetToken();
      setText(say, problem.status === 401 ? t('wrong_token') : problem.message);
    }
  });
  dialog.addEventListener('cancel', (event) => event.preventDefault());
  dialog.replaceChildren(form);
  sayAll(dialog);
  if (!dialog.open) dialog.showModal();
  (agent && !name.value ? name : secret).focus();
}
