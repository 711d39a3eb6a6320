-- Whom a person lets watch: whoever they approved, everyone who is signed in, or nobody.
ALTER TABLE users ADD COLUMN sharing TEXT NOT NULL DEFAULT 'approved' CHECK (sharing IN ('approved', 'everyone', 'nobody'));

-- A person's permission for one viewer, or the viewer's wish for one. What is past `until` has ended, whatever the state says.
CREATE TABLE shares (
    person_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    viewer_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    state TEXT NOT NULL CHECK (state IN ('requested', 'approved', 'ended')),
    water TEXT NOT NULL CHECK (water IN ('exact', 'band', 'logged', 'none')),
    altitude TEXT NOT NULL CHECK (altitude IN ('exact', 'band', 'logged', 'none')),
    history SMALLINT NOT NULL,
    export SMALLINT NOT NULL,
    until BIGINT,
    requested_at BIGINT,
    -- Since when the state is what it is.
    since BIGINT NOT NULL,
    -- It is asked for by somebody who watched before, or was told no.
    kept_out SMALLINT NOT NULL DEFAULT 0,
    PRIMARY KEY (person_id, viewer_id)
);
CREATE INDEX shares_by_viewer ON shares (viewer_id, person_id);

-- When each viewer last looked at each person.
CREATE TABLE looks (
    person_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    viewer_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (person_id, viewer_id)
);
CREATE INDEX looks_by_viewer ON looks (viewer_id);
