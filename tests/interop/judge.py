"""Has scim2-tester judge the SCIM server at a base URL; one JSON object a line for each of its checks.

Usage: judge.py BASE_URL TOKEN
"""

import json
import sys

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import check_server

base, token = sys.argv[1:]
headers = {"Authorization": f"Bearer {token}"}
with Client(base_url=base, headers=headers, timeout=30, trust_env=False) as http:
    for result in check_server(SyncSCIMClient(http)):
        line = {
            "status": result.status.name,
            "title": result.title,
            "type": result.resource_type or "",
            "reason": result.reason or "",
        }
        print(json.dumps(line))
