"""One call with OpenAI's SDK, which reads its base URL from OPENAI_BASE_URL: openai_sdk.py CALL."""

import sys

from openai import OpenAI

call = sys.argv[1]
client = OpenAI(api_key="placeholder-Gg6Hh7Ii8")
chat = {"model": "gpt-test", "messages": [{"role": "user", "content": "hi"}]}

if call == "models":
    assert client.models.list().data[0].id == "gpt-test"
elif call == "chat":
    answer = client.chat.completions.create(**chat)
    assert answer.choices[0].message.content == "hello world", answer
else:
    words = []
    for chunk in client.chat.completions.create(**chat, stream=True):
        # The upstream goes on when it is asked for this: the first event has to be here before the last is written.
        if not words:
            client.models.list()
        words.append(chunk.choices[0].delta.content)
    assert "".join(words) == "hello world", words
