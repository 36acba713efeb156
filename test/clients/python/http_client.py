"""One call with a general HTTP client: http_client.py LIBRARY CALL REST_URL. It ends with 0 when the API took the call."""

import importlib
import sys

library, call, rest_url = sys.argv[1:4]
client = importlib.import_module(library)
pair = {"api_key": "a1b2c3d4", "api_secret": "placeholder-Gg6Hh7Ii8"}
message = {**pair, "from": "Sidekey", "to": "447700900000", "text": "hello"}

if call == "balance":
    answer = client.get(f"{rest_url}/account/get-balance", params=pair).json()
    assert "value" in answer, answer
else:
    answer = client.post(f"{rest_url}/sms/json", data=message).json()
    assert answer["messages"][0]["status"] == "0", answer
