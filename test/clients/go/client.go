// One call with net/http: client CALL REST_URL. It ends with 0 when the API took the call.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
)

func main() {
	call, rest := os.Args[1], os.Args[2]
	values := url.Values{"api_key": {"a1b2c3d4"}, "api_secret": {"placeholder-Gg6Hh7Ii8"}}
	var response *http.Response
	var err error
	if call == "balance" {
		response, err = http.Get(rest + "/account/get-balance?" + values.Encode())
	} else {
		values.Set("from", "Sidekey")
		values.Set("to", "447700900000")
		values.Set("text", "hello")
		response, err = http.PostForm(rest+"/sms/json", values)
	}
	if err != nil {
		fail(err)
	}
	defer response.Body.Close()
	var answer struct {
		Value    *float64
		Messages []struct{ Status string }
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		fail(err)
	}
	if answer.Value == nil && (len(answer.Messages) == 0 || answer.Messages[0].Status != "0") {
		fail(fmt.Errorf("the API refused the call: %d", response.StatusCode))
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
