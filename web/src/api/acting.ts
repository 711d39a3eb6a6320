// The account that this page acts for. Another tab may have signed in as somebody else since: every request names the
// account it is made for, so that the server refuses what this page would do in somebody else's name.

/** The user name; undefined while nobody is signed in on this page. */
export const acting: { as: string | undefined } = { as: undefined }

const HEADER = 'acting-as'
const PARAMETER = 'acting_as'

/** Adds to a request's headers the account that it is made for. */
export function addActingAs(headers: Headers): void {
  if (acting.as !== undefined) headers.set(HEADER, acting.as)
}

/** The address of a download, with the account that it is made for: a link sends no header. */
export function downloadPath(path: string, query: Record<string, string>): string {
  const named = acting.as === undefined ? query : { ...query, [PARAMETER]: acting.as }
  return `${path}?${new URLSearchParams(named).toString()}`
}
