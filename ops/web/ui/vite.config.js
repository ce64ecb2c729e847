import { defineConfig } from 'vite';

// Both pages, and everything they show: nothing is fetched from anywhere else.
export default defineConfig({
  base: '/',
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: ['index.html', 'desk.html'] },
  },
});
