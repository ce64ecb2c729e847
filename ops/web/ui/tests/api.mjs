// The server does what openapi.yaml says: every path, method, status and schema is asked for, and nothing else is there.
import fs from 'node:fs';
import Ajv from 'ajv';
import YAML from 'yaml';
import { check, eventually, request, sleep, step, stream, tokens } from './client.mjs';

const contract = YAML.parse(fs.readFileSync(process.env.OPENAPI, 'utf8'), { merge: true, maxAliasCount: -1 });
const agent = process.env.AGENT;
const deadEnd = process.env.WEB_DEAD_URL;

// ---- schemas: OpenAPI 3.0's `nullable` as JSON Schema's types

function translate(schema) {
  if (Array.isArray(schema)) return schema.map(translate);
  if (schema === null || typeof schema !== 'object') return schema;
  const { nullable, ...rest } = schema;
  const made = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, translate(value)]));
  return nullable ? { anyOf: [made, { type: 'null' }] } : made;
}

const ajv = new Ajv({ strict: false, allErrors: true });
ajv.addSchema({ $id: 'contract', components: translate(contract.components) });
const compiled = new Map();

function hold(schema, value, what) {
  const key = JSON.stringify(schema);
  if (!compiled.has(key))
    compiled.set(key, ajv.compile(JSON.parse(JSON.stringify(translate(schema)).replaceAll('"#/', '"contract#/'))));
  const validate = compiled.get(key);
  if (!validate(value))
    throw new Error(`${what}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(value).slice(0, 1500)}`);
}

// ---- what has been asked

const asked = new Set();
const heard = new Set();

function operation(path, method) {
  const found = contract.paths[path]?.[method.toLowerCase()];
  check(found, `the contract has no ${method} ${path}`);
  return found;
}

function response(path, method, status) {
  const found = operation(path, method).responses[String(status)];
  check(found, `${method} ${path} answered ${status}, which is not in the contract`);
  const name = /^#\/components\/responses\/(.*)$/.exec(found.$ref ?? '')?.[1];
  return name ? contract.components.responses[name] : found;
}

const fill = (path, values) => path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values[name]));

async function ask(method, path, status, { values = {}, query = '', ...options } = {}) {
  const answer = await request(method, fill(path, values) + query, options);
  const what = `${method} ${fill(path, values)}${query}`;
  check(answer.status === status, `${what}: ${answer.status} instead of ${status}: ${answer.text.slice(0, 500)}`);
  const contents = response(path, method, status).content;
  if (contents) {
    check(contents[answer.type], `${what}: ${status} with content ${answer.type}`);
    if (answer.json !== undefined) hold(contents[answer.type].schema, answer.json, what);
  } else {
    check(answer.text === '', `${what}: ${status} with a body`);
  }
  if (status >= 400) check(answer.json.status === status, `${what}: the problem names ${answer.json.status}`);
  asked.add(`${method} ${path} ${status}`);
  return answer;
}

async function listen(path, { values = {}, query = '', ...options } = {}) {
  const events = operation(path, 'GET')['x-events'];
  const made = stream(fill(path, values) + query, options);
  const { status, type } = await made.opened;
  check(status === 200 && type === 'text/event-stream', `${path}: ${status} ${type}`);
  asked.add(`GET ${path} 200`);
  let checked = 0;
  const hear = () => {
    for (; checked < made.events.length; checked++) {
      const event = made.events[checked];
      check(events[event.event], `${path}: an event '${event.event}' is not in the contract`);
      hold(events[event.event], event.data, `${path} ${event.event}`);
      heard.add(`${path} ${event.event}`);
    }
  };
  return { ...made, until: async (found, ms) => { const event = await made.until(found, ms); hear(); return event; } };
}

// ---- the test

step('the table of routes and the contract name the same paths');
const routes = [...fs.readFileSync(process.env.ROUTES, 'utf8').matchAll(/^ *\{"(\w+)", "([^"]+)", (\w+),/gm)];
const ours = routes.map(([, method, path]) => `${method} ${path}`).sort();
const theirs = Object.entries(contract.paths).flatMap(([path, item]) => ['get', 'post', 'put', 'delete']
  .filter((method) => item[method]).map((method) => `${method.toUpperCase()} ${path.replace(/\{\w+\}/g, '{}')}`)).sort();
check(JSON.stringify(ours) === JSON.stringify(theirs),
  `only in the table: ${ours.filter((x) => !theirs.includes(x))}; only in the contract: ${theirs.filter((x) => !ours.includes(x))}`);

step('without a token nothing but the pages, and each role may do what the contract says');
for (const [path, item] of Object.entries(contract.paths)) {
  for (const method of ['get', 'post', 'put', 'delete']) {
    if (!item[method] || item[method].security) continue;
    const values = { call: 'none', agent: 'nobody', word: 'accept' };
    await ask(method.toUpperCase(), path, 401, { values, token: null });
    const roles = item[method]['x-roles'];
    for (const role of ['viewer', 'desk', 'gateway', 'admin']) {
      if (!roles.includes(role)) await ask(method.toUpperCase(), path, 403, { values, token: tokens[role] });
    }
  }
}
const foreign = await request('GET', '/v1/nodes', { token: `${tokens.viewer}x` });
check(foreign.status === 401, 'a token that only begins like one was taken');

step('reading');
await ask('GET', '/v1/nodes', 200, { token: tokens.viewer });
await ask('GET', '/v1/queues', 200, { token: tokens.viewer });
await ask('GET', '/v1/sites', 200, { token: tokens.viewer });
const { json: tested } = await ask('GET', '/v1/selftest', 200, { token: tokens.viewer });
check(tested.selftests.some((test) => test.site === '' && test.node === tested.node), 'no test call of the answering node');
await ask('GET', '/v1/status', 200, { token: tokens.viewer });
await ask('GET', '/v1/digest', 200, { token: tokens.viewer });
await ask('GET', '/v1/agents', 200, { token: tokens.viewer });
await ask('GET', '/ready', 200, { token: null });
await ask('GET', '/metrics', 200, { token: null });
await ask('GET', '/v1/agents/nearest', 422);
for (const query of ['?at=91,0', '?at=1', '?from=%2B12025550123&limit=0', '?from=%2B12025550123&languages=xx-none', '?from=%2B12025550123&skills=none'])
  await ask('GET', '/v1/agents/nearest', 422, { query });

step('a desk signs in, and is told of what comes');
const values = { agent };
await ask('GET', '/v1/desks/{agent}', 404, { values });
await ask('GET', '/v1/desks/{agent}/events', 404, { values });
await ask('DELETE', '/v1/desks/{agent}', 404, { values });
await ask('POST', '/v1/desks/{agent}/{word}', 404, { values: { agent, word: 'accept' } });
for (const [method, path] of [['POST', '/v1/desks/{agent}'], ['GET', '/v1/desks/{agent}'], ['DELETE', '/v1/desks/{agent}'],
  ['GET', '/v1/desks/{agent}/events'], ['POST', '/v1/desks/{agent}/{word}']])
  await ask(method, path, 403, { values: { agent: 'somebody-else', word: 'end' }, token: tokens.desk });
await ask('POST', '/v1/desks/{agent}', 404, { values: { agent: 'nobody-knows' } });
await ask('POST', '/v1/desks/{agent}', 422, { values, body: { nonsense: 1 } });
await ask('POST', '/v1/desks/{agent}', 201, { values, token: tokens.desk });
await ask('POST', '/v1/desks/{agent}', 200, { values, token: tokens.desk });
const desk = await listen('/v1/desks/{agent}/events', { values, token: tokens.desk });
await desk.until((event) => event.event === 'desk' && event.data.state === 'available');
await ask('GET', '/v1/desks/{agent}', 200, { values });
await ask('POST', '/v1/desks/{agent}/{word}', 409, { values: { agent, word: 'accept' } });
await ask('POST', '/v1/desks/{agent}/{word}', 409, { values: { agent, word: 'reached' } });
await ask('POST', '/v1/desks/{agent}/{word}', 422, { values: { agent, word: 'not_reached' }, body: { failure: 'asleep' } });
await ask('POST', '/v1/desks/{agent}/{word}', 404, { values: { agent, word: 'sing' } });
await ask('POST', '/v1/desks/{agent}/{word}', 422, { values: { agent, word: 'disposition' }, body: { disposition: '' } });
const near = await ask('GET', '/v1/agents/nearest', 200, { query: '?at=0,37&limit=1' });
check(near.json.agents[0]?.agent === agent, `the desk is not the nearest available: ${near.text}`);

const language = near.json.agents[0].languages[0];

step('a call is placed, rings, is taken, ends');
const wall = await listen('/v1/wall/events', { token: tokens.viewer });
await wall.until((event) => event.event === 'snapshot');
const changes = await listen('/v1/events', { token: tokens.viewer });
const placed = await ask('POST', '/v1/calls', 201,
  { token: tokens.gateway, body: { number: '+249912345678', queue: 'consultation', languages: [language], join: 'manual' } });
const { call } = placed.json;
check(placed.headers.location === `/v1/calls/${call}`, `Location: ${placed.headers.location}`);
await ask('POST', '/v1/calls', 409, { body: { call, number: '+249912345678', queue: 'consultation' } });
await ask('POST', '/v1/calls/{call}/joined', 409, { values: { call } });
const rung = await desk.until((event) => event.data.offer?.call === call);
check(rung.data.offer.from === '+249912345678' && rung.data.offer.languages.includes(language), JSON.stringify(rung));
await wall.until((event) => event.event === 'row' && event.data.table === 'calls' && event.data.key === call);
const legs = await listen('/v1/calls/{call}/events', { values: { call }, token: tokens.gateway });
await legs.until((event) => event.event === 'snapshot');
// A change that is on its way (the copies) may be told first: the reader asks on from what she was told.
const waitForAgent = async (seen) => {
  const next = await ask('GET', '/v1/calls/{call}', 200,
    { values: { call }, query: '?wait=20', headers: { 'If-None-Match': seen.headers.etag } });
  check(next.headers.etag !== seen.headers.etag, 'the long poll answered without a change');
  return next.json.agent === agent ? next : waitForAgent(next);
};
const poll = waitForAgent(await ask('GET', '/v1/calls/{call}', 200, { values: { call } }));
await ask('POST', '/v1/desks/{agent}/{word}', 200, { values: { agent, word: 'accept' }, body: { call } });
await legs.until((event) => event.event === 'news' && event.data.news === 'connect' && event.data.agent === agent);
check((await poll).json.agent === agent, 'the long poll did not tell of the agent');
await ask('POST', '/v1/calls/{call}/joined', 204, { values: { call }, token: tokens.gateway });
await desk.until((event) => event.data.connected);
await eventually('the call is connected',
  async () => (await ask('GET', '/v1/calls/{call}', 200, { values: { call } })).json.state === 'connected');
const quiet = await ask('GET', '/v1/calls/{call}', 200, { values: { call } });
await sleep(300);
await ask('GET', '/v1/calls/{call}', 304,
  { values: { call }, query: '?wait=1', headers: { 'If-None-Match': quiet.headers.etag } });
await ask('GET', '/v1/calls', 200);
await ask('DELETE', '/v1/calls/{call}', 204, { values: { call }, token: tokens.gateway });
await desk.until((event) => event.data.state === 'wrap_up');
await legs.until((event) => event.event === 'change' && event.data.state === 'ended');
await ask('POST', '/v1/desks/{agent}/{word}', 200,
  { values: { agent, word: 'disposition' }, body: { call, disposition: 'resolved' } });
await ask('POST', '/v1/desks/{agent}/{word}', 200, { values: { agent, word: 'available' } });
await changes.until((event) => event.event === 'change' && event.data.kind === 'wrap_up' && event.data.call === call);
await eventually('the disposition stands with the call',
  async () => (await ask('GET', '/v1/calls/{call}/explain', 200, { values: { call } })).json.disposition === 'resolved');
const history = await ask('GET', '/v1/calls', 200, { query: '?number=%2B249912345678' });
check(history.json.calls.some((row) => row.call === call && row.state === 'ended'), `history: ${history.text}`);
await ask('GET', '/v1/calls', 422, { query: '?number=' });

step('events go on from a cursor, each once');
const all = await ask('GET', '/v1/events', 200, { query: '?since=start' });
check(all.json.events.length >= 3 && !all.json.more, `events: ${all.text.slice(0, 300)}`);
const half = all.json.events[Math.floor(all.json.events.length / 2)];
const rest = await ask('GET', '/v1/events', 200, { query: `?since=${encodeURIComponent(half.cursor)}` });
const where = ({ owner, boot, seq }) => `${owner} ${boot} ${seq}`;
const expected = all.json.events.slice(all.json.events.indexOf(half) + 1).map(where);
check(JSON.stringify(rest.json.events.map(where).slice(0, expected.length)) === JSON.stringify(expected), 'not the rest');
const again = await listen('/v1/events', { headers: { 'Last-Event-ID': half.cursor } });
await again.until((event) => event.event === 'change' && where(event.data) === expected.at(-1));
await ask('GET', '/v1/events', 422, { query: '?since=nonsense' });

step('what is wrong is told so');
await ask('POST', '/v1/calls', 400, { raw: '{"number":' });
await ask('POST', '/v1/calls', 422, { body: { number: '+12025550123', queue: 'consultation', colour: 'red' } });
await ask('POST', '/v1/calls', 422, { body: { number: '+12025550123' } });
await ask('POST', '/v1/calls', 422, { body: { number: 5, queue: 'consultation' } });
await ask('POST', '/v1/calls', 422, { body: { number: '+12025550123', queue: 'no-such-queue' } });
await ask('POST', '/v1/calls', 422, { body: { number: '+12025550123', queue: 'consultation', lat: 91, lon: 0 } });
await ask('POST', '/v1/calls', 422, { body: { number: '+12025550123', queue: 'consultation', languages: 'ar' } });
await ask('POST', '/v1/calls', 422, { body: { number: '+12025550123', queue: 'consultation', join: 'perhaps' } });
await ask('POST', '/v1/calls', 413, { raw: JSON.stringify({ number: 'x'.repeat(70000) }) });
for (const [method, path] of [['GET', '/v1/calls/{call}'], ['GET', '/v1/calls/{call}/events'],
  ['GET', '/v1/calls/{call}/explain'], ['DELETE', '/v1/calls/{call}'], ['POST', '/v1/calls/{call}/joined']])
  await ask(method, path, 404, { values: { call: 'no-such-call' } });
await ask('GET', '/v1/calls/{call}', 422, { values: { call }, query: '?wait=61' });
const method = await request('PATCH', '/v1/calls');
check(method.status === 405 && method.headers.allow === 'POST, GET', `PATCH: ${method.status} ${method.headers.allow}`);
check((await request('GET', '/v1/nothing')).status === 404, '/v1/nothing');

step('the directory is read, changed, and not changed by what is wrong');
const directory = await ask('GET', '/v1/directory', 200);
const applied = await ask('PUT', '/v1/directory', 200, { body: { yaml: directory.json.yaml, force: true } });
check(applied.json.revision > directory.json.revision || applied.json.claim > directory.json.claim, applied.text);
const wrong = await ask('PUT', '/v1/directory', 422, { body: { yaml: 'agents:\n- {id: x, site: nowhere}\n' } });
check(wrong.json.errors.length > 0, wrong.text);
await ask('PUT', '/v1/directory', 422, { body: {} });

step('with no node in reach that is said');
const [nodes, ready, submitted] = await Promise.all([
  ask('GET', '/v1/nodes', 503, { at: deadEnd }), ask('GET', '/ready', 503, { at: deadEnd, token: null }),
  ask('POST', '/v1/calls', 202, { at: deadEnd, body: { number: '+12025550123', queue: 'consultation' } }),
  ask('GET', '/v1/selftest', 503, { at: deadEnd })]);
check(nodes.json.code === 'no_node' && ready.json.code === 'no_node' && submitted.json.state === 'submitted', nodes.text);

step('the desk signs out');
await ask('DELETE', '/v1/desks/{agent}', 204, { values, token: tokens.desk });
await desk.until((event) => event.data.over === 'signed_off');

step('every status and event of the contract was met');
const missing = [];
for (const [path, item] of Object.entries(contract.paths))
  for (const name of ['get', 'post', 'put', 'delete']) {
    check(!item[name] || item[name].responses.default?.$ref === '#/components/responses/Problem', `${name} ${path} does not say that errors are problems`);
    for (const status of Object.keys(item[name]?.responses ?? {}))
      if (status !== 'default' && !asked.has(`${name.toUpperCase()} ${path} ${status}`)) missing.push(`${name.toUpperCase()} ${path} ${status}`);
    for (const event of Object.keys(item[name]?.['x-events'] ?? {}))
      if (!heard.has(`${path} ${event}`)) missing.push(`${path} event ${event}`);
  }
check(missing.length === 0, `never met: ${missing.join('; ')}`);
for (const open of [desk, wall, changes, legs, again]) open.close();
console.log(`${asked.size} answers and ${heard.size} events of the contract were met`);
