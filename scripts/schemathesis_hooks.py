"""Signs in as ROLE again for every test case, because some of them sign out. Without a ROLE nobody signs in.

What a case may have done to the two accounts or to the whole server is undone first: an admin can lock, disable, demote or delete anybody
and close everything. So each case meets the same server, and what one of them broke is not reported for the next.
"""

import os
import sqlite3

import requests
import schemathesis

ROLE = os.environ.get("ROLE")
BASE_URL = os.environ["BASE_URL"] + "/api/v1"
NAMES = (os.environ["ADMIN_USERNAME"], os.environ["VIEWER_USERNAME"])
SETTINGS = {"maintenance_mode": False, "registration": "open"}
# Lets the viewer watch the admin.
SHARE = """INSERT OR REPLACE INTO shares (person_id, viewer_id, state, water, altitude, history, export, since)
           SELECT person.id, viewer.id, 'approved', 'exact', 'exact', 1, 0, 0 FROM users AS person, users AS viewer
           WHERE person.username = ? AND viewer.username = ?"""
# Rows that stand between an account and its next sign-in.
IN_THE_WAY = ("sign_in_failures", "sign_in_attempts", "second_factors", "recovery_codes", "penalties")


class Accounts:
    """The rows of both accounts as they were in the beginning."""

    def __init__(self):
        self.database = sqlite3.connect(
            os.environ["DATA_DIR"] + "/status-tracker.db", timeout=10, isolation_level=None, check_same_thread=False
        )
        self.database.execute("PRAGMA foreign_keys = ON")
        found = self.database.execute("SELECT * FROM users WHERE username IN (?, ?)", NAMES)
        columns = [column[0] for column in found.description]
        self.rows = found.fetchall()
        updates = ", ".join(f"{column} = excluded.{column}" for column in columns if column != "id")
        marks = ", ".join("?" * len(columns))
        self.restore_row = f"INSERT INTO users VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET {updates}"
        self.ids = [row[columns.index("id")] for row in self.rows]

    def restore(self):
        self.database.execute("BEGIN IMMEDIATE")
        # Another account may have taken the name of a deleted one.
        self.database.execute("DELETE FROM users WHERE username IN (?, ?) AND id NOT IN (?, ?)", (*NAMES, *self.ids))
        self.database.executemany(self.restore_row, self.rows)
        for table in IN_THE_WAY:
            self.database.execute(f"DELETE FROM {table}")
        self.database.execute(SHARE, NAMES)
        self.database.execute("COMMIT")


def token():
    credentials = {"username": os.environ[f"{ROLE}_USERNAME"], "password": os.environ[f"{ROLE}_PASSWORD"]}
    answer = requests.post(f"{BASE_URL}/auth/token", json=credentials, timeout=10)
    answer.raise_for_status()
    return answer.json()["access_token"]


class Bearer:
    def __init__(self):
        self.accounts = Accounts()

    def get(self, case, context):
        self.accounts.restore()
        if ROLE != "ADMIN":
            return token()
        # The server holds its settings in memory, so a row is not enough; and changing them back can be all that it
        # takes.
        admin = token()
        answer = requests.patch(
            f"{BASE_URL}/admin/settings", json=SETTINGS, headers={"Authorization": f"Bearer {admin}"}, timeout=10
        )
        answer.raise_for_status()
        return admin

    def set(self, case, data, context):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {data}"
        # A made-up name would be somebody else's, and the operation itself would not be tried.
        case.headers.pop("Acting-As", None)


schemathesis.serializer.alias(["application/csp-report", "application/reports+json"], "application/json")
if ROLE:
    schemathesis.auth(refresh_interval=None)(Bearer)
