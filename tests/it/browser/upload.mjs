// Uploads a file by the form of docs/uploading.md, closes the page after the first part, goes on in a new page, and prints
// as JSON what the pages sent. Then a page of another origin tries the same.
//
//   node upload.mjs BROWSER ADDRESS FOREIGN FILE

import { launch } from './page.mjs';

const [browserPath, address, foreign, file] = process.argv.slice(2);
const PATIENCE = { timeout: 60_000 };

const part = (request) => Number(new URL(request.url()).searchParams.get('partNumber'));
const isPart = (request) => request.method() === 'PUT' && part(request) > 0;

// The parts that a page sends, by what S3 answered.
function watch(page) {
  const parts = { sent: [], stored: [] };
  page.on('request', (request) => isPart(request) && parts.sent.push(part(request)));
  page.on('response', (response) => isPart(response.request()) && response.ok() && parts.stored.push(part(response.request())));
  return parts;
}

// The page is closed while it waits for the second part's URL. A held PUT would not do: the browser sends what is held when
// a page is closed.
async function interrupted(context) {
  const page = await context.newPage();
  const parts = watch(page);
  let held;
  const second = new Promise((resolve) => { held = resolve; });
  await page.route('**/uploads/sign', (route) => route.request().postDataJSON().part === 2 ? held() : route.continue());
  await page.goto(address);
  await page.setInputFiles('input', file);
  await Promise.all([second, page.waitForFunction("document.querySelector('progress').value > 0", null, PATIENCE)]);
  await page.close();
  return parts;
}

async function resumed(context) {
  const page = await context.newPage();
  const parts = watch(page);
  await page.goto(address);
  await page.setInputFiles('input', file);
  await page.waitForFunction("document.querySelector('output').value", null, PATIENCE);
  const said = await page.evaluate(() => ({ output: document.querySelector('output').value, kept: localStorage.length }));
  return { ...parts, ...said };
}

// Runs in a page of another origin. Its own backend gives it a URL that is signed rightly.
async function tryPart() {
  const ask = async (step, body) => (await fetch(`/uploads/${step}`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
  })).json();
  const upload = { ...(await ask('start', { name: 'foreign.mp4', size: 3 })), size: 3 };
  const { url } = await ask('sign', { ...upload, part: 1 });
  const put = await fetch(url, { method: 'PUT', body: 'abc' }).then((answer) => `answered ${answer.status}`, () => 'refused');
  const { done } = await ask('parts', upload);
  await ask('abort', upload);
  const gone = await fetch('/uploads/parts', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(upload) });
  return { put, done, gone: gone.status };
}

const browser = await launch(browserPath);
try {
  const context = await browser.newContext();
  const first = await interrupted(context);
  const second = await resumed(context);
  const page = await context.newPage();
  await page.goto(foreign);
  console.log(JSON.stringify({ first, second, foreign: await page.evaluate(tryPart) }));
} finally {
  await browser.close();
}
