// Plays a multivariant playlist with hls.js in a headless Chromium, from the lowest level up to the highest, and prints
// as JSON what the browser saw.
//
//   node play.mjs BROWSER PLAYLIST

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { launch, serve } from './page.mjs';

const [browserPath, playlist] = process.argv.slice(2);
const library = createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js');
const PATIENCE = { timeout: 60_000 };

// A page of another origin than the playlist's, as players' pages are.
const FILES = {
  '/': ['text/html', '<!doctype html><video muted playsinline width="1280"></video><script src="/hls.js"></script>'],
  '/hls.js': ['text/javascript', await readFile(library)],
};

// Runs in the page.
function start(playlist) {
  const video = document.querySelector('video');
  const seen = { levels: [], switched: [], rendered: [], errors: [], times: [] };
  const note = (list, value) => list.at(-1) === value || list.push(value);
  const hls = new Hls({ startLevel: 0, capLevelToPlayerSize: false });
  hls.on(Hls.Events.MANIFEST_PARSED, () => {
    seen.levels = hls.levels.map((level) => `${level.width}x${level.height}`);
    hls.loadLevel = 0;
    video.play();
  });
  hls.on(Hls.Events.LEVEL_SWITCHED, (_, { level }) => note(seen.switched, level));
  hls.on(Hls.Events.ERROR, (_, { details, fatal, frag, error }) =>
    seen.errors.push({ details, fatal, first: frag?.start === 0, at: `${frag?.relurl} from ${frag?.start} for ${frag?.duration} s: ${error?.message}` }));
  video.addEventListener('error', () =>
    seen.errors.push({ details: `media error ${video.error.code}`, fatal: true, first: false, at: video.error.message }));
  // What is really drawn, frame by frame.
  const drawn = (_, { width, height }) => {
    note(seen.rendered, `${width}x${height}`);
    video.requestVideoFrameCallback(drawn);
  };
  video.requestVideoFrameCallback(drawn);
  hls.loadSource(playlist);
  hls.attachMedia(video);
  window.player = { hls, video, seen };
}

const { server, address } = await serve(FILES);
const browser = await launch(browserPath, '--autoplay-policy=no-user-gesture-required');
try {
  const page = await browser.newPage();
  await page.goto(address);
  await page.evaluate(start, playlist);
  // A fatal error or the end of the film ends every wait: what was seen tells the rest.
  const until = (condition) =>
    page.waitForFunction(`player.video.ended || player.seen.errors.some((error) => error.fatal) || (${condition})`, null, PATIENCE)
      .catch((error) => console.error(`${condition}: ${error.message}`));
  await until('player.video.currentTime > 3');
  await page.evaluate(() => {
    player.seen.times.push(player.video.currentTime);
    // The player replaces what it holds only from where the new level would arrive in time, by the speed it measured: on a
    // busy machine that can lie behind the end of a short film. How fast this machine is is not what is tested.
    player.hls.bandwidthEstimate = 100_000_000;
    player.hls.nextLevel = player.hls.levels.length - 1;
  });
  await until('player.seen.rendered.at(-1) === player.seen.levels.at(-1)');
  const switched = await page.evaluate(() => player.seen.times.push(player.video.currentTime) && player.video.currentTime);
  await until(`player.video.currentTime > ${switched + 2}`);
  const seen = await page.evaluate(() => {
    const { video, seen } = player;
    seen.times.push(video.currentTime);
    const { totalVideoFrames, droppedVideoFrames } = video.getVideoPlaybackQuality();
    return { ...seen, frames: totalVideoFrames, dropped: droppedVideoFrames, audioBytes: video.webkitAudioDecodedByteCount };
  });
  console.log(JSON.stringify({ browser: browser.version(), ...seen }));
} finally {
  await browser.close();
  server.close();
}
