"""One call with the Vonage SDK, which knows https and its own hosts only: vonage_sdk.py CALL APPLICATION_ID KEY_FILE."""

import sys

from vonage import Auth, Vonage
from vonage_sms import SmsMessage
from vonage_voice import CreateCallRequest

call, application_id, private_key = sys.argv[1:]
account = {"api_key": "a1b2c3d4", "api_secret": "placeholder-Gg6Hh7Ii8"}
vonage = Vonage(Auth(**account, application_id=application_id, private_key=private_key))
if call == "balance":
    assert vonage.account.get_balance().value is not None
elif call == "sms":
    sent = vonage.sms.send(SmsMessage(to="447700900000", from_="Sidekey", text="hello"))
    assert sent.messages[0].status == "0", sent
else:
    order = CreateCallRequest(
        to=[{"type": "phone", "number": "447700900000"}],
        from_={"type": "phone", "number": "447700900001"},
        ncco=[{"action": "talk", "text": "hello"}],
    )
    assert vonage.voice.create_call(order).status == "started"
