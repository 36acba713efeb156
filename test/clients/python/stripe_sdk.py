"""One call with Stripe's SDK: stripe_sdk.py CALL [BASE_URL]. It trusts a list of its own unless it is given another."""

import os
import sys

import stripe

call, *base_url = sys.argv[1:]
stripe.api_key = "placeholder-Gg6Hh7Ii8"
if base_url:
    stripe.api_base = base_url[0]
else:
    stripe.ca_bundle_path = os.environ["SSL_CERT_FILE"]

if call == "balance":
    assert stripe.Balance.retrieve().available[0].amount == 1028
else:
    assert stripe.Customer.create(email="a@b.example").id == "cus_1"
