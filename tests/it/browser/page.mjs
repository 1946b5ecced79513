// What the scripts share: a browser without a window, and a server of pages.

import { createServer } from 'node:http';
import { chromium } from 'playwright-core';

// `flags` are added to those that keep the browser from the network and from this machine's devices.
export const launch = (browserPath, ...flags) => chromium.launch({
  executablePath: browserPath,
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', ...flags,
  ],
});

// Serves files by path, as [type, body]. Pages of it have another origin than what they ask.
export async function serve(files) {
  const server = createServer((request, response) => {
    const [type, body] = files[request.url] ?? ['text/plain', ''];
    response.writeHead(files[request.url] ? 200 : 404, { 'content-type': type }).end(body);
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address();
  return { server, port, address: `http://127.0.0.1:${port}/` };
}
