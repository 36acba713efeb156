"""One call with the Vonage SDK, which knows https and its own hosts only: vonage_sdk.py CALL."""

import sys

from vonage import Auth, Vonage
from vonage_sms import SmsMessage

vonage = Vonage(Auth(api_key="a1b2c3d4", api_secret="placeholder-Gg6Hh7Ii8"))
if sys.argv[1] == "balance":
    assert vonage.account.get_balance().value is not None
else:
    sent = vonage.sms.send(SmsMessage(to="447700900000", from_="Sidekey", text="hello"))
    assert sent.messages[0].status == "0", sent
