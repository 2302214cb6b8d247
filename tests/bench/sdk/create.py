"""Creates sandboxes with the official Python SDK, all at once, and waits for each. Prints a JSON object a line: for each
sandbox its id and when it was known to be started (Unix time), then the CPU seconds that all of it took.

Usage: create.py API_URL API_KEY COUNT
"""

import asyncio
import json
import sys
import time

from daytona import AsyncDaytona, DaytonaConfig

COUNT = int(sys.argv[3])


async def create(daytona):
    sandbox = await daytona.create(timeout=120)
    print(json.dumps({"id": sandbox.id, "known": time.time()}), flush=True)


async def main():
    async with AsyncDaytona(DaytonaConfig(api_url=sys.argv[1], api_key=sys.argv[2])) as daytona:
        # Importing the SDK and making its client is not the work that is compared.
        began = time.process_time()
        await asyncio.gather(*(create(daytona) for _ in range(COUNT)))
        print(json.dumps({"cpu": time.process_time() - began}), flush=True)


asyncio.run(main())
