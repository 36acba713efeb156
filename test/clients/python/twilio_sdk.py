"""One call with Twilio's SDK: twilio_sdk.py CALL ACCOUNT_SID [BASE_URL]."""

import sys

from twilio.rest import Client

call, account_sid, *base_url = sys.argv[1:]
client = Client(account_sid, "placeholder-Gg6Hh7Ii8")
if base_url:
    client.api.base_url = base_url[0]

if call == "account":
    assert client.api.accounts(account_sid).fetch().status == "active"
else:
    sent = client.messages.create(from_="+15005550006", to="+447700900000", body="hello")
    assert sent.status == "queued", sent
