"""Signs in for every test case anew, because some of them sign out."""

import os

import requests
import schemathesis


@schemathesis.auth(refresh_interval=None)
class Bearer:
    def get(self, case, context):
        answer = requests.post(
            os.environ["BASE_URL"] + "/api/v1/auth/token",
            json={"username": os.environ["ADMIN_USERNAME"], "password": os.environ["ADMIN_PASSWORD"]},
            timeout=10,
        )
        answer.raise_for_status()
        return answer.json()["access_token"]

    def set(self, case, data, context):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {data}"
