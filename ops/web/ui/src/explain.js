// The story of a call: placed how, rung where, why.
import { $, api, h } from './page.js';
import { clock, countryName, languageName, moment, queueName, seconds, t } from './words.js';

const fact = (word, value) => value ? h('div', {}, h('dt', {}, t(word)), h('dd', {}, value)) : null;

const degrees = (value, positive, negative) => `${Math.abs(value).toFixed(1)}° ${value < 0 ? negative : positive}`;

// Where the caller is, and how that is known unless it says itself.
export const placeText = (call) => {
  if (call.lat == null) return t('unknown_place');
  const country = countryName(call.country);
  if (call.placed_by !== 'coordinates') return `${country || t('unknown_place')} (${t(call.placed_by)})`;
  return `${degrees(call.lat, 'N', 'S')}, ${degrees(call.lon, 'E', 'W')}${country ? `, ${country}` : ''}`;
};

function draw(dialog, call) {
  const until = call.connected_ms || call.ended_ms || Date.now();
  const state = call.state === 'ended' && call.reason ? `${t('ended')}: ${t(call.reason)}` : t(call.state);
  dialog.replaceChildren(
    h('h2', {}, h('span', {}, call.from || t('withheld')),
      h('button.quiet', { type: 'button', onclick: () => dialog.close(), autofocus: true }, t('close'))),
    h('p.id', {}, call.call),
    h('dl', {},
      fact('state', state), fact('caller', placeText(call)), fact('queue', queueName(call.queue)), fact('dialled', call.dialled),
      fact('speaks', call.languages.map(languageName).join(', ')), fact('waited', seconds(until - call.queued_ms)),
      fact('agent', call.agent && `${call.agent}${call.site ? `, ${call.site}` : ''}`),
      fact('disposition', call.disposition), fact('owner', `${call.owner}${call.copies ? `, ${call.copies} ${t('copies')}` : ''}`),
      fact('reason', call.detail), fact('answered', call.connected_ms ? moment(call.connected_ms) : '')),
    h('div.scroll', {}, h('table', {}, h('caption', {}, call.offers.length ? t('offered_to') : t('no_offers')),
      h('tbody', {}, call.offers.map((offer) => h('tr', {},
        h('td', {}, clock(offer.at_ms)), h('td', {}, offer.agent), h('td', {}, offer.site),
        h('td.num', {}, `${offer.km.toLocaleString()} ${t('km')}`), h('td.num', {}, `${offer.rank} / ${offer.eligible}`),
        h(`td.${offer.outcome === 'accepted' ? 'good' : 'other'}`, {}, `${t(offer.outcome)}${offer.detail ? `: ${offer.detail}` : ''}`)))))));
}

export async function explain(id) {
  const dialog = $('explain');
  dialog.setAttribute('aria-label', t('story'));
  try {
    draw(dialog, await api('GET', `/v1/calls/${encodeURIComponent(id)}/explain`));
  } catch (problem) {
    dialog.replaceChildren(h('p', {}, problem.message), h('button', { type: 'button', onclick: () => dialog.close() }, t('close')));
  }
  if (!dialog.open) dialog.showModal();
}
