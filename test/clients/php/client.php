<?php
// One call with PHP's curl: client.php CALL REST_URL. It ends with 0 when the API took the call.
[, $call, $restUrl] = $argv;
$pair = ['api_key' => 'a1b2c3d4', 'api_secret' => 'placeholder-Gg6Hh7Ii8'];
$message = [...$pair, 'from' => 'Sidekey', 'to' => '447700900000', 'text' => 'hello'];

$balance = $call === 'balance';
$curl = curl_init($restUrl . ($balance ? '/account/get-balance?' . http_build_query($pair) : '/sms/json'));
curl_setopt($curl, CURLOPT_RETURNTRANSFER, true);
if (!$balance) {
    curl_setopt($curl, CURLOPT_POSTFIELDS, http_build_query($message));
}
$body = curl_exec($curl);
$answer = json_decode((string) $body, true);
$taken = $balance ? isset($answer['value']) : ($answer['messages'][0]['status'] ?? '') === '0';
if (!$taken) {
    fwrite(STDERR, 'failed: ' . curl_error($curl) . $body . "\n");
    exit(1);
}
