package signals_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
)

// TestPushedRequestsAreReadStrictly shows which requests are no events, whatever they bring.
func TestPushedRequestsAreReadStrictly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, company(t))
		good := o.event(statement(nil))
		const media = "application/secevent+jwt"
		for name, row := range map[string]struct {
			authorization, contentType []string
			body                       string
			want                       int
			err                        string
		}{
			"no credentials":              {nil, []string{media}, good, 401, "authentication_failed"},
			"empty credentials":           {[]string{""}, []string{media}, good, 401, "authentication_failed"},
			"wrong credentials":           {[]string{"Bearer 0123456789abcdeF"}, []string{media}, good, 401, "authentication_failed"},
			"longer credentials":          {[]string{secret + "x"}, []string{media}, good, 401, "authentication_failed"},
			"the secret alone":            {[]string{strings.TrimPrefix(secret, "Bearer ")}, []string{media}, good, 401, "authentication_failed"},
			"two credentials":             {[]string{"Bearer x", secret}, []string{media}, good, 401, "authentication_failed"},
			"the credentials twice":       {[]string{secret, secret}, []string{media}, good, 401, "authentication_failed"},
			"no credentials and 1 MB":     {nil, []string{media}, strings.Repeat("x", 1<<20), 401, "authentication_failed"},
			"no type":                     {[]string{secret}, nil, good, 415, "invalid_request"},
			"another type":                {[]string{secret}, []string{"application/jwt"}, good, 415, "invalid_request"},
			"JSON":                        {[]string{secret}, []string{"application/json"}, `{"sets":{"1":"` + good + `"}}`, 415, "invalid_request"},
			"a form":                      {[]string{secret}, []string{"application/x-www-form-urlencoded"}, "logout_token=" + good, 415, "invalid_request"},
			"a type with a parameter":     {[]string{secret}, []string{media + "; charset=utf-8"}, good, 415, "invalid_request"},
			"two types":                   {[]string{secret}, []string{media, media}, good, 415, "invalid_request"},
			"an empty body":               {[]string{secret}, []string{media}, "", 400, "invalid_request"},
			"1 MB":                        {[]string{secret}, []string{media}, strings.Repeat("x", 1<<20), 413, "invalid_request"},
			"a token and a further token": {[]string{secret}, []string{media}, good + "\n" + good, 400, "invalid_request"},
		} {
			header := http.Header{}
			if row.authorization != nil {
				header["Authorization"] = row.authorization
			}
			if row.contentType != nil {
				header["Content-Type"] = row.contentType
			}
			got := o.post(t, row.body, header)
			if got.status != row.want || got.err != row.err || (got.status == 401) != (got.header.Get("WWW-Authenticate") != "") {
				t.Errorf("%s: %d %s, want %d %s", name, got.status, got.err, row.want, row.err)
			}
		}
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodOptions} {
			q := httptest.NewRequestWithContext(t.Context(), method, "/", strings.NewReader(good))
			q.Header = http.Header{"Authorization": {secret}, "Content-Type": {media}}
			w := httptest.NewRecorder()
			if o.push.ServeHTTP(w, q); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "POST" {
				t.Errorf("%s: %d, want 405", method, w.Code)
			}
		}
		if got := o.store.entries(); len(got) > 0 {
			t.Errorf("revoked %+v", got)
		}
		if got := o.send(t, good); got.status != http.StatusAccepted {
			t.Errorf("a good one after them: %d\n%s", got.status, &o.log)
		}
		if got := strings.Count(o.log.String(), "status=401"); got != 1 {
			t.Errorf("%d lines about credentials, want 1", got)
		}
		if strings.Contains(o.log.String(), strings.TrimPrefix(secret, "Bearer ")) {
			t.Error("the log has the secret")
		}
	})
}

// TestTwoCredentialsWhileTheyChange shows that each of them is accepted.
func TestTwoCredentialsWhileTheyChange(t *testing.T) {
	o := newOffice(t, company(t))
	const next = "Bearer fedcba9876543210"
	var err error
	if o.push, err = o.receiver.Push(secret, next); err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{secret, next} {
		if got := o.post(t, o.event(statement(nil)), http.Header{"Authorization": {value}, "Content-Type": {"application/secevent+jwt"}}); got.status != http.StatusAccepted {
			t.Errorf("%d, want 202", got.status)
		}
	}
}

// FuzzPush shows that nothing follows from any body but one that the issuer has signed. An
// event may name a key that is not known yet: that is an answer of 503.
func FuzzPush(f *testing.F) {
	o := newOffice(f, company(f))
	foreign := o.event(changed("aud", "other"))
	f.Add("application/secevent+jwt", foreign)
	f.Add("application/secevent+jwt", "eyJhbGciOiJub25lIiwidHlwIjoic2VjZXZlbnQrand0In0.e30.")
	f.Add("application/json", `{"sets":{}}`)
	f.Fuzz(func(t *testing.T, contentType, body string) {
		got := o.post(t, body, http.Header{"Authorization": {secret}, "Content-Type": {contentType}})
		if (got.status < 400 || got.status >= 500) && got.status != http.StatusServiceUnavailable || len(o.store.entries()) > 0 {
			t.Errorf("%q as %q: %d, revoked %+v", body, contentType, got.status, o.store.entries())
		}
	})
}
