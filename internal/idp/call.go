package idp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// wire uses no proxy, since all servers are on loopback, and keeps no idle connections.
var wire = &http.Transport{DisableKeepAlives: true}

// web is the client of single requests.
var web = &http.Client{Transport: wire, Timeout: time.Minute}

// call sends body: a form if it is [url.Values], nothing if it is nil, and else JSON.
// authorization is the header of that name. The response is read as JSON into answer,
// unless that is nil; a status outside 200 to 299 is an error.
func call(ctx context.Context, method, to, authorization string, body, answer any) error {
	sent, contentType, err := encode(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, to, sent)
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", contentType)
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	res, err := web.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %s", method, to, res.Status, text)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}

func encode(body any) (io.Reader, string, error) {
	switch body := body.(type) {
	case nil:
		return http.NoBody, "", nil
	case url.Values:
		return strings.NewReader(body.Encode()), "application/x-www-form-urlencoded", nil
	}
	text, err := json.Marshal(body)
	return bytes.NewReader(text), "application/json", err
}
