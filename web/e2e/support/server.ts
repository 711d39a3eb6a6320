// A real server for each worker: the program on a fresh database, behind an nginx that the same script sets up as for
// `make run`.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Account {
  username: string
  password: string
}

const root = resolve(import.meta.dirname, '../../..')
const target = process.env.CARGO_TARGET_DIR ?? join(homedir(), '.cache/status-tracker/target')
const program = process.env.STATUS_TRACKER_BIN ?? join(target, 'debug/status-tracker')
const READY_MS = 120_000
/** A zone in which it is noon now, so that neither entries from hours ago nor a long test reach another day. */
export const ZONE = (process.env.E2E_ZONE ??= zoneOfNoon(new Date().getUTCHours()))

function zoneOfNoon(hour: number): string {
  const east = 12 - hour
  // The names have the sign of the POSIX standard, which is negative east of Greenwich.
  return east === 0 ? 'UTC' : `Etc/GMT${east > 0 ? '-' : '+'}${Math.abs(east)}`
}

/** A port below the range that the kernel gives to clients, so that a server can stop and start again. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    const probe = createServer()
    const free = await new Promise<boolean>((done) => {
      probe.once('error', () => {
        done(false)
      })
      probe.listen(port, '127.0.0.1', () => {
        done(true)
      })
    })
    if (!free) continue
    await new Promise((done) => probe.close(done))
    return port
  }
}

export class Server {
  readonly baseURL: string
  /** The program's output while it filled the database. */
  filled = ''
  private readonly directory = mkdtempSync(join(tmpdir(), 'status-tracker-e2e-'))
  private readonly logFile = join(this.directory, 'api.log')
  private readonly env: NodeJS.ProcessEnv
  private api: ChildProcess | undefined
  private nginx: ChildProcess | undefined

  private constructor(port: number, apiPort: number, settings: NodeJS.ProcessEnv) {
    this.baseURL = `http://localhost:${port}`
    this.env = {
      PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`,
      HOME: process.env.HOME,
      PORT: String(port),
      API_PORT: String(apiPort),
      WEB_ROOT: process.env.WEB_ROOT ?? join(root, 'web/dist'),
      // The checkout may be readable by root alone, and this nginx is on loopback and lives for minutes.
      NGINX_USER: process.getuid?.() === 0 ? 'root' : '',
      BIND_ADDR: `127.0.0.1:${apiPort}`,
      DATA_DIR: join(this.directory, 'data'),
      PUBLIC_URL: this.baseURL,
      TRUSTED_PROXIES: '127.0.0.1',
      // Tests sign in at every step; the cost of hashes and limits is tested elsewhere.
      BCRYPT_COST: '4',
      STOP_DELAY_SECONDS: '0',
      RATE_LIMIT_ENABLED: 'false',
      ...settings,
    }
    mkdirSync(join(this.directory, 'data'), { mode: 0o700 })
    mkdirSync(join(this.directory, 'nginx'))
  }

  /** `fill` fills the database before it is served; by default it is empty. */
  static async start(fill = ['migrate'], settings: NodeJS.ProcessEnv = {}): Promise<Server> {
    const server = new Server(await freePort(), await freePort(), settings)
    try {
      server.filled = (await run(program, fill, { env: server.env })).stdout
      await server.startApi()
      await server.startNginx()
    } catch (error) {
      await server.close()
      throw error
    }
    return server
  }

  /** Starts the API, unless it is running. */
  async startApi(): Promise<void> {
    if (this.api?.exitCode === null && this.api.signalCode === null) return
    const log = openSync(this.logFile, 'a')
    this.api = this.spawn([program, 'serve'], log)
    closeSync(log)
    await this.ready(this.api, `http://127.0.0.1:${this.env.API_PORT ?? ''}/health/ready`)
  }

  /** Stops the API, by default with SIGKILL, which looks like a power cut from outside. */
  async stopApi(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await end(this.api, signal)
    this.api = undefined
  }

  /** Turns the default limits on from here on. */
  async limit(): Promise<void> {
    await this.stopApi('SIGTERM')
    this.env.RATE_LIMIT_ENABLED = 'true'
    await this.startApi()
  }

  /** Does the operator's part: only the command line can make the first admin. */
  async createUser(
    username: string,
    role: 'admin' | 'viewer',
    password: string,
    zone: string | null = ZONE,
  ): Promise<Account> {
    const args = ['user', 'create', '--username', username, '--role', role, '--password-stdin']
    const child = run(program, args, { env: this.env })
    child.child.stdin?.end(password)
    await child
    await this.settle({ username, password }, zone)
    return { username, password }
  }

  /** Answers the questions that the page would ask first, sets the zone, and leaves no session behind. */
  private async settle(account: Account, zone: string | null): Promise<void> {
    const send = async (method: string, path: string, body: unknown, token?: string) => {
      const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
      const headers = { 'content-type': 'application/json', ...authorization }
      const url = `${this.baseURL}/api/v1${path}`
      const answer = await fetch(url, { method, headers, body: JSON.stringify(body) })
      if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`)
      return answer.status === 204 ? {} : ((await answer.json()) as Record<string, string>)
    }
    const { access_token } = await send('POST', '/auth/token', account)
    const policy = await fetch(`${this.baseURL}/api/v1/privacy-policy`)
    const { version } = (await policy.json()) as { version: string }
    const profile = { privacy_policy_version: version, ...(zone && { time_zone: zone }) }
    await send('PATCH', '/me', profile, access_token)
    await send('POST', '/auth/logout', {}, access_token)
  }

  /** Runs a command of the operator, and returns its output. */
  async command(...args: string[]): Promise<string> {
    return (await run(program, args, { env: this.env })).stdout
  }

  /** The log of the API so far. */
  log(): string {
    return readFileSync(this.logFile, 'utf8')
  }

  async close(): Promise<void> {
    await end(this.nginx, 'SIGTERM')
    await end(this.api, 'SIGTERM')
    rmSync(this.directory, { recursive: true, force: true })
  }

  private async startNginx(): Promise<void> {
    const directory = join(this.directory, 'nginx')
    await run(join(root, 'scripts/render-nginx.sh'), [directory], { env: this.env })
    const config = join(directory, 'nginx.conf')
    const log = openSync(join(this.directory, 'nginx.log'), 'a')
    this.nginx = this.spawn(['nginx', '-e', 'stderr', '-p', directory, '-c', config], log)
    closeSync(log)
    await this.ready(this.nginx, `${this.baseURL}/health/ready`)
  }

  /** Spawns a process that ends with this one, even if that is killed. */
  private spawn(command: string[], log: number): ChildProcess {
    const args = ['--pdeathsig', 'TERM', ...command]
    return spawn('setpriv', args, { env: this.env, stdio: ['ignore', log, log] })
  }

  private async ready(child: ChildProcess, url: string): Promise<void> {
    const deadline = Date.now() + READY_MS
    for (;;) {
      if (child.exitCode !== null) throw new Error(`ended before it was ready:\n${this.log()}`)
      const ok = await fetch(url).then(
        (answer) => answer.ok,
        () => false,
      )
      if (ok) return
      if (Date.now() > deadline) throw new Error(`not ready in time:\n${this.log()}`)
      await new Promise((done) => setTimeout(done, 20))
    }
  }
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child?.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((done) => child.once('exit', done))
  child.kill(signal)
  const late = setTimeout(() => child.kill('SIGKILL'), 35_000)
  await gone
  clearTimeout(late)
}
