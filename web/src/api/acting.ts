// For whom this page acts. Another tab may have signed in as somebody else since: every request says for whom it is made, so
// that the server refuses what this page would do in somebody else's name.

/** The user name; undefined while nobody is signed in on this page. */
export const acting: { as: string | undefined } = { as: undefined }

const HEADER = 'acting-as'

/** Says in a request's headers for whom it is made. */
export function addActingAs(headers: Headers): void {
  if (acting.as !== undefined) headers.set(HEADER, acting.as)
}
