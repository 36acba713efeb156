# One call with Net::HTTP: client.rb CALL REST_URL. It ends with 0 when the API took the call.
require 'json'
require 'net/http'

call, rest_url = ARGV
pair = { api_key: 'a1b2c3d4', api_secret: 'placeholder-Gg6Hh7Ii8' }
message = pair.merge(from: 'Sidekey', to: '447700900000', text: 'hello')

if call == 'balance'
  url = URI("#{rest_url}/account/get-balance?#{URI.encode_www_form(pair)}")
  answer = JSON.parse(Net::HTTP.get(url))
  raise answer.to_s unless answer.key?('value')
else
  answer = JSON.parse(Net::HTTP.post_form(URI("#{rest_url}/sms/json"), message).body)
  raise answer.to_s unless answer['messages'][0]['status'] == '0'
end
