// The interfaces that receive changes: from the server, by the stream, and from this page itself.
import type { Entry, Share } from '../../api/types'

/** Receives what the server reports about the person who is followed. */
export interface Follower {
  /** An entry is new or changed; null for one that was deleted. */
  entry: (id: string, entry: Entry | null) => void
  /** Values loaded before may be out of date. */
  stale: () => void
}

/** Receives what the server reports about the shares of the person who is followed. */
export interface ShareFollower {
  /** The share of a viewer, or whether they are watching, has changed. */
  share: (share: Share) => void
  /** Values loaded before may be out of date. */
  stale: () => void
}

/** Receives entries that are written on this page, mostly before the server has them. */
export interface WriteFollower {
  /** An entry is new, or replaces what it was `before`. */
  saved: (entry: Entry, before?: Entry) => void
  removed: (entry: Entry) => void
}
