// What the tests speak HTTP with: requests, and streams of events.
import http from 'node:http';
import https from 'node:https';

export const base = process.env.WEB_URL;
export const tokens = Object.fromEntries(
  ['viewer', 'desk', 'gateway', 'admin'].map((role) => [role, process.env[`TOKEN_${role.toUpperCase()}`]]));

const agentFor = (url) => (url.protocol === 'https:' ? https : http);

export function request(method, path, { token = tokens.admin, body, headers = {}, at = base, raw } = {}) {
  const url = new URL(path, at);
  const text = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const all = { ...headers };
  if (token) all.Authorization = `Bearer ${token}`;
  if (text !== undefined) {
    all['Content-Type'] = 'application/json';
    all['Content-Length'] = Buffer.byteLength(text);
  }
  return new Promise((resolve, reject) => {
    const outgoing = agentFor(url).request(url, { method, headers: all, rejectUnauthorized: false }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => {
        const whole = Buffer.concat(parts).toString();
        const type = (answer.headers['content-type'] ?? '').split(';')[0];
        resolve({ status: answer.statusCode, headers: answer.headers, type, text: whole,
          json: type.endsWith('json') ? JSON.parse(whole) : undefined });
      });
      answer.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(text);
  });
}

// Events as they come; `close()` ends it.
export function stream(path, { token = tokens.admin, headers = {}, at = base } = {}) {
  const url = new URL(path, at);
  const events = [];
  let buffer = '';
  let ended = false;
  let wake = () => {};
  let destroy = () => {};
  const opened = new Promise((resolve, reject) => {
    const outgoing = agentFor(url).request(url, { agent: false, rejectUnauthorized: false,
      headers: { ...headers, Accept: 'text/event-stream', Authorization: `Bearer ${token}` } }, (answer) => {
      answer.setEncoding('utf8');
      answer.on('data', (part) => {
        buffer += part;
        for (let cut = buffer.indexOf('\n\n'); cut >= 0; cut = buffer.indexOf('\n\n')) {
          const made = {};
          for (const line of buffer.slice(0, cut).split('\n')) {
            const [, key, value] = /^(\w*): ?(.*)$/s.exec(line) ?? [];
            if (key) made[key] = value;
          }
          buffer = buffer.slice(cut + 2);
          if (made.event) events.push({ ...made, data: JSON.parse(made.data) });
        }
        wake();
      });
      const over = () => { ended = true; wake(); };
      answer.on('end', over);
      answer.on('close', over);
      answer.on('error', over);
      resolve({ status: answer.statusCode, type: (answer.headers['content-type'] ?? '').split(';')[0] });
    });
    outgoing.on('error', reject);
    outgoing.end();
    destroy = () => outgoing.destroy();
  });
  const self = { events, opened, get ended() { return ended; },
    async until(found, ms = 10000) {
      const deadline = Date.now() + ms;
      for (;;) {
        const event = events.find(found);
        if (event) return event;
        if (Date.now() > deadline || ended)
          throw new Error(`${path}: no such event among ${JSON.stringify(events.slice(-5)).slice(0, 2000)}`);
        await new Promise((resolve) => { wake = resolve; setTimeout(resolve, 100); });
      }
    },
    close() { destroy(); } };
  return self;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export async function eventually(what, look, ms = 10000) {
  const deadline = Date.now() + ms;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > deadline) throw new Error(`not within ${ms} ms: ${what}`);
    await sleep(50);
  }
}

export function check(condition, sentence) {
  if (!condition) throw new Error(sentence);
}

export function step(sentence) {
  console.log(`- ${sentence}`);
}
