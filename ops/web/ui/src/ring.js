// A bell of two tones, made here: as telephones have, repeated until it is stopped.
let context = null, timer = null;

export function allowSound() {
  context ??= typeof AudioContext === 'undefined' ? null : new AudioContext();
  context?.resume();
}

export const isAllowed = () => context?.state === 'running';

function strike(at, frequency) {
  const tone = context.createOscillator(), loudness = context.createGain();
  tone.frequency.value = frequency;
  loudness.gain.setValueAtTime(0, at);
  loudness.gain.linearRampToValueAtTime(0.22, at + 0.02);
  loudness.gain.exponentialRampToValueAtTime(0.001, at + 0.42);
  tone.connect(loudness).connect(context.destination);
  tone.start(at);
  tone.stop(at + 0.45);
}

export function startRinging() {
  stopRinging();
  const once = () => {
    if (!isAllowed()) return;
    for (let i = 0; i < 4; i++) strike(context.currentTime + 0.22 * i, i % 2 ? 659 : 880);
  };
  once();
  timer = setInterval(once, 2000);
}

export function stopRinging() {
  clearInterval(timer);
  timer = null;
}
