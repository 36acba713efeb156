"""One call with aiohttp: aiohttp_client.py CALL REST_URL. It ends with 0 when the API took the call."""

import asyncio
import sys

import aiohttp

call, rest_url = sys.argv[1:3]
pair = {"api_key": "a1b2c3d4", "api_secret": "placeholder-Gg6Hh7Ii8"}
message = {**pair, "from": "Sidekey", "to": "447700900000", "text": "hello"}


async def answer_of(request):
    async with request as response:
        return await response.json()


async def main():
    async with aiohttp.ClientSession(trust_env=True) as session:
        if call == "balance":
            request = session.get(f"{rest_url}/account/get-balance", params=pair)
            answer = await answer_of(request)
            assert "value" in answer, answer
        else:
            answer = await answer_of(session.post(f"{rest_url}/sms/json", data=message))
            assert answer["messages"][0]["status"] == "0", answer


asyncio.run(main())
