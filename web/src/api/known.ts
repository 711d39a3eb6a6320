// Answers of the server, held while this page lives: the server is asked whether one has changed, and says so in a few
// bytes which cost a caller next to nothing.
import { acting } from './acting'

/** How many answers are held, the latest ones. */
const MOST = 40

interface Known {
  etag: string
  /** The text: the body of a response can no longer be read once the time of its request is over, even of a clone. */
  body: string
  headers: Headers
}

let answers = new Map<string, Known>()
/** The person they belong to. */
let owner: string | undefined

/**
 * Asks in `request` for changes to what is known; `or` returns the answer, or the known one where nothing has changed.
 */
export function knownAnswer(request: Request): { or: (response: Response) => Promise<Response> } {
  if (request.method !== 'GET') return { or: (response) => Promise.resolve(response) }
  const { url } = request
  const mine = answersOf(acting.as)
  const known = mine.get(url)
  if (known) request.headers.set('if-none-match', known.etag)
  return {
    or: async (response) => {
      if (response.status === 304 && known) return again(known)
      const etag = response.headers.get('etag')
      mine.delete(url)
      if (!response.ok || etag === null) return response
      const held = { etag, body: await response.text(), headers: response.headers }
      mine.set(url, held)
      const [oldest] = mine.keys()
      if (oldest !== undefined && mine.size > MOST) mine.delete(oldest)
      return again(held)
    },
  }
}

function again({ body, headers }: Known): Response {
  return new Response(body, { headers })
}

/** Forgets every answer when its owner goes, including those still on their way. */
export function forgetAnswers(): void {
  answers = new Map()
}

function answersOf(who: string | undefined): Map<string, Known> {
  if (who !== owner) forgetAnswers()
  owner = who
  return answers
}
