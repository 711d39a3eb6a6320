// What was answered before, kept while this page lives: the server is asked whether it has changed, and says so in a few bytes
// which cost a caller next to nothing.

/** So many answers are kept, the last ones. */
const MOST = 40

const answers = new Map<string, { etag: string; response: Response }>()

/** Asks in `request` for what differs from what is known; `or` gives the answer, or what is known where nothing does. */
export function knownAnswer(request: Request): { or: (response: Response) => Response } {
  if (request.method !== 'GET') return { or: (response) => response }
  const { url } = request
  const known = answers.get(url)
  if (known) request.headers.set('if-none-match', known.etag)
  return {
    or: (response) => {
      if (response.status === 304 && known) return known.response.clone()
      const etag = response.headers.get('etag')
      answers.delete(url)
      if (response.ok && etag !== null) answers.set(url, { etag, response: response.clone() })
      const [oldest] = answers.keys()
      if (oldest !== undefined && answers.size > MOST) answers.delete(oldest)
      return response
    },
  }
}

/** Nothing that somebody was answered stays behind when they go. */
export function forgetAnswers(): void {
  answers.clear()
}
