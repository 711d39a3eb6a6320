// The kinds of things that hear of changes: from the server, by the stream, and of this page's own.
import type { Entry, Share } from '../../api/types'

/** Hears from the server of the person who is followed. */
export interface Follower {
  /** An entry is there, new or changed; null for one that is gone. */
  entry: (id: string, entry: Entry | null) => void
  /** Values loaded before may be out of date. */
  stale: () => void
}

/** Hears from the server of the shares of the person who is followed. */
export interface ShareFollower {
  /** The share of a viewer, or whether they are watching, has changed. */
  share: (share: Share) => void
  /** Values loaded before may be out of date. */
  stale: () => void
}

/** Hears of entries that are written on this page, mostly before the server has them. */
export interface WriteFollower {
  /** An entry is there, new or in place of what it was before. */
  saved: (entry: Entry, before?: Entry) => void
  removed: (entry: Entry) => void
}
