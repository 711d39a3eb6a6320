"""Signs in as ROLE for every test case anew, because some of them sign out. Without a ROLE nobody signs in."""

import os
import sqlite3

import requests
import schemathesis

ROLE = os.environ.get("ROLE")


def sign_in():
    return requests.post(
        os.environ["BASE_URL"] + "/api/v1/auth/token",
        json={"username": os.environ[f"{ROLE}_USERNAME"], "password": os.environ[f"{ROLE}_PASSWORD"]},
        timeout=10,
    )


def unlock():
    """Made-up passwords lock the account within five cases, and nobody else is there to lift the lock."""
    database = sqlite3.connect(os.environ["DATA_DIR"] + "/status-tracker.db", timeout=10)
    with database:
        database.execute("DELETE FROM sign_in_failures")
    database.close()


def end_maintenance(token):
    """A made-up setting may begin one, and nothing could be written after it."""
    requests.patch(
        os.environ["BASE_URL"] + "/api/v1/admin/settings",
        headers={"Authorization": f"Bearer {token}"},
        json={"maintenance_mode": False},
        timeout=10,
    ).raise_for_status()


class Bearer:
    def get(self, case, context):
        answer = sign_in()
        if answer.status_code == 423:
            unlock()
            answer = sign_in()
        answer.raise_for_status()
        if ROLE == "ADMIN":
            end_maintenance(answer.json()["access_token"])
        return answer.json()["access_token"]

    def set(self, case, data, context):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {data}"


if ROLE:
    schemathesis.auth(refresh_interval=None)(Bearer)
