// The part that nginx plays: headers, limits, and its own errors in the API's shape.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, type Server, test } from './support/test'

/** Sends a path exactly as given: clients tidy up dots and slashes before they send them. */
function statusOf(server: Server, path: string): Promise<number | undefined> {
  const { port } = new URL(server.baseURL)
  return new Promise((done, fail) => {
    const sent = httpRequest({ host: '127.0.0.1', port, path }, (answer) => {
      answer.resume()
      done(answer.statusCode)
    })
    sent.on('error', fail)
    sent.end()
  })
}

/** The first line of the answer to exactly these bytes; empty when the connection was closed without one. */
async function firstLine(server: Server, bytes: string): Promise<string> {
  return (await received(server, bytes, '\r\n')).split('\r\n')[0] ?? ''
}

/** Head and body of an answer that is a problem document. */
function whole(server: Server, bytes: string): Promise<string> {
  return received(server, bytes, '}')
}

/** The text received until `end` is in it, or the connection closes. */
function received(server: Server, bytes: string, end: string): Promise<string> {
  const { port } = new URL(server.baseURL)
  return new Promise((done) => {
    let received = ''
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(bytes))
    socket.on('data', (data) => {
      received += data.toString()
      if (received.includes(end)) socket.destroy()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      done(received)
    })
  })
}

test('the page carries a strict policy and is asked for again each time', async ({ request }) => {
  for (const path of ['/', '/history', '/index.html']) {
    const answer = await request.get(path)
    expect(answer.status()).toBe(200)
    const headers = answer.headers()
    expect(headers['content-type']).toBe('text/html; charset=utf-8')
    expect(headers['cache-control']).toBe('no-cache')
    expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self';")
    expect(headers['content-security-policy']).not.toContain('unsafe')
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['referrer-policy']).toBe('no-referrer')
    expect(headers['cross-origin-opener-policy']).toBe('same-origin')
    expect(headers['cross-origin-embedder-policy']).toBe('require-corp')
    expect(headers['cross-origin-resource-policy']).toBe('same-origin')
    expect(headers['x-frame-options']).toBe('DENY')
    expect(headers['content-security-policy']).toContain('report-to csp')
    expect(headers['reporting-endpoints']).toBe('csp="/api/v1/csp-reports"')
    expect(headers['strict-transport-security']).toBeUndefined()
    expect(headers.server).toBe('nginx')
    const sent = answer.headersArray().map(({ name }) => name.toLowerCase())
    expect(new Set(sent).size, 'each header once').toBe(sent.length)
  }
})

test('hashed files are compressed and cached for ever, missing ones are missing', async ({
  request,
}) => {
  const page = await (await request.get('/')).text()
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(page)?.[1]
  expect(script).toBeDefined()
  const answer = await request.get(script ?? '', { headers: { 'accept-encoding': 'gzip' } })
  expect(answer.headers()['cache-control']).toBe('public, max-age=31536000, immutable')
  expect(answer.headers()['content-encoding']).toBe('gzip')
  expect(answer.headers()['content-type']).toContain('text/javascript')

  const missing = await request.get('/assets/missing-0000.js')
  expect(missing.status()).toBe(404)
  expect(missing.headers()['content-type']).toBe('application/problem+json')
  expect(missing.headers()['cache-control']).toBe('no-store')
})

test('files that browsers and robots ask for by themselves are there, as what they are', async ({
  request,
}) => {
  const PNG = 'iVBORw0KGgo'
  for (const [path, type, begins] of [
    ['/favicon.ico', 'image/x-icon', 'AAABA'],
    ['/favicon.svg', 'image/svg+xml', 'PHN2Zy'],
    ['/apple-touch-icon.png', 'image/png', PNG],
    ['/robots.txt', 'text/plain; charset=utf-8', ''],
  ] as const) {
    const answer = await request.get(path)
    expect(answer.status(), path).toBe(200)
    expect(answer.headers()['content-type'], path).toBe(type)
    expect(answer.headers()['x-content-type-options'], path).toBe('nosniff')
    expect((await answer.body()).toString('base64').startsWith(begins), path).toBe(true)
  }
  expect(await (await request.get('/robots.txt')).text()).toContain('Disallow: /')
})

test('a file that is not there is not the page', async ({ request }) => {
  for (const path of [
    '/sitemap.xml',
    '/ads.txt',
    '/humans.txt',
    '/manifest.webmanifest',
    '/manifest.json',
    '/sw.js',
    '/apple-touch-icon-precomposed.png',
    '/history/main.js',
    '/assets/main.js.map',
    '/people/robin/photo.png',
    '/admin/logo.svg',
    '/key.pem',
    '/backup.tar.gz',
    '/index.htm',
    '/.well-known/security.txt',
  ]) {
    const answer = await request.get(path)
    expect(answer.status(), path).toBe(404)
    expect(answer.headers()['content-type'], path).toBe('application/problem+json')
  }
})

test('an address of the page is the page, also of somebody who is called like a file', async ({
  request,
}) => {
  for (const path of [
    '/history/deleted',
    '/settings',
    '/people/robin',
    '/people/robots.txt',
    '/people/x.js/history',
    '/people/shell.php',
    '/admin/users/logo.png',
    '/admin/users/j.r',
    '/nothing-here',
  ]) {
    const answer = await request.get(path)
    expect(answer.status(), path).toBe(200)
    expect(answer.headers()['content-type'], path).toBe('text/html; charset=utf-8')
  }
})

test('the API passes through with its own headers, once each', async ({ request }) => {
  const once = [
    'content-security-policy',
    'x-content-type-options',
    'x-frame-options',
    'cache-control',
  ]
  for (const path of ['/health/ready', '/api/v1/me', '/.git/config', '/wp-login.php']) {
    const sent = (await request.get(path)).headersArray().map(({ name }) => name.toLowerCase())
    for (const name of [...once, 'permissions-policy', 'reporting-endpoints']) {
      expect(
        sent.filter((one) => one === name),
        `${name} of ${path}`,
      ).toHaveLength(1)
    }
  }
  const refused = await request.get('/api/v1/me')
  expect(refused.status()).toBe(401)
  const problem = (await refused.json()) as { request_id: string }
  expect(refused.headers()['x-request-id']).toBe(problem.request_id)
})

test('a compressed answer is still recognised by its ETag', async ({ request }) => {
  const headers = { 'accept-encoding': 'gzip' }
  const first = await request.get('/api/openapi.json', { headers })
  expect(first.headers()['content-encoding']).toBe('gzip')
  const tag = first.headers().etag ?? ''
  expect(tag).not.toBe('')
  const second = await request.get('/api/openapi.json', {
    headers: { ...headers, 'if-none-match': tag },
  })
  expect(second.status()).toBe(304)
})

test('metrics and hidden files are not there, however the path is spelt', async ({ server }) => {
  const paths = [
    '/metrics',
    '/metrics/',
    '/metrics/x',
    '//metrics',
    '/%6detrics',
    '/api/../metrics',
    '/api/..%2fmetrics',
    '/.well-known/nothing',
  ]
  for (const path of paths) expect(await statusOf(server, path), path).toBe(404)
  for (const path of [
    '/.git/config',
    '/assets/../.env',
    '/wp-login.php',
    '/x/shell.PHP',
    '/cgi-bin/luci',
  ]) {
    const before = server.log().length
    expect(await statusOf(server, path), path).toBe(400)
    await expect.poll(() => server.log().slice(before), path).toContain('security event')
  }
})

test('ten megabytes are the limit, also in chunks', async ({ request, server }) => {
  const body = 'x'.repeat(10 * 1024 * 1024 + 1)
  const answer = await request.post('/api/v1/entries', { data: body })
  expect(answer.status()).toBe(413)
  expect(answer.headers()['content-type']).toBe('application/problem+json')
  expect(await answer.json()).toMatchObject({ status: 413, code: 'payload_too_large' })

  const head =
    'POST /api/v1/entries HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n'
  const chunk = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
  expect(await firstLine(server, head + chunk)).toContain(' 413 ')
})

test('a request that is not plain HTTP, or not meant for us, goes no further', async ({
  server,
}) => {
  const entries = 'POST /api/v1/entries HTTP/1.1\r\nHost: localhost\r\n'
  const two = 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
  expect(await firstLine(server, entries + two)).toContain(' 400 ')
  const twice = 'Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd'
  expect(await firstLine(server, entries + twice)).toContain(' 400 ')
  const long = `GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'x'.repeat(9000)}\r\n\r\n`
  expect(await firstLine(server, long)).toContain(' 431 ')
  const foreign = 'GET /api/v1/me HTTP/1.1\r\nHost: rebound.example\r\n\r\n'
  expect(await firstLine(server, foreign)).toBe('')
})

test('a request that nginx cannot even read is refused like everything else', async ({
  server,
}) => {
  for (const [request, status] of [
    ['GET /x%00y HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
    ['GET /..%2f..%2fetc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\n\r\n', 400],
    [`GET /${'x'.repeat(9000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 414],
  ] as const) {
    const answer = await whole(server, request)
    expect(answer.toLowerCase(), request.slice(0, 40)).toContain(`http/1.1 ${status} `)
    for (const header of [
      'content-type: application/problem+json',
      'x-content-type-options: nosniff',
      'content-security-policy: ',
      'x-request-id: ',
    ])
      expect(answer.toLowerCase(), request.slice(0, 40)).toContain(header)
  }
})

test("a client's word about its own address is not passed on", async ({ request, server }) => {
  const marker = '203.0.113.77'
  const headers = { 'x-forwarded-for': marker, 'x-real-ip': marker, forwarded: `for=${marker}` }
  expect((await request.get('/health', { headers })).status()).toBe(200)
  expect(server.log()).not.toContain(marker)
})

test('without the API there is an answer that says so and when to come back', async ({
  request,
  server,
}) => {
  await server.stopApi()
  try {
    const answer = await request.get('/api/v1/me')
    expect(answer.status()).toBe(503)
    expect(Number(answer.headers()['retry-after'])).toBeGreaterThan(0)
    expect(answer.headers()['content-type']).toBe('application/problem+json')
    const problem = (await answer.json()) as { request_id: string }
    expect(problem).toMatchObject({ status: 503, code: 'unavailable', type: 'about:blank' })
    expect(answer.headers()['x-request-id']).toBe(problem.request_id)
    expect((await request.get('/')).status()).toBe(200)
  } finally {
    await server.startApi()
  }
  expect((await request.get('/api/v1/me')).status()).toBe(401)
})

test('reports of the policy reach the API, and nothing else does in their name', async ({
  request,
}) => {
  const report = JSON.stringify({ 'csp-report': { 'effective-directive': 'script-src' } })
  const send = (type: string, data: string) =>
    request.post('/api/v1/csp-reports', { headers: { 'content-type': type }, data })
  expect((await send('application/csp-report', report)).status()).toBe(204)
  expect((await send('application/reports+json', '[]')).status()).toBe(204)
  expect((await send('application/json', report)).status()).toBe(415)
})

test('a browser is told to stay with TLS only where there is TLS', () => {
  const directory = mkdtempSync(join(tmpdir(), 'status-tracker-nginx-'))
  const rendered = (url: string) => {
    execFileSync(resolve(import.meta.dirname, '../../scripts/render-nginx.sh'), [directory], {
      env: { ...process.env, PORT: '8080', API_PORT: '8081', WEB_ROOT: '/srv', PUBLIC_URL: url },
    })
    return readFileSync(join(directory, 'hsts.conf'), 'utf8')
  }
  try {
    expect(rendered('https://status.example.org')).toContain(
      'add_header Strict-Transport-Security "max-age=63072000; includeSubDomains" always;',
    )
    expect(rendered('http://status.example.org')).not.toContain('add_header')
    for (const file of ['security-headers.conf', 'problem-headers.conf']) {
      expect(readFileSync(join(directory, file), 'utf8')).toContain('include hsts.conf;')
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('one address has so many requests under way, and no more', async ({ request, server }) => {
  const { port } = new URL(server.baseURL)
  const head =
    'POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{'
  const open = () =>
    new Promise<Socket>((done) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        socket.write(head, () => {
          done(socket)
        })
      })
      socket.on('error', () => undefined)
    })
  // A request whose rest does not come is given up after ten seconds, so a slow machine needs new ones.
  await expect(async () => {
    const sockets = await Promise.all(Array.from({ length: 110 }, open))
    try {
      await expect(async () => {
        const refused = await request.get('/api/v1/privacy-policy')
        expect(refused.status()).toBe(429)
        expect(refused.headers()['content-type']).toBe('application/problem+json')
        expect(Number(refused.headers()['retry-after'])).toBeGreaterThan(0)
        expect(await refused.json()).toMatchObject({ status: 429, code: 'rate_limited' })
      }).toPass({ timeout: 10_000 })
    } finally {
      for (const socket of sockets) socket.destroy()
    }
  }).toPass()
  await expect.poll(async () => (await request.get('/api/v1/privacy-policy')).status()).toBe(200)
})
