// Visits pages that try to use the local cloud, as any page in a tab could, and prints as JSON what each try got.
//
//   node visit.mjs BROWSER ENDPOINT

import { launch, serve } from './page.mjs';

const [browserPath, endpoint] = process.argv.slice(2);
const FUNCTION = {
  FunctionName: 'fetched', Runtime: 'provided.al2023', Role: 'arn:aws:iam::111122223333:role/x', Handler: 'x',
  Code: { ZipFile: 'UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==' },
};
const json = { 'content-type': 'application/json' };
// Each kind of request that the services take: what it is, and how a page writes it.
const KINDS = [
  ['list functions', 'GET', '/2015-03-31/functions'],
  ['make a function', 'POST', '/2015-03-31/functions', json, JSON.stringify(FUNCTION)],
  ['run a function', 'POST', '/2015-03-31/functions/fetched/invocations', json, '{}'],
  ['make a bucket', 'PUT', '/fetched'],
  ['write an object', 'PUT', '/fetched/object', {}, 'x'],
  ['read an object', 'GET', '/fetched/object'],
  ['delete an object', 'DELETE', '/fetched/object'],
  ['JSON call (SQS)', 'POST', '/', { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.CreateQueue' }, '{"QueueName":"fetched"}'],
  ['query call (IAM)', 'POST', '/', { 'content-type': 'application/x-www-form-urlencoded', authorization: 'AWS4-HMAC-SHA256 Credential=111122223333/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=00' }, 'Action=CreateUser&UserName=fetched&Version=2010-05-08'],
  ['MediaConvert', 'GET', '/2017-08-29/queues'],
  ['emulator', 'GET', '/_ministack/health'],
  ['status of the local cloud', 'GET', '/_provision/status'],
];

// A page of another origin on this machine.
const page = (text) => serve({ '/': ['text/html', text] });

// Runs in the page: every kind by `fetch`, then two that need no preflight request and whose answer it cannot read.
async function fetchAll([endpoint, kinds, made]) {
  const tried = {};
  for (const [name, method, path, headers = {}, body] of kinds) {
    try {
      const answer = await fetch(endpoint + path, { method, headers, body });
      tried[name] = answer.ok ? 'done' : `answered ${answer.status}`;
    } catch (error) {
      tried[name] = 'refused';
    }
  }
  const simple = { method: 'POST', mode: 'no-cors' };
  await fetch(`${endpoint}/2015-03-31/functions`, { ...simple, body: made }).catch(() => {});
  await fetch(`${endpoint}/_provision/latency?ms=7`, simple).catch(() => {});
  return tried;
}

async function byFetch() {
  const { server, address } = await page('<!doctype html><title>other</title>');
  const browser = await launch(browserPath);
  try {
    const tab = await browser.newPage();
    await tab.goto(address);
    const made = JSON.stringify({ ...FUNCTION, FunctionName: 'unread' });
    return await tab.evaluate(fetchAll, [endpoint, KINDS, made]);
  } finally {
    await browser.close();
    server.close();
  }
}

// A form of a page that counts as one of the internet. Its text is `name=value`, which is made JSON by where the `=` is.
async function byForm() {
  const text = JSON.stringify({ ...FUNCTION, FunctionName: 'posted', Description: '' }).replace(/"}$/, '');
  const escaped = text.replaceAll('"', '&quot;');
  const { server, port, address } = await page(`<!doctype html><form method="post" enctype="text/plain"
    action="${endpoint}/2015-03-31/functions"><input type="hidden" name="${escaped}" value="&quot;}"></form>
    <script>document.forms[0].submit()</script>`);
  const browser = await launch(browserPath, `--ip-address-space-overrides=127.0.0.1:${port}=public`);
  try {
    const tab = await browser.newPage();
    const answered = tab.waitForResponse((response) => response.url().startsWith(endpoint), { timeout: 20_000 });
    await tab.goto(address).catch(() => {});
    return await answered.then((answer) => `answered ${answer.status()}`, () => 'refused');
  } finally {
    await browser.close();
    server.close();
  }
}

console.log(JSON.stringify({ fetch: await byFetch(), form: await byForm() }));
