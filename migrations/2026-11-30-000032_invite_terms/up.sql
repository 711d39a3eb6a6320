-- What whoever registers with an invite will see of its maker; nothing where there is no water. An invite for several, which said nothing of
-- it when it was made, shares nothing from now on: each of them can ask.
ALTER TABLE invites ADD COLUMN water TEXT CHECK (water IN ('exact', 'band', 'logged', 'none'));
ALTER TABLE invites ADD COLUMN altitude TEXT CHECK (altitude IN ('exact', 'band', 'logged', 'none'));
ALTER TABLE invites ADD COLUMN history SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE invites ADD COLUMN export SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE invites ADD COLUMN until BIGINT;
UPDATE invites SET water = 'exact', altitude = 'exact', history = 1 WHERE role = 'viewer' AND max_uses = 1;
