// Plays each playlist to its end, at its largest size, with hls.js and with Shaka, and prints as JSON what the browser saw.
//
//   node watch.mjs BROWSER PLAYLIST…

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { launch, serve } from './page.mjs';

const [browserPath, ...playlists] = process.argv.slice(2);
const PATIENCE = { timeout: 60_000 };
const library = (name) => readFile(createRequire(import.meta.url).resolve(name));
const FILES = {
  '/': ['text/html', '<!doctype html><video muted playsinline></video><script src="/hls.js"></script><script src="/shaka.js"></script>'],
  '/hls.js': ['text/javascript', await library('hls.js/dist/hls.min.js')],
  '/shaka.js': ['text/javascript', await library('shaka-player/dist/shaka-player.compiled.js')],
};

// These run in the page. Each plays the largest rendition, and notes what the player says is wrong.
const ENGINES = {
  'hls.js': async (playlist) => {
    const video = document.querySelector('video');
    const hls = new Hls({ capLevelToPlayerSize: false });
    window.errors = [];
    hls.on(Hls.Events.ERROR, (_, { details, fatal }) => errors.push({ details, fatal }));
    hls.on(Hls.Events.MANIFEST_PARSED, () => {
      hls.currentLevel = hls.levels.length - 1;
      video.play();
    });
    hls.loadSource(playlist);
    hls.attachMedia(video);
  },
  Shaka: async (playlist) => {
    const video = document.querySelector('video');
    const player = new shaka.Player();
    window.errors = [];
    const note = ({ code, severity }) => errors.push({ details: `shaka ${code}`, fatal: severity === 2 });
    player.addEventListener('error', ({ detail }) => note(detail));
    await player.attach(video);
    player.configure({ abr: { enabled: false } });
    await player.load(playlist).catch(note);
    const tracks = player.getVariantTracks().sort((one, other) => other.height - one.height);
    player.selectVariantTrack(tracks[0], true);
    await video.play();
  },
};

// Runs in the page: what was drawn and heard, and in which colours. Chromium says of each picture what the file declares.
function look() {
  const video = document.querySelector('video');
  const { primaries, transfer } = new VideoFrame(video).colorSpace;
  return {
    size: [video.videoWidth, video.videoHeight], ended: video.ended, seconds: video.currentTime,
    frames: video.getVideoPlaybackQuality().totalVideoFrames, audioBytes: video.webkitAudioDecodedByteCount,
    colours: `${primaries} ${transfer}`, errors,
  };
}

async function watch(browser, address, engine, playlist) {
  const page = await browser.newPage();
  try {
    await page.goto(address);
    await page.evaluate(ENGINES[engine], playlist);
    // A fatal error or the end of the film ends the wait: what was seen tells the rest.
    await page.waitForFunction("document.querySelector('video').ended || errors.some((error) => error.fatal)", null, PATIENCE)
      .catch((error) => console.error(`${engine} ${playlist}: ${error.message}`));
    return { engine, playlist, ...(await page.evaluate(look)) };
  } finally {
    await page.close();
  }
}

const { server, address } = await serve(FILES);
const browser = await launch(browserPath, '--autoplay-policy=no-user-gesture-required');
try {
  const seen = [];
  for (const playlist of playlists) {
    for (const engine of Object.keys(ENGINES)) seen.push(await watch(browser, address, engine, playlist));
  }
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
  server.close();
}
