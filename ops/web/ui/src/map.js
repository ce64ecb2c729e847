// The world with what happens on it. Land and its projection come from the build; everything else from who draws.
import { geoEqualEarth, geoGraticule10, geoInterpolate, geoPath } from 'd3-geo';
import { feature } from 'topojson-client';
import world from 'world-atlas/land-110m.json';
import { languageNow } from './words.js';

const width = 1000, height = 440;
const land = feature(world, world.objects.land);
// Nobody calls from farther south: the map ends there.
const shown = { type: 'MultiPoint', coordinates: [[-180, 0], [180, 0], [0, 84], [0, -58]] };
const closest = 3.5;  // how far it may be magnified

function s(name, attributes = {}) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

// Elements of one kind, by key. What leaves fades first.
class Layer {
  constructor(parent, name, make, update) {
    this.group = parent.appendChild(s('g', { class: name }));
    this.elements = new Map();
    Object.assign(this, { make, update });
  }

  draw(items) {
    const left = new Map(this.elements);
    for (const item of items) {
      let element = this.elements.get(item.key);
      if (!element || element.classList.contains('leaving')) {
        element?.remove();
        element = this.group.appendChild(this.make(item));
        element.dataset.key = item.key;
        this.elements.set(item.key, element);
      }
      left.delete(item.key);
      this.update(element, item);
    }
    for (const [key, element] of left) {
      if (element.classList.contains('leaving')) continue;
      element.classList.add('leaving');
      setTimeout(() => {
        element.remove();
        if (this.elements.get(key) === element) this.elements.delete(key);
      }, 600);
    }
  }
}

const set = (element, name, value) => {
  if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
};

export class WorldMap {
  constructor(parent, { onCall, fills = false } = {}) {
    this.points = '';
    this.svg = s('svg', { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: `xMidYMid ${fills ? 'slice' : 'meet'}`, role: 'img' });
    parent.append(this.svg);
    this.sphere = this.svg.appendChild(s('path', { class: 'sphere' }));
    this.lines = this.svg.appendChild(s('path', { class: 'graticule' }));
    this.land = this.svg.appendChild(s('path', { class: 'land' }));
    const at = (element, item) => {
      const [x, y] = this.projection([item.lon, item.lat]);
      set(element, 'transform', `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
    };
    const line = (element, item) => set(element.querySelector('path'), 'd', this.path({ type: 'LineString', coordinates: [item.from, item.to] }) ?? '');

    this.links = new Layer(this.svg, 'links', () => {
      const made = s('g');
      made.append(s('path'), s('text'));
      return made;
    }, (element, item) => {
      line(element, item);
      set(element, 'class', `link ${item.state}`);
      const text = element.querySelector('text');
      const [x, y] = this.projection(geoInterpolate(item.from, item.to)(0.5));
      set(text, 'x', x.toFixed(1));
      set(text, 'y', (y - 3).toFixed(1));
      if (text.textContent !== item.label) text.textContent = item.label;
    });
    this.sites = new Layer(this.svg, 'sites', () => s('circle'), (element, item) => {
      at(element, item);
      set(element, 'r', item.size);
      set(element, 'class', `site ${item.state}`);
    });
    this.arcs = new Layer(this.svg, 'arcs', (item) => {
      const made = s('g');
      made.append(s('path', { class: 'hit' }), s('path', { class: 'arc' }));
      if (onCall) made.addEventListener('click', () => onCall(item.key));
      return made;
    }, (element, item) => {
      const d = this.path({ type: 'LineString', coordinates: [item.from, item.to] }) ?? '';
      for (const path of element.children) set(path, 'd', d);
      set(element, 'class', `call ${item.state}`);
    });
    this.callers = new Layer(this.svg, 'callers', (item) => {
      const made = s('g');
      made.append(s('circle', { class: 'wave', r: 4 }), s('circle', { class: 'dot', r: 3.2 }));
      if (onCall) made.addEventListener('click', () => onCall(item.key));
      return made;
    }, (element, item) => {
      at(element, item);
      set(element, 'class', `caller ${item.state}`);
    });
    this.nodes = new Layer(this.svg, 'nodes', () => {
      const made = s('g');
      made.append(s('circle', { class: 'wave', r: 6 }), s('path', { class: 'body', d: 'M0-6.5 6.5 0 0 6.5-6.5 0Z' }), s('text'));
      return made;
    }, (element, item) => {
      at(element, item);
      set(element, 'class', `node ${item.state}`);
      const text = element.querySelector('text');
      const left = this.projection([item.lon, item.lat])[0] > width - 110;
      set(text, 'x', left ? -11 : 11);
      set(text, 'text-anchor', left ? 'end' : 'start');
      set(text, 'y', 4);
      if (text.textContent !== item.label) text.textContent = item.label;
    });
    this.project();
  }

  // Whoever reads Chinese is used to a map with the Pacific in its middle.
  project() {
    this.projection = geoEqualEarth().precision(0.1).rotate([languageNow() === 'zh' ? -150 : -11, 0]);
    const [[west], [east]] = geoPath(this.projection).bounds({ type: 'Sphere' });
    this.projection.scale(this.projection.scale() * (width - 8) / (east - west));
    const ys = shown.coordinates.map((point) => this.projection(point)[1]);
    const [x, y] = this.projection.translate();
    this.projection.translate([x + width / 2 - this.projection([-this.projection.rotate()[0], 0])[0], y + height / 2 - (Math.min(...ys) + Math.max(...ys)) / 2]);
    this.magnify();
    this.path = geoPath(this.projection);
    this.sphere.setAttribute('d', this.path({ type: 'Sphere' }));
    this.lines.setAttribute('d', this.path(geoGraticule10()));
    this.land.setAttribute('d', this.path(land));
  }

  // To where these points fill a good part of the picture.
  magnify() {
    const points = this.points ? JSON.parse(this.points).map((point) => this.projection(point)) : [];
    if (!points.length) return;
    const xs = points.map(([x]) => x), ys = points.map(([, y]) => y);
    const size = (values) => Math.max(1, Math.max(...values) - Math.min(...values));
    const middle = (values) => (Math.max(...values) + Math.min(...values)) / 2;
    const by = Math.max(1, Math.min(closest, 0.45 * width / size(xs), 0.4 * height / size(ys)));
    const [x, y] = this.projection.translate();
    this.projection.scale(this.projection.scale() * by)
      .translate([width / 2 + (x - middle(xs)) * by, height / 2 + (y - middle(ys)) * by]);
  }

  focus(points) {
    const text = points.length ? JSON.stringify(points) : '';
    if (text === this.points) return;
    this.points = text;
    this.project();
  }

  draw({ links = [], sites = [], arcs = [], callers = [], nodes = [], label = '' }) {
    this.links.draw(links);
    this.sites.draw(sites);
    this.arcs.draw(arcs);
    this.callers.draw(callers);
    this.nodes.draw(nodes);
    set(this.svg, 'aria-label', label);
  }
}
